"""The market of an experiment: packages that are uploaded, checked and found as everywhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benchmarks.experiments._work import side_by_side
from learnware.market import BaseUserInfo, instantiate_learnware_market

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from learnware.learnware import Learnware
    from learnware.market import LearnwareMarket
    from learnware.specification import RKMESpecification

__all__ = ["Found", "fill", "name_of", "search"]


@dataclass(frozen=True)
class Found:
    """What a search answered.

    Attributes
    ----------
    learnwares : list of Learnware
        All that can be compared with the user's data, nearest first.
    unexplained : float or None
        Share of the user's data that nothing in the market covers.
    """

    learnwares: list[Learnware]
    unexplained: float | None


def fill(root: Path, packages: Sequence[Path], jobs: int) -> LearnwareMarket:
    """Return the market in a folder, with every package in it that is not there yet; each goes through the checks.

    A learnware's name is that of its file, by which a run that goes on knows it. `jobs` are checked at a time.

    Raises
    ------
    RuntimeError
        If the checks refuse a package.
    """
    market = instantiate_learnware_market("experiment", root=root)
    there = {name_of(one) for one in market.get_learnwares()}

    def add(path: Path) -> None:
        learnware_id, _ = market.add_learnware(path)
        if learnware_id is None:
            raise RuntimeError(f"the market refuses {path.name}:\n{market.check(path)}")

    side_by_side(add, [path for path in packages if path.stem not in there], "upload and check", jobs)
    return market


def name_of(learnware: Learnware) -> str:
    """Return a learnware's name, by its semantic specification."""
    return str(learnware.get_specification().get_semantic_spec()["Name"]["Values"])


def search(market: LearnwareMarket, spec: RKMESpecification) -> Found:
    """Search by nothing but the specification of the user's data."""
    results: Any = market.search_learnware(BaseUserInfo(stat_info={spec.type: spec}))
    return Found([item.learnware for item in results.get_single_results()], results.unexplained)
