"""Reuse: apply one or several learnwares to a task of one's own."""
