"""What the dock tells whoever asks about their learnwares."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from beimingwu.api.problems import responses
from beimingwu.api.requests import CurrentDock, CurrentIdentity
from beimingwu.api.v1.fields import Request
from beimingwu.api.v1.paging import LARGEST_ID, Cursor, Limit, next_cursor
from beimingwu.errors import InvalidInputError, NotAllowedError, NotAuthenticatedError

__all__ = ["router"]

router = APIRouter(prefix="/api/v1/notifications", tags=["notifications"])

_COMMON = (NotAuthenticatedError, NotAllowedError, InvalidInputError)
_NotificationId = Annotated[int, Field(ge=1, le=LARGEST_ID)]


class NotificationOut(BaseModel):
    """Something that happened to a learnware of one's own."""

    model_config = ConfigDict(from_attributes=True)

    notification_id: int = Field(examples=[27])
    kind: Literal["verified", "failed", "used", "withdrawn"] = Field(
        description="`used`: others have downloaded it; one for each learnware and day. `withdrawn`: by an "
        "administrator.",
        examples=["used"],
    )
    at: datetime = Field(description="When it happened; of `used`, the first time of the day.")
    read: bool = Field(examples=[False])
    learnware_id: str
    learnware_name: str = Field(description="As it is called now.", examples=["iris of the north"])
    version: int | None = Field(description="Which one was verified or refused.", examples=[None])
    count: int | None = Field(description="How often others have downloaded it that day.", examples=[3])


class NotificationPage(BaseModel):
    """A part of one's notifications, the latest first."""

    items: list[NotificationOut]
    next_cursor: str | None = Field(description="Where the next page begins; null if this is the last.")
    total: int = Field(description="How many the whole list holds.")
    unread: int = Field(description="How many of all were not read.", examples=[1])


class ReadWanted(Request):
    """The notifications to take as read."""

    notification_ids: Annotated[list[_NotificationId], Field(max_length=1000)] | None = Field(
        None, description="null: all.", examples=[[27, 25]]
    )


@router.get("", summary="One's notifications", responses=responses(*_COMMON))
def list_notifications(
    dock: CurrentDock,
    identity: CurrentIdentity,
    unread: Annotated[bool, Query(description="Only those that were not read.")] = False,
    cursor: Cursor = None,
    limit: Limit = 20,
) -> NotificationPage:
    """Return a page of what has happened to one's own learnwares.

    They are kept for half a year, those that were not read for a year.
    """
    page = dock.notifications.list(identity, only_unread=unread, cursor=cursor, limit=limit)
    return NotificationPage(
        items=[NotificationOut.model_validate(one) for one in page.items],
        next_cursor=next_cursor(page.next_cursor),
        total=page.total,
        unread=page.unread,
    )


@router.post("/read", status_code=204, summary="Take notifications as read", responses=responses(*_COMMON))
def read_notifications(body: ReadWanted, dock: CurrentDock, identity: CurrentIdentity) -> None:
    """Take some notifications as read, or all. Those that are gone are passed over."""
    dock.notifications.mark_read(identity, body.notification_ids)
