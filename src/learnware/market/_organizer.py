"""The organizer of a market on one machine: SQLite and files, for any number of processes."""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, overload

from learnware.errors import MarketError
from learnware.market._base import BaseChecker, BaseOrganizer
from learnware.market._store import MarketStore, NewLearnware
from learnware.market._view import MarketView

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from concurrent.futures import Executor

    from learnware.learnware import Learnware
    from learnware.market._island import IslandIndex
    from learnware.market._semantic import SemanticIndex

__all__ = ["EasyOrganizer"]

_Found = TypeVar("_Found")

# They wait for the disk while the next packages are read.
_FLUSHING_THREADS = 4
_STATUSES = (BaseChecker.NONUSABLE_LEARNWARE, BaseChecker.USABLE_LEARNWARE)


def market_folder(market_id: str, root: str | os.PathLike[str] | None) -> Path:
    """Return the folder of a market: under `root`, else ``LEARNWARE_STORAGE_PATH``, else ``~/.learnware``."""
    if not isinstance(market_id, str) or not market_id or market_id in {".", ".."} or set(market_id) & set("/\\:\0"):
        raise MarketError(f"market_id is {market_id!r}; expected a name that can be a folder's")
    if root is None:
        root = os.environ.get("LEARNWARE_STORAGE_PATH") or Path.home() / ".learnware"
    return Path(root).absolute() / "markets" / market_id


class EasyOrganizer(BaseOrganizer):
    """Keeps learnwares in a folder: a SQLite database and the zip packages, for several processes at once.

    What a method has acknowledged survives a kill and a power cut; a change is seen by other processes at their next
    call. Ids are eight digits, counted up and never given twice.

    Parameters
    ----------
    market_id : str
        Name of the market.
    root : str or path, optional
        Folder for markets; the environment variable ``LEARNWARE_STORAGE_PATH``, else ``~/.learnware``, if None.
    rebuild : bool, default=False
        Empty the market first.
    """

    _store: MarketStore | None = None

    def reset(
        self,
        market_id: str | None = None,
        rebuild: bool = False,
        root: str | os.PathLike[str] | None = None,
        **kwargs: Any,
    ) -> None:
        """Turn to the market of this name (the same one if None), emptied first if `rebuild`."""
        if kwargs:
            raise MarketError(
                f"unknown arguments of the organizer: {', '.join(sorted(kwargs))}; known are: rebuild, root"
            )
        if market_id is not None or self._store is None:
            folder = market_folder("default" if market_id is None else market_id, root)
            self.market_id = folder.name
            self._folder = folder
        self.reload_market(rebuild=rebuild)

    def reload_market(self, rebuild: bool = False, **kwargs: Any) -> bool:  # noqa: ARG002 - for subclasses
        """Open the market anew, emptied first if `rebuild`, and return True."""
        # The old one is closed when the last learnware that reads from it is gone.
        self._store = MarketStore(self._folder)
        if rebuild:
            self._store.clear()
        self._view = MarketView(self._store)
        return True

    @property
    def store(self) -> MarketStore:
        """Database and files of the market."""
        if self._store is None:
            raise MarketError("the organizer was closed; call reload_market()")
        return self._store

    def close(self) -> None:
        """Close the market; `reload_market` opens it again."""
        if self._store is not None:
            self._store.close()
            self._store = None

    def add_learnware(
        self,
        zip_path: str | os.PathLike[str],
        semantic_spec: dict[str, Any] | None,
        check_status: int,
        learnware_id: str | None = None,
    ) -> tuple[str | None, int]:
        """Add a learnware.

        Parameters
        ----------
        zip_path : str or path
            Its package; it is copied.
        semantic_spec : dict or None
            Its semantic specification; the one in the package if None.
        check_status : int
            What a checker found: 1 usable, 0 not known to be usable, -1 invalid.
        learnware_id : str, optional
            Its id, where somebody else gives the ids; the next free number if None.

        Returns
        -------
        tuple of (str or None, int)
            Its id and its status; (None, -1) for an invalid one, which is not kept.

        Raises
        ------
        InvalidPackageError, SpecificationError
            If the package or a specification in it is broken, whatever `check_status` says.
        MarketError
            If the id is taken.
        """
        if check_status == BaseChecker.INVALID_LEARNWARE:
            return None, BaseChecker.INVALID_LEARNWARE
        new = self._prepare(zip_path, semantic_spec, check_status, learnware_id)
        return self.store.add([new])[0], check_status

    def add_learnwares(
        self, learnwares: Iterable[tuple[str | os.PathLike[str], dict[str, Any] | None, int]]
    ) -> list[str]:
        """Add many learnwares in one transaction, all or none, and return their ids.

        Parameters
        ----------
        learnwares : iterable of (zip_path, semantic_spec, check_status)
            As for `add_learnware`; none may be invalid.

        Raises
        ------
        InvalidPackageError, SpecificationError, MarketError
            As `add_learnware`; then none of them is added.
        """
        prepared: list[NewLearnware] = []
        with ThreadPoolExecutor(_FLUSHING_THREADS) as flusher:
            try:
                for zip_path, semantic_spec, check_status in learnwares:
                    prepared.append(self._prepare(zip_path, semantic_spec, check_status, None, flusher))
            except BaseException:
                for new in prepared:
                    new.package.file.discard()
                raise
            return self.store.add(prepared) if prepared else []

    def _prepare(
        self,
        zip_path: str | os.PathLike[str],
        semantic_spec: dict[str, Any] | None,
        check_status: int,
        learnware_id: str | None,
        flusher: Executor | None = None,
    ) -> NewLearnware:
        _check_status(check_status)
        if learnware_id is not None and not (
            isinstance(learnware_id, str) and 0 < len(learnware_id) <= 255 and learnware_id.isprintable()
        ):
            raise MarketError(f"learnware_id is {learnware_id!r}; expected a text of 1 to 255 printable characters")
        package = self.store.stage(zip_path, flusher)
        return NewLearnware(package, semantic_spec or package.semantic_spec, check_status, learnware_id)

    def delete_learnware(self, id: str) -> bool:
        """Delete a learnware and return True; False if there is none of this id."""
        return self.store.delete(id)

    def update_learnware(
        self,
        id: str,
        zip_path: str | os.PathLike[str] | None = None,
        semantic_spec: dict[str, Any] | None = None,
        check_status: int | None = None,
    ) -> bool:
        """Replace parts of a learnware; what is None stays as it is.

        Returns
        -------
        bool
            True.

        Raises
        ------
        LearnwareNotFoundError
            If there is no learnware of this id.
        InvalidPackageError, SpecificationError
            If the new package is broken; the learnware stays as it was.
        """
        if check_status is not None:
            _check_status(check_status)
        self.store.row(id)
        package = None if zip_path is None else self.store.stage(zip_path)
        self.store.update(id, package, semantic_spec, check_status)
        return True

    @overload
    def get_learnware_by_ids(self, ids: str) -> Learnware: ...
    @overload
    def get_learnware_by_ids(self, ids: list[str]) -> list[Learnware]: ...
    def get_learnware_by_ids(self, ids: str | list[str]) -> Learnware | list[Learnware]:
        """Return one learnware, or one for each id of a list.

        Raises
        ------
        LearnwareNotFoundError
            If there is no learnware of an id.
        """
        return self._view.learnware(ids) if isinstance(ids, str) else self._view.learnwares(ids)

    @overload
    def get_learnware_zip_path_by_ids(self, ids: str) -> str: ...
    @overload
    def get_learnware_zip_path_by_ids(self, ids: list[str]) -> list[str]: ...
    def get_learnware_zip_path_by_ids(self, ids: str | list[str]) -> str | list[str]:
        """Return the path of one package, or one for each id of a list; it belongs to the market, copy it to keep it.

        Raises
        ------
        LearnwareNotFoundError
            If there is no learnware of an id.
        """
        return _one_or_each(lambda learnware_id: str(self.store.zip_path(learnware_id)), ids)

    @overload
    def get_learnware_dir_path_by_ids(self, ids: str) -> str: ...
    @overload
    def get_learnware_dir_path_by_ids(self, ids: list[str]) -> list[str]: ...
    def get_learnware_dir_path_by_ids(self, ids: str | list[str]) -> str | list[str]:
        """Return the folder of one package, unpacked if need be, or one for each id of a list.

        Raises
        ------
        LearnwareNotFoundError
            If there is no learnware of an id.
        """
        return _one_or_each(lambda learnware_id: str(self.store.folder(learnware_id)), ids)

    def get_learnware_ids(self, top: int | None = None, check_status: int | None = None) -> list[str]:
        """Return the first `top` ids (all by default) of learnwares of one status (any by default), oldest first."""
        return self._view.ids(top, check_status)

    def get_learnwares(self, top: int | None = None, check_status: int | None = None) -> list[Learnware]:
        """Return the first `top` learnwares (all by default) of one status (any by default), oldest first."""
        return self._view.listing(top, check_status)

    def reload_learnware(self, learnware_id: str) -> None:
        """Let the next look-up read a learnware anew.

        Raises
        ------
        LearnwareNotFoundError
            If there is no learnware of this id.
        """
        self._view.reload(learnware_id)

    def get_learnware_info_from_storage(self, learnware_id: str) -> dict[str, Any]:
        """Return what the market keeps of a learnware.

        Returns
        -------
        dict
            ``learnware_id``, ``semantic_spec``, ``zip_path``, ``folder_path`` (there once the package was unpacked),
            ``use_flag`` (its status) and ``sha256`` (of its package).

        Raises
        ------
        LearnwareNotFoundError
            If there is no learnware of this id.
        """
        row = self.store.row(learnware_id)
        return {
            "learnware_id": row.id,
            "semantic_spec": json.loads(row.semantic_json),
            "zip_path": str(self.store.files.blob_path(row.sha256)),
            "folder_path": str(self.store.files.unpacked_path(row.sha256)),
            "use_flag": row.check_status,
            "sha256": row.sha256,
        }

    def __len__(self) -> int:
        return len(self._view.ids())

    # What searchers need

    def island_index(self, name: str) -> IslandIndex | None:
        """Return the index over the members of an island, up to date; None where the island is empty."""
        return self._view.island_index(name)

    def islands(self) -> list[str]:
        """Return the names of the islands that there are, in order."""
        return [name for (name,) in self.store.database.execute("SELECT name FROM island ORDER BY name")]

    def table_widths(self) -> list[int]:
        """Return the numbers of columns of the tables that the learnwares are for, in order."""
        tables = (name for name in self.islands() if name.startswith("RKMETableSpecification/"))
        return sorted(int(name.rpartition("/")[2]) for name in tables)

    def search_words(self, search: Callable[[SemanticIndex], Any]) -> Any:
        """Return what `search` finds among the words and tags of all learnwares, up to date."""
        return self._view.search_words(search)


def _check_status(check_status: int) -> None:
    if check_status not in _STATUSES:
        raise MarketError(f"check_status is {check_status!r}; expected 0 (not known to be usable) or 1 (usable)")


def _one_or_each(look_up: Callable[[str], _Found], ids: str | list[str]) -> _Found | list[_Found]:
    return look_up(ids) if isinstance(ids, str) else [look_up(learnware_id) for learnware_id in ids]
