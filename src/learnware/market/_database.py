"""The database of a market: schema, versions, connections and transactions.

Older databases are brought up to date when they are opened: `_MIGRATIONS[n]` leads from version n to n + 1, and the
tests keep a database of each version.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
import weakref
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from learnware.errors import MarketError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

__all__ = ["Database"]

# "LWMK": tells `file` and us that an SQLite file is a learnware market.
_APPLICATION_ID = 0x4C574D4B
# Seconds to wait for another process's transaction; a batch of thousands of learnwares takes a few.
_LOCK_TIMEOUT = 120.0

_MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        # One row: number of the last committed change. What changed carries the number, so that a reader catches up.
        "CREATE TABLE market (revision INTEGER NOT NULL)",
        "INSERT INTO market VALUES (0)",
        # AUTOINCREMENT: a number is never given twice, not even that of the last learnware after its deletion.
        """
        CREATE TABLE learnware (
            seq INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            sha256 TEXT NOT NULL,
            check_status INTEGER NOT NULL,
            semantic_spec TEXT NOT NULL,
            revision INTEGER NOT NULL
        )
        """,
        "CREATE INDEX learnware_by_sha256 ON learnware (sha256)",
        "CREATE INDEX learnware_by_revision ON learnware (revision)",
        "CREATE TABLE removed (seq INTEGER PRIMARY KEY, revision INTEGER NOT NULL)",
        "CREATE INDEX removed_by_revision ON removed (revision)",
        """
        CREATE TABLE stat_spec (
            seq INTEGER NOT NULL REFERENCES learnware ON DELETE CASCADE,
            type TEXT NOT NULL,
            header TEXT NOT NULL,
            arrays BLOB NOT NULL,
            UNIQUE (seq, type)
        )
        """,
        # Specifications of one kind and feature space, and the kernel under which they are compared.
        """
        CREATE TABLE island (
            name TEXT PRIMARY KEY,
            metric TEXT NOT NULL,
            estimated_from INTEGER NOT NULL,
            embedding_version INTEGER NOT NULL,
            revision INTEGER NOT NULL
        )
        """,
        """
        CREATE TABLE embedding (
            seq INTEGER NOT NULL REFERENCES learnware ON DELETE CASCADE,
            type TEXT NOT NULL,
            island TEXT NOT NULL REFERENCES island,
            self_product REAL NOT NULL,
            vector BLOB NOT NULL,
            UNIQUE (seq, type)
        )
        """,
        "CREATE INDEX embedding_by_island ON embedding (island, seq)",
    ),
)


def _close(connection: sqlite3.Connection, owner: int) -> None:
    # A forked child must leave its parent's connection alone.
    if os.getpid() == owner:
        connection.close()


class Database:
    """One SQLite file in WAL mode, shared by the threads of a process and by processes.

    Parameters
    ----------
    path : Path
        The file; it and its tables are made when they are not there.

    Raises
    ------
    MarketError
        If the file is something else, or was written by a newer version of this package.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.RLock()
        try:
            self._connection = sqlite3.connect(
                path, timeout=_LOCK_TIMEOUT, isolation_level=None, check_same_thread=False
            )
            self._finalizer = weakref.finalize(self, _close, self._connection, os.getpid())
            self._set_up()
        except sqlite3.DatabaseError as error:
            raise MarketError(f"{path} cannot be used as a market: {error}") from error

    def _set_up(self) -> None:
        if self.value("PRAGMA application_id") != _APPLICATION_ID and self.value("SELECT count(*) FROM sqlite_master"):
            raise MarketError(f"{self.path} is a database of another program; choose another folder for the market")
        deadline = time.monotonic() + _LOCK_TIMEOUT
        while True:
            try:
                self.execute("PRAGMA journal_mode = WAL")
                break
            except sqlite3.OperationalError as error:
                # SQLite does not wait here when two processes make one database at once.
                if "locked" not in str(error) or time.monotonic() > deadline:
                    raise
                time.sleep(0.01)
        # FULL: what was acknowledged survives a power cut, not only a killed process.
        self.execute("PRAGMA synchronous = FULL")
        self.execute("PRAGMA foreign_keys = ON")
        if self.version() != len(_MIGRATIONS):
            with self.write():
                self._migrate()

    def version(self) -> int:
        """Return the version of the schema."""
        return int(self.value("PRAGMA user_version"))

    def _migrate(self) -> None:
        version = self.version()
        if version > len(_MIGRATIONS):
            raise MarketError(
                f"{self.path} has format version {version}, this package knows up to {len(_MIGRATIONS)}; "
                "update the package: pip install -U learnware"
            )
        for statements in _MIGRATIONS[version:]:
            for statement in statements:
                self.execute(statement)
        self.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
        self.execute(f"PRAGMA user_version = {len(_MIGRATIONS)}")

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._finalizer()

    def execute(self, statement: str, values: Iterable[Any] = ()) -> list[tuple[Any, ...]]:
        """Run one statement and return its rows."""
        with self._lock:
            return self._connection.execute(statement, tuple(values)).fetchall()

    def execute_many(self, statement: str, rows: Iterable[tuple[Any, ...]]) -> None:
        """Run one statement for many rows."""
        with self._lock:
            self._connection.executemany(statement, rows)

    def value(self, statement: str, values: Iterable[Any] = ()) -> Any:
        """Return the first value of the first row, None where there is no row."""
        rows = self.execute(statement, values)
        return rows[0][0] if rows else None

    @contextmanager
    def write(self, *, wait: bool = True) -> Iterator[None]:
        """Transaction that holds the market's write lock; rolled back when its block raises.

        Raises
        ------
        MarketError
            If another process holds the lock: at once without `wait`, else after two minutes.
        """
        with self._lock:
            if not wait:
                self.execute("PRAGMA busy_timeout = 0")
            try:
                self.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                busy = "is being written by another process" if "locked" in str(error) else "cannot be written"
                raise MarketError(f"the market {self.path} {busy}: {error}") from error
            finally:
                if not wait:
                    self.execute(f"PRAGMA busy_timeout = {int(_LOCK_TIMEOUT * 1000)}")
            try:
                yield
                self.execute("COMMIT")
            except BaseException:
                self._connection.rollback()
                raise

    @contextmanager
    def read(self) -> Iterator[None]:
        """Transaction in which all reads see one committed state."""
        with self._lock:
            if self._connection.in_transaction:
                yield
                return
            self.execute("BEGIN")
            try:
                yield
            finally:
                self.execute("COMMIT")
