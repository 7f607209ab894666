"""Connections and transactions. What differs between SQLite and PostgreSQL is here, and nowhere else."""

from __future__ import annotations

import hashlib
import sqlite3
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import create_engine, event, func, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DisconnectionError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm import Session

from beimingwu.errors import SettingsError, UnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import URL, ColumnElement, Connection, Engine
    from sqlalchemy.engine.interfaces import DBAPIConnection
    from sqlalchemy.orm import InstrumentedAttribute
    from sqlalchemy.pool import ConnectionPoolEntry

    from beimingwu.db.base import Table

__all__ = ["Database"]

# Seconds to wait for another writer of SQLite, and for a connection.
_WAIT = 30
_WRITES = "beimingwu_writes"
# Seconds after which a connection is asked whether it still works, before it is used again: to ask each time would make
# every request wait for one more answer.
_ASK_AFTER = 5.0
_USED = "beimingwu_used"


class Database:
    """The database of a dock.

    Parameters
    ----------
    address : str
        ``sqlite:///FILE`` or ``postgresql://USER:PASSWORD@HOST/NAME``.
    pool_size : int, default=20
        Connections, at most.

    Raises
    ------
    SettingsError
        If the address is not one of these.
    """

    def __init__(self, address: str, *, pool_size: int = 20) -> None:
        self.url = _url(address)
        options: dict[str, Any] = {"pool_size": pool_size, "max_overflow": 0, "pool_timeout": _WAIT}
        # Errors get into the log; addresses of people and hashes of their secrets do not.
        options["hide_parameters"] = True
        if self.is_sqlite:
            options["connect_args"] = {"timeout": _WAIT, "check_same_thread": False}
        else:
            options["connect_args"] = {"connect_timeout": _WAIT, "options": "-c timezone=UTC"}
        self.engine: Engine = create_engine(self.url, **options)
        if self.is_sqlite:
            event.listen(self.engine, "connect", _prepare_sqlite)
            event.listen(self.engine, "begin", _begin_sqlite)
        else:
            event.listen(self.engine, "checkin", _note_use)
            event.listen(self.engine, "checkout", self._ask_if_idle)
        self._reading = self.engine if self.is_sqlite else self.engine.execution_options(isolation_level="AUTOCOMMIT")
        self._writing = self.engine.execution_options(**{_WRITES: True})

    @property
    def is_sqlite(self) -> bool:
        """Whether this is the embedded default."""
        return self.url.get_backend_name() == "sqlite"

    @property
    def is_made(self) -> bool:
        """Whether there is a database to connect to: a file of SQLite is made by who first writes to it."""
        return not self.is_sqlite or not self.url.database or Path(self.url.database).exists()

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Give a session that sees one state of the database and is rolled back in the end.

        Raises
        ------
        UnavailableError
            If the database cannot be reached.
        """
        with _reached(), Session(self.engine) as session:
            yield session

    @contextmanager
    def rows(self) -> Iterator[Connection]:
        """Give a connection that reads rows, for what is asked very often: nothing is made of them.

        On SQLite all statements see one state; on PostgreSQL each sees the newest, as in `read`, without the round
        trips that begin and end a transaction.

        Raises
        ------
        UnavailableError
            If the database cannot be reached.
        """
        with _reached(), self._reading.connect() as connection:
            yield connection

    @contextmanager
    def snapshot(self) -> Iterator[Session]:
        """Give a session in which all reads see the state that the first one saw, however long it takes.

        Raises
        ------
        UnavailableError
            If the database cannot be reached.
        """
        # SQLite does so anyway; PostgreSQL's default is a state for each statement.
        engine = self.engine if self.is_sqlite else self.engine.execution_options(isolation_level="REPEATABLE READ")
        with _reached(), Session(engine) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """Give a session in a transaction, which is committed if all goes well.

        On SQLite it waits for other writers when it begins, not when it first writes: what it has read stays true.

        Raises
        ------
        UnavailableError
            If the database cannot be reached, or another writer holds it for too long.
        """
        with _reached(), Session(self._writing, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """Give a connection in a transaction that writes, for migrations."""
        if self.is_sqlite and self.url.database:
            file = Path(self.url.database)
            file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            # SQLite gives its other files the same rights.
            file.touch(mode=0o600)
        with _reached(), self._writing.begin() as connection:
            yield connection

    def insert(self, table: type[Table]) -> sqlite.Insert | postgresql.Insert:
        """Return an INSERT that knows ``ON CONFLICT``."""
        return sqlite.insert(table) if self.is_sqlite else postgresql.insert(table)

    def elements(self, column: ColumnElement[Any] | InstrumentedAttribute[Any]) -> ColumnElement[str]:
        """Return the texts in a column of JSON lists, as the column of a table to select from or join with."""
        if self.is_sqlite:
            return cast("ColumnElement[str]", func.json_each(column).table_valued("value").c.value)
        listed = func.json_array_elements_text(column).table_valued("value").render_derived()
        return cast("ColumnElement[str]", listed.c.value)

    def lock(self, session: Session, name: str) -> None:
        """Let no other transaction have the lock of a name until this one, which writes, ends.

        On SQLite a transaction that writes is alone in any case.
        """
        if not self.is_sqlite:
            key = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)
            session.execute(select(func.pg_advisory_xact_lock(key)))

    def ping(self) -> None:
        """Ask the database for an answer.

        Raises
        ------
        UnavailableError
            If there is none.
        """
        with self.read() as session:
            session.execute(text("SELECT 1"))

    def _ask_if_idle(self, connection: DBAPIConnection, record: ConnectionPoolEntry, _proxy: object) -> None:
        """Take another connection for one that was lost while nobody used it, as when the server was restarted."""
        used = record.info.get(_USED)
        if used is None or monotonic() - used < _ASK_AFTER:
            return
        try:
            self.engine.dialect.do_ping(connection)
        except self.engine.dialect.loaded_dbapi.Error as error:
            raise DisconnectionError("the connection was lost") from error

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


@contextmanager
def _reached() -> Iterator[None]:
    try:
        yield
    except (OperationalError, InterfaceError, PoolTimeoutError) as error:
        raise UnavailableError("the database cannot be reached at the moment; try again") from error


def _url(address: str) -> URL:
    try:
        url = make_url(address)
    except ArgumentError:
        raise SettingsError("the database URL cannot be read; it looks like sqlite:///FILE or postgresql://…") from None
    if url.drivername in {"postgres", "postgresql", "postgresql+psycopg"}:
        return url.set(drivername="postgresql+psycopg")
    if url.drivername in {"sqlite", "sqlite+pysqlite"} and url.database not in {None, "", ":memory:"}:
        return url.set(drivername="sqlite+pysqlite")
    raise SettingsError(
        f"no database of the kind {url.drivername!r} can be used; the URL must begin with postgresql:// or sqlite:///, "
        "and an SQLite database must be a file"
    )


def _note_use(_connection: DBAPIConnection | None, record: ConnectionPoolEntry) -> None:
    record.info[_USED] = monotonic()


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # Transactions are begun by `_begin_sqlite`, not by the driver at some statement.
    connection.isolation_level = None
    cursor = connection.cursor()
    _use_wal(cursor)
    # With every commit on disk: what was acknowledged survives a power cut.
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _use_wal(cursor: Any) -> None:
    # A new database is turned into one with a log by whoever opens it first. SQLite does not wait for the others then.
    give_up = monotonic() + _WAIT
    while True:
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:  # noqa: PERF203  # every try may fail
            if "locked" not in str(error) or monotonic() > give_up:
                raise
            sleep(0.01)
        else:
            return


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
