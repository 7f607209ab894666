"""The server of a learnware dock."""
