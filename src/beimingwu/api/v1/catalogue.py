"""Lists of learnwares, and their pages."""

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, Field, StringConstraints

from beimingwu.api.compression import compressed, takes_gzip
from beimingwu.api.content import is_known
from beimingwu.api.problems import responses
from beimingwu.api.requests import CurrentDock, OptionalIdentity
from beimingwu.api.v1.fields import LearnwareId
from beimingwu.api.v1.learnware_fields import DetailOut, Status, SummaryOut, json_response, listed
from beimingwu.errors import InvalidInputError, NotAllowedError, NotAuthenticatedError, NotFoundError
from beimingwu.services.catalogue_filters import Filters

__all__ = ["router"]

router = APIRouter(prefix="/api/v1/learnwares", tags=["learnwares"])

_SpecificationType = Annotated[str, Path(examples=["RKMETableSpecification"], max_length=64)]
_Tags = Annotated[
    list[Annotated[str, StringConstraints(max_length=64)]], Query(max_length=32, description="Any of these will do.")
]


class LearnwarePage(BaseModel):
    """A part of a list of learnwares."""

    items: list[SummaryOut]
    next_cursor: str | None = Field(description="Where the next page begins; null if this is the last.")
    total: int = Field(description="How many the whole list holds.")
    facets: dict[str, dict[str, int]] | None = Field(
        None,
        description="For each filter, how many there would be of each value if only that were asked for; "
        "the other filters hold.",
        examples=[{"Data": {"Table": 3}, "Task": {"Classification": 2, "Regression": 1}}],
    )


@router.get(
    "",
    summary="List learnwares",
    response_model=LearnwarePage,
    responses=responses(NotAuthenticatedError, NotAllowedError, InvalidInputError),
)
def list_learnwares(
    dock: CurrentDock,
    identity: OptionalIdentity,
    text: Annotated[
        str, Query(max_length=256, description="Words that name and description must have, whatever their case.")
    ] = "",
    data_type: _Tags = [],  # noqa: B006  # FastAPI copies it for every request
    task_type: _Tags = [],  # noqa: B006  # as above
    library_type: _Tags = [],  # noqa: B006  # as above
    license: _Tags = [],  # noqa: B006  # as above
    scenario: _Tags = [],  # noqa: B006  # as above
    owner: Annotated[str | None, Query(max_length=64, description="Name of a user.")] = None,
    mine: Annotated[bool, Query(description="Only one's own.")] = False,
    favourite: Annotated[bool, Query(description="Only those that one has marked.")] = False,
    status: Annotated[list[Status], Query(max_length=5, description="States of the newest version.")] = [],  # noqa: B006  # as above
    verified: Annotated[bool | None, Query(description="Whether a version serves.")] = None,
    withdrawn: bool | None = None,
    sort: Literal["newest", "oldest", "updated", "name", "downloads"] = "newest",
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    cursor: Annotated[str | None, Query(max_length=2048, description="`next_cursor` of the page before.")] = None,
    facets: Annotated[bool, Query(description="Whether to count the values of filters.")] = False,
    columns: Annotated[
        bool, Query(description="Whether semantic specifications tell what each column of input and output is.")
    ] = True,
) -> Response:
    """Return a page of a list.

    Without `mine`, `favourite`, `status`, `verified` and `withdrawn` it is a list of what everybody finds: learnwares
    that are verified and not withdrawn. With one of them it is a list of all that one may see: also one's own in every
    state, and for administrators all.
    """
    filters = Filters(
        text=text,
        data_type=tuple(data_type),
        task_type=tuple(task_type),
        library_type=tuple(library_type),
        license=tuple(license),
        scenario=tuple(scenario),
        owner=owner,
        mine=mine,
        favourite=favourite,
        status=tuple(status),
        verified=verified,
        withdrawn=withdrawn,
    )
    page = dock.catalogue.list(identity, filters, sort=sort, cursor=cursor, limit=limit, facets=facets)
    counts = page.counts
    return json_response(
        LearnwarePage(
            items=[listed(one, columns=columns) for one in page.items],
            next_cursor=page.next_cursor,
            total=counts.total,
            facets=None if counts.facets is None else {name: dict(values) for name, values in counts.facets.items()},
        )
    )


@router.get(
    "/{learnware_id}",
    summary="A learnware",
    response_model=DetailOut,
    responses=responses(NotAuthenticatedError, NotAllowedError, NotFoundError, InvalidInputError),
)
def show_learnware(learnware_id: LearnwareId, dock: CurrentDock, identity: OptionalIdentity) -> Response:
    """Return what the page of a learnware shows. Those that are not verified or withdrawn are their owners' to see."""
    return json_response(DetailOut.of(dock.catalogue.detail(identity, learnware_id)))


@router.get(
    "/{learnware_id}/specifications/{type}",
    summary="A statistical specification",
    response_class=Response,
    responses={
        200: {
            "description": "The specification as the engine reads it",
            "content": {"application/json": {"schema": {"type": "object"}}},
        },
        304: {"description": "It is what `If-None-Match` names"},
        **responses(NotAuthenticatedError, NotAllowedError, NotFoundError, InvalidInputError),
    },
)
def show_specification(
    learnware_id: LearnwareId,
    type: _SpecificationType,
    request: Request,
    dock: CurrentDock,
    identity: OptionalIdentity,
    digits: Annotated[
        int | None,
        Query(ge=1, le=17, description="Significant digits of the numbers: few are enough to draw its points."),
    ] = None,
) -> Response:
    """Return a statistical specification of the serving version, or of the newest where none serves.

    One of images has some megabytes; four digits and compression make 300 kB of it. The answer has an `ETag`.
    """
    spec = dock.catalogue.statistical_specification(identity, learnware_id, type)
    tag = f'"{spec.tag(digits)}"'
    headers = {"ETag": f"W/{tag}", "Cache-Control": "private, no-cache", "Vary": "Accept-Encoding"}
    if is_known(request.headers.get("if-none-match"), tag):
        return Response(status_code=304, headers=headers)
    content = spec.to_json(digits).encode()
    # What is random compresses no better with more effort.
    smaller = compressed(content, 3) if takes_gzip(request) else None
    if smaller is not None:
        content, headers["Content-Encoding"] = smaller, "gzip"
    return Response(content, headers=headers, media_type="application/json")
