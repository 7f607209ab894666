"""How long the head of a request may be, and how long it may take: it comes before anybody knows who sends it.

uvicorn bounds the heads that h11 reads, and not those that httptools reads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

if TYPE_CHECKING:
    import asyncio

__all__ = ["BoundedHeads"]

# Of the first line and all headers, or of what follows the last chunk of a body; h11 takes as much.
_MOST_BYTES = 2**16
_SECONDS = 60.0


class BoundedHeads(HttpToolsProtocol):
    """Closes connections on which heads come without end, or too slowly."""

    _head_bytes = 0
    _head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # TCP only
        """Begin to wait for a request."""
        super().connection_made(transport)
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._end_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read what has come."""
        self._head_bytes += len(data)
        super().data_received(data)
        # Bodies, and heads that are whole, have set it back.
        if self._head_bytes > _MOST_BYTES and not self.transport.is_closing():
            if self.cycle is None or self.cycle.response_complete:
                self.send_400_response("The head of the request is too long.")
            else:
                self.transport.close()

    def on_message_begin(self) -> None:
        """Note that a request begins."""
        super().on_message_begin()
        self._expect_head()

    def on_headers_complete(self) -> None:
        """Note that the head is here."""
        self._end_timer()
        self._head_bytes = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Take a part of the body, which has limits of its own."""
        self._head_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Note that the request is here."""
        self._head_bytes = 0
        super().on_message_complete()

    def _expect_head(self) -> None:
        self._end_timer()
        self._head_timer = self.loop.call_later(_SECONDS, self.transport.close)

    def _end_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None
