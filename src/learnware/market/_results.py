"""What a search answers, with the reasons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from learnware.learnware import Learnware

__all__ = ["MultipleSearchItem", "SearchResults", "SingleSearchItem"]


@dataclass(frozen=True)
class SingleSearchItem:
    """One learnware that fits.

    Attributes
    ----------
    learnware : Learnware
        The learnware.
    score : float or None
        How well it fits, in [0, 1]; the same number means the same in every query of a kind. None where the search
        had only tags to go by.
    mmd2 : float or None
        Squared maximum mean discrepancy between its data and the user's, under the metric of the island.
    similarity : float or None
        Cosine of the two embeddings, in [0, 1].
    """

    learnware: Learnware
    score: float | None = None
    mmd2: float | None = None
    similarity: float | None = None


@dataclass(frozen=True)
class MultipleSearchItem:
    """Several learnwares that fit together.

    Attributes
    ----------
    learnwares : list of Learnware
        The parts, heaviest first.
    score : float or None
        How well their mixture fits, in [0, 1].
    weights : tuple of float
        Share of every part in the mixture, in the order of `learnwares`; they sum to one.
    mmd2 : float or None
        Squared maximum mean discrepancy between the mixture and the user's data.
    similarity : float or None
        Cosine of the mixture's embedding and the user's, in [0, 1].
    noise_floor : float or None
        Squared MMD that two samples of one distribution would show: below it, a better fit means nothing.
    unexplained : float or None
        Share of the user's task, in [0, 1], that nothing in the market covers; 0 at or below the noise floor.
    """

    learnwares: list[Learnware]
    score: float | None = None
    weights: tuple[float, ...] = ()
    mmd2: float | None = None
    similarity: float | None = None
    noise_floor: float | None = None
    unexplained: float | None = None


class SearchResults:
    """The answer to a search: single learnwares, and combinations of several.

    Parameters
    ----------
    single_results : sequence of SingleSearchItem, optional
        Best first.
    multiple_results : sequence of MultipleSearchItem, optional
        Best first.
    unexplained : float, optional
        Share of the user's task, in [0, 1], that nothing in the market covers; None where the search had only tags.
    nothing_fits : bool, default=False
        True where even the best answer leaves most of the task uncovered.
    message : str, default=""
        What a person should know about the answer, in one or two sentences.
    """

    def __init__(
        self,
        single_results: Sequence[SingleSearchItem] | None = None,
        multiple_results: Sequence[MultipleSearchItem] | None = None,
        *,
        unexplained: float | None = None,
        nothing_fits: bool = False,
        message: str = "",
    ) -> None:
        self.single_results: list[SingleSearchItem] = list(single_results or ())
        self.multiple_results: list[MultipleSearchItem] = list(multiple_results or ())
        self.unexplained = unexplained
        self.nothing_fits = nothing_fits
        self.message = message

    def __repr__(self) -> str:
        return (
            f"SearchResults({len(self.single_results)} single, {len(self.multiple_results)} multiple, "
            f"nothing_fits={self.nothing_fits}, message={self.message!r})"
        )

    def get_single_results(self) -> list[SingleSearchItem]:
        """Return the single learnwares, best first."""
        return self.single_results

    def get_multiple_results(self) -> list[MultipleSearchItem]:
        """Return the combinations, best first."""
        return self.multiple_results

    def update_single_results(self, single_results: Sequence[SingleSearchItem]) -> None:
        """Replace the single learnwares."""
        self.single_results = list(single_results)

    def update_multiple_results(self, multiple_results: Sequence[MultipleSearchItem]) -> None:
        """Replace the combinations."""
        self.multiple_results = list(multiple_results)
