"""The verification queue."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field

from beimingwu.api.requests import CurrentDock, CurrentIdentity
from beimingwu.api.v1.admin.guard import admin_router
from beimingwu.api.v1.learnware_fields import Status
from beimingwu.api.v1.paging import Cursor, Limit, next_cursor

__all__ = ["router"]

router = admin_router("queue")

_UNDECIDED: list[Status] = ["WAITING", "QUEUE", "PROCESSING"]


class QueuedVersionOut(BaseModel):
    """A version on its way, or at its end."""

    model_config = ConfigDict(from_attributes=True)

    learnware_id: str
    number: int = Field(description="Which of the learnware's versions.")
    name: str
    username: str = Field(description="Whose it is.")
    status: Status
    created_at: datetime
    age: float = Field(description="Seconds since then.")
    attempts: int = Field(description="How often workers tried.")
    worker: str | None = Field(description="Who works on it.")
    started_at: datetime | None = Field(description="When the last try began.")
    due_at: datetime = Field(
        description="When a worker may take it; while one works on it, when its lease is over unless it is renewed."
    )
    overdue: bool = Field(description="Whether the lease is over: its worker is gone, and another one takes over.")
    decided_at: datetime | None


class QueuePage(BaseModel):
    """A part of the queue."""

    items: list[QueuedVersionOut]
    next_cursor: str | None = Field(description="Where the next page begins; null if this is the last.")
    total: int = Field(description="How many versions the whole list holds.")
    counts: dict[str, int] = Field(description="Versions in every state.")
    workers: dict[str, int] = Field(description="How many versions each worker holds.")


@router.get("", summary="The verification queue")
def list_queue(
    dock: CurrentDock,
    identity: CurrentIdentity,
    status: Annotated[list[Status], Query(min_length=1, max_length=5, description="States to list.")] = _UNDECIDED,
    sort: Literal["oldest", "newest"] = "oldest",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> QueuePage:
    """Return a page of the versions that wait or are being verified, or of those in other states."""
    page = dock.queue_lists.list(identity, status, newest_first=sort == "newest", cursor=cursor, limit=limit)
    return QueuePage(
        items=[QueuedVersionOut.model_validate(one) for one in page.items],
        next_cursor=next_cursor(page.next_cursor),
        total=page.total,
        counts=dict(page.counts),
        workers=dict(page.workers),
    )
