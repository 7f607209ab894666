"""Learnwares of a market: light until somebody asks for their specification, their files or their model."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

from learnware.learnware import Learnware, read_package
from learnware.learnware._package import date_of
from learnware.specification import Specification

if TYPE_CHECKING:
    import os
    from datetime import date

    from learnware.market._store import MarketStore, Row
    from learnware.model import BaseModel
    from learnware.runtime import ModelRunner
    from learnware.specification import BaseStatSpecification

__all__ = ["StoredLearnware"]


class _StoredSpecification(Specification):
    """A specification that is read from the market's database when it is asked for."""

    def __init__(self, store: MarketStore, row: Row) -> None:
        self._store = store
        self._row = row
        self._semantic: dict[str, Any] | None = None
        self._stat: dict[str, BaseStatSpecification] | None = None

    @property
    def semantic_spec(self) -> dict[str, Any]:
        """The semantic specification."""
        if self._semantic is None:
            self._semantic = json.loads(self._row.semantic_json)
        return self._semantic

    @semantic_spec.setter
    def semantic_spec(self, value: dict[str, Any]) -> None:
        self._semantic = value

    @property
    def stat_spec(self) -> dict[str, BaseStatSpecification]:
        """The statistical specifications by type name."""
        if self._stat is None:
            self._stat = self._store.stat_specs(self._row.id)
        return self._stat

    @stat_spec.setter
    def stat_spec(self, value: dict[str, BaseStatSpecification]) -> None:
        self._stat = value


class StoredLearnware(Learnware):
    """A learnware that lies in a market; its package is unpacked when its folder or its model is asked for.

    It shows the state of the market when it was looked up; changes of it stay its own. What changes the market is
    `LearnwareMarket.update_learnware`.
    """

    def __init__(self, store: MarketStore, row: Row) -> None:
        self.id = row.id
        self._store = store
        self._row = row
        self._specification: Specification = _StoredSpecification(store, row)
        self._model: BaseModel | dict[str, Any] | None = None
        self._folder: str | None = None
        self._made: date | None = None

    def __repr__(self) -> str:
        return f"StoredLearnware(id={self.id!r}, market={str(self._store.root)!r})"

    @property
    def specification(self) -> Specification:
        """The whole specification."""
        return self._specification

    @specification.setter
    def specification(self, value: Specification) -> None:
        self._specification = value

    @property
    def learnware_dirpath(self) -> str:
        """Folder of the unpacked package."""
        if self._folder is None:
            self._folder = str(self._store.folder(self.id))
        return self._folder

    @learnware_dirpath.setter
    def learnware_dirpath(self, value: str | os.PathLike[str]) -> None:
        self._folder = str(value)

    @property
    def model(self) -> BaseModel | dict[str, Any]:
        """The model, or where it is if it has not been loaded yet."""
        if self._model is None:
            self._model = read_package(self.learnware_dirpath).manifest.model.to_config()
        return self._model

    @model.setter
    def model(self, value: BaseModel | dict[str, Any]) -> None:
        self._model = value

    @property
    def made(self) -> date | None:
        """When its package was made, where that is known."""
        return self._made or _made(self._store, self._row)

    @made.setter
    def made(self, value: date | None) -> None:
        self._made = value

    def __copy__(self) -> StoredLearnware:
        other = StoredLearnware(self._store, self._row)
        other._specification, other._model, other._folder = self._specification, self._model, self._folder
        other._made = self._made
        return other

    def run_with(self, runner: ModelRunner) -> None:
        """Let the model run in a worker process, as `Learnware.run_with` does; its package is unpacked then."""
        self._model = runner.model(partial(_unpacked, self._store, self._row, self._folder))

    def __reduce__(self) -> tuple[Any, ...]:
        # Another process gets a plain learnware: a database connection does not travel.
        specification = Specification(self.specification.get_semantic_spec(), dict(self.specification.get_stat_spec()))
        return Learnware, (self.id, self.model, specification, self.learnware_dirpath)


def _unpacked(store: MarketStore, row: Row, folder: str | None) -> tuple[str, dict[str, Any], date | None]:
    """Return the folder of a learnware's package, unpacked, its model's configuration, and when it was made."""
    folder = folder or str(store.folder(row.id))
    return folder, read_package(folder).manifest.model.to_config(), _made(store, row)


def _made(store: MarketStore, row: Row) -> date | None:
    path = store.files.blob_path(row.sha256)
    return date_of(path) if path.is_file() else None  # removed from the market since
