"""Processes that are started, watched, started again when they end, and gone when the one that started them is."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import structlog

from beimingwu.settings import environment_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from beimingwu.settings import Settings

__all__ = ["ProcessPool", "available_cores", "follow_input"]

_SHORTEST_BREAK = 0.2
_LONGEST_BREAK = 30.0
# A process that lived for so long may be started again at once.
_LONG_LIFE = 60.0
# Beyond what they have in hand takes to end.
_GRACE_SECONDS = 10.0
# A process that was told to end by itself, and hangs.
_HANGING_SECONDS = 5.0
_log = structlog.get_logger(__name__)


class ProcessPool:
    """Processes of one kind. One that ends is started again, after a break that grows while it keeps ending.

    Each process ends when its standard input does (`follow_input`). Only this process holds the other end, so they end
    with it however it ends. A subclass says what is started.

    Parameters
    ----------
    settings : Settings
        Those of the processes, which get them as variables.
    names : sequence of str
        What the log calls them; as many are started.
    kind : str
        What they are: the log tells of a ``{kind}_died``.
    """

    def __init__(self, settings: Settings, names: Sequence[str], *, kind: str) -> None:
        self._environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("BEIMINGWU_")},
            **environment_of(settings),
        }
        self._kind = kind
        self._grace = settings.shutdown_seconds + _GRACE_SECONDS
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._threads = [
            threading.Thread(target=self._watch, args=(name,), name=f"beimingwu-{kind}-pool", daemon=True)
            for name in names
        ]

    @property
    def pids(self) -> list[int]:
        """Numbers of the processes that run."""
        with self._lock:
            return [process.pid for process in self._processes.values() if process.poll() is None]

    def start(self) -> None:
        """Start the processes."""
        for thread in self._threads:
            thread.start()

    def wait(self) -> None:
        """Wait until no process is to run any more."""
        for thread in self._threads:
            # One that was never started has nothing to wait for.
            if thread.ident is not None:
                thread.join()

    def stop(self) -> None:
        """End the processes in an orderly way, or at once if that takes too long."""
        with self._lock:
            self._stopping.set()
            running = list(self._processes.values())
        for process in running:
            process.terminate()
        give_up = time.monotonic() + self._grace
        for process in running:
            try:
                process.wait(max(0.0, give_up - time.monotonic()))
            except subprocess.TimeoutExpired:  # noqa: PERF203  # any of them may take too long
                _log.error(f"{self._kind}_killed", pid=process.pid)
                process.kill()
        self.wait()

    def kill(self) -> None:
        """End the processes at once."""
        with self._lock:
            self._stopping.set()
            for process in self._processes.values():
                process.kill()

    def _spawn(self, name: str) -> subprocess.Popen[bytes]:
        """Start a process; its standard input is a pipe."""
        raise NotImplementedError

    def _begun(self, name: str, process: subprocess.Popen[bytes]) -> None:
        """Follow a process that has begun, for as long as there is something to follow."""

    def _ended(self, name: str, process: subprocess.Popen[bytes], code: int) -> bool:  # noqa: ARG002  # for subclasses
        """Tidy up after a process that has ended; return whether one is to run in its place."""
        return True

    def _watch(self, name: str) -> None:
        rest = _SHORTEST_BREAK
        while True:
            began = time.monotonic()
            process = self._start(name)
            if process is None:
                return
            self._begun(name, process)
            code = process.wait()
            if process.stdin is not None:
                # What was to be written there cannot be any more.
                with suppress(BrokenPipeError):
                    process.stdin.close()
            if not self._ended(name, process, code) or self._stopping.is_set():
                return
            rest = _SHORTEST_BREAK if time.monotonic() - began > _LONG_LIFE else min(2 * rest, _LONGEST_BREAK)
            _log.error(f"{self._kind}_died", code=code, again_in=rest, **{self._kind: name})
            if self._stopping.wait(rest):
                return

    def _start(self, name: str) -> subprocess.Popen[bytes] | None:
        # Whoever stops the pool while this holds the lock finds the process.
        with self._lock:
            if self._stopping.is_set():
                return None
            process = self._processes[name] = self._spawn(name)
            return process


def follow_input(stop: Callable[[], object], seconds: float) -> None:
    """Wait for the end of the standard input in a thread, then stop this process, within `seconds` in any case.

    Parameters
    ----------
    stop : callable
        Tells this process to end.
    seconds : float
        How long it may take to do so: it may hang where nobody is left to end it.
    """

    def follow() -> None:
        # A standard input that is closed, or none at all, is at its end.
        with suppress(OSError):
            while os.read(0, 1024):
                pass
        stop()
        giving_up = threading.Timer(seconds + _HANGING_SECONDS, os._exit, (1,))
        giving_up.daemon = True
        giving_up.start()

    threading.Thread(target=follow, name="beimingwu-input", daemon=True).start()


def available_cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
