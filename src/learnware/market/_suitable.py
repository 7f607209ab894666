"""Which learnwares of an island do not suit a requirement for other reasons than its distance, as far as it is known.

An island's vectors do not tell. So a search compares the nearest, leaves out those that turn out not to suit, and looks
again: what lies near mostly suits, because texts in one language lie near each other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from learnware.specification import RKMESpecification

__all__ = ["Unsuitable"]

# Needs that are remembered; there are some tens of languages, and few pairs of them are asked for.
_MOST_NEEDS = 256


class Unsuitable:
    """Members that do not suit a need, by ids; of members that never change."""

    def __init__(self) -> None:
        self._known: dict[str, frozenset[str]] = {}

    def without(self, ids: Iterable[str]) -> Unsuitable:
        """Return the same without members that have gone; who uses this one goes on with what it knows."""
        kept, gone = Unsuitable(), frozenset(ids)
        kept._known = {need: members - gone for need, members in self._known.copy().items()}
        return kept

    def of(self, requirement: RKMESpecification) -> frozenset[str]:
        """Return the members that are known not to suit a requirement."""
        return self._known.get(requirement.describe_needs(), frozenset())

    def add(self, requirement: RKMESpecification, ids: Iterable[str]) -> None:
        """Remember members that do not suit a requirement."""
        if len(self._known) >= _MOST_NEEDS:
            self._known = {}
        need = requirement.describe_needs()
        self._known[need] = self._known.get(need, frozenset()).union(ids)
