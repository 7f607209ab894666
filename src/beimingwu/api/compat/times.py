"""How the published contract writes points in time."""

from datetime import datetime, timezone

__all__ = ["last_modify"]


def last_modify(at: datetime) -> str:
    """Return a point in time as clients read it.

    Examples
    --------
    >>> last_modify(datetime(2026, 11, 20, 14, 15, 1, 585810, tzinfo=timezone.utc))
    '2026-11-20 14:15:01.585810 UTC'
    """
    return at.astimezone(timezone.utc).strftime("%Y-%m-%d %H:%M:%S.%f %Z")
