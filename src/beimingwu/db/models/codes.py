"""Codes that are sent by mail and work once."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from beimingwu.db.base import BigId, Table, UtcDateTime

__all__ = ["MailCode"]


class MailCode(Table):
    """A code in a mail. Only its hash is kept; the row goes when it is used."""

    __tablename__ = "mail_codes"
    __table_args__ = (CheckConstraint("purpose IN ('confirm', 'reset')", name="purpose"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    purpose: Mapped[str] = mapped_column(String(16))
    code_hash: Mapped[str] = mapped_column(String(64), unique=True)
    # The password of the registration that this mail confirms: who registers the same address again, with a password of
    # their own, gets it confirmed by a mail of their own only.
    password_hash: Mapped[str | None] = mapped_column(String(255))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
