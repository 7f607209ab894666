"""What the routers of both APIs need of a request: the dock, where it comes from, who asks."""

from typing import Annotated, cast

from fastapi import Depends, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.openapi.models import APIKey, APIKeyIn
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from fastapi.security.base import SecurityBase

from beimingwu.api.language import language_of
from beimingwu.api.web_cookie import COOKIE, SECURE_COOKIE, forget_cookie, refuse_without_origin, token_of
from beimingwu.errors import NotAuthenticatedError
from beimingwu.services.dock import Dock
from beimingwu.services.identity import Identity, Origin

__all__ = [
    "NO_LOGIN",
    "CurrentDock",
    "CurrentIdentity",
    "CurrentOrigin",
    "OptionalIdentity",
    "bearer_of",
    "forget_cookie_if_over",
    "origin_of",
]

# What the description calls it, before `describe` says that nothing is needed.
NO_LOGIN = "NoLogin"
_bearer = HTTPBearer(auto_error=False, description="The token of a session, or an API token.")


class _WebSessionCookie(SecurityBase):
    """The session of the web app, which counts where no token is given: a browser sends it without being asked."""

    def __init__(self) -> None:
        self.scheme_name = "WebSession"
        description = (
            f"The session of a browser (`POST /api/v1/web-session`); without TLS it is called `{COOKIE}`. "
            "Requests that change something have to come from the dock's own pages, else they are `cross-site`."
        )
        self.model = APIKey.model_validate({"in": APIKeyIn.cookie, "name": SECURE_COOKIE, "description": description})

    async def __call__(self, request: Request) -> str | None:
        """Return the token of the session."""
        return None if bearer_of(request) else token_of(request)


_cookie = _WebSessionCookie()


class _Nobody(SecurityBase):
    """No login at all: the way to ask that is left where a login is optional; the description tells it as ``{}``."""

    def __init__(self) -> None:
        self.scheme_name = NO_LOGIN
        # Any kind will do: it is not among the schemes that the description has in the end.
        self.model = APIKey.model_validate({"in": APIKeyIn.header, "name": NO_LOGIN})

    async def __call__(self) -> None:
        """Ask for nothing."""


_nobody = _Nobody()


# These are coroutines though they wait for nothing: FastAPI would send each through a thread.
async def _dock(request: Request) -> Dock:
    return cast("Dock", request.app.state.dock)


def origin_of(request: Request) -> Origin:
    """Return where a request comes from: one object for all who ask, so that rate limits come together in it."""
    known = getattr(request.state, "origin", None)
    if known is None:
        known = Origin(
            address=request.client.host if request.client else "unknown",
            user_agent="".join(one for one in request.headers.get("user-agent", "") if one.isprintable()),
            request_id=getattr(request.state, "request_id", None),
            language=language_of(request),
        )
        request.state.origin = known
    return known


async def _origin(request: Request) -> Origin:
    return origin_of(request)


CurrentDock = Annotated[Dock, Depends(_dock)]
CurrentOrigin = Annotated[Origin, Depends(_origin)]


def bearer_of(request: Request) -> str | None:
    """Return the token of the header ``Authorization: Bearer TOKEN``."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None


_Given = Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
_Kept = Annotated[str | None, Depends(_cookie)]


async def _identity(request: Request, dock: CurrentDock, given: _Given, kept: _Kept) -> Identity:
    if given is not None:
        identity = await run_in_threadpool(dock.sessions.authenticate, given.credentials)
    elif kept is not None:
        refuse_without_origin(request)
        try:
            identity = await run_in_threadpool(dock.sessions.authenticate, kept, api_tokens=False)
        except NotAuthenticatedError:
            request.state.cookie_over = True
            raise
    else:
        raise NotAuthenticatedError("log in, or give an API token: Authorization: Bearer TOKEN")
    request.state.user_id = identity.user_id
    return identity


async def _optional_identity(
    request: Request, dock: CurrentDock, given: _Given, kept: _Kept, _: Annotated[None, Depends(_nobody)]
) -> Identity | None:
    # Who gives a token gets to know that it is over, and is not taken for somebody else.
    return None if given is None and kept is None else await _identity(request, dock, given, kept)


def forget_cookie_if_over(request: Request, response: Response) -> None:
    """Let the browser forget the session's token where it was found to be over."""
    if getattr(request.state, "cookie_over", False):
        forget_cookie(request, response)


CurrentIdentity = Annotated[Identity, Depends(_identity)]
OptionalIdentity = Annotated[Identity | None, Depends(_optional_identity)]
