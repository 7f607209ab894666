"""What the routers of both APIs need of a request: the dock, where it comes from, who asks."""

from typing import Annotated, cast

from fastapi import Depends, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from beimingwu.errors import NotAuthenticatedError
from beimingwu.services.dock import Dock
from beimingwu.services.identity import Identity, Origin

__all__ = ["CurrentDock", "CurrentIdentity", "CurrentOrigin", "OptionalIdentity", "bearer_of"]

_bearer = HTTPBearer(auto_error=False, description="The token of a session, or an API token.")


# These are coroutines though they wait for nothing: FastAPI would send each through a thread.
async def _dock(request: Request) -> Dock:
    return cast("Dock", request.app.state.dock)


async def _origin(request: Request) -> Origin:
    """Return where a request comes from: one object for all who ask, so that rate limits come together in it."""
    known = getattr(request.state, "origin", None)
    if known is None:
        known = Origin(
            address=request.client.host if request.client else "unknown",
            user_agent="".join(one for one in request.headers.get("user-agent", "") if one.isprintable()),
            request_id=getattr(request.state, "request_id", None),
        )
        request.state.origin = known
    return known


CurrentDock = Annotated[Dock, Depends(_dock)]
CurrentOrigin = Annotated[Origin, Depends(_origin)]


def bearer_of(request: Request) -> str | None:
    """Return the token of the header ``Authorization: Bearer TOKEN``."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None


async def _identity(
    request: Request, dock: CurrentDock, given: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
) -> Identity:
    if given is None:
        raise NotAuthenticatedError("log in, or give an API token: Authorization: Bearer TOKEN")
    identity = await run_in_threadpool(dock.sessions.authenticate, given.credentials)
    request.state.user_id = identity.user_id
    return identity


async def _optional_identity(
    request: Request, dock: CurrentDock, given: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
) -> Identity | None:
    # Who gives a token gets to know that it is over, and is not taken for somebody else.
    return None if given is None else await _identity(request, dock, given)


CurrentIdentity = Annotated[Identity, Depends(_identity)]
OptionalIdentity = Annotated[Identity | None, Depends(_optional_identity)]
