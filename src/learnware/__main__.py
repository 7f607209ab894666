"""``python -m learnware``: the command, where its script is not on the path."""

from learnware.cli import main

if __name__ == "__main__":
    main()
