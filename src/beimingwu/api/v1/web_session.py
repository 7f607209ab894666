"""The session of the web app, which a cookie holds."""

from datetime import datetime

from fastapi import APIRouter, Response
from fastapi import Request as HttpRequest
from pydantic import BaseModel, Field

from beimingwu.api.problems import responses
from beimingwu.api.requests import CurrentDock, CurrentOrigin
from beimingwu.api.v1.fields import AccountOut
from beimingwu.api.v1.sessions import Login
from beimingwu.api.web_cookie import forget_cookie, give_cookie, refuse_other_sites, refuse_without_origin, token_of
from beimingwu.errors import (
    AccountDisabledError,
    CrossSiteError,
    EmailNotConfirmedError,
    InvalidCredentialsError,
    InvalidInputError,
    TooManyRequestsError,
)
from beimingwu.services.passwords import digest_of

__all__ = ["router"]

router = APIRouter(prefix="/api/v1/web-session", tags=["sessions"])


class WebSessionStarted(BaseModel):
    """A session of the web app that has just begun; its token is in the cookie."""

    account: AccountOut
    expires_at: datetime = Field(description="When it ends if it is not used; every use moves it on.")


class WebSessionOut(BaseModel):
    """Who is logged in, if anybody is."""

    account: AccountOut | None
    expires_at: datetime | None = Field(description="When the session ends if it is not used.")
    unread_notifications: int


@router.post(
    "",
    status_code=201,
    summary="Log in with a browser",
    responses=responses(
        InvalidCredentialsError,
        CrossSiteError,
        EmailNotConfirmedError,
        AccountDisabledError,
        InvalidInputError,
        TooManyRequestsError,
    ),
)
def begin(
    body: Login, request: HttpRequest, response: Response, dock: CurrentDock, origin: CurrentOrigin
) -> WebSessionStarted:
    """Begin a session with e-mail address and password; a cookie that scripts cannot read holds its token.

    The session of the cookie that was there ends. Pages of other sites are refused.
    """
    refuse_other_sites(request)
    begun = dock.web_sessions.begin(body.email, digest_of(body.password), origin, replaces=token_of(request))
    give_cookie(request, response, begun.token, begun.ends_at, dock.clock())
    return WebSessionStarted(account=AccountOut.of(begun.account), expires_at=begun.expires_at)


@router.get("", summary="Who is logged in with this browser")
def show(request: HttpRequest, response: Response, dock: CurrentDock) -> WebSessionOut:
    """Return the account of the cookie's session; nothing if there is none, or if it is over."""
    token = token_of(request)
    found = None
    if token is not None:
        found = dock.web_sessions.look(token)
        if found is None:
            forget_cookie(request, response)
    if found is None:
        return WebSessionOut(account=None, expires_at=None, unread_notifications=0)
    request.state.user_id = found.account.user_id
    return WebSessionOut(
        account=AccountOut.of(found.account),
        expires_at=found.expires_at,
        unread_notifications=found.unread_notifications,
    )


@router.delete("", status_code=204, summary="Log out of this browser", responses=responses(CrossSiteError))
def end(request: HttpRequest, response: Response, dock: CurrentDock) -> None:
    """End the session of the cookie, if there is one, and take the cookie away."""
    token = token_of(request)
    if token is not None:
        refuse_without_origin(request)
        dock.web_sessions.end(token)
    forget_cookie(request, response)
