"""Texts that every Python brings along: the paragraphs of its language reference, by what they are about."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["AREAS", "Paragraphs", "paragraphs_of"]

# Sections of the reference, by what they are about.
AREAS: dict[str, tuple[str, ...]] = {
    "strings": ("strings", "string-methods", "formatstrings"),
    "containers": ("typesseq", "typesmapping", "subscriptions", "slicings", "dict", "lists"),
    "statements": ("compound", "assignment", "import", "raise", "execmodel"),
    "expressions": ("comparisons", "calls", "operator-summary", "binary", "conversions", "booleans", "exprlists"),
    "special methods": ("specialnames",),
    "types": ("types",),
    "debugger": ("debugger",),
}
# Headings and lines of tables say little.
_SHORTEST = 60
_SHARE_OF_OWNERS = 0.8
_BETWEEN = re.compile(r"\n\s*\n")


class Paragraphs(NamedTuple):
    """Paragraphs, and what each is about.

    Attributes
    ----------
    texts : list of str
    areas : list of str
        The area of each.
    """

    texts: list[str]
    areas: list[str]


def paragraphs_of(areas: Sequence[str], part: Literal["owner", "user"]) -> Paragraphs:
    """Return the paragraphs of some areas.

    Parameters
    ----------
    areas : sequence of str
        Keys of `AREAS`.
    part : {"owner", "user"}
        Those that models are trained on, four of five, or the others, of which models know nothing.
    """
    texts, labels = [], []
    for area in areas:
        paragraphs = _paragraphs(area)
        order = np.random.default_rng(0).permutation(len(paragraphs))
        begin = int(_SHARE_OF_OWNERS * len(paragraphs))
        chosen = order[:begin] if part == "owner" else order[begin:]
        texts += [paragraphs[i] for i in chosen]
        labels += [area] * len(chosen)
    return Paragraphs(texts, labels)


@cache
def _paragraphs(area: str) -> tuple[str, ...]:
    """Return the paragraphs of an area, each once; versions of Python differ in some."""
    # What `help()` shows.
    from pydoc_data.topics import topics

    sections = (topics.get(section, "") for section in AREAS[area])
    found = (" ".join(one.split()) for section in sections for one in _BETWEEN.split(section))
    return tuple(dict.fromkeys(one for one in found if len(one) >= _SHORTEST))
