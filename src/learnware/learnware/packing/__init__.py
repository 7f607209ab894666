"""Packing: from a trained model and its training data to a learnware's package."""
