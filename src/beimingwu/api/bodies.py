"""How large the body of a request may be, and how long it may take."""

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType

import anyio
from fastapi import Request
from fastapi.responses import JSONResponse
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from beimingwu.errors import ServiceError, TooLargeError, TooSlowError
from learnware.texts import text

__all__ = ["BodyLimit"]


class BodyLimit:
    """Refuses bodies that are too large, before and while they are read, and bodies that stop arriving.

    Parameters
    ----------
    app : ASGIApp
    most : int
        Bytes of a body.
    patience : float
        Seconds to wait for more of a body.
    answer : callable
        What makes a response of an error.
    files : mapping of str to int, optional
        What endpoints that take files take instead, by path; those below it are meant, too.
    unhurried : str, optional
        The path of endpoints that have a patience of their own; those below it are meant, too.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        most: int,
        patience: float,
        answer: Callable[[Request, Exception], JSONResponse],
        files: Mapping[str, int] = MappingProxyType({}),
        unhurried: str | None = None,
    ) -> None:
        self._app = app
        self._most = most
        self._patience = patience
        self._answer = answer
        self._files = files
        self._unhurried = unhurried

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        path: str = scope["path"]
        most = next((most for begin, most in self._files.items() if _is_below(path, begin)), self._most)
        patience = None if self._unhurried is not None and _is_below(path, self._unhurried) else self._patience

        async def refuse(error: ServiceError) -> None:
            response = self._answer(request, error)
            # The rest of the body is not read, so the connection cannot be used again.
            response.headers["Connection"] = "close"
            await response(scope, receive, send)

        declared = request.headers.get("content-length", "0")
        # More digits than any length has: int() would refuse thousands of them.
        if len(declared) > 18 or not declared.isascii() or not declared.isdecimal() or int(declared) > most:
            await refuse(_too_large(most))
            return
        body = _Body(receive, send, refuse, most, patience)
        try:
            await self._app(scope, body.receive, body.send)
        except ClientDisconnect:
            if not body.refused:
                raise


class _Body:
    """The body of one request on its way in, and the answer on its way out."""

    def __init__(
        self,
        receive: Receive,
        send: Send,
        refuse: Callable[[ServiceError], Awaitable[None]],
        most: int,
        patience: float | None,
    ) -> None:
        self.refused = False
        self._receive = receive
        self._send = send
        self._refuse = refuse
        self._most = most
        # None where there is no limit, or no need of one any more.
        self._patience = patience
        self._read = 0
        self._answered = False

    async def receive(self) -> Message:
        """Return what comes next; when it was refused, whoever reads gets no more of it."""
        message: Message | None = None
        while message is None and not self.refused:
            with anyio.move_on_after(self._patience):
                message = await self._receive()
            if message is None:
                await self._end(TooSlowError(text("the rest of the body did not come")))
        if message is None or self.refused:
            return {"type": "http.disconnect"}
        if not message.get("more_body", False):
            # Who has all of the body waits for the client to go, for as long as that takes.
            self._patience = None
        self._read += len(message.get("body", b""))
        if self._read > self._most:
            await self._end(_too_large(self._most))
            return {"type": "http.disconnect"}
        return message

    async def send(self, message: Message) -> None:
        """Pass the answer on; that to a body which was refused is dropped."""
        if not self.refused:
            # Who answers does not need the rest of the body.
            self._answered, self._patience = True, None
            await self._send(message)

    async def _end(self, error: ServiceError) -> None:
        if not self._answered:
            self.refused = True
            await self._refuse(error)


def _is_below(path: str, begin: str) -> bool:
    return path == begin or path.startswith(begin + "/")


def _too_large(most: int) -> TooLargeError:
    return TooLargeError(text("the body is larger than {most} bytes", most=most))
