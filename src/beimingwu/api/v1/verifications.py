"""How the verification of a version goes: its report, its log, the log as it is written, and another one."""

from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, cast

from fastapi import APIRouter, Header, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import PlainTextResponse, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request

from beimingwu.api.language import CurrentLanguage, tell_language
from beimingwu.api.problems import responses
from beimingwu.api.requests import CurrentDock, CurrentIdentity, CurrentOrigin, OptionalIdentity
from beimingwu.api.v1.fields import Id, LearnwareId
from beimingwu.errors import (
    ConflictError,
    InvalidInputError,
    NotAllowedError,
    NotAuthenticatedError,
    NotFoundError,
    TooManyRequestsError,
    UnavailableError,
)
from beimingwu.messages import translated_report
from beimingwu.services.dock import Dock
from beimingwu.services.identity import Identity
from beimingwu.services.verifications import VerificationView

if TYPE_CHECKING:
    from beimingwu.api.live import Live

__all__ = ["router"]

router = APIRouter(prefix="/api/v1/learnwares/{learnware_id}/versions/{number}/verification", tags=["verification"])

_COMMON = (NotAuthenticatedError, NotAllowedError, NotFoundError, InvalidInputError)
_EVENTS: dict[str, Any] = {
    "description": "Server-sent events. `status`: `{status, attempts}`; `line`: `{number, at, text}`, numbered from 1 "
    "within each try; `end`: `{status}`, after which nothing comes.",
    "content": {
        "text/event-stream": {
            "schema": {"type": "string"},
            "example": 'event: status\ndata: {"status": "PROCESSING", "attempts": 1}\n\n'
            'id: 12-1\nevent: line\ndata: {"number": 1, "at": "2026-11-21T12:00:00Z", "text": "package: ok"}\n\n',
        }
    },
}


class VerificationOut(BaseModel):
    """How the verification of a version goes, or went."""

    model_config = ConfigDict(from_attributes=True)

    status: str = Field(description="`WAITING`, `QUEUE`, `PROCESSING`, `SUCCESS` or `FAIL`.")
    attempts: int = Field(description="How often workers tried.")
    started_at: datetime | None = Field(description="When the last try began.")
    ended_at: datetime | None = Field(description="When it ended; null as long as it goes on.")
    worker: str | None = Field(description="Who made it; told to administrators only.")
    report: dict[str, Any] | None = Field(
        description="What the last try that ended has found: `findings` by part, each with `status` (`ok`, `warning`, "
        "`wrong`, `not checked`), `message` and `mend` in the language that is asked for, and the `code` and the "
        "`values` that they are made of (`GET /vocabulary` has the sentences); how long each of the `parts` took; the "
        "`environment`; the end of the model's `output`; its `traceback`."
    )


@router.get("", summary="How a verification goes", responses=responses(*_COMMON))
def get_verification(
    learnware_id: LearnwareId,
    number: Id,
    dock: CurrentDock,
    identity: OptionalIdentity,
    language: CurrentLanguage,
    response: Response,
) -> VerificationOut:
    """Return how the verification of a version goes, with its report; for the owner and administrators.

    Everybody gets the report by which a version serves, without what the model has printed.
    """
    return _shown(dock.verifications.report(identity, learnware_id, number), language, response)


@router.post(
    "", status_code=202, summary="Verify again", responses=responses(*_COMMON, ConflictError, TooManyRequestsError)
)
def verify_again(
    learnware_id: LearnwareId,
    number: Id,
    dock: CurrentDock,
    identity: CurrentIdentity,
    origin: CurrentOrigin,
    response: Response,
) -> VerificationOut:
    """Have a version verified once more.

    One that serves goes on serving meanwhile. If it is refused, it is taken from service; if it cannot be checked, it
    goes on serving.
    """
    dock.verifications.verify_again(identity, learnware_id, number, origin)
    return _shown(dock.verifications.report(identity, learnware_id, number), origin.language, response)


@router.delete("", summary="Cancel a verification", responses=responses(*_COMMON, ConflictError))
def cancel_verification(
    learnware_id: LearnwareId,
    number: Id,
    dock: CurrentDock,
    identity: CurrentIdentity,
    origin: CurrentOrigin,
    response: Response,
) -> VerificationOut:
    """Stop the verification of a version, whether it waits or is under way.

    One that serves goes on serving; any other is refused, and its report says that it was cancelled. It can be verified
    again later.
    """
    dock.verifications.cancel(identity, learnware_id, number, origin)
    return _shown(dock.verifications.report(identity, learnware_id, number), origin.language, response)


@router.get(
    "/log",
    summary="The log of a verification",
    response_class=PlainTextResponse,
    responses=responses(*_COMMON),
)
def get_verification_log(
    learnware_id: LearnwareId, number: Id, dock: CurrentDock, identity: CurrentIdentity
) -> PlainTextResponse:
    """Return the log of the last try, a line each with its time in UTC; empty as long as nobody has tried."""
    return PlainTextResponse(dock.verifications.log(identity, learnware_id, number))


@router.get(
    "/events",
    summary="The log of a verification, as it is written",
    response_class=StreamingResponse,
    responses={**responses(*_COMMON, TooManyRequestsError), 200: _EVENTS},
)
async def follow_verification(
    learnware_id: LearnwareId,
    number: Id,
    request: Request,
    dock: CurrentDock,
    identity: CurrentIdentity,
    last_event_id: Annotated[
        str | None, Header(max_length=64, description="The `id` of the last line that was seen: the log goes on there.")
    ] = None,
) -> StreamingResponse:
    """Follow a verification by server-sent events, until the version is accepted or refused."""
    version_id = await run_in_threadpool(dock.verifications.followed, identity, learnware_id, number)
    live = cast("Live", request.app.state.live)
    return StreamingResponse(
        live.follow(identity.user_id, version_id, last_event_id, may=partial(_may_follow, dock, identity)),
        media_type="text/event-stream",
        # Proxies must not hold lines back.
        headers={"X-Accel-Buffering": "no"},
    )


def _may_follow(dock: Dock, identity: Identity) -> bool:
    try:
        return dock.sessions.stands(identity)
    except UnavailableError:
        # Nobody knows at the moment; it is asked again.
        return True


def _shown(view: VerificationView, language: str, response: Response) -> VerificationOut:
    tell_language(response.headers, language)
    shown = VerificationOut.model_validate(view)
    report = None if shown.report is None else translated_report(shown.report, language)
    return shown.model_copy(update={"report": report})
