"""What the dock tells people about their learnwares, and the learnwares that people have marked."""

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, Date, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from beimingwu.db.base import BigId, Table, UtcDateTime

__all__ = ["Favourite", "Notification"]


class Notification(Table):
    """Something that happened to somebody's learnware.

    Accounts are numbers without a foreign key. Who writes a notification has locked the learnware, and who deletes an
    account locks the account before its learnwares: a foreign key would let each wait for the other.
    """

    __tablename__ = "notifications"
    __table_args__ = (
        CheckConstraint("event IN ('verified', 'failed', 'used', 'withdrawn')", name="event"),
        # What was used counts by the day; all else has no day, so there may be any number of it.
        UniqueConstraint("learnware_id", "day", "user_id"),
        Index("ix_notifications_user_id_id", "user_id", "id"),
        Index("ix_notifications_user_id_read_at", "user_id", "read_at"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(BigInteger)
    event: Mapped[str] = mapped_column(String(16))
    learnware_id: Mapped[int] = mapped_column(ForeignKey("learnwares.id", ondelete="CASCADE"))
    # Of what was verified or refused.
    version: Mapped[int | None] = mapped_column(BigInteger)
    # Of what was used: the day (UTC), and how often.
    day: Mapped[date | None] = mapped_column(Date)
    count: Mapped[int | None] = mapped_column(BigInteger)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    read_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Favourite(Table):
    """A learnware that somebody has marked to find it again."""

    __tablename__ = "favourites"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    learnware_id: Mapped[int] = mapped_column(
        ForeignKey("learnwares.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    added_at: Mapped[datetime] = mapped_column(UtcDateTime)
