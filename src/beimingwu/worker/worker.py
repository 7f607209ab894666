"""A worker: claims versions and trials that are due, one after the other, until it is told to end."""

from __future__ import annotations

import os
import secrets
import socket
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from beimingwu.errors import UnavailableError
from beimingwu.services.learnware_ids import format_id
from beimingwu.services.verification_text import Scrubber
from beimingwu.worker.attempt import Attempt, Tools
from beimingwu.worker.trials import TrialAttempt
from learnware.runtime.environment import EnvironmentStore

if TYPE_CHECKING:
    from beimingwu.services.dock import Dock
    from beimingwu.settings import Settings

__all__ = ["Worker", "new_name"]

_POLL_SECONDS = 0.25
_AWAY_SECONDS = 2.0
# Who waits for a trial waits for seconds, so trials come first; but however many there are, versions get their turn.
_TRIALS_IN_A_ROW = 8
_VARIABLE = "LEARNWARE_ENVIRONMENTS"
_log = structlog.get_logger(__name__)


class Worker:
    """Verifies versions and runs trials, one at a time.

    Parameters
    ----------
    dock : Dock
    name : str
        What the log and the queue call it; no two workers at a time have the same.
    stop : threading.Event, optional
        Ends it soon after it is set; what it works on is given back, as if it had never begun.
    """

    def __init__(self, dock: Dock, name: str, *, stop: threading.Event | None = None) -> None:
        self.name = name
        self.stop = stop or threading.Event()
        self._queue = dock.verification_queue
        self._trials = dock.trial_queue
        self._trials_run = 0
        environments = _environments(dock.settings)
        self._tools = Tools(dock, self._queue, environments, Scrubber(_places(dock.settings, environments)), self.stop)

    def run(self, *, once: bool = False) -> int:
        """Work until it is told to end.

        Parameters
        ----------
        once : bool, default=False
            End when nothing is due.

        Returns
        -------
        int
            How many versions it has decided.
        """
        decided = 0
        released = False
        _log.info("worker_started", worker=self.name)
        while not self.stop.is_set():
            try:
                if not released:
                    # A worker of this name that was killed is not there any more.
                    self._queue.release(self.name)
                    self._trials.release(self.name)
                    released = True
                worked, outcome = self._work()
            except UnavailableError as error:
                _log.warning("worker_waits", worker=self.name, error=str(error))
                self.stop.wait(_AWAY_SECONDS)
                continue
            decided += outcome
            if worked:
                continue
            if once:
                break
            self.stop.wait(_POLL_SECONDS)
        _log.info("worker_ended", worker=self.name, decided=decided)
        return decided

    def _work(self) -> tuple[bool, int]:
        """Work on what is due; return whether something was, and how many versions are decided."""
        first = self._trials_run < _TRIALS_IN_A_ROW
        if first and self._run_trial():
            self._trials_run += 1
            return True, 0
        self._trials_run = 0
        claim = self._queue.claim(self.name)
        if claim is None:
            return not first and self._run_trial(), 0
        began = time.monotonic()
        told = {"learnware_id": format_id(claim.learnware_id), "version": claim.number, "attempt": claim.attempt}
        with structlog.contextvars.bound_contextvars(worker=self.name, **told):
            _log.info("verification_started")
            outcome = Attempt(self._tools, claim).run()
            _log.info("verification_ended", outcome=outcome, seconds=round(time.monotonic() - began, 3))
        return True, int(outcome in {"verified", "refused", "given up"})

    def _run_trial(self) -> bool:
        """Run the trial that is due for longest; return whether one was."""
        claim = self._trials.claim(self.name)
        if claim is None:
            return False
        began = time.monotonic()
        told = {"learnware_id": format_id(claim.learnware_id), "version": claim.number, "attempt": claim.attempt}
        with structlog.contextvars.bound_contextvars(worker=self.name, **told):
            _log.info("trial_started")
            outcome = TrialAttempt(self._tools, claim).run()
            _log.info("trial_ended", outcome=outcome, seconds=round(time.monotonic() - began, 3))
        return True


def new_name() -> str:
    """Return a name that no other worker has."""
    return f"{socket.gethostname()[:60]}-{os.getpid()}-{secrets.token_hex(3)}"


def _environments(settings: Settings) -> EnvironmentStore:
    root = settings.environments_dir
    if root is None and not os.environ.get(_VARIABLE, "").strip():
        root = settings.data_dir / "environments"
    return EnvironmentStore(root)


def _places(settings: Settings, environments: EnvironmentStore) -> dict[str, str]:
    """Return the folders of this machine that logs and reports do not tell of."""
    package = Path(__file__).resolve().parents[2]
    places = {
        str(environments.root): "<environments>",
        str(settings.data_dir): "<data>",
        sys.prefix: "<python>",
        sys.base_prefix: "<python>",
        str(package): "<learnware>",
        str(Path.home()): "<home>",
    }
    # That Python is where Python is everywhere tells nothing.
    return {path: name for path, name in places.items() if path not in {"/usr", "/usr/local"}}
