"""The audit log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from beimingwu.db.models import AuditEvent

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy.orm import Session

    from beimingwu.services.identity import Identity, Origin

__all__ = ["AuditEntry", "audit", "audit_entries", "audit_learnware"]


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One act.

    Attributes
    ----------
    at : datetime
    actor_id : int or None
        Account that did it; None for the command line of the server's machine.
    action : str
        What was done: ``user.role``.
    subject_type, subject_id : str and int
        What it was done to.
    details : mapping
        No personal data, no secrets.
    """

    at: datetime
    actor_id: int | None
    action: str
    subject_type: str
    subject_id: int
    details: Mapping[str, Any]


def audit(
    session: Session,
    action: str,
    *,
    at: datetime,
    actor_id: int | None,
    subject: tuple[str, int],
    origin: Origin | None = None,
    **details: Any,
) -> None:
    """Write an act down, in the transaction that does it."""
    session.add(
        AuditEvent(
            at=at,
            actor_id=actor_id,
            action=action,
            subject_type=subject[0],
            subject_id=subject[1],
            request_id=origin.request_id if origin else None,
            details=details,
        )
    )


def audit_learnware(
    session: Session, action: str, identity: Identity, learnware_id: int, origin: Origin, at: datetime, **details: Any
) -> None:
    """Write down what somebody who is logged in does to a learnware."""
    subject = ("learnware", learnware_id)
    audit(session, action, at=at, actor_id=identity.user_id, subject=subject, origin=origin, **details)


def audit_entries(session: Session, *, user_id: int) -> list[AuditEntry]:
    """Return what an account did and what was done to it, in order."""
    concerned = (AuditEvent.actor_id == user_id) | (
        (AuditEvent.subject_type == "user") & (AuditEvent.subject_id == user_id)
    )
    return [
        AuditEntry(row.at, row.actor_id, row.action, row.subject_type, row.subject_id, row.details)
        for row in session.scalars(select(AuditEvent).where(concerned).order_by(AuditEvent.id))
    ]
