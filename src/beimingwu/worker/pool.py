"""Worker processes that are started, watched, started again when they end, and gone when this process is."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from beimingwu.processes import ProcessPool
from beimingwu.worker.worker import new_name

if TYPE_CHECKING:
    from beimingwu.settings import Settings

__all__ = ["WorkerPool"]


class WorkerPool(ProcessPool):
    """Workers in processes of their own, so that one that is killed takes no other with it.

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
        base = name or new_name()
        super().__init__(settings, [f"{base}-{number}" for number in range(1, count + 1)], kind="worker")
        self._once = once

    def _spawn(self, name: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "beimingwu", "worker", "--name", name, "--end-with-input"]
        if self._once:
            command.append("--once")
        return subprocess.Popen(  # noqa: S603  # this interpreter
            command,
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            # An interrupt at the terminal is for this process, which ends its workers.
            start_new_session=True,
        )

    def _ended(self, name: str, process: subprocess.Popen[bytes], code: int) -> bool:  # noqa: ARG002  # as declared
        return not (self._once and code == 0)
