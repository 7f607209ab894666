"""What the reduction of texts tells of itself."""

from __future__ import annotations

from dataclasses import dataclass

from learnware.specification._report import ReductionReport

__all__ = ["TextReport"]


@dataclass(frozen=True)
class TextReport(ReductionReport):
    """How well a reduced set fits its texts, what it gives away of them, and what was found in them.

    Beside those of `ReductionReport`, where rows are the encoded texts and `missing` and `infinite` count values of
    the encoder's points (there are none):

    Attributes
    ----------
    missing_texts : int
        Texts that were missing (None, NaN); they count as empty ones.
    empty_texts : int
        Texts without any character but white space.
    replaced_texts : int
        Texts with U+FFFD, which replaces bytes that are no UTF-8.
    shortened_texts : int
        Texts of which the encoder read the beginning only.
    """

    missing_texts: int
    empty_texts: int
    replaced_texts: int
    shortened_texts: int
