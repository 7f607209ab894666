"""The audit log."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import Query
from pydantic import AwareDatetime, BaseModel, Field

from beimingwu.api.requests import CurrentDock, CurrentIdentity
from beimingwu.api.v1.admin.guard import admin_router
from beimingwu.api.v1.paging import Cursor, Limit, next_cursor
from beimingwu.services.audit_log import AuditFilters, AuditRecord

__all__ = ["router"]

router = admin_router("audit")

_Number = Annotated[int | None, Query(ge=0, le=2**63 - 1)]


class AuditEventOut(BaseModel):
    """An act."""

    event_id: int
    at: datetime
    actor_id: int | None = Field(description="Account that did it; null for the command line of the server's machine.")
    actor: str | None = Field(description="Name that this account has now; null if there is none.")
    action: str = Field(examples=["user.role"])
    subject_type: str = Field(examples=["user"])
    subject_id: int
    request_id: str | None = Field(description="The request in the log of the server.")
    details: dict[str, Any]

    @classmethod
    def of(cls, record: AuditRecord) -> "AuditEventOut":
        """Return what the API tells of an act."""
        entry = record.entry
        return cls(
            event_id=record.event_id,
            at=entry.at,
            actor_id=entry.actor_id,
            actor=record.actor,
            action=entry.action,
            subject_type=entry.subject_type,
            subject_id=entry.subject_id,
            request_id=record.request_id,
            details=dict(entry.details),
        )


class AuditPage(BaseModel):
    """A part of the audit log."""

    items: list[AuditEventOut]
    next_cursor: str | None = Field(description="Where the next page begins; null if this is the last.")
    total: int = Field(description="How many acts the whole list holds.")


@router.get("", summary="The audit log")
def list_audit(
    dock: CurrentDock,
    identity: CurrentIdentity,
    actor_id: _Number = None,
    command: Annotated[bool, Query(description="Only what was done on the command line.")] = False,
    action: Annotated[
        str | None, Query(max_length=64, description="All of a kind if it ends with a point: `user.`.")
    ] = None,
    subject_type: Annotated[str | None, Query(max_length=32)] = None,
    subject_id: _Number = None,
    request_id: Annotated[str | None, Query(max_length=64)] = None,
    since: Annotated[AwareDatetime | None, Query(description="From then on.")] = None,
    until: Annotated[AwareDatetime | None, Query(description="Before then.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> AuditPage:
    """Return a page of the acts that needed a privilege or cannot be undone, the latest first."""
    filters = AuditFilters(
        actor_id=actor_id,
        command=command,
        action=action,
        subject_type=subject_type,
        subject_id=subject_id,
        request_id=request_id,
        since=since,
        until=until,
    )
    page = dock.audit_log.list(identity, filters, cursor=cursor, limit=limit)
    return AuditPage(
        items=[AuditEventOut.of(one) for one in page.items],
        next_cursor=next_cursor(page.next_cursor),
        total=page.total,
    )
