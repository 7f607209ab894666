"""Verifications: each try to verify a version, what came out of it, and its log."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from beimingwu.db.base import BigId, Table, UtcDateTime

__all__ = ["Verification", "VerificationLine"]


class Verification(Table):
    """One try of a worker's."""

    __tablename__ = "verifications"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("versions.id", ondelete="CASCADE"), index=True)
    worker: Mapped[str] = mapped_column(String(128))
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    # None: it goes on, or its worker is gone.
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # What `VerificationReport.to_dict` returns; None as long as there is none.
    report: Mapped[dict[str, Any] | None] = mapped_column(JSON)


class VerificationLine(Table):
    """A line of the log, numbered from 1 within its verification."""

    __tablename__ = "verification_lines"

    verification_id: Mapped[int] = mapped_column(ForeignKey("verifications.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    text: Mapped[str] = mapped_column(String)
