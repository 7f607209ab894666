"""Learnwares of all people in all states."""

from typing import Annotated, Literal

from fastapi import Query, Response
from pydantic import BaseModel, Field, StringConstraints

from beimingwu.api.requests import CurrentDock, CurrentIdentity
from beimingwu.api.v1.admin.guard import admin_router
from beimingwu.api.v1.learnware_fields import Status, SummaryOut, json_response
from beimingwu.api.v1.paging import Limit
from beimingwu.services.catalogue_filters import Filters
from beimingwu.services.version_states import STATES

__all__ = ["router"]

router = admin_router("learnwares")

_Tags = Annotated[
    list[Annotated[str, StringConstraints(max_length=64)]], Query(max_length=32, description="Any of these will do.")
]


class ManagedLearnware(SummaryOut):
    """A learnware in a list, for administrators."""

    owner_id: int


class ManagedLearnwarePage(BaseModel):
    """A part of the list of all learnwares."""

    items: list[ManagedLearnware]
    next_cursor: str | None = Field(description="Where the next page begins; null if this is the last.")
    total: int = Field(description="How many the whole list holds.")


@router.get("", summary="List all learnwares", response_model=ManagedLearnwarePage)
def list_all_learnwares(
    dock: CurrentDock,
    identity: CurrentIdentity,
    text: Annotated[
        str, Query(max_length=256, description="Words that name and description must have, whatever their case.")
    ] = "",
    data_type: _Tags = [],  # noqa: B006  # FastAPI copies it for every request
    task_type: _Tags = [],  # noqa: B006  # as above
    library_type: _Tags = [],  # noqa: B006  # as above
    license: _Tags = [],  # noqa: B006  # as above
    scenario: _Tags = [],  # noqa: B006  # as above
    owner: Annotated[str | None, Query(max_length=64, description="Name of a user.")] = None,
    status: Annotated[list[Status], Query(max_length=5, description="States of the newest version.")] = [],  # noqa: B006  # as above
    verified: Annotated[bool | None, Query(description="Whether a version serves.")] = None,
    withdrawn: bool | None = None,
    sort: Literal["newest", "oldest", "updated", "name", "downloads"] = "newest",
    limit: Limit = 20,
    cursor: Annotated[str | None, Query(max_length=2048, description="`next_cursor` of the page before.")] = None,
) -> Response:
    """Return a page of the learnwares of all people in all states.

    What is done to one is the same for its owner and for administrators: withdrawing, restoring, deleting and verifying
    again, below `/api/v1/learnwares`.
    """
    filters = Filters(
        text=text,
        data_type=tuple(data_type),
        task_type=tuple(task_type),
        library_type=tuple(library_type),
        license=tuple(license),
        scenario=tuple(scenario),
        owner=owner,
        # Asked for by name, so that none is left out.
        status=tuple(status) or STATES,
        verified=verified,
        withdrawn=withdrawn,
    )
    page = dock.catalogue.list(identity, filters, sort=sort, cursor=cursor, limit=limit)
    return json_response(
        ManagedLearnwarePage(
            items=[ManagedLearnware.model_validate(one) for one in page.items],
            next_cursor=page.next_cursor,
            total=page.counts.total,
        )
    )
