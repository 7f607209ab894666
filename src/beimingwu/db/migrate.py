"""Bringing a database to the tables of this version."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from beimingwu.errors import SettingsError

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from beimingwu.db.engine import Database

__all__ = ["known_revisions", "lock_migrations", "migrate", "migrate_connection"]

# Any number, the same in every server: who migrates PostgreSQL holds the lock of this number.
_LOCK = 0x6265696D


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def known_revisions() -> list[str]:
    """Return all revisions that there have been, the newest first."""
    return [one.revision for one in ScriptDirectory.from_config(_config()).walk_revisions()]


def migrate(database: Database, to: str | None = None) -> str | None:
    """Migrate up or down, in one transaction. Of several processes that do it at once, one does it, the others wait.

    Parameters
    ----------
    database : Database
    to : str, optional
        Revision to go to; the newest if not given, ``base`` for an empty database. Going down loses data that the
        older tables have no place for.

    Returns
    -------
    str or None
        The revision before.

    Raises
    ------
    SettingsError
        If there is no such revision, or the database is of a newer version than this.
    UnavailableError
        If the database cannot be reached.
    """
    with database.connect() as connection:
        lock_migrations(database, connection)
        return migrate_connection(connection, to)


def lock_migrations(database: Database, connection: Connection) -> None:
    """Let nobody else migrate until the connection's transaction ends; SQLite's own lock does that."""
    if not database.is_sqlite:
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _LOCK})


def migrate_connection(connection: Connection, to: str | None = None) -> str | None:
    """Migrate in the transaction of a connection; see `migrate`."""
    before = MigrationContext.configure(connection).get_current_revision()
    known = known_revisions()
    wanted = to if to is not None else known[0]
    if before is not None and before not in known:
        raise SettingsError(f"the database is of a newer version than this: it has the tables of revision {before!r}")
    if wanted not in {*known, "base"}:
        raise SettingsError(f"there is no revision {wanted!r}; revisions: base, {', '.join(reversed(known))}")
    # `known` is the newest first.
    down = wanted == "base" or (before is not None and known.index(wanted) > known.index(before))
    (command.downgrade if down else command.upgrade)(_config(connection), wanted)
    return before
