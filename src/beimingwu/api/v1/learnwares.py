"""Submitting learnwares and new versions of them; withdrawing, restoring and deleting them."""

from typing import Annotated, Any

from fastapi import APIRouter, Response
from pydantic import Field, StringConstraints

from beimingwu.api.problems import responses
from beimingwu.api.requests import CurrentDock, CurrentIdentity, CurrentOrigin
from beimingwu.api.v1.fields import LearnwareId, Request
from beimingwu.api.v1.learnware_fields import DetailOut, json_response
from beimingwu.errors import (
    ConflictError,
    DuplicateContentError,
    InvalidInputError,
    InvalidSubmissionError,
    NotAllowedError,
    NotAuthenticatedError,
    NotFoundError,
    NothingChangedError,
    QuotaExceededError,
    TooManyRequestsError,
    UnavailableError,
)

__all__ = ["router"]

router = APIRouter(prefix="/api/v1/learnwares", tags=["learnwares"])

_COMMON = (NotAuthenticatedError, NotAllowedError, NotFoundError, InvalidInputError)
_TAKEN_IN = (
    *_COMMON,
    InvalidSubmissionError,
    ConflictError,
    DuplicateContentError,
    QuotaExceededError,
    TooManyRequestsError,
    UnavailableError,
)
_UploadId = Annotated[str, StringConstraints(min_length=1, max_length=64)]
_Semantic = dict[str, Any]


class SubmissionWanted(Request):
    """The learnware to submit."""

    upload_id: _UploadId = Field(
        description="An upload that is complete.", examples=["9f86d081884c7d659a2feaa0c55ad015"]
    )
    semantic_specification: _Semantic | None = Field(None, description="null: the one in the package.")


class VersionWanted(Request):
    """The version to submit: another package, another semantic specification, or both."""

    upload_id: _UploadId | None = Field(
        None, description="An upload that is complete; null: the package of the newest version."
    )
    semantic_specification: _Semantic | None = Field(None, description="null: that of the newest version.")


@router.post(
    "",
    status_code=201,
    summary="Submit a learnware",
    response_model=DetailOut,
    responses={
        201: {"headers": {"Location": {"description": "The learnware.", "schema": {"type": "string"}}}},
        **responses(*_TAKEN_IN),
    },
)
def submit_learnware(
    body: SubmissionWanted, dock: CurrentDock, identity: CurrentIdentity, origin: CurrentOrigin
) -> Response:
    """Submit an uploaded package. It is checked as far as that goes without running it; a worker verifies the rest.

    Everybody finds it once it is verified. The answer to a package that breaks rules names every finding in `errors`.
    """
    blob = dock.uploads.finished(identity, body.upload_id)
    submitted = dock.submissions.submit(identity, blob, body.semantic_specification, origin)
    return _made(dock, identity, submitted.learnware_id)


@router.post(
    "/{learnware_id}/versions",
    status_code=201,
    summary="Submit a new version",
    response_model=DetailOut,
    responses={
        201: {"headers": {"Location": {"description": "The learnware.", "schema": {"type": "string"}}}},
        **responses(*_TAKEN_IN, NothingChangedError),
    },
)
def submit_version(
    learnware_id: LearnwareId,
    body: VersionWanted,
    dock: CurrentDock,
    identity: CurrentIdentity,
    origin: CurrentOrigin,
) -> Response:
    """Submit a new version of a learnware. The one that serves goes on serving until the new one is verified."""
    blob = None if body.upload_id is None else dock.uploads.finished(identity, body.upload_id)
    dock.submissions.update(identity, learnware_id, origin, blob=blob, semantic_spec=body.semantic_specification)
    return _made(dock, identity, learnware_id)


@router.put(
    "/{learnware_id}/withdrawal", status_code=204, summary="Withdraw a learnware", responses=responses(*_COMMON)
)
def withdraw_learnware(
    learnware_id: LearnwareId, dock: CurrentDock, identity: CurrentIdentity, origin: CurrentOrigin
) -> None:
    """Let nobody else find or download a learnware until it is restored."""
    dock.ownership.withdraw(identity, learnware_id, origin)


@router.delete(
    "/{learnware_id}/withdrawal",
    status_code=204,
    summary="Restore a learnware that was withdrawn",
    responses=responses(*_COMMON),
)
def restore_learnware(
    learnware_id: LearnwareId, dock: CurrentDock, identity: CurrentIdentity, origin: CurrentOrigin
) -> None:
    """Let others find and download a learnware again. What an administrator has withdrawn, only they restore."""
    dock.ownership.restore(identity, learnware_id, origin)


@router.delete("/{learnware_id}", status_code=204, summary="Delete a learnware", responses=responses(*_COMMON))
def delete_learnware(
    learnware_id: LearnwareId, dock: CurrentDock, identity: CurrentIdentity, origin: CurrentOrigin
) -> None:
    """Delete a learnware with all of its versions. Its id is never given again."""
    dock.ownership.delete(identity, learnware_id, origin)


def _made(dock: CurrentDock, identity: CurrentIdentity, learnware_id: str) -> Response:
    detail = dock.ownership.submitted(identity, learnware_id)
    return json_response(DetailOut.of(detail), 201, {"Location": f"/api/v1/learnwares/{learnware_id}"})
