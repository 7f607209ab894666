"""From a task to a prediction in one call."""
