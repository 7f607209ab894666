"""Search by statistical specification: the nearest learnwares, and the nearest mixture of several."""

from __future__ import annotations

from typing import TYPE_CHECKING

from learnware.errors import MarketError
from learnware.market._base import AtomicSearcher
from learnware.market._island import island_name
from learnware.market._organizer import EasyOrganizer
from learnware.market._results import MultipleSearchItem, SearchResults, SingleSearchItem
from learnware.specification import RKMETableSpecification

if TYPE_CHECKING:
    from collections.abc import Iterable
    from collections.abc import Set as AbstractSet

    from learnware.learnware import Learnware
    from learnware.market._base import BaseUserInfo

__all__ = ["EasyStatSearcher"]

# Single learnwares in an answer, at most.
_MAX_SINGLES = 20
# A task of which more than this share is covered by nothing is not solved by the market.
_MOST = 0.5


class EasyStatSearcher(AtomicSearcher):
    """Finds the learnwares whose data are nearest to the user's, alone and as a mixture.

    Distances are squared MMDs under the metric of the island. A score is the share of the user's embedding that a
    learnware explains, 1 - MMD^2 / <P, P>: an absolute number, which means the same in every query of an island.
    """

    def is_applicable_learnware(self, learnware: Learnware) -> bool:
        """Return whether the learnware has a table specification."""
        return _table_spec(learnware.get_specification().get_stat_spec().values()) is not None

    def is_applicable_user(self, user_info: BaseUserInfo) -> bool:
        """Return whether the requirement has a table specification."""
        return _table_spec(user_info.stat_info.values()) is not None

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
            Requirement with a table specification.
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
            If the requirement has no table specification.
        """
        spec = _table_spec(user_info.stat_info.values())
        if spec is None:
            raise MarketError("the requirement has no table specification; add one to its stat_info")
        organizer = self.learnware_organizer
        if not isinstance(organizer, EasyOrganizer):
            raise MarketError(f"{type(organizer).__name__} keeps no index of table specifications")
        index = organizer.island_index(island_name(spec))
        hits = index.single(spec, allowed, top=_MAX_SINGLES) if index is not None else []
        mixture = index.mixture(spec, allowed, max_search_num) if index is not None else None
        if index is None or mixture is None or not hits:
            return SearchResults(
                nothing_fits=True,
                message=f"No learnware that meets the conditions is for tables of {spec.get_z().shape[1]} columns.",
            )
        ids = list(dict.fromkeys([*(hit.learnware_id for hit in hits), *mixture.learnware_ids]))
        found = organizer.get_learnware_by_ids(ids)
        learnwares = dict(zip(ids, found if isinstance(found, list) else [found], strict=True))
        singles = [SingleSearchItem(learnwares[hit.learnware_id], hit.score, hit.mmd2, hit.similarity) for hit in hits]
        multiples = []
        if len(mixture.learnware_ids) > 1:
            parts = [learnwares[learnware_id] for learnware_id in mixture.learnware_ids]
            multiples = [
                MultipleSearchItem(
                    parts,
                    mixture.score,
                    mixture.weights,
                    mixture.mmd2,
                    mixture.similarity,
                    mixture.noise_floor,
                    mixture.unexplained,
                )
            ]
        nothing_fits = mixture.unexplained > _MOST
        if nothing_fits:
            message = f"Nothing fits: {mixture.unexplained:.0%} of the task is covered by no learnware."
        elif multiples:
            message = (
                f"A mixture of {len(mixture.weights)} learnwares fits best (similarity {mixture.similarity:.3f}; "
                f"squared MMD {mixture.mmd2:.2g}, with the nearest alone {hits[0].mmd2:.2g})."
            )
        else:
            message = f"One learnware fits best (similarity {hits[0].similarity:.3f})."
        return SearchResults(
            singles, multiples, unexplained=mixture.unexplained, nothing_fits=nothing_fits, message=message
        )


def _table_spec(specs: Iterable[object]) -> RKMETableSpecification | None:
    return next((spec for spec in specs if isinstance(spec, RKMETableSpecification)), None)
