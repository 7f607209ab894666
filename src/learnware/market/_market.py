"""The market: an organizer that keeps, a searcher that finds, checkers that judge."""

from __future__ import annotations

import logging
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from learnware.errors import InvalidPackageError, MarketError, SpecificationError
from learnware.market._base import BaseChecker
from learnware.specification import spec_types

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from learnware.learnware import Learnware
    from learnware.market._base import BaseOrganizer, BaseSearcher, BaseUserInfo
    from learnware.market._results import SearchResults

__all__ = ["CheckReport", "CheckResult", "LearnwareMarket"]

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class CheckResult:
    """What one checker found: its name, the status, and why."""

    checker: str
    status: int
    message: str


@dataclass(frozen=True)
class CheckReport:
    """What all checkers found.

    Attributes
    ----------
    status : int
        -1 if any of them found the learnware invalid, else the best status that one of them gave; 0 if none ran.
    results : tuple of CheckResult
        In the order in which they ran; the first that finds the learnware invalid is the last.
    """

    status: int
    results: tuple[CheckResult, ...]

    def __str__(self) -> str:
        return "\n".join(f"{result.checker}: {result.message}" for result in self.results)


class LearnwareMarket:
    """A market of learnwares.

    Parameters
    ----------
    organizer : BaseOrganizer
        Keeps the learnwares.
    searcher : BaseSearcher
        Finds them.
    checker_list : list of BaseChecker, optional
        Judge what is added, in this order; known by the names of their classes.
    """

    def __init__(
        self,
        organizer: BaseOrganizer,
        searcher: BaseSearcher,
        checker_list: Sequence[BaseChecker] | None = None,
        **kwargs: Any,
    ) -> None:
        self.learnware_organizer = organizer
        self.learnware_searcher = searcher
        self.learnware_checker = {checker.__class__.__name__: checker for checker in checker_list or ()}
        if kwargs:
            raise MarketError(f"unknown arguments of the market: {', '.join(sorted(kwargs))}")

    def __len__(self) -> int:
        return len(self.get_learnware_ids())

    @property
    def market_id(self) -> str:
        """Name of the market."""
        return self.learnware_organizer.market_id

    def reset(
        self,
        organizer_kwargs: dict[str, Any] | None = None,
        searcher_kwargs: dict[str, Any] | None = None,
        checker_kwargs: dict[str, dict[str, Any]] | None = None,
        **kwargs: Any,  # noqa: ARG002 - published
    ) -> None:
        """Reset those parts for which arguments are given.

        Parameters
        ----------
        organizer_kwargs, searcher_kwargs : dict, optional
            Arguments of their `reset`.
        checker_kwargs : dict of str to dict, optional
            Arguments of the checkers' `reset` by the checker's name.
        """
        if organizer_kwargs is not None:
            self.learnware_organizer.reset(**organizer_kwargs)
        if searcher_kwargs is not None:
            self.learnware_searcher.reset(**{"organizer": self.learnware_organizer, **searcher_kwargs})
        for name, arguments in (checker_kwargs or {}).items():
            self._checker(name).reset(**arguments)

    def _checker(self, name: str) -> BaseChecker:
        try:
            return self.learnware_checker[name]
        except KeyError:
            known = ", ".join(self.learnware_checker) or "none"
            raise MarketError(f"the market has no checker {name!r}; it has: {known}") from None

    def reload_market(self, **kwargs: Any) -> bool:
        """Open the market anew and return whether that worked."""
        return self.learnware_organizer.reload_market(**kwargs)

    def check(
        self,
        zip_path: str | os.PathLike[str],
        semantic_spec: dict[str, Any] | None = None,
        checker_names: Sequence[str] | None = None,
    ) -> CheckReport:
        """Check a package without adding it, and say what was found.

        Parameters
        ----------
        zip_path : str or path
            The package.
        semantic_spec : dict, optional
            Its semantic specification; the one in the package if None.
        checker_names : sequence of str, optional
            Names of the checkers to run; all of the market's if None. The package itself is always checked.
        """
        from learnware.learnware import get_learnware_from_dirpath, read_package, unpack
        from learnware.learnware._package import date_of

        checkers = [(name, self._checker(name)) for name in _names(self.learnware_checker, checker_names)]
        results = []
        with tempfile.TemporaryDirectory(prefix="learnware-check-") as scratch:
            try:
                if not checkers:
                    read_package(zip_path)
                    return CheckReport(BaseChecker.NONUSABLE_LEARNWARE, ())
                folder = unpack(zip_path, Path(scratch) / "learnware")
                learnware = get_learnware_from_dirpath("pending", semantic_spec, folder, ignore_error=False)
                made = date_of(zip_path)
            except (InvalidPackageError, SpecificationError) as error:
                result = CheckResult("package", BaseChecker.INVALID_LEARNWARE, str(error))
                return CheckReport(BaseChecker.INVALID_LEARNWARE, (result,))
            assert learnware is not None  # noqa: S101 - errors are raised
            learnware.made = made
            for name, checker in checkers:
                status, message = checker(learnware)
                results.append(CheckResult(name, status, message))
                if status == BaseChecker.INVALID_LEARNWARE:
                    return CheckReport(status, tuple(results))
        return CheckReport(max(result.status for result in results), tuple(results))

    def check_learnware(
        self,
        zip_path: str | os.PathLike[str],
        semantic_spec: dict[str, Any] | None = None,
        checker_names: Sequence[str] | None = None,
        **kwargs: Any,  # noqa: ARG002 - published
    ) -> int:
        """Return the status of a package: -1 invalid (the reason is logged), 0 not known to be usable, 1 usable.

        `check` returns the reasons as well.
        """
        report = self.check(zip_path, semantic_spec, checker_names)
        if report.status == BaseChecker.INVALID_LEARNWARE:
            _logger.warning("the learnware in %s is invalid: %s", zip_path, report)
        return report.status

    def add_learnware(
        self,
        zip_path: str | os.PathLike[str],
        semantic_spec: dict[str, Any] | None = None,
        checker_names: Sequence[str] | None = None,
        **kwargs: Any,
    ) -> tuple[str | None, int]:
        """Check a learnware and add it unless it is invalid.

        Parameters
        ----------
        zip_path : str or path
            Its package; it is copied.
        semantic_spec : dict, optional
            Its semantic specification; the one in the package if None.
        checker_names : sequence of str, optional
            Names of the checkers to run; all of the market's if None, an empty list for none. What is no learnware
            package is refused all the same.
        **kwargs
            Handed to the organizer.

        Returns
        -------
        tuple of (str or None, int)
            Its id and its status; (None, -1) if it is invalid, with the reason in the log.
        """
        with tempfile.TemporaryDirectory(prefix="learnware-add-") as scratch:
            # A copy, so that what is added is what was checked.
            copy = shutil.copyfile(zip_path, Path(scratch) / Path(zip_path).name)
            status = self.check_learnware(copy, semantic_spec, checker_names)
            if status == BaseChecker.INVALID_LEARNWARE:
                return None, status
            return self.learnware_organizer.add_learnware(
                zip_path=str(copy), semantic_spec=semantic_spec, check_status=status, **kwargs
            )

    def update_learnware(
        self,
        id: str,
        zip_path: str | os.PathLike[str] | None = None,
        semantic_spec: dict[str, Any] | None = None,
        checker_names: Sequence[str] | None = None,
        check_status: int | None = None,
        **kwargs: Any,
    ) -> int:
        """Check a learnware with the given parts replaced, and replace them unless it is invalid then.

        Parameters
        ----------
        id : str
            Its id.
        zip_path, semantic_spec : optional
            What replaces its package and its semantic specification; None leaves them.
        checker_names : sequence of str, optional
            Names of the checkers to run; all of the market's if None.
        check_status : int, optional
            Status to record instead of what the checkers found, unless they found it invalid.

        Returns
        -------
        int
            The status; -1 if it would be invalid, and stays as it was.

        Raises
        ------
        LearnwareNotFoundError
            If there is no learnware of this id.
        """
        organizer = self.learnware_organizer
        with tempfile.TemporaryDirectory(prefix="learnware-update-") as scratch:
            source = organizer.get_learnware_zip_path_by_ids(id) if zip_path is None else zip_path
            copy = shutil.copyfile(str(source), Path(scratch) / Path(str(source)).name)
            checked = semantic_spec
            if checked is None:
                learnware: Any = organizer.get_learnware_by_ids(id)
                checked = learnware.get_specification().get_semantic_spec()
            found = self.check_learnware(copy, checked, checker_names)
            if found == BaseChecker.INVALID_LEARNWARE:
                return found
            status = found if check_status is None else check_status
            organizer.update_learnware(
                id,
                zip_path=None if zip_path is None else str(copy),
                semantic_spec=semantic_spec,
                check_status=status,
                **kwargs,
            )
        return status

    def search_learnware(
        self, user_info: BaseUserInfo, check_status: int | None = None, **kwargs: Any
    ) -> SearchResults:
        """Search among learnwares of one status (any by default); `kwargs` go to the searcher."""
        return self.learnware_searcher(user_info, check_status, **kwargs)

    def spec_types(self, data_type: str) -> tuple[str, ...]:
        """Return the types of specifications by which learnwares for a kind of data are found here, the default first.

        A user's data need be described by no other. Those of `learnware.specification.spec_types` that no learnware has
        are left out. If none has any, the default is what says so; where the organizer does not tell, all count.

        Parameters
        ----------
        data_type : str
            "Table", "Image" or "Text".
        """
        known, islands = spec_types(data_type), self.learnware_organizer.islands()
        if islands is None:
            return known
        there = {name.partition("/")[0] for name in islands}
        return tuple(one for one in known if one in there) or known[:1]

    def delete_learnware(self, id: str, **kwargs: Any) -> bool:
        """Delete a learnware and return True; False if there is none of this id."""
        return self.learnware_organizer.delete_learnware(id, **kwargs)

    def get_learnware_ids(self, top: int | None = None, check_status: int | None = None, **kwargs: Any) -> list[str]:
        """Return the first `top` ids (all by default) of learnwares of one status (any by default)."""
        return self.learnware_organizer.get_learnware_ids(top, check_status, **kwargs)

    def get_learnwares(self, top: int | None = None, check_status: int | None = None, **kwargs: Any) -> list[Learnware]:
        """Return the first `top` learnwares (all by default) of one status (any by default)."""
        return self.learnware_organizer.get_learnwares(top, check_status, **kwargs)

    def reload_learnware(self, learnware_id: str) -> None:
        """Let the next look-up read a learnware anew."""
        self.learnware_organizer.reload_learnware(learnware_id)

    def get_learnware_zip_path_by_ids(self, ids: str | list[str], **kwargs: Any) -> Any:
        """Return the path of one package, or one for each id of a list."""
        return self.learnware_organizer.get_learnware_zip_path_by_ids(ids, **kwargs)

    def get_learnware_dir_path_by_ids(self, ids: str | list[str], **kwargs: Any) -> Any:
        """Return the folder of one package, unpacked if need be, or one for each id of a list."""
        return self.learnware_organizer.get_learnware_dir_path_by_ids(ids, **kwargs)

    def get_learnware_by_ids(self, id: str | list[str], **kwargs: Any) -> Any:
        """Return one learnware, or one for each id of a list.

        Raises
        ------
        LearnwareNotFoundError
            If there is no learnware of an id.
        """
        return self.learnware_organizer.get_learnware_by_ids(id, **kwargs)


def _names(checkers: dict[str, BaseChecker], names: Sequence[str] | None) -> Sequence[str]:
    if isinstance(names, str):
        raise MarketError(f"checker_names is {names!r}; expected a list of names")
    return list(checkers) if names is None else names
