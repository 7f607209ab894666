"""The `learnware` command."""
