"""Answers of a dock in the forms of the published client."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from learnware.errors import DockError

__all__ = ["last_modified", "published_results", "values_of"]


def published_results(found: dict[str, Any]) -> dict[str, Any]:
    """Return the answer to a search as ``search_learnware`` gives it."""
    singles, mixture = found["singles"], found["mixture"]
    parts = [] if mixture is None else mixture["parts"]
    return {
        "single": {
            **_columns(singles),
            "matching": [_matching(one["score"]) for one in singles],
        },
        "multiple": {
            **_columns(parts),
            "matching": None if mixture is None else _matching(mixture["score"]),
            "weights": [one["weight"] for one in parts],
        },
        "nothing_fits": found["nothing_fits"],
        "message": found["message"],
        "unexplained": found["unexplained"],
        "total": found["total"],
    }


def last_modified(moment: str) -> str:
    """Return a moment of the API as the published server writes it."""
    return (
        datetime.fromisoformat(moment.replace("Z", "+00:00"))
        .astimezone(timezone.utc)
        .strftime("%Y-%m-%d %H:%M:%S.%f UTC")
    )


def values_of(vocabulary: dict[str, Any], key: str) -> list[str]:
    """Return the values of a key of the vocabulary.

    Raises
    ------
    DockError
        If the dock has no such key.
    """
    entry = vocabulary["keys"].get(key)
    if not isinstance(entry, dict):
        raise DockError(f"semantic specifications of this dock have no {key!r}")
    return list(entry.get("Values") or ())


def _columns(items: list[dict[str, Any]]) -> dict[str, list[Any]]:
    return {
        "learnware_ids": [one["learnware"]["learnware_id"] for one in items],
        "semantic_specifications": [one["learnware"]["semantic_specification"] for one in items],
    }


def _matching(score: float | None) -> float:
    """Return a score; 0 where the search had only words and tags to go by, as the published server has it."""
    return 0.0 if score is None else score
