"""What the dock tells people about their learnwares: verified, refused, used by others, withdrawn by an administrator.

A notification is written in the transaction that does what it tells of. What others download is told once for each
learnware and day, with a count that grows; that it grows does not make it unread again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal, cast

from sqlalchemy import delete, func, select, update

from beimingwu.db.models import Learnware, Notification
from beimingwu.services.learnware_ids import format_id

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    from sqlalchemy.orm import Session

    from beimingwu.db.engine import Database
    from beimingwu.services.clock import Clock
    from beimingwu.services.identity import Identity

__all__ = [
    "Kind",
    "NotificationData",
    "NotificationPage",
    "NotificationView",
    "Notifications",
    "collect_notifications",
    "notify",
    "notify_used",
    "unread",
]

Kind = Literal["verified", "failed", "used", "withdrawn"]
# How long they are kept after they happened: those that were read, and those that nobody reads.
_READ_KEPT = timedelta(days=180)
_UNREAD_KEPT = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class NotificationView:
    """Something that happened to a learnware of the account's.

    Attributes
    ----------
    notification_id : int
    kind : {"verified", "failed", "used", "withdrawn"}
        Of ``"used"``, there is one for each learnware and day.
    at : datetime
        When it happened; the first time of the day.
    read : bool
    learnware_id : str
    learnware_name : str
        As it is called now.
    version : int or None
        Which one was verified or refused.
    count : int or None
        How often others have downloaded it that day.
    """

    notification_id: int
    kind: Kind
    at: datetime
    read: bool
    learnware_id: str
    learnware_name: str
    version: int | None
    count: int | None


@dataclass(frozen=True, slots=True)
class NotificationPage:
    """A part of somebody's notifications.

    Attributes
    ----------
    items : tuple of NotificationView
        The latest first.
    next_cursor : int or None
        Where the next page begins; None if this is the last.
    total : int
        How many the whole list holds.
    unread : int
        How many of all were not read.
    """

    items: tuple[NotificationView, ...]
    next_cursor: int | None
    total: int
    unread: int


class Notifications:
    """The notifications of whoever asks."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def list(
        self, identity: Identity, *, only_unread: bool = False, cursor: int | None = None, limit: int = 20
    ) -> NotificationPage:
        """Return a page of one's own notifications.

        Parameters
        ----------
        identity : Identity
        only_unread : bool, default=False
            Leave out those that were read.
        cursor : int, optional
            `NotificationPage.next_cursor` of the page before.
        limit : int, default=20
            How many, at most.

        Raises
        ------
        NotAllowedError
            If the token is not good for reading.
        """
        identity.require("read")
        wanted = Notification.user_id == identity.user_id
        if only_unread:
            wanted &= Notification.read_at.is_(None)
        query = select(Notification, Learnware.name).join(Learnware, Learnware.id == Notification.learnware_id)
        query = query.where(wanted).order_by(Notification.id.desc()).limit(limit + 1)
        if cursor is not None:
            query = query.where(Notification.id < cursor)
        with self._database.read() as session:
            rows = session.execute(query).all()
            total = session.scalar(select(func.count()).select_from(Notification).where(wanted)) or 0
            n_unread = unread(session, identity.user_id)
        shown = tuple(_view(row, name) for row, name in rows[:limit])
        more = len(rows) > limit and bool(shown)
        return NotificationPage(shown, shown[-1].notification_id if more else None, total, n_unread)

    def mark_read(self, identity: Identity, notification_ids: Sequence[int] | None = None) -> None:
        """Take notifications as read; those that are not one's own, or gone, are passed over.

        Parameters
        ----------
        identity : Identity
        notification_ids : sequence of int, optional
            Which; all, if not given.

        Raises
        ------
        NotAllowedError
            If the token is not good for reading.
        """
        identity.require("read")
        mine = select(Notification.id).where(Notification.user_id == identity.user_id, Notification.read_at.is_(None))
        if notification_ids is not None:
            mine = mine.where(Notification.id.in_(notification_ids))
        with self._database.write() as session:
            # Locked in the order in which counts are added to them, so that neither waits for the other.
            found = session.scalars(mine.order_by(Notification.learnware_id, Notification.id).with_for_update()).all()
            if found:
                read = update(Notification).where(Notification.id.in_(found)).values(read_at=self._clock())
                session.execute(read.execution_options(synchronize_session=False))


class NotificationData:
    """What is kept of notifications of a person."""

    def export(self, session: Session, user_id: int) -> dict[str, Any]:
        """Return them."""
        rows = session.scalars(select(Notification).where(Notification.user_id == user_id).order_by(Notification.id))
        return {
            "notifications": [
                {
                    "kind": row.event,
                    "at": row.at,
                    "read_at": row.read_at,
                    "learnware_id": format_id(row.learnware_id),
                    "version": row.version,
                    "count": row.count,
                }
                for row in rows
            ]
        }

    def erase(self, session: Session, user_id: int) -> None:
        """Delete them."""
        session.execute(delete(Notification).where(Notification.user_id == user_id))


def unread(session: Session, user_id: int) -> int:
    """Return how many notifications an account has not read."""
    mine = (Notification.user_id == user_id) & Notification.read_at.is_(None)
    return session.scalar(select(func.count()).select_from(Notification).where(mine)) or 0


def notify(
    session: Session,
    kind: Literal["verified", "failed", "withdrawn"],
    learnware: Learnware,
    now: datetime,
    *,
    version: int | None = None,
) -> None:
    """Tell the owner of a learnware, which was locked, what has just happened to it.

    Parameters
    ----------
    session : Session
        The transaction in which it happens.
    kind : {"verified", "failed", "withdrawn"}
    learnware : Learnware
    now : datetime
    version : int, optional
        Which one was verified or refused.
    """
    session.add(
        Notification(user_id=learnware.owner_id, event=kind, learnware_id=learnware.id, version=version, at=now)
    )


def notify_used(
    database: Database, session: Session, learnware_id: int, owner_id: int, day: date, now: datetime, count: int
) -> None:
    """Tell the owner of a learnware, which was locked, that others have downloaded it, once more or so often more."""
    new = database.insert(Notification).values(
        user_id=owner_id, event="used", learnware_id=learnware_id, day=day, count=count, at=now
    )
    session.execute(
        new.on_conflict_do_update(
            index_elements=[Notification.learnware_id, Notification.day, Notification.user_id],
            set_={"count": Notification.count + count},
        )
    )


def collect_notifications(session: Session, now: datetime) -> None:
    """Delete those that are old: after half a year those that were read, after a year the others."""
    read = Notification.read_at.is_not(None) & (Notification.at <= now - _READ_KEPT)
    session.execute(delete(Notification).where(read | (Notification.at <= now - _UNREAD_KEPT)))


def _view(row: Notification, name: str) -> NotificationView:
    kind = cast("Kind", row.event)
    learnware_id = format_id(row.learnware_id)
    return NotificationView(row.id, kind, row.at, row.read_at is not None, learnware_id, name, row.version, row.count)
