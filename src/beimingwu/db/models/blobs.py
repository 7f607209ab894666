"""The contents that the store holds: packages and data sets, each under its SHA-256."""

from datetime import datetime

from sqlalchemy import BigInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from beimingwu.db.base import Table, UtcDateTime

__all__ = ["Blob"]


class Blob(Table):
    """A content. It is in the store before its row is there, and the row is gone before the content is."""

    __tablename__ = "blobs"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger)
    # When it was last stored: what nothing refers to is kept a while longer, because a submission may be under way.
    stored_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
