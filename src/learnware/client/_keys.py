"""The keys of semantic specifications whose values a dock lists."""

from __future__ import annotations

from enum import Enum

__all__ = ["SemanticSpecificationKey"]


class SemanticSpecificationKey(Enum):
    """A key of semantic specifications that has a list of values."""

    DATA_TYPE = "Data"
    TASK_TYPE = "Task"
    LIBRARY_TYPE = "Library"
    MODEL_TYPE = "Model"
    SENARIOES = "Scenario"  # as the published package spells it
    LICENSE = "License"
    SCENARIOS = "Scenario"  # noqa: PIE796  # the same key by its right name
