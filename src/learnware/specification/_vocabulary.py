"""The vocabulary of semantic specifications: the one place where tags and their values are defined."""

from __future__ import annotations

from typing import Any

__all__ = [
    "DATA_TYPES",
    "LENGTH_LIMITS",
    "LIBRARIES",
    "LICENSES",
    "MODEL_TYPES",
    "SCENARIOS",
    "TASKS",
    "TASKS_BY_DATA_TYPE",
    "semantic_vocabulary",
]

DATA_TYPES = ("Table", "Image", "Text")
TASKS = (
    "Classification",
    "Regression",
    "Feature Extraction",
    "Segmentation",
    "Object Detection",
    "Text Generation",
    "Others",
)
TASKS_BY_DATA_TYPE = {
    "Table": ("Classification", "Regression", "Feature Extraction", "Others"),
    "Image": ("Classification", "Regression", "Feature Extraction", "Segmentation", "Object Detection", "Others"),
    "Text": ("Classification", "Regression", "Feature Extraction", "Text Generation", "Others"),
}
MODEL_TYPES = ("Base Model", "Fine-tuned Model", "PEFT Model", "Others")
LIBRARIES = ("Scikit-learn", "PyTorch", "TensorFlow", "Others")
SCENARIOS = (
    "Business",
    "Financial",
    "Health",
    "Politics",
    "Computer",
    "Internet",
    "Traffic",
    "Nature",
    "Fashion",
    "Industry",
    "Agriculture",
    "Education",
    "Entertainment",
    "Architecture",
    "Others",
)
LICENSES = (
    "Apache-2.0",
    "GPL-3.0",
    "MIT",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CC-BY-4.0",
    "EPL-2.0",
    "AGPL-3.0",
    "GPL-2.0",
    "LGPL-2.1",
    "MPL-2.0",
    "Others",
)
# Shortest and longest text, in characters.
LENGTH_LIMITS = {"Name": (5, 50), "Description": (10, 10_000)}


def semantic_vocabulary() -> dict[str, dict[str, Any]]:
    """Return every key of a semantic specification with its kind and its allowed values.

    `Type` is ``Class`` (exactly one of the values), ``Tag`` (one or more), ``Optional`` (one or none) or ``String``.
    """
    return {
        "Data": {"Values": list(DATA_TYPES), "Type": "Class"},
        "Task": {"Values": list(TASKS), "Type": "Class"},
        "Library": {"Values": list(LIBRARIES), "Type": "Class"},
        "Scenario": {"Values": list(SCENARIOS), "Type": "Tag"},
        "License": {"Values": list(LICENSES), "Type": "Class"},
        "Model": {"Values": list(MODEL_TYPES), "Type": "Optional"},
        "Description": {"Values": None, "Type": "String"},
        "Name": {"Values": None, "Type": "String"},
    }
