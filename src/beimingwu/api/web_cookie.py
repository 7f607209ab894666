"""The cookie that holds the session of the web app, and which requests it counts for.

Scripts never see the token: the cookie is for the browser alone (``HttpOnly``). A browser also sends cookies where
another site made it ask, so what changes something has to come from the dock's own pages: ``SameSite=Strict`` keeps
most browsers from sending it otherwise, and `refuse_other_sites` looks at what they tell of where a request comes from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from beimingwu.errors import CrossSiteError

if TYPE_CHECKING:
    from datetime import datetime

    from fastapi import Request, Response

    from beimingwu.settings import Settings

__all__ = [
    "COOKIE",
    "SECURE_COOKIE",
    "forget_cookie",
    "give_cookie",
    "refuse_other_sites",
    "refuse_without_origin",
    "token_of",
]

COOKIE = "dock_session"
# Browsers take a cookie of such a name only over TLS and from this very host, so that no neighbour can plant one.
SECURE_COOKIE = f"__Host-{COOKIE}"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_PORTS = {"http": ":80", "https": ":443"}


def token_of(request: Request) -> str | None:
    """Return the token in the cookie of a request."""
    # Most requests of programs have none, and need not have it read.
    return request.cookies.get(_name(request)) if "cookie" in request.headers else None


def give_cookie(request: Request, response: Response, token: str, ends_at: datetime, now: datetime) -> None:
    """Let the browser keep the token of a session as long as that may go on.

    It may end earlier: the server knows, and takes the cookie away then.
    """
    name = _name(request)
    response.set_cookie(
        name,
        token,
        max_age=max(0, int((ends_at - now).total_seconds())),
        path="/",
        secure=name == SECURE_COOKIE,
        httponly=True,
        samesite="strict",
    )


def forget_cookie(request: Request, response: Response) -> None:
    """Let the browser forget the token."""
    name = _name(request)
    response.delete_cookie(name, path="/", secure=name == SECURE_COOKIE, httponly=True, samesite="strict")


def refuse_other_sites(request: Request) -> None:
    """Refuse a request that the browser says comes from another site.

    Raises
    ------
    CrossSiteError
        If it does; not if it changes nothing.
    """
    if request.method not in _SAFE and _from_here(request) is False:
        raise CrossSiteError("the request comes from a page of another site")


def refuse_without_origin(request: Request) -> None:
    """Refuse a request that does not say that it comes from the dock's own pages.

    Raises
    ------
    CrossSiteError
        If it does not; not if it changes nothing.
    """
    if request.method not in _SAFE and not _from_here(request):
        raise CrossSiteError(
            "the session of the web app changes things from its own pages only; programs give an API token: "
            "Authorization: Bearer TOKEN"
        )


def _from_here(request: Request) -> bool | None:
    """Return whether a page of the dock itself asks; None if nothing tells."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = request.headers.get("origin")
    if origin is None:
        return None
    scheme, host = _origin(origin)
    if not host:
        return False
    settings = _settings(request)
    if settings.web_url is not None and (scheme, host) == _origin(settings.web_url):
        return True
    # A proxy may have taken TLS off without telling, so a page that came by it may ask over what looks like none.
    safe_enough = scheme == "https" or request.scope["scheme"] == "http"
    return safe_enough and host == request.headers.get("host", "").lower().removesuffix(_PORTS[scheme])


def _origin(address: str) -> tuple[str, str]:
    """Return scheme and host of an address, without the scheme's own port; nothing where it is none."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return "", ""
    if parts.scheme not in _PORTS:
        return "", ""
    return parts.scheme, parts.netloc.lower().removesuffix(_PORTS[parts.scheme])


def _name(request: Request) -> str:
    web_url = _settings(request).web_url or ""
    secure = request.scope["scheme"] == "https" or web_url.startswith("https:")
    return SECURE_COOKIE if secure else COOKIE


def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.dock.settings
    return settings
