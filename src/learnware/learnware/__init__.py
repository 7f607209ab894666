"""The learnware: a model with its specification, and its zip package."""
