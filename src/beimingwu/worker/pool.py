"""Worker processes that are started, watched, started again when they end, and gone when this process is."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import structlog

from beimingwu.settings import environment_of
from beimingwu.worker.worker import new_name

if TYPE_CHECKING:
    from beimingwu.settings import Settings

__all__ = ["WorkerPool"]

_SHORTEST_BREAK = 0.2
_LONGEST_BREAK = 30.0
# A worker that lived for so long may be started again at once.
_LONG_LIFE = 60.0
# Beyond what running verifications take to end.
_GRACE_SECONDS = 10.0
_log = structlog.get_logger(__name__)


class WorkerPool:
    """Workers in processes of their own, so that one that is killed takes no other with it.

    Each worker ends when its standard input does. Only this process holds the other end, so workers end with it however
    it ends.

    Parameters
    ----------
    settings : Settings
        Those of the workers.
    count : int
        How many workers.
    once : bool, default=False
        Each ends when nothing is due, and is not started again then.
    name : str, optional
        What their names begin with.
    """

    def __init__(self, settings: Settings, count: int, *, once: bool = False, name: str | None = None) -> None:
        self._environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("BEIMINGWU_")},
            **environment_of(settings),
        }
        self._once = once
        self._grace = settings.shutdown_seconds + _GRACE_SECONDS
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        base = name or new_name()
        self._threads = [
            threading.Thread(target=self._watch, args=(f"{base}-{number}",), name="beimingwu-pool", daemon=True)
            for number in range(1, count + 1)
        ]

    @property
    def pids(self) -> list[int]:
        """Numbers of the processes that run."""
        with self._lock:
            return [process.pid for process in self._processes.values() if process.poll() is None]

    def start(self) -> None:
        """Start the workers."""
        for thread in self._threads:
            thread.start()

    def wait(self) -> None:
        """Wait until no worker is to run any more."""
        for thread in self._threads:
            thread.join()

    def stop(self) -> None:
        """End the workers in an orderly way, or at once if that takes too long."""
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
                _log.error("worker_killed", pid=process.pid)
                process.kill()
        self.wait()

    def _watch(self, name: str) -> None:
        rest = _SHORTEST_BREAK
        while True:
            began = time.monotonic()
            process = self._start(name)
            if process is None:
                return
            code = process.wait()
            if process.stdin is not None:
                process.stdin.close()
            if self._stopping.is_set() or (self._once and code == 0):
                return
            rest = _SHORTEST_BREAK if time.monotonic() - began > _LONG_LIFE else min(2 * rest, _LONGEST_BREAK)
            _log.error("worker_died", worker=name, code=code, again_in=rest)
            if self._stopping.wait(rest):
                return

    def _start(self, name: str) -> subprocess.Popen[bytes] | None:
        command = [sys.executable, "-m", "beimingwu", "worker", "--name", name, "--end-with-input"]
        if self._once:
            command.append("--once")
        # Whoever stops the pool while this holds the lock finds the process.
        with self._lock:
            if self._stopping.is_set():
                return None
            process = subprocess.Popen(  # noqa: S603  # this interpreter
                command,
                env=self._environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                # An interrupt at the terminal is for this process, which ends its workers.
                start_new_session=True,
            )
            self._processes[name] = process
            return process
