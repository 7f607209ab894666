"""Which revision the tables of a database have, and which one this version needs.

Every server asks when it starts and whenever somebody asks whether it is ready, so Alembic is not loaded for it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import String, column, inspect, select, table

from beimingwu.errors import UnavailableError

if TYPE_CHECKING:
    from beimingwu.db.engine import Database

__all__ = ["current_revision", "newest_revision", "require_newest"]

_MIGRATIONS = Path(__file__).with_name("migrations") / "versions"
# Where Alembic notes the revision.
_TABLE = "alembic_version"
_REVISION = select(column("version_num", String())).select_from(table(_TABLE))


def newest_revision() -> str:
    """Return the revision of the tables that this version works with: files of migrations begin with theirs."""
    return max(path.name.partition("_")[0] for path in _MIGRATIONS.glob("[0-9]*_*.py"))


def current_revision(database: Database) -> str | None:
    """Return the revision of a database; None if it is empty.

    Raises
    ------
    UnavailableError
        If the database cannot be reached.
    """
    with database.read() as session:
        if not inspect(session.connection()).has_table(_TABLE):
            return None
        revision: str | None = session.scalar(_REVISION)
        return revision


def require_newest(database: Database) -> None:
    """Refuse a database of another version.

    Raises
    ------
    UnavailableError
        If it is one, or cannot be reached.
    """
    current, newest = current_revision(database), newest_revision()
    if current != newest:
        raise UnavailableError(
            f"the database has the tables of revision {current or 'none'}, this version needs {newest}; "
            "bring it up to date with: beimingwu migrate"
        )
