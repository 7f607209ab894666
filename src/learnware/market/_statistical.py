"""Search by statistical specification: the nearest learnwares, and the nearest mixture of several."""

from __future__ import annotations

from typing import TYPE_CHECKING

from learnware.errors import MarketError
from learnware.market._base import AtomicSearcher
from learnware.market._find import Searchable, comparable_specs, find_nearest
from learnware.market._results import MultipleSearchItem, SearchResults, SingleSearchItem

if TYPE_CHECKING:
    from collections.abc import Iterable
    from collections.abc import Set as AbstractSet

    from learnware.learnware import Learnware
    from learnware.market._base import BaseOrganizer, BaseUserInfo

__all__ = ["EasyStatSearcher"]


class EasyStatSearcher(AtomicSearcher):
    """Finds the learnwares whose data are nearest to the user's, alone and as a mixture.

    Distances are squared MMDs under the metric of the island. A score is the share of the user's embedding that a
    learnware explains, 1 - MMD^2 / <P, P>: an absolute number, which means the same in every query of an island.
    """

    def is_applicable_learnware(self, learnware: Learnware) -> bool:
        """Return whether the learnware has a specification that islands compare."""
        return bool(comparable_specs(learnware.get_specification().get_stat_spec().values()))

    def is_applicable_user(self, user_info: BaseUserInfo) -> bool:
        """Return whether the requirement has a specification that islands compare."""
        return bool(comparable_specs(user_info.stat_info.values()))

    def __call__(
        self,
        learnware_list: list[Learnware],
        user_info: BaseUserInfo,
        max_search_num: int = 5,
        search_method: str = "greedy",
    ) -> SearchResults:
        """Search among some of the organizer's learnwares; see `search`."""
        return self.search(user_info, {learnware.id for learnware in learnware_list}, max_search_num, search_method)

    def search(
        self,
        user_info: BaseUserInfo,
        allowed: AbstractSet[str] | None = None,
        max_search_num: int = 5,
        search_method: str = "greedy",  # noqa: ARG002 - published parameter; there is one method
    ) -> SearchResults:
        """Search the organizer's learnwares.

        Parameters
        ----------
        user_info : BaseUserInfo
            Requirement with a specification of its data: of a table, of images or of texts. Of several the first of
            `learnware.specification.spec_types` counts in whose space there are learnwares.
        allowed : set of str, optional
            Only learnwares of these ids; all if None.
        max_search_num : int, default=5
            Most learnwares in a mixture.
        search_method : {"auto", "greedy", "mean"}, default="greedy"
            Accepted for programs written for the published package.

        Returns
        -------
        SearchResults
            Singles, nearest first, and the nearest mixture where several learnwares fit better than one.

        Raises
        ------
        MarketError
            If the requirement has no such specification.
        """
        specs = comparable_specs(user_info.stat_info.values())
        if not specs:
            raise MarketError("the requirement has no specification of its data; add one to its stat_info")
        organizer = self.learnware_organizer
        if not isinstance(organizer, Searchable):
            raise MarketError(f"{type(organizer).__name__} keeps no index of specifications")
        findings = find_nearest(organizer, specs, allowed, max_search_num)
        mixture = findings.mixture
        parts = () if mixture is None or len(mixture.learnware_ids) == 1 else mixture.learnware_ids
        learnwares = _look_up(organizer, [*(one.learnware_id for one in findings.singles), *parts])
        singles = [
            SingleSearchItem(learnwares[one.learnware_id], one.score, one.mmd2, one.similarity)
            for one in findings.singles
        ]
        multiples = []
        if mixture is not None and parts:
            multiples = [
                MultipleSearchItem(
                    [learnwares[learnware_id] for learnware_id in parts],
                    mixture.score,
                    mixture.weights,
                    mixture.mmd2,
                    mixture.similarity,
                    mixture.noise_floor,
                    mixture.unexplained,
                )
            ]
        return SearchResults(
            singles,
            multiples,
            unexplained=findings.unexplained,
            nothing_fits=findings.nothing_fits,
            message=findings.message,
        )


def _look_up(organizer: BaseOrganizer, learnware_ids: Iterable[str]) -> dict[str, Learnware]:
    ids = list(dict.fromkeys(learnware_ids))
    found = organizer.get_learnware_by_ids(ids)
    return dict(zip(ids, found if isinstance(found, list) else [found], strict=True))
