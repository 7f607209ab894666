"""How much the dock is used, in numbers by the day, and links that download without a login."""

from datetime import date, datetime

from sqlalchemy import JSON, BigInteger, Date, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from beimingwu.db.base import Table, UtcDateTime

__all__ = ["DailyCount", "DownloadLink", "LearnwareDay"]


class DailyCount(Table):
    """How often something of a kind (``search``, ``download``, …) happened on a day (UTC)."""

    __tablename__ = "daily_counts"

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    kind: Mapped[str] = mapped_column(String(32), primary_key=True)
    count: Mapped[int] = mapped_column(BigInteger)


class LearnwareDay(Table):
    """How often a learnware was downloaded on a day (UTC). Days without downloads have no row."""

    __tablename__ = "learnware_days"

    learnware_id: Mapped[int] = mapped_column(ForeignKey("learnwares.id", ondelete="CASCADE"), primary_key=True)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    downloads: Mapped[int] = mapped_column(BigInteger)


class DownloadLink(Table):
    """A link to packages, for browsers; only the hash of its token is kept."""

    __tablename__ = "download_links"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    learnware_ids: Mapped[list[int]] = mapped_column(JSON)
    # Who made it, or None; what they may see is what it gives,
    user_id: Mapped[int | None] = mapped_column(BigInteger)
    # as far as the session or token that they made it with may read it.
    scopes: Mapped[str] = mapped_column(String(32), server_default="read")
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
