"""How much one account may upload at a time. What was submitted counts no longer, though it is kept for a while."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, exists, func, select

from beimingwu.db.models import Upload, Version
from beimingwu.errors import QuotaExceededError
from learnware.texts import text

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from beimingwu.settings import Settings

__all__ = ["require_one_more", "room_of"]


def room_of(session: Session, settings: Settings, user_id: int, now: datetime, *, besides: str | None = None) -> int:
    """Return how many bytes an account may still upload, not counting the upload `besides`."""
    sizes = func.coalesce(func.sum(func.coalesce(Upload.size, Upload.received)), 0)
    others = select(sizes).where(_waiting(user_id, now))
    if besides is not None:
        others = others.where(Upload.id != besides)
    return max(0, settings.upload_quota_bytes - int(session.scalars(others).one()))


def require_one_more(session: Session, settings: Settings, user_id: int, now: datetime, size: int) -> None:
    """Refuse an upload beyond what an account may have. The account's row must be locked.

    Raises
    ------
    QuotaExceededError
        If it has too many, or too much.
    """
    count = select(func.count()).where(_waiting(user_id, now))
    if session.scalars(count.select_from(Upload)).one() >= settings.uploads_per_user:
        raise QuotaExceededError(
            text(
                "an account has at most {most} uploads at a time; submit or cancel one, or wait until "
                "they are forgotten",
                most=settings.uploads_per_user,
            )
        )
    room = room_of(session, settings, user_id, now)
    if size > room:
        raise QuotaExceededError(
            text(
                "an account may upload {most} bytes at a time, of which {room} are left; submit or cancel another "
                "upload, or wait until it is forgotten",
                most=settings.upload_quota_bytes,
                room=room,
            )
        )


def _waiting(user_id: int, now: datetime) -> ColumnElement[bool]:
    submitted = exists().where(Version.uploaded_sha256 == Upload.sha256)
    return (Upload.user_id == user_id) & (Upload.expires_at > now) & ~submitted
