"""Starting processes from one thread that lives as long as this process.

The kernel tells a process of its parent's end when the *thread* that started it ends, so a sandbox that was started
from a short-lived thread would end with that thread.
"""

from __future__ import annotations

import os
import queue
import subprocess
import threading
from concurrent.futures import Future
from typing import Any

__all__ = ["spawn"]

_Job = tuple[list[str], dict[str, Any], "Future[subprocess.Popen[bytes]]"]


class _Spawner:
    """One thread that starts processes, of one process."""

    def __init__(self) -> None:
        self.jobs: queue.SimpleQueue[_Job] = queue.SimpleQueue()
        threading.Thread(target=self._work, name="learnware-spawner", daemon=True).start()

    def _work(self) -> None:
        while True:
            command, arguments, future = self.jobs.get()
            try:
                process: Any = subprocess.Popen(command, **arguments)  # noqa: S603  # as asked
                future.set_result(process)
                del process
            except BaseException as error:  # noqa: BLE001  # handed to the thread that asked
                future.set_exception(error)
            del command, arguments, future  # kept by nobody until the next job


# By process number: a fork has no threads but its own, and a lock of its parent may be held for ever.
_locks: dict[int, threading.Lock] = {}
_spawners: dict[int, _Spawner] = {}


def spawn(command: list[str], **arguments: Any) -> subprocess.Popen[bytes]:
    """Return ``subprocess.Popen(command, **arguments)``, started by the long-lived thread."""
    process = os.getpid()
    with _locks.setdefault(process, threading.Lock()):
        if process not in _spawners:
            _spawners[process] = _Spawner()
    future: Future[subprocess.Popen[bytes]] = Future()
    _spawners[process].jobs.put((command, arguments, future))
    return future.result()
