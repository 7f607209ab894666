"""The learnware paradigm: share trained models; find and reuse them without showing any data."""
