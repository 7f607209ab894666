"""How often who did what lately, counted for all servers together."""

from datetime import datetime

from sqlalchemy import Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from beimingwu.db.base import Table, UtcDateTime

__all__ = ["RateWindow"]


class RateWindow(Table):
    """One subject's count in one window of time. The subject is a keyed hash."""

    __tablename__ = "rate_windows"

    subject: Mapped[str] = mapped_column(String(64), primary_key=True)
    begins_at: Mapped[datetime] = mapped_column(UtcDateTime, primary_key=True)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    count: Mapped[int] = mapped_column(Integer)
