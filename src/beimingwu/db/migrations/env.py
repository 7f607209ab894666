"""Where Alembic starts: migrations run on the connection that `beimingwu.db.migrate` gives.

``alembic revision --autogenerate -m "…"`` comes here without one and then compares with the database of the settings.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic import context

from beimingwu.db import models
from beimingwu.db.base import Table

if TYPE_CHECKING:
    from sqlalchemy import Connection

__all__ = ["models"]


def _run(connection: Connection) -> None:
    # Batch: SQLite changes a table by making it anew.
    context.configure(connection=connection, target_metadata=Table.metadata, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    _run(given)
else:
    from beimingwu.db.engine import Database
    from beimingwu.settings import load_settings

    with Database(load_settings().database_address).connect() as own:
        _run(own)
