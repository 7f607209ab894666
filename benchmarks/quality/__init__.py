"""How well held-back users' tasks are solved with a market of real learnwares."""
