"""Requests to one worker and its answers: in time, within the limits, and whatever it says."""

from __future__ import annotations

import reprlib
import time
from typing import TYPE_CHECKING, Any, NoReturn

from learnware.errors import ModelError, ModelTimeoutError, ResourceLimitError, SandboxError
from learnware.runtime._words import printable
from learnware.runtime._worker import frames

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterable

    from learnware.runtime._worker.frames import Part
    from learnware.runtime.container import ContainerChild
    from learnware.runtime.sandbox import Child, Limits

__all__ = ["Connection", "Deadline"]

_MAX_MESSAGE_CHARS = 5000
_DAY = 86400.0
# What tells of time; all other limits tell of something used up.
_TIME_LIMITS = frozenset({"seconds", "cpu_seconds"})


class Deadline:
    """A socket whose operations all together end at one moment."""

    def __init__(self, sock: socket.socket, seconds: float) -> None:
        self._sock = sock
        self._end = time.monotonic() + seconds

    def _arm(self) -> None:
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        # Platforms bound a single wait; more than a day is as good as for ever.
        self._sock.settimeout(left if left < _DAY else None)

    def sendall(self, data: Any) -> None:
        """Send all of it."""
        self._arm()
        self._sock.sendall(data)

    def recv_into(self, buffer: Any, count: int) -> int:
        """Receive at most `count` bytes."""
        self._arm()
        return self._sock.recv_into(buffer, count)


class Connection:
    """One worker's end of the protocol; a worker that breaks it, or a limit, is ended.

    Parameters
    ----------
    child : Child
        The worker's process.
    limits : Limits
        What it may use.
    """

    def __init__(self, child: Child | ContainerChild, limits: Limits) -> None:
        self._child = child
        self._limits = limits
        self._number = -1
        self._ended = False

    @property
    def ended(self) -> bool:
        """Whether a call has ended the worker."""
        return self._ended

    def _close(self) -> None:
        self._ended = True
        self._child.close()

    def deadline(self) -> Deadline:
        """Begin a call: return the time that it has."""
        self._child.begin()
        return Deadline(self._child.sock, self._limits.seconds)

    def finish(self) -> None:
        """End a call: what the worker does from now on is not part of it."""
        self._child.end()

    def send(self, what: str, request: dict[str, Any], parts: Iterable[Part], deadline: Deadline) -> int:
        """Send a request and return its number.

        Parameters
        ----------
        what : str
            What is done, for messages.
        request : dict
            Its header.
        parts : iterable of (dict, iterable)
            Its values, as `frames.encode_value` returns them.
        deadline : Deadline
            The time that it has.

        Raises
        ------
        ModelTimeoutError
            If the worker does not take it in time.
        """
        self._number += 1
        try:
            frames.send_frame(deadline, {**request, "number": self._number}, parts)
        except TimeoutError:
            self._end(what)
        except OSError:
            pass  # the worker is gone; what it said last is still to be read
        except BaseException:
            # Half of a request may be on its way.
            self._close()
            raise
        return self._number

    def receive(self, what: str, number: int, deadline: Deadline) -> tuple[dict[str, Any], list[Any]]:
        """Return the header and the values of the answer to a request.

        Raises
        ------
        ModelError
            If the model raised, the worker has ended, or the answer breaks the protocol.
        ModelTimeoutError
            If it does not come in time.
        ResourceLimitError
            If a limit ended the worker.
        """
        try:
            header, values = frames.receive_frame(deadline, self._limits.output_bytes)
        except TimeoutError:
            self._end(what)
        except (EOFError, OSError) as error:
            self._raise_ending(what, error)
        except frames.TooLargeError as error:
            self._close()
            raise ResourceLimitError(f"{what} answered {error}", limit="output_bytes") from error
        except frames.ProtocolError as error:
            self._close()
            raise ModelError(f"{what} answered {error}") from error
        except BaseException:
            # An interrupt: the rest of the answer would be taken for the next one.
            self._close()
            raise
        if header.get("number") != number:
            self._close()
            raise ModelError(f"{what} answered another request than the one it was sent")
        if "error" in header:
            message = ": ".join(_text(header.get(key), _MAX_MESSAGE_CHARS) for key in ("error", "type", "detail"))
            trace = _text(header.get("traceback"), frames.MAX_TRACEBACK_CHARS)
            raise ModelError(message[:_MAX_MESSAGE_CHARS], traceback_text=trace)
        return header, values

    def _raise_ending(self, what: str, error: BaseException) -> NoReturn:
        """Say why the worker is gone."""
        self._close()
        # Before the first answer nothing of the learnware runs; later it could be its own words.
        reason = self._child.failed_start() if self._number == 0 else None
        if reason is not None:
            raise SandboxError(f"{what} in the sandbox {self._child.sandbox!r} failed: {reason}") from error
        breach = self._child.breach()
        if breach is None:
            raise ModelError(
                f"{what} failed: the model's process {self._child.ending()}{self._last_words()}"
            ) from error
        limit, words = breach
        message = f"{what} failed: {words}; its processes were ended{self._last_words()}"
        if limit in _TIME_LIMITS:
            raise ModelTimeoutError(message) from error
        raise ResourceLimitError(message, limit=limit) from error

    def _last_words(self) -> str:
        return printable(self._child.last_words())

    def _end(self, what: str) -> NoReturn:
        self._close()
        raise ModelTimeoutError(
            f"{what} took more than {self._limits.seconds:g} seconds; its process was ended{self._last_words()}"
        ) from None


def _text(value: Any, most: int) -> str:
    """Return the beginning of a text that the child wrote, without what harms its reader."""
    text = value if isinstance(value, str) else reprlib.repr(value)
    return printable(text[:most])
