"""A whole search: semantic conditions first, then statistics among what is left."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from learnware.errors import MarketError
from learnware.market._base import BaseSearcher
from learnware.market._find import Searchable, consistently, not_compared, nothing_met
from learnware.market._results import SearchResults, SingleSearchItem
from learnware.market._semantic import SemanticSearcher
from learnware.market._statistical import EasyStatSearcher

if TYPE_CHECKING:
    from collections.abc import Sequence

    from learnware.learnware import Learnware
    from learnware.market._base import AtomicSearcher, BaseOrganizer, BaseUserInfo
    from learnware.market._semantic import SemanticMatch

__all__ = ["SeqCombinedSearcher"]

_SEARCH_METHODS = ("auto", "greedy", "mean")


class SeqCombinedSearcher(BaseSearcher):
    """Filters by the semantic conditions, then ranks by the first statistical searcher that suits the requirement.

    Parameters
    ----------
    organizer : BaseOrganizer
        Where the learnwares are kept.
    semantic_searcher_list : sequence of AtomicSearcher
        Semantic searchers; each that suits the requirement filters in turn.
    stat_searcher_list : sequence of AtomicSearcher
        Statistical searchers; the first that suits the requirement ranks.
    """

    def __init__(
        self,
        organizer: BaseOrganizer,
        semantic_searcher_list: Sequence[AtomicSearcher],
        stat_searcher_list: Sequence[AtomicSearcher],
    ) -> None:
        self.semantic_searcher_list = list(semantic_searcher_list)
        self.stat_searcher_list = list(stat_searcher_list)
        super().__init__(organizer)

    def reset(self, organizer: BaseOrganizer, **kwargs: Any) -> None:
        """Search another organizer from now on."""
        self.learnware_organizer = organizer
        for searcher in [*self.semantic_searcher_list, *self.stat_searcher_list]:
            searcher.reset(organizer, **kwargs)

    def __call__(
        self,
        user_info: BaseUserInfo,
        check_status: int | None = None,
        max_search_num: int = 5,
        search_method: str = "greedy",
    ) -> SearchResults:
        """Search the organizer's learnwares.

        Parameters
        ----------
        user_info : BaseUserInfo
            The requirement.
        check_status : int, optional
            Only learnwares of this status; any if None.
        max_search_num : int, default=5
            Most learnwares in a combination.
        search_method : {"auto", "greedy", "mean"}, default="greedy"
            Accepted for programs written for the published package; there is one method.

        Returns
        -------
        SearchResults
            With a statistical specification that a searcher suits: the best singles and the best mixture. Else all
            learnwares that meet the conditions, best text first.

        Raises
        ------
        MarketError
            If the requirement or an argument is malformed.
        """
        if search_method not in _SEARCH_METHODS:
            raise MarketError(f"search_method is {search_method!r}; expected one of: {', '.join(_SEARCH_METHODS)}")
        if isinstance(max_search_num, bool) or not isinstance(max_search_num, int) or max_search_num < 1:
            raise MarketError(f"max_search_num is {max_search_num!r}; expected a whole number of at least 1")
        return consistently(lambda: self._search(user_info, check_status, max_search_num, search_method))

    def _search(
        self, user_info: BaseUserInfo, check_status: int | None, max_search_num: int, search_method: str
    ) -> SearchResults:
        scores = self._filter(user_info, check_status)
        if scores is not None and not scores:
            return SearchResults(nothing_fits=True, message=nothing_met(user_info.get_semantic_spec()))
        searcher = next((one for one in self.stat_searcher_list if one.is_applicable_user(user_info)), None)
        if searcher is None:
            found = [
                SingleSearchItem(learnware, 1.0 if scores is None else scores[learnware.id])
                for learnware in self._learnwares(scores)
            ]
            return SearchResults(found, message=not_compared(user_info.stat_info) if user_info.stat_info else "")
        if isinstance(searcher, EasyStatSearcher):
            allowed = None if scores is None else set(scores)
            return searcher.search(user_info, allowed, max_search_num, search_method)
        return searcher(self._learnwares(scores), user_info, max_search_num, search_method)

    def _filter(self, user_info: BaseUserInfo, check_status: int | None) -> dict[str, float] | None:
        """Return the ids that meet the conditions with their scores, best first; None if there is no condition."""
        organizer = self.learnware_organizer
        scores: dict[str, float] | None = None
        if check_status is not None:
            scores = dict.fromkeys(organizer.get_learnware_ids(check_status=check_status), 1.0)
        for searcher in self.semantic_searcher_list:
            if not searcher.is_applicable_user(user_info):
                continue
            if isinstance(searcher, SemanticSearcher) and isinstance(organizer, Searchable):
                # The prepared index instead of thousands of specifications.
                search = partial(searcher.search_index, user_info=user_info, allowed=scores)
                matches: list[SemanticMatch] | None = organizer.search_words(search)
                if matches is not None:
                    scores = {match.id: match.score for match in matches}
            else:
                found = searcher(self._learnwares(scores), user_info).get_single_results()
                scores = {item.learnware.id: 1.0 if item.score is None else item.score for item in found}
        return scores

    def _learnwares(self, scores: dict[str, float] | None) -> list[Learnware]:
        if scores is None:
            return self.learnware_organizer.get_learnwares()
        learnwares = self.learnware_organizer.get_learnware_by_ids(list(scores))
        return learnwares if isinstance(learnwares, list) else [learnwares]
