"""The standard streams of a container, as one socket for the protocol and the end of what is printed."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["ContainerStreams"]

_CHUNK_BYTES = 1 << 18
_TAIL_BYTES = 1 << 16
_STDOUT, _STDERR = 1, 2


class ContainerStreams:
    """What goes to a container's standard input and comes from its standard output, at one end of a pair of sockets.

    The engine sends both outputs over one connection, each piece behind its stream's number and its length. Two threads
    carry: one everything that is written to `sock` to the container; the other one the standard output to `sock`, and
    the standard error to `tail`. Nothing is kept in memory: who does not read makes the container wait.

    Parameters
    ----------
    connection : object
        What the SDK gives for attached streams: the socket of a connection, or a file over it.
    max_printed : int
        Bytes of standard error before `on_flood` is called, counted from the last call of `begin`.
    on_flood : callable
        Called once from the thread that reads.

    Attributes
    ----------
    sock : socket
        The parent's end.
    tail : bytearray
        The end of what was printed.
    ended : threading.Event
        Set when the container's outputs have ended.
    """

    def __init__(self, connection: Any, *, max_printed: int, on_flood: Callable[[], None]) -> None:
        self._connection = connection  # it closes its socket when it is forgotten
        self._engine: socket.socket = getattr(connection, "_sock", connection)
        self._engine.settimeout(None)
        self._max_printed = max_printed
        self._printed = 0
        self._on_flood = on_flood
        self.tail = bytearray()
        self.ended = threading.Event()
        self.sock, self._ours = socket.socketpair()
        self._threads = [threading.Thread(target=carry, daemon=True) for carry in (self._carry_in, self._carry_out)]
        for thread in self._threads:
            thread.start()

    def begin(self) -> None:
        """Count what is printed anew."""
        self._printed = 0

    def discard(self) -> None:
        """End `sock`, so that what waits on it in another thread wakes up, and take no more from the container."""
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """End both directions."""
        self.discard()
        with contextlib.suppress(OSError):
            self._engine.shutdown(socket.SHUT_RDWR)
        self.join()
        for end in (self.sock, self._ours, self._connection, self._engine):
            with contextlib.suppress(OSError):
                end.close()

    def join(self, seconds: float = 5.0) -> None:
        """Wait until both threads have ended, which they do after `close` and when the engine ends the connection."""
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(seconds)

    def _carry_in(self) -> None:
        buffer = memoryview(bytearray(_CHUNK_BYTES))
        with contextlib.suppress(OSError):
            while count := self._ours.recv_into(buffer):
                self._engine.sendall(buffer[:count])
        with contextlib.suppress(OSError):
            self._ours.shutdown(socket.SHUT_RD)  # who still writes is told, not kept waiting
        with contextlib.suppress(OSError):
            self._engine.shutdown(socket.SHUT_WR)  # the end of the container's standard input

    def _carry_out(self) -> None:
        buffer = memoryview(bytearray(_CHUNK_BYTES))
        with contextlib.suppress(OSError, EOFError):
            while True:
                self._receive(buffer[:8])
                stream, left = struct.unpack(">BxxxL", buffer[:8])
                while left:
                    count = min(left, _CHUNK_BYTES)
                    self._receive(buffer[:count])
                    left -= count
                    if stream == _STDOUT:
                        self._deliver(buffer[:count])
                    elif stream == _STDERR:
                        self._print(buffer[:count])
        self.ended.set()
        with contextlib.suppress(OSError):
            self._ours.shutdown(socket.SHUT_RDWR)

    def _deliver(self, data: memoryview) -> None:
        # Nobody may read any more. Reading goes on nevertheless: the engine keeps a container until all is taken.
        with contextlib.suppress(OSError):
            self._ours.sendall(data)

    def _receive(self, buffer: memoryview) -> None:
        while buffer:
            count = self._engine.recv_into(buffer)
            if not count:
                raise EOFError
            buffer = buffer[count:]

    def _print(self, data: memoryview) -> None:
        self.tail += data
        del self.tail[:-_TAIL_BYTES]
        before, self._printed = self._printed, self._printed + len(data)
        if before <= self._max_printed < self._printed:
            self._on_flood()
