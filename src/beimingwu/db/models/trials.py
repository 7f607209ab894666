"""Trials: data of somebody's that a learnware's model answers, for a look at it."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Float, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from beimingwu.db.base import Leased, Table, UtcDateTime

__all__ = ["Trial"]


class Trial(Leased, Table):
    """Rows or texts for the version that served when it was asked for, and what became of them."""

    __tablename__ = "trials"
    __table_args__ = (
        CheckConstraint("state IN ('WAITING', 'RUNNING', 'DONE', 'FAILED')", name="state"),
        # What workers look for.
        Index("ix_trials_work", "state", "due_at"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("versions.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    # When the row goes, with all that is in it.
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    # A table: 64-bit numbers, little endian, row by row. Texts, for a version that takes such: a list in JSON. None
    # once it is answered.
    rows: Mapped[bytes | None] = mapped_column(LargeBinary)
    n_rows: Mapped[int] = mapped_column(BigInteger)
    # The answer as JSON.
    answer: Mapped[bytes | None] = mapped_column(LargeBinary)
    seconds: Mapped[float | None] = mapped_column(Float)
    # Why there is none, in a word for programs and in a sentence.
    reason: Mapped[str | None] = mapped_column(String(32))
    error: Mapped[str | None] = mapped_column(String)
