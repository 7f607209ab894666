"""Logging in and out."""

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from beimingwu.api.problems import responses
from beimingwu.api.requests import CurrentDock, CurrentIdentity, CurrentOrigin
from beimingwu.api.v1.fields import AccountOut, Email, Id, Password, Request
from beimingwu.errors import (
    AccountDisabledError,
    EmailNotConfirmedError,
    InvalidCredentialsError,
    InvalidInputError,
    NotAllowedError,
    NotAuthenticatedError,
    NotFoundError,
    TooManyRequestsError,
)
from beimingwu.services.passwords import digest_of

__all__ = ["router"]

router = APIRouter(prefix="/api/v1/sessions", tags=["sessions"])


class Login(Request):
    """Who logs in."""

    email: Email = Field(examples=["ada@example.org"])
    password: Password = Field(examples=["correct horse battery staple"])


class SessionStarted(BaseModel):
    """A session that has just begun."""

    token: str = Field(description="Shown this once; send it as `Authorization: Bearer TOKEN`.")
    expires_at: datetime = Field(description="When it ends if it is not used; every use moves it on.")
    account: AccountOut


class SessionOut(BaseModel):
    """A session."""

    model_config = ConfigDict(from_attributes=True)

    session_id: int
    current: bool = Field(description="Whether it is the one that asks.")
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime
    address: str
    user_agent: str


@router.post(
    "",
    status_code=201,
    summary="Log in",
    responses=responses(
        InvalidCredentialsError, EmailNotConfirmedError, AccountDisabledError, InvalidInputError, TooManyRequestsError
    ),
)
def login(body: Login, dock: CurrentDock, origin: CurrentOrigin) -> SessionStarted:
    """Begin a session with e-mail address and password."""
    begun = dock.sessions.login(body.email, digest_of(body.password), origin)
    return SessionStarted(token=begun.token, expires_at=begun.expires_at, account=AccountOut.of(begun.account))


@router.get("", summary="One's sessions", responses=responses(NotAuthenticatedError, NotAllowedError))
def list_sessions(dock: CurrentDock, identity: CurrentIdentity) -> list[SessionOut]:
    """Return the sessions of the account, the latest used first."""
    return [SessionOut.model_validate(one) for one in dock.sessions.mine(identity)]


@router.delete("/current", status_code=204, summary="Log out", responses=responses(NotAuthenticatedError))
def logout(dock: CurrentDock, identity: CurrentIdentity) -> None:
    """End the session that asks: its token does not work any more."""
    dock.sessions.logout(identity)


@router.delete(
    "/{session_id}",
    status_code=204,
    summary="End one of one's sessions",
    responses=responses(NotAuthenticatedError, NotAllowedError, NotFoundError, InvalidInputError),
)
def end_session(session_id: Id, dock: CurrentDock, identity: CurrentIdentity) -> None:
    """End a session of the account, for example on a lost device."""
    dock.sessions.end(identity, session_id)
