"""The accounts."""

from datetime import datetime

from sqlalchemy import CheckConstraint, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from beimingwu.db.base import BigId, Table, UtcDateTime

__all__ = ["User"]


class User(Table):
    """An account. It can log in once the e-mail address is confirmed."""

    __tablename__ = "users"
    __table_args__ = (
        CheckConstraint("role IN (0, 1, 2)", name="role"),
        # An id is never given twice: log and downloads of deleted accounts must not become somebody else's.
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    username: Mapped[str] = mapped_column(String(64))
    # Names and addresses as they are compared: no two differ in capital letters only.
    username_key: Mapped[str] = mapped_column(String(192), unique=True)
    email: Mapped[str] = mapped_column(String(254))
    email_key: Mapped[str] = mapped_column(String(254), unique=True)
    password_hash: Mapped[str] = mapped_column(String(255))
    role: Mapped[int] = mapped_column(SmallInteger)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    disabled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    password_changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_login_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # Of its mails; one of `beimingwu.messages.LANGUAGES`.
    language: Mapped[str] = mapped_column(String(8), server_default="en")
