"""What every table shares.

The modules of tables do without ``from __future__ import annotations``: SQLAlchemy reads annotations when the program
runs.
"""

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, DateTime, Dialect, Integer, MetaData, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

__all__ = ["BigId", "Leased", "Table", "UtcDateTime"]

# SQLite numbers rows by itself only where the type is INTEGER.
BigId = BigInteger().with_variant(Integer(), "sqlite")


class UtcDateTime(TypeDecorator[datetime]):
    """A point in time. It goes in with any time zone and comes out in UTC, from both databases."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse times without a zone; SQLite keeps no zone, so it gets UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a time zone cannot be stored")
        value = value.astimezone(timezone.utc)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002  # SQLAlchemy's
        """Return the time in UTC."""
        if value is None:
            return None
        found: datetime = value
        return found.replace(tzinfo=timezone.utc) if found.tzinfo is None else found.astimezone(timezone.utc)


class Table(DeclarativeBase):
    """Base of all tables."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class Leased:
    """Columns of a table whose rows workers work on, each holding one for a while (`services.leases`)."""

    if TYPE_CHECKING:
        id: Mapped[Any]

    state: Mapped[str] = mapped_column(String(16))
    # When somebody may work on it: now, after a failed try later, or when the lease of who works on it is over.
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    # Who works on it; None if nobody does.
    worker: Mapped[str | None] = mapped_column(String(128))
    attempts: Mapped[int] = mapped_column(BigInteger)
