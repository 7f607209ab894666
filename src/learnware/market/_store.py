"""What a market keeps, and the transactions that change it.

The order of every change makes a kill at any moment harmless: a package is on the disk under its final name before
the row that refers to it is committed, and a row is gone before its package is removed. What a killed process leaves
unreferenced is removed when the market is opened.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from concurrent.futures import wait
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from learnware.errors import InvalidPackageError, LearnwareNotFoundError, MarketError
from learnware.market._database import Database
from learnware.market._encoding import decode_stat_spec
from learnware.market._files import MarketFiles, StagedFile, fsync_tree
from learnware.market._spec_tables import insert_stat_specs, remove_stat_specs, renew_islands

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from concurrent.futures import Executor
    from pathlib import Path

    from learnware.specification import BaseStatSpecification

__all__ = ["MarketStore", "NewLearnware", "Package", "Row"]

_AUTOMATIC_ID = re.compile(r"[0-9]{8,18}")


@dataclass(frozen=True)
class Package:
    """A package that was checked and lies on the disk, ready to be taken in."""

    file: StagedFile
    stat_specs: dict[str, BaseStatSpecification]
    semantic_spec: dict[str, Any]


@dataclass(frozen=True)
class NewLearnware:
    """A learnware to add; `id` None means the next free number."""

    package: Package
    semantic_spec: dict[str, Any]
    check_status: int
    id: str | None = None


@dataclass(frozen=True)
class Row:
    """What the market knows of a learnware, apart from its statistical specifications."""

    seq: int
    id: str
    sha256: str
    check_status: int
    semantic_json: str


def _semantic_json(semantic_spec: dict[str, Any]) -> str:
    # Searches read every learnware's: one that is no mapping would break them all.
    if not isinstance(semantic_spec, dict):
        raise MarketError(f"the semantic specification is {type(semantic_spec).__name__}; expected a dict")
    try:
        return json.dumps(semantic_spec, allow_nan=False, separators=(",", ":"))
    except (TypeError, ValueError, RecursionError) as error:
        raise MarketError(f"the semantic specification cannot be kept as JSON: {error}") from error


class MarketStore:
    """Database and files of one market.

    Parameters
    ----------
    root : Path
        Folder of the market; made when it is not there.
    """

    def __init__(self, root: Path) -> None:
        root.mkdir(parents=True, exist_ok=True)
        self.root = root
        self.files = MarketFiles(root)
        self._database = Database(root / "market.db")
        self._owner = os.getpid()
        self._collect()
        renew_islands(self.database, self._next_revision)

    @property
    def database(self) -> Database:
        """The database, connected anew in a forked child: SQLite connections do not survive a fork."""
        if self._owner != os.getpid():
            self._inherited = self._database
            self._database = Database(self.root / "market.db")
            self._owner = os.getpid()
        return self._database

    def close(self) -> None:
        """Close the database and remove unfinished files."""
        self._database.close()
        self.files.close()

    def _collect(self) -> None:
        """Remove what killed processes left; skipped while another process writes."""
        self.files.collect_scratch()
        with suppress(MarketError), self.database.write(wait=False):
            referenced = {sha256 for (sha256,) in self.database.execute("SELECT DISTINCT sha256 FROM learnware")}
            for sha256 in self.files.contents() - referenced:
                self.files.remove(sha256)

    def _sweep(self, hashes: Iterable[str]) -> None:
        """Remove the packages of these contents that no learnware refers to any more."""
        # The change is committed already: what cannot be removed now is removed when the market is opened next.
        with suppress(MarketError), self.database.write():
            for sha256 in set(hashes):
                if not self._is_referenced(sha256):
                    self.files.remove(sha256)

    def _is_referenced(self, sha256: str) -> bool:
        return bool(self.database.value("SELECT EXISTS (SELECT 1 FROM learnware WHERE sha256 = ?)", (sha256,)))

    # Taking in

    def stage(self, zip_path: str | os.PathLike[str], flusher: Executor | None = None) -> Package:
        """Copy a package in (flushed by `flusher`, or here), check it, and return it ready to be added.

        Raises
        ------
        InvalidPackageError, SpecificationError
            If the package or one of its specifications is broken.
        """
        from learnware.learnware import read_package

        file = self.files.stage(zip_path, flusher)
        try:
            # The copy is checked, not the original: nobody can change it afterwards.
            contents = read_package(file.path)
        except BaseException:
            file.discard()
            raise
        return Package(file, contents.stat_specs, contents.semantic_spec)

    def add(self, learnwares: Sequence[NewLearnware]) -> list[str]:
        """Add learnwares in one transaction and return their ids."""
        ids = []
        try:
            rows = [(_semantic_json(new.semantic_spec), new) for new in learnwares]
            # Before the lock is taken.
            wait([new.package.file.flushed for new in learnwares])
            with self.database.write():
                revision = self._next_revision()
                self.files.place(new.package.file for new in learnwares)
                specs = []
                for semantic_json, new in rows:
                    seq, learnware_id = self._insert(new, semantic_json, revision)
                    specs.append((seq, new.package.stat_specs))
                    ids.append(learnware_id)
                insert_stat_specs(self.database, specs, revision)
        except BaseException:
            self._discard([new.package for new in learnwares])
            raise
        self._discard([new.package for new in learnwares], placed=True)
        return ids

    def _discard(self, packages: Sequence[Package], *, placed: bool = False) -> None:
        for package in packages:
            package.file.discard()
        if not placed:
            self._sweep(package.file.sha256 for package in packages)

    def _next_revision(self) -> int:
        self.database.execute("UPDATE market SET revision = revision + 1")
        return self.revision()

    def _insert(self, new: NewLearnware, semantic_json: str, revision: int) -> tuple[int, str]:
        database = self.database
        learnware_id, seq = new.id, None
        if learnware_id is not None:
            if database.value("SELECT 1 FROM learnware WHERE id = ?", (learnware_id,)):
                raise MarketError(
                    f"learnware {learnware_id!r} is in the market already; update it, or choose another id"
                )
            if _AUTOMATIC_ID.fullmatch(learnware_id) and f"{int(learnware_id):08d}" == learnware_id:
                # A given number counts as used, so that it is not given to another learnware later.
                seq = int(learnware_id)
                if database.value("SELECT 1 FROM learnware WHERE seq = ?", (seq,)):
                    seq = None  # the number of a learnware with a name of its own; neither is given out again
        values = [new.package.file.sha256, new.check_status, semantic_json, revision]
        database.execute(
            "INSERT INTO learnware (seq, id, sha256, check_status, semantic_spec, revision) VALUES (?, ?, ?, ?, ?, ?)",
            [seq, "" if learnware_id is None else learnware_id, *values],
        )
        seq = int(database.value("SELECT last_insert_rowid()"))
        if learnware_id is None:
            learnware_id = f"{seq:08d}"
            database.execute("UPDATE learnware SET id = ? WHERE seq = ?", (learnware_id, seq))
        # A number that was removed and is given again by its owner: it is back.
        database.execute("DELETE FROM removed WHERE seq = ?", (seq,))
        return seq, learnware_id

    def update(
        self,
        learnware_id: str,
        package: Package | None = None,
        semantic_spec: dict[str, Any] | None = None,
        check_status: int | None = None,
    ) -> None:
        """Replace parts of a learnware in one transaction; what is None stays.

        Raises
        ------
        LearnwareNotFoundError
            If there is no such learnware.
        """
        try:
            semantic_json = None if semantic_spec is None else _semantic_json(semantic_spec)
            with self.database.write():
                row = self.row(learnware_id)
                revision = self._next_revision()
                if package is not None:
                    self.files.place([package.file])
                    remove_stat_specs(self.database, [row.seq])
                    insert_stat_specs(self.database, [(row.seq, package.stat_specs)], revision)
                self.database.execute(
                    "UPDATE learnware SET sha256 = ?, check_status = ?, semantic_spec = ?, revision = ? WHERE seq = ?",
                    (
                        row.sha256 if package is None else package.file.sha256,
                        row.check_status if check_status is None else check_status,
                        row.semantic_json if semantic_json is None else semantic_json,
                        revision,
                        row.seq,
                    ),
                )
        except BaseException:
            self._discard([] if package is None else [package])
            raise
        if package is not None:
            self._discard([package], placed=True)
            self._sweep([row.sha256])

    def replace_stat_specs(self, learnware_id: str, stat_specs: dict[str, BaseStatSpecification]) -> None:
        """Replace a learnware's statistical specifications and leave its package as it is."""
        with self.database.write():
            row = self.row(learnware_id)
            revision = self._next_revision()
            remove_stat_specs(self.database, [row.seq])
            insert_stat_specs(self.database, [(row.seq, stat_specs)], revision)
            self.database.execute("UPDATE learnware SET revision = ? WHERE seq = ?", (revision, row.seq))

    def delete(self, learnware_id: str) -> bool:
        """Delete a learnware and return whether there was one."""
        with self.database.write():
            try:
                row = self.row(learnware_id)
            except LearnwareNotFoundError:
                return False
            self._remove([row])
        self._sweep([row.sha256])
        return True

    def clear(self) -> None:
        """Delete all learnwares; their ids stay used."""
        with self.database.write():
            rows = self.rows()
            self._remove(rows)
        self._sweep(row.sha256 for row in rows)

    def _remove(self, rows: Sequence[Row]) -> None:
        revision = self._next_revision()
        remove_stat_specs(self.database, [row.seq for row in rows])
        self.database.execute_many("DELETE FROM learnware WHERE seq = ?", [(row.seq,) for row in rows])
        self.database.execute_many("INSERT INTO removed VALUES (?, ?)", [(row.seq, revision) for row in rows])

    def stat_specs(self, learnware_id: str) -> dict[str, BaseStatSpecification]:
        """Return all statistical specifications of a learnware by type name.

        Raises
        ------
        LearnwareNotFoundError
            If there is no such learnware.
        """
        with self.database.read():
            seq = self.row(learnware_id).seq
            rows = self.database.execute("SELECT type, header, arrays FROM stat_spec WHERE seq = ?", (seq,))
        return {row[0]: decode_stat_spec(*row) for row in rows}

    # Reading

    def revision(self) -> int:
        """Return the number of the last change."""
        return int(self.database.value("SELECT revision FROM market"))

    def row(self, learnware_id: str) -> Row:
        """Return what is known of a learnware.

        Raises
        ------
        LearnwareNotFoundError
            If there is no such learnware.
        """
        rows = self.database.execute(
            "SELECT seq, id, sha256, check_status, semantic_spec FROM learnware WHERE id = ?", (learnware_id,)
        )
        if not rows:
            raise LearnwareNotFoundError(learnware_id)
        return Row(*rows[0])

    def rows(self, after: int = -1) -> list[Row]:
        """Return all learnwares, or those that changed after a revision, in the order of their numbers."""
        rows = self.database.execute(
            "SELECT seq, id, sha256, check_status, semantic_spec FROM learnware WHERE revision > ? ORDER BY seq",
            (after,),
        )
        return [Row(*row) for row in rows]

    def removed(self, after: int) -> list[int]:
        """Return the numbers of learnwares that were removed after a revision."""
        return [seq for (seq,) in self.database.execute("SELECT seq FROM removed WHERE revision > ?", (after,))]

    def ids(self, top: int | None = None, check_status: int | None = None) -> list[str]:
        """Return the first `top` ids of learnwares of a status, in the order of their numbers."""
        rows = self.database.execute(
            "SELECT id FROM learnware WHERE ?1 IS NULL OR check_status = ?1 ORDER BY seq LIMIT ?2",
            (check_status, -1 if top is None else max(top, 0)),
        )
        return [learnware_id for (learnware_id,) in rows]

    # Files

    def zip_path(self, learnware_id: str) -> Path:
        """Return where a learnware's package lies."""
        return self.files.blob_path(self.row(learnware_id).sha256)

    def folder(self, learnware_id: str) -> Path:
        """Return the folder of a learnware's files, unpacked now if nobody has needed them before."""
        from learnware.learnware import unpack

        while True:
            sha256 = self.row(learnware_id).sha256
            folder = self.files.unpacked_path(sha256)
            if folder.exists():
                return folder
            scratch = self.files.scratch_path()
            try:
                unpack(self.files.blob_path(sha256), scratch)
                fsync_tree(scratch)
                with self.database.write():
                    if self._is_referenced(sha256):
                        self.files.place_folder(scratch, sha256)
                        return folder
            except (InvalidPackageError, OSError):
                if self.row(learnware_id).sha256 == sha256:
                    raise
                # Another process has replaced the package meanwhile: unpack the new one.
            finally:
                shutil.rmtree(scratch, ignore_errors=True)
