"""The web app over HTTP: its files, and its first page for every address that is one of its own pages."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

import anyio.to_thread
from starlette.datastructures import Headers
from starlette.responses import HTMLResponse, Response

from beimingwu.web.files import INDEX, WebFiles, read_files, signature_of
from beimingwu.web.not_built import NOT_BUILT

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.types import ASGIApp, Receive, Scope, Send

    from beimingwu.web.files import WebFile

__all__ = ["WebApp"]

# What the web app leaves to the API, also where that has nothing.
_API = "/api/"
_NOT_OURS = ("/api", "/healthz", "/readyz", "/metrics")
_ASSETS = "/assets/"
_POLICY = (
    "default-src 'self'",
    "script-src 'self'",
    # Components set styles on elements as they are drawn.
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self'",
    "connect-src 'self'",
    "worker-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
)
_SAFETY = {
    "Content-Security-Policy": "; ".join(_POLICY),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), midi=(), payment=(), usb=()",
    # With "no-referrer", browsers would not say of forms that they are the dock's own.
    "Referrer-Policy": "same-origin",
}
# The names of assets have a hash of their content, so they never change.
_FOR_EVER = "public, max-age=31536000, immutable"
_ASK_AGAIN = "no-cache"
_A_WHILE = "public, max-age=600"


class WebApp:
    """Answers all that is not the API's.

    It stands before the routes, of which there are many to be tried; requests of the API go by after one look at their
    path.

    Parameters
    ----------
    app : ASGIApp
        Answers everything else.
    folder : Path
        What the build has written.
    watch : bool
        Whether to look for another build with every page: for who works on the web app.
    """

    def __init__(self, app: ASGIApp, *, folder: Path, watch: bool) -> None:
        self._app = app
        self._folder = folder
        self._watch = watch
        self._files: WebFiles | None = None
        self._signature: object = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        answer: ASGIApp | None = None
        if scope["type"] == "http" and scope["method"] in {"GET", "HEAD"} and not _left_alone(scope["path"]):
            answer = await self._answer(scope)
        await (answer or self._app)(scope, receive, send)

    async def _answer(self, scope: Scope) -> Response | None:
        path: str = scope["path"]
        headers = Headers(scope=scope)
        page = _is_page(path, headers)
        files = await self._current(look_again=page)
        file = files.get(path)
        if file is None and not page:
            return None
        # What the log and the counts call it: never the path, which anybody can make up.
        scope["route"] = SimpleNamespace(path="/{file}" if file else "/{page}")
        # A page brings dozens of files along, which tell an operator nothing.
        scope.setdefault("state", {})["seldom_told"] = file is not None
        if file is None:
            path, file = INDEX, files.get(INDEX)
        if file is None:
            return HTMLResponse(NOT_BUILT, headers={**_SAFETY, "Cache-Control": "no-store"})
        return _file_response(scope["method"], path, file, headers)

    async def _current(self, *, look_again: bool) -> WebFiles:
        files = self._files
        if files is None or (self._watch and look_again):
            files = await anyio.to_thread.run_sync(self._read_again)
        return files

    def _read_again(self) -> WebFiles:
        signature = signature_of(self._folder)
        files = self._files
        if files is None or signature != self._signature:
            files = read_files(self._folder)
            self._files, self._signature = files, signature
        return files


def _left_alone(path: str) -> bool:
    return path.startswith(_API) or any(path == begin or path.startswith(begin + "/") for begin in _NOT_OURS)


def _is_page(path: str, headers: Headers) -> bool:
    """Return whether an address is one of a page: browsers say so, and names of files have a dot."""
    if path.startswith(_ASSETS):
        return False
    return "." not in path.rpartition("/")[2] or "text/html" in headers.get("accept", "")


def _file_response(method: str, path: str, file: WebFile, asked: Headers) -> Response:
    coding = file.coding_for(", ".join(asked.getlist("accept-encoding")))
    etag = file.etag(coding)
    headers = {**_SAFETY, "ETag": etag, "Cache-Control": _freshness(path)}
    if len(file.forms) > 1:
        headers["Vary"] = "Accept-Encoding"
    if _known(asked.get("if-none-match"), etag):
        return Response(status_code=304, headers=headers)
    content = file.forms[coding]
    headers["Content-Type"] = file.media_type
    headers["Content-Length"] = str(len(content))
    if coding != "identity":
        headers["Content-Encoding"] = coding
    return Response(b"" if method == "HEAD" else content, headers=headers)


def _freshness(path: str) -> str:
    if path.startswith(_ASSETS):
        return _FOR_EVER
    return _ASK_AGAIN if path.endswith(".html") else _A_WHILE


def _known(field: str | None, etag: str) -> bool:
    return field is not None and any(one.strip().removeprefix("W/") in {etag, "*"} for one in field.split(","))
