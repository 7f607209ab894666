"""Making a market from its parts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from learnware.errors import MarketError
from learnware.market._checkers import CondaChecker, EasySemanticChecker, EasyStatChecker
from learnware.market._market import LearnwareMarket
from learnware.market._organizer import EasyOrganizer
from learnware.market._searcher import SeqCombinedSearcher
from learnware.market._semantic import EasyFuzzSemanticSearcher
from learnware.market._statistical import EasyStatSearcher

if TYPE_CHECKING:
    import os

    from learnware.market._base import BaseChecker

__all__ = ["instantiate_learnware_market"]


def instantiate_learnware_market(
    market_id: str = "default",
    name: str = "easy",
    rebuild: bool = False,
    organizer_kwargs: dict[str, Any] | None = None,
    searcher_kwargs: dict[str, Any] | None = None,
    checker_kwargs: dict[str, Any] | None = None,
    conda_checker: bool = False,
    *,
    root: str | os.PathLike[str] | None = None,
    **kwargs: Any,
) -> LearnwareMarket:
    """Open the market of a name, made when it is not there.

    Parameters
    ----------
    market_id : str, default="default"
        Name of the market.
    name : {"easy"}, default="easy"
        Kind of market.
    rebuild : bool, default=False
        Empty the market first.
    organizer_kwargs : dict, optional
        Arguments of `EasyOrganizer`.
    searcher_kwargs : dict, optional
        Arguments of `EasyStatSearcher`.
    checker_kwargs : dict, optional
        Arguments of `EasyStatChecker`.
    conda_checker : bool, default=False
        Try models in the environments that their packages ask for: put the statistical checker into a `CondaChecker`.
    root : str or path, optional
        Folder for markets; the environment variable ``LEARNWARE_STORAGE_PATH``, else ``~/.learnware``, if None.
    **kwargs
        Handed to `LearnwareMarket`.

    Returns
    -------
    LearnwareMarket

    Raises
    ------
    MarketError
        If there is no such kind of market, or its folder cannot be used.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     market = instantiate_learnware_market("demo", root=folder)
    ...     len(market)
    0
    """
    if name != "easy":
        raise MarketError(f"there is no market of kind {name!r} in this version; the one there is: 'easy'")
    organizer = EasyOrganizer(market_id, **{"rebuild": rebuild, "root": root, **(organizer_kwargs or {})})
    searcher = SeqCombinedSearcher(
        organizer,
        [EasyFuzzSemanticSearcher(organizer)],
        [EasyStatSearcher(organizer, **(searcher_kwargs or {}))],
    )
    stat_checker: BaseChecker = EasyStatChecker(**(checker_kwargs or {}))
    checkers = [EasySemanticChecker(), CondaChecker(stat_checker) if conda_checker else stat_checker]
    return LearnwareMarket(organizer, searcher, checkers, **kwargs)
