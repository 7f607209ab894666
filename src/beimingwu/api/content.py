"""Contents of the store over HTTP: whole or a range, for caches and downloads that go on where they stopped (RFC 9110).

Contents are never compressed on the way: clients need `Content-Length`, and packages are compressed already.
"""

import re
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Any
from urllib.parse import quote

import anyio
import anyio.to_thread
from fastapi import Request, Response
from starlette.types import Receive, Scope, Send

from beimingwu.errors import InvalidRangeError, NotFoundError, UnavailableError
from beimingwu.storage import BlobStore
from learnware.texts import text

__all__ = ["StreamResponse", "attachment", "content_response", "describe_content", "is_known"]

# One range: with a beginning, an end, or both.
_RANGE = re.compile(r"bytes[ \t]*=[ \t]*(?:(\d{1,18})-(\d{0,18})|-(\d{1,18}))[ \t]*")
_ETAG = re.compile(r'(?:W/)?"[^"]*"|\*')
_END = object()

Opening = Callable[[], AbstractContextManager[Iterator[bytes]]]


class StreamResponse(Response):
    """A body of known length that is read in threads while it is sent, a chunk at a time.

    It is opened before the first byte is sent, so that it can be another answer if that fails, and closed whatever
    happens.
    """

    def __init__(self, opening: Opening, size: int, status: int, headers: Mapping[str, str], media_type: str) -> None:
        super().__init__(status_code=status, headers=headers, media_type=media_type)
        self.headers["Content-Length"] = str(size)
        self._opening = opening
        self._size = size

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        if scope["method"] == "HEAD":
            await self._start(send)
            await send({"type": "http.response.body", "body": b""})
            return
        opened = self._opening()
        chunks = await anyio.to_thread.run_sync(_open, opened)
        try:
            await self._start(send)
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(_until_gone, receive, tasks.cancel_scope)
                await self._send_all(chunks, send)
                tasks.cancel_scope.cancel()
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(_close, opened, chunks)

    async def _start(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})

    async def _send_all(self, chunks: Iterator[bytes], send: Send) -> None:
        while (chunk := await anyio.to_thread.run_sync(next, chunks, _END)) is not _END:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


def content_response(
    request: Request,
    store: BlobStore,
    sha256: str,
    size: int,
    filename: str,
    *,
    media_type: str = "application/zip",
    begun: Callable[[], None] = lambda: None,
) -> Response:
    """Return the answer to a GET or HEAD of a content.

    Parameters
    ----------
    request : Request
        `Range`, `If-Range` and `If-None-Match` are heeded.
    store : BlobStore
    sha256 : str
    size : int
    filename : str
        What browsers save it as.
    media_type : str, default="application/zip"
    begun : callable, optional
        Called if the answer holds the content from its first byte on.

    Raises
    ------
    InvalidRangeError
        If the content has no such range.
    """
    etag = f'"{sha256}"'
    headers = {
        "ETag": etag,
        "Accept-Ranges": "bytes",
        # Kept by the client, and asked for again each time: it may have been withdrawn.
        "Cache-Control": "private, no-cache",
        "Content-Disposition": attachment(filename),
        "Repr-Digest": f"sha-256=:{b64encode(bytes.fromhex(sha256)).decode()}:",
    }
    if is_known(request.headers.get("if-none-match"), etag):
        return Response(status_code=304, headers=headers)
    start, stop = 0, size
    status = 200
    # A range of another content is of no use, so the whole is sent; and HEAD has no ranges.
    if request.method == "GET" and request.headers.get("if-range", etag) == etag:
        wanted = _range(request.headers.get("range"), size)
        if wanted is not None:
            start, stop = wanted
            status = 206
            headers["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
    if request.method == "GET" and start == 0:
        begun()
    return StreamResponse(lambda: store.open(sha256, start, stop), stop - start, status, headers, media_type)


def attachment(filename: str) -> str:
    """Return the field that lets browsers save something under a name (RFC 6266)."""
    plain = "".join(one if one.isascii() and one.isprintable() and one not in '"\\' else "_" for one in filename)
    if plain == filename:
        return f'attachment; filename="{filename}"'
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(filename, safe='')}"


def describe_content(what: str, media_type: str = "application/zip") -> dict[int | str, dict[str, Any]]:
    """Return what OpenAPI is told of the answers of `content_response`."""
    content = {media_type: {"schema": {"type": "string", "format": "binary"}}}
    return {
        200: {"description": what, "content": content},
        206: {"description": "The range that was asked for", "content": content},
        304: {"description": "What the client has is the same"},
    }


def _range(given: str | None, size: int) -> tuple[int, int] | None:
    """Return begin and end of a range; None where the whole is to be sent.

    Several ranges at once, other units and what cannot be read may be ignored by the standard.
    """
    found = _RANGE.fullmatch(given) if given is not None else None
    if found is None:
        return None
    first, last, suffix = found.groups()
    if suffix is not None:
        start, stop = max(0, size - int(suffix)), size
    else:
        start = int(first)
        stop = min(size, int(last) + 1) if last else size
        if last and int(last) < start:
            return None
    if start >= stop:
        raise InvalidRangeError(text("the content has {size} bytes", size=size), size=size)
    return start, stop


def is_known(field: str | None, etag: str) -> bool:
    """Return whether a client has what the tag stands for, by its field `If-None-Match`."""
    if field is None:
        return False
    return any(one == "*" or one.removeprefix("W/") == etag for one in _ETAG.findall(field))


def _open(opened: AbstractContextManager[Iterator[bytes]]) -> Iterator[bytes]:
    try:
        return opened.__enter__()
    except NotFoundError as error:
        # The database knows it, so it is there or something is wrong with the store.
        raise UnavailableError("the content cannot be read at the moment; try again") from error


def _close(opened: AbstractContextManager[Iterator[bytes]], chunks: Iterator[bytes]) -> None:
    close = getattr(chunks, "close", None)
    try:
        if close is not None:
            close()
    finally:
        opened.__exit__(None, None, None)


async def _until_gone(receive: Receive, scope: anyio.CancelScope) -> None:
    while (await receive())["type"] != "http.disconnect":
        continue
    scope.cancel()
