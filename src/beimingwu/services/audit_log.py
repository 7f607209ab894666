"""Reading the audit log, for administrators."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, and_, func, select, true

from beimingwu.db.models import AuditEvent, User
from beimingwu.services.audit import AuditEntry
from beimingwu.services.texts import require_searchable

if TYPE_CHECKING:
    from datetime import datetime

    from beimingwu.db.engine import Database
    from beimingwu.services.identity import Identity

__all__ = ["AuditFilters", "AuditLog", "AuditPage", "AuditRecord"]

_LONGEST_TEXT = 64


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """An act with its place in the log.

    Attributes
    ----------
    event_id : int
    entry : AuditEntry
    actor : str or None
        Name that the account which did it has now; None for the command line and for accounts that are gone.
    request_id : str or None
        The request in the log of the server.
    """

    event_id: int
    entry: AuditEntry
    actor: str | None
    request_id: str | None


@dataclass(frozen=True, slots=True)
class AuditFilters:
    """What narrows the log; all that are given must hold.

    Attributes
    ----------
    actor_id : int or None
        Account that did it.
    command : bool
        Only what was done on the command line of the server's machine.
    action : str or None
        What was done; all of a kind if it ends with a point: ``user.``.
    subject_type : str or None
    subject_id : int or None
    request_id : str or None
    since, until : datetime or None
        From when on, and before when.
    """

    actor_id: int | None = None
    command: bool = False
    action: str | None = None
    subject_type: str | None = None
    subject_id: int | None = None
    request_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class AuditPage:
    """A part of the log.

    Attributes
    ----------
    items : tuple of AuditRecord
        The latest first.
    next_cursor : int or None
        Where the next page begins; None if this is the last.
    total : int
        Of the whole list.
    """

    items: tuple[AuditRecord, ...]
    next_cursor: int | None
    total: int


class AuditLog:
    """The audit log."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def list(
        self, identity: Identity, filters: AuditFilters | None = None, *, cursor: int | None = None, limit: int = 50
    ) -> AuditPage:
        """Return a page of the log, the latest act first.

        Raises
        ------
        NotAllowedError
            If the one who asks is no administrator.
        InvalidInputError
            If a filter is not as it must be.
        """
        identity.require_role()
        wanted = _condition(filters or AuditFilters())
        query = select(AuditEvent, User.username).outerjoin(User, User.id == AuditEvent.actor_id).where(wanted)
        if cursor is not None:
            query = query.where(AuditEvent.id < cursor)
        with self._database.read() as session:
            rows = session.execute(query.order_by(AuditEvent.id.desc()).limit(limit + 1)).all()
            total = session.scalar(select(func.count()).select_from(AuditEvent).where(wanted)) or 0
            items = tuple(_record(event, username) for event, username in rows[:limit])
        more = len(rows) > limit and bool(items)
        return AuditPage(items, items[-1].event_id if more else None, total)


def _condition(filters: AuditFilters) -> ColumnElement[bool]:
    for name in ("action", "subject_type", "request_id"):
        text = getattr(filters, name)
        if text is not None:
            require_searchable(text, name, longest=_LONGEST_TEXT)
    parts: list[ColumnElement[bool]] = [true()]
    for column, value in (
        (AuditEvent.actor_id, filters.actor_id),
        (AuditEvent.subject_type, filters.subject_type),
        (AuditEvent.subject_id, filters.subject_id),
        (AuditEvent.request_id, filters.request_id),
    ):
        if value is not None:
            parts.append(column == value)
    if filters.command:
        parts.append(AuditEvent.actor_id.is_(None))
    if filters.action is not None:
        kind = filters.action.endswith(".")
        parts.append(
            AuditEvent.action.startswith(filters.action, autoescape=True)
            if kind
            else AuditEvent.action == filters.action
        )
    if filters.since is not None:
        parts.append(AuditEvent.at >= filters.since)
    if filters.until is not None:
        parts.append(AuditEvent.at < filters.until)
    return and_(*parts)


def _record(row: AuditEvent, username: str | None) -> AuditRecord:
    entry = AuditEntry(row.at, row.actor_id, row.action, row.subject_type, row.subject_id, row.details)
    return AuditRecord(row.id, entry, username, row.request_id)
