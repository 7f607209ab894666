"""Helpers for people who make and test learnwares."""
