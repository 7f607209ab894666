"""The published experiments on texts and images, run again with this engine: see docs/experiments.md."""
