"""The server of a learnware dock: people, permissions, HTTP. It holds no algorithm; the engine is `learnware`."""
