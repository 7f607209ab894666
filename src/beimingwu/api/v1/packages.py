"""Packages of learnwares: one, several at once, and links that download without a login."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query
from fastapi import Request as HttpRequest
from fastapi.responses import Response
from pydantic import BaseModel, Field, StringConstraints

from beimingwu.api.content import describe_content
from beimingwu.api.downloads import send_package, send_packages
from beimingwu.api.problems import responses
from beimingwu.api.requests import CurrentDock, CurrentOrigin, OptionalIdentity
from beimingwu.api.v1.fields import LearnwareId, Request
from beimingwu.errors import (
    InvalidInputError,
    InvalidRangeError,
    NotAllowedError,
    NotAuthenticatedError,
    NotFoundError,
    TooManyRequestsError,
)
from beimingwu.services.downloads import MOST_PACKAGES

__all__ = ["router"]

router = APIRouter(prefix="/api/v1", tags=["packages"])

_Id = Annotated[str, StringConstraints(max_length=64)]
_Token = Annotated[str, Path(max_length=64)]
_LARGEST = 2**63 - 1
_ERRORS = (NotAuthenticatedError, NotAllowedError, NotFoundError, InvalidInputError)
_ZIP = {"description": "The zip", "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}}}


class LinkWanted(Request):
    """The packages that a link shall lead to."""

    learnware_ids: Annotated[list[_Id], Field(min_length=1, max_length=MOST_PACKAGES)] = Field(
        examples=[["00000017", "00000042"]]
    )


class LinkMade(BaseModel):
    """A link that was just made."""

    url: str = Field(description="Its path on this server.")
    token: str = Field(description="Shown this once.")
    expires_at: datetime


@router.head(
    "/learnwares/{learnware_id}/package",
    summary="The size and hash of a package",
    response_class=Response,
    responses={**describe_content("What a GET would say"), **responses(*_ERRORS)},
)
@router.get(
    "/learnwares/{learnware_id}/package",
    summary="Download a learnware",
    response_class=Response,
    responses={**describe_content("The package"), **responses(*_ERRORS, InvalidRangeError, TooManyRequestsError)},
)
def download_package(
    learnware_id: LearnwareId,
    request: HttpRequest,
    dock: CurrentDock,
    identity: OptionalIdentity,
    version: Annotated[
        int | None, Query(ge=1, le=_LARGEST, description="Number of a version, for owners and administrators.")
    ] = None,
) -> Response:
    """Send the package of the version that serves; to owners, the newest where none serves.

    `ETag` and `Repr-Digest` hold its SHA-256. `Range` with `If-Range` continues a download that was broken off.
    """
    return send_package(request, dock, dock.downloads.package(identity, learnware_id, version=version))


@router.get(
    "/packages",
    summary="Download several learnwares",
    response_class=Response,
    responses={200: _ZIP, **responses(*_ERRORS, TooManyRequestsError)},
)
def download_packages(
    learnware_id: Annotated[list[_Id], Query(min_length=1, max_length=MOST_PACKAGES, examples=[["00000017"]])],
    request: HttpRequest,
    dock: CurrentDock,
    identity: OptionalIdentity,
) -> Response:
    """Send one zip, which holds the package of each learnware as `<id>.zip`."""
    return send_packages(request, dock, dock.downloads.packages(identity, learnware_id))


@router.post(
    "/download-links",
    status_code=201,
    summary="Make a link that downloads without a login",
    responses=responses(*_ERRORS, TooManyRequestsError),
)
def make_download_link(
    body: LinkWanted, dock: CurrentDock, identity: OptionalIdentity, origin: CurrentOrigin
) -> LinkMade:
    """Make a link for a browser. It works for half an hour and gives what its maker may download then."""
    made = dock.downloads.make_link(identity, body.learnware_ids, origin)
    url = f"{router.prefix}/download-links/{made.token}/package"
    return LinkMade(url=url, token=made.token, expires_at=made.expires_at)


@router.get(
    "/download-links/{token}/package",
    summary="Download what a link leads to",
    response_class=Response,
    responses={
        **describe_content("The package, or a zip of several"),
        **responses(NotFoundError, InvalidInputError, InvalidRangeError, TooManyRequestsError),
    },
)
def download_by_link(token: _Token, request: HttpRequest, dock: CurrentDock) -> Response:
    """Send the package of a link; of several, one zip that holds each as `<id>.zip`."""
    packages = dock.downloads.linked(token)
    if len(packages) == 1:
        return send_package(request, dock, packages[0])
    return send_packages(request, dock, packages)
