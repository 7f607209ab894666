"""Running a learnware's code in a child process."""
