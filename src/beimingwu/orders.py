"""Signals that end a command: the first one in an orderly way, an interrupt that follows it at once."""

from __future__ import annotations

import select
import signal
import socket
import sys
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from typing_extensions import Self

__all__ = ["Orders"]

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Orders:
    """The signals that this process gets while it is entered.

    The first one makes it leave whatever it does, by ``SystemExit``; from `follow` on, it is only told. Who is asked
    once more to terminate is told nothing new: a supervisor may do that while requests are finished. An interrupt then
    is somebody at the terminal who does not want to wait.

    Attributes
    ----------
    told : bool
        Whether a signal has come.
    """

    def __init__(self) -> None:
        self.told = False
        self._followed = False
        self._at_once: list[Callable[[], object]] = []
        self._follower: threading.Thread | None = None
        self._before: dict[signal.Signals, Any] = {}
        self._receiving, self._sending = socket.socketpair()

    def follow(self, stop: Callable[[], object] | None = None) -> None:
        """Note the first signal from now on, and leave nothing for it.

        Parameters
        ----------
        stop : callable, optional
            Called in a thread when it has come: what was interrupted may hold locks that this takes. Also called in the
            end, if none has come.
        """
        self._followed = True
        if stop is not None:
            self._follower = threading.Thread(target=self._tell, args=(stop,), name="beimingwu-orders", daemon=True)
            self._follower.start()

    def at_once(self, end: Callable[[], object]) -> None:
        """Call `end`, in a thread, if everything is to end at once. Without any, there is a ``KeyboardInterrupt``."""
        self._at_once.append(end)

    def fileno(self) -> int:
        """Return what can be read from once a signal has come."""
        return self._receiving.fileno()

    def wait(self, seconds: float) -> bool:
        """Wait for a signal; return whether one has come."""
        return self.told or bool(select.select([self], [], [], seconds)[0])

    def __enter__(self) -> Self:
        for one in _SIGNALS:
            self._before[one] = signal.signal(one, self._handle)
        return self

    def __exit__(self, *_: object) -> None:
        for one, before in self._before.items():
            signal.signal(one, before)
        if self._follower is not None:
            self._sending.send(b".")
            self._follower.join()
        self._receiving.close()
        self._sending.close()

    def _tell(self, stop: Callable[[], object]) -> None:
        select.select([self], [], [])
        stop()

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        if not self.told:
            self.told = True
            self._sending.send(b".")
            if not self._followed:
                sys.exit()
        elif number == signal.SIGINT:
            if not self._at_once:
                raise KeyboardInterrupt
            for end in self._at_once:
                # Not here, see `follow`.
                threading.Thread(target=end, daemon=True).start()
