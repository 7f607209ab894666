"""The queue of trials, for workers: claim by lease, answer or fail.

A trial that waits is the job (`services.leases`).

::

    WAITING ── claim ──> RUNNING ── answer ──> DONE
       ^                    |  └── fail ──> FAILED
       └── put off, give back
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import delete

from beimingwu.db.models import Learnware, Trial, Version
from beimingwu.services.access import is_public
from beimingwu.services.leases import Leases
from beimingwu.services.trial_input import inputs_of_bytes

if TYPE_CHECKING:
    from datetime import date, datetime

    from sqlalchemy.orm import Session

    from beimingwu.db.engine import Database
    from beimingwu.services.clock import Clock
    from beimingwu.services.leases import Grip
    from beimingwu.services.trial_input import TrialInputs
    from beimingwu.settings import Settings

__all__ = ["DECIDED_TRIALS", "UNDECIDED_TRIALS", "Reason", "TrialClaim", "TrialQueue"]

UNDECIDED_TRIALS = ("WAITING", "RUNNING")
DECIDED_TRIALS = ("DONE", "FAILED")
# Why there is no answer: the model's own error, the time, another limit, an answer that is too large to be shown,
# workers that came to an end, a learnware that is not offered any more, a fault of the dock's.
Reason = Literal["model", "time", "limit", "answer", "workers", "gone", "dock"]
# A worker that comes to an end is followed by another one twice.
_TRIES = 3
_BREAK = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class TrialClaim:
    """A trial that a worker holds.

    Attributes
    ----------
    trial_id : str
    holder : str
        The worker and this try: no two claims have the same.
    attempt : int
        1 for the first try.
    last : bool
        Whether there is no further try after this one.
    spent : bool
        Whether all tries were made, and the last of them ended without an outcome.
    offered : bool
        Whether the learnware still is one that everybody may use, and somebody still waits for the answer.
    learnware_id, number : int
        The learnware, and which of its versions it is.
    sha256 : str
        The package in the store.
    semantic_spec : dict
    made : date
        The day that its requirements are read as of.
    inputs : ndarray of shape (n_rows, n_columns), or list of str
        What the model is to answer.
    """

    trial_id: str
    holder: str
    attempt: int
    last: bool
    spent: bool
    offered: bool
    learnware_id: int
    number: int
    sha256: str
    semantic_spec: dict[str, Any]
    made: date
    inputs: TrialInputs


class TrialQueue:
    """What workers do to trials."""

    def __init__(self, database: Database, settings: Settings, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._leases = Leases(database, clock, Trial, UNDECIDED_TRIALS, settings.lease_seconds)
        self._kept = timedelta(seconds=settings.trial_kept_seconds)

    def claim(self, worker: str) -> TrialClaim | None:
        """Take the trial that is due for longest; None if none is.

        Parameters
        ----------
        worker : str
            Its name, which no other worker has.
        """
        return self._leases.claim(lambda session, trial, now: self._take(session, trial, worker, now))

    def _take(self, session: Session, trial: Trial, worker: str, now: datetime) -> TrialClaim:
        version = session.get_one(Version, trial.version_id)
        spent = trial.attempts >= _TRIES
        trial.state = "RUNNING"
        trial.attempts += 0 if spent else 1
        # Not the number of tries: one that was given back has the same as before.
        holder = self._leases.hold(trial, worker, secrets.token_hex(8), now)
        return TrialClaim(
            trial.id,
            holder,
            trial.attempts,
            trial.attempts >= _TRIES,
            spent,
            is_public(session.get_one(Learnware, version.learnware_id)) and trial.expires_at > now,
            version.learnware_id,
            version.number,
            version.sha256,
            version.semantic_spec,
            version.made_at.date(),
            inputs_of_bytes(trial.rows or b"", trial.n_rows, version.semantic_spec),
        )

    def renew(self, claim: TrialClaim) -> Grip:
        """Hold the trial for another lease."""
        with self._database.write() as session:
            trial = self._leases.held(session, claim.trial_id, claim.holder)
            if trial is None:
                return "lost"
            self._leases.renew(trial)
            return "held"

    def answer(self, claim: TrialClaim, answer: dict[str, Any], *, seconds: float) -> bool:
        """Write the answer down; return whether the worker still held the trial.

        Parameters
        ----------
        claim : TrialClaim
        answer : dict
            What JSON is made of.
        seconds : float
            How long the model took.
        """
        written = json.dumps(answer, allow_nan=False).encode()
        return self._end(claim, state="DONE", answer=written, seconds=seconds)

    def fail(self, claim: TrialClaim, reason: Reason, error: str, *, seconds: float | None = None) -> bool:
        """Say why there is no answer; return whether the worker still held the trial."""
        return self._end(claim, state="FAILED", reason=reason, error=str(error), seconds=seconds)

    def put_off(self, claim: TrialClaim) -> bool:
        """Let it be tried again soon, by another worker if there is one; return whether it was still held."""
        due_at = self._clock() + _BREAK
        return self._leases.change(claim.trial_id, claim.holder, state="WAITING", worker=None, due_at=due_at)

    def give_back(self, claim: TrialClaim) -> bool:
        """Let another worker begin at once, as if this try had not been; return whether it was still held."""
        attempts = claim.attempt - (0 if claim.spent else 1)
        return self._leases.change(
            claim.trial_id, claim.holder, state="WAITING", worker=None, due_at=self._clock(), attempts=attempts
        )

    def release(self, worker: str) -> int:
        """Let others have at once what a worker of this name held when it ended; return how many trials."""
        return self._leases.release(worker)

    def forget_expired(self) -> None:
        """Delete trials that are over, with what is in them."""
        with self._database.write() as session:
            session.execute(delete(Trial).where(Trial.expires_at <= self._clock()))

    def _end(self, claim: TrialClaim, **values: Any) -> bool:
        # Nobody needs the inputs any more.
        over = {"worker": None, "rows": None, "expires_at": self._clock() + self._kept}
        return self._leases.change(claim.trial_id, claim.holder, **over, **values)
