"""The market: keep learnwares, find one or several for a task, check what comes in."""
