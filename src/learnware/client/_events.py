"""Following a verification: its events as they happen (server-sent events), and again after a lost connection."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from learnware.errors import DockProblemError, DockUnreachableError, TransferError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from learnware.client._transport import Transport

__all__ = ["Event", "follow_verification", "parse_events"]

_ENDS = frozenset({"SUCCESS", "FAIL"})
_PASSING = frozenset({429, 502, 503, 504})
# Between two streams.
_PAUSE_SECONDS = 1.0
# A dock says something every few seconds, if only that it is there.
_SILENT_SECONDS = 60.0
_LONGEST_LINE = 2**20


@dataclass(frozen=True)
class Event:
    """An event of a stream.

    Attributes
    ----------
    id : str or None
        What a later stream goes on after.
    kind : str
    data : str
    """

    id: str | None
    kind: str
    data: str


def parse_events(chunks: Iterable[bytes]) -> Iterator[Event]:
    """Give the events of a stream, by the rules of the HTML standard."""
    last_id: str | None = None
    kind, data = "", list[str]()
    for line in _lines(chunks):
        if not line:
            if data:
                yield Event(last_id, kind or "message", "\n".join(data))
            kind, data = "", []
            continue
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            data.append(value)
        elif name == "event":
            kind = value
        elif name == "id" and "\0" not in value:
            last_id = value


def follow_verification(
    transport: Transport,
    path: str,
    on_line: Callable[[str], None],
    on_status: Callable[[str], None],
    most_seconds: float | None,
) -> dict[str, Any]:
    """Follow a verification to its end and return it; see `DockConnection.wait`."""
    deadline = None if most_seconds is None else time.monotonic() + most_seconds
    follower = _Follower(on_line, on_status, deadline)
    while True:
        try:
            follower.listen(transport, f"{path}/events")
        except (DockUnreachableError, DockProblemError) as error:
            if isinstance(error, DockProblemError) and error.status not in _PASSING:
                raise
        # A stream may end for any reason, or not come through at all; this tells whether it is over, or raises.
        found: dict[str, Any] = transport.json("GET", path)
        if found["status"] in _ENDS:
            follower.tell(found["status"])
            return found
        if deadline is not None and time.monotonic() + _PAUSE_SECONDS >= deadline:
            raise TimeoutError(f"the verification is not over after {most_seconds:g} s")
        transport.sleep(_PAUSE_SECONDS)


class _Follower:
    """Tells what a stream brings, each thing once."""

    def __init__(
        self, on_line: Callable[[str], None], on_status: Callable[[str], None], deadline: float | None
    ) -> None:
        self._on_line = on_line
        self._on_status = on_status
        self._deadline = deadline
        self._last_id: str | None = None
        self._status: str | None = None

    def listen(self, transport: Transport, path: str) -> None:
        """Tell what comes until the stream ends."""
        headers = {"Accept": "text/event-stream"}
        if self._last_id is not None:
            headers["Last-Event-ID"] = self._last_id
        with transport.open("GET", path, headers=headers, timeout=_SILENT_SECONDS) as response:
            for event in parse_events(response.stream(2**14, decode_content=False)):
                self._last_id = event.id or self._last_id
                value = _value_of(event)
                if event.kind == "line":
                    self._on_line(str(value.get("text", "")))
                elif event.kind == "status" and value.get("status") not in _ENDS:
                    # How it ended is told after the last line.
                    self.tell(str(value.get("status", "")))
                elif event.kind == "end":
                    return
                if self._deadline is not None and time.monotonic() > self._deadline:
                    return

    def tell(self, status: str) -> None:
        if status != self._status:
            self._status = status
            self._on_status(status)


def _value_of(event: Event) -> dict[str, Any]:
    try:
        value = json.loads(event.data)
    except (ValueError, RecursionError) as error:
        raise TransferError(f"the dock sends an event that is no JSON: {error}") from error
    return value if isinstance(value, dict) else {}


def _lines(chunks: Iterable[bytes]) -> Iterator[str]:
    pending = b""
    for chunk in chunks:
        pending += chunk
        # A carriage return at the end may be the first half of an ending.
        *whole, pending = pending.replace(b"\r\n", b"\n").split(b"\n")
        for line in whole:
            yield line.rstrip(b"\r").decode("utf-8", "replace")
        if len(pending) > _LONGEST_LINE:
            raise TransferError("the dock sends a line of events that does not end")
