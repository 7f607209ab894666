"""What happens to every request: an id, a line in the log, counts, headers."""

import re
import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any

import structlog
from fastapi import Request
from fastapi.responses import JSONResponse
from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from beimingwu.metrics import Metrics
from beimingwu.services.rate_limits import Standing

__all__ = ["Observation", "SafetyHeaders"]

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_SAFETY = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
}
# What proxies log where the client went away.
_CLIENT_GONE = 499
_log = structlog.get_logger("beimingwu.requests")


class Observation:
    """The outermost layer: gives each request an id, logs and counts it, and answers where nothing else did."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics, answer: Callable[[Request, Exception], JSONResponse]) -> None:
        self._app = app
        self._metrics = metrics
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        given = request.headers.get("x-request-id", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        request.state.request_id = request_id
        status = 0

        async def observed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-ID"] = request_id
                _tell_limits(headers, getattr(getattr(request.state, "origin", None), "standings", []))
            await send(message)

        began = time.perf_counter()
        self._metrics.running.inc()
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self._app(scope, receive, observed)
            except ClientDisconnect:
                # Nobody is there to be answered.
                status = status or _CLIENT_GONE
            except Exception as error:  # noqa: BLE001  # the edge of the process
                _log.exception("request_failed", method=request.method, route=_route(scope))
                if status == 0:
                    await self._answer(request, error)(scope, receive, observed)
            finally:
                self._metrics.running.dec()
                self._note(request, status, time.perf_counter() - began)

    def _note(self, request: Request, status: int, seconds: float) -> None:
        # The pattern of the path and no query: both may hold what nobody should read in a log.
        route = _route(request.scope)
        method = request.method if request.method in _METHODS else "other"
        self._metrics.requests.labels(method, route, str(status)).inc()
        self._metrics.seconds.labels(method, route).observe(seconds)
        tell = _log.debug if getattr(request.state, "seldom_told", False) else _log.info
        tell(
            "request",
            method=method,
            route=route,
            status=status,
            milliseconds=round(seconds * 1000, 1),
            user_id=getattr(request.state, "user_id", None),
            address=request.client.host if request.client else None,
        )


class SafetyHeaders:
    """Tells browsers to be careful with every answer."""

    def __init__(self, app: ASGIApp, *, production: bool) -> None:
        self._app = app
        self._headers: Mapping[str, str] = {
            **_SAFETY,
            **({"Strict-Transport-Security": "max-age=31536000"} if production else {}),
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, guarded if scope["type"] == "http" else send)


def _route(scope: Mapping[str, Any]) -> str:
    route = scope.get("route")
    return str(getattr(route, "path", "unmatched"))


def _tell_limits(headers: MutableHeaders, standings: list[Standing]) -> None:
    """Write the fields of the IETF draft "RateLimit header fields for HTTP"."""
    if standings:
        headers["RateLimit-Policy"] = ", ".join(
            f'"{one.name}";q={one.rate.count};w={one.rate.seconds}' for one in standings
        )
        headers["RateLimit"] = ", ".join(f'"{one.name}";r={one.remaining};t={one.reset}' for one in standings)
