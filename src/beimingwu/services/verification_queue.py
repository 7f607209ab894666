"""The queue of versions to verify, for workers: claim by lease, log, decide.

A version that waits is the job (`services.leases`).

::

    WAITING ── claim ──> QUEUE ── begin ──> PROCESSING ── decide ──> SUCCESS | FAIL
       ^                   |                    |
       └── put off, give back ──────────────────┘
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import aliased

from beimingwu.db.models import Learnware, Verification, VerificationLine, Version
from beimingwu.services import publishing
from beimingwu.services.leases import LONGEST_NAME, Leases
from beimingwu.services.version_states import UNDECIDED

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    from sqlalchemy.orm import Session

    from beimingwu.db.engine import Database
    from beimingwu.services.clock import Clock
    from beimingwu.services.leases import Grip
    from beimingwu.settings import Settings

__all__ = ["Claim", "LogLine", "VerificationQueue", "is_superseded"]

# Tries of one version that are kept with their logs.
_KEPT_TRIES = 5
_LONGEST_BREAK = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Claim:
    """A version that a worker holds.

    Attributes
    ----------
    version_id, verification_id : int
        The version, and this try.
    learnware_id, number : int
        The learnware, and which of its versions it is.
    holder : str
        The worker and this try, as the version names them: no two claims have the same.
    attempt : int
        1 for the first try.
    spent : bool
        Whether all tries were made, and the last of them ended without an outcome.
    superseded : bool
        Whether a newer version makes this one needless.
    sha256 : str
        The package in the store.
    semantic_spec : dict
    made : date
        The day that its requirements are read as of.
    expires_at : datetime
        When the lease is over unless it is renewed.
    """

    version_id: int
    verification_id: int
    learnware_id: int
    number: int
    holder: str
    attempt: int
    spent: bool
    superseded: bool
    sha256: str
    semantic_spec: dict[str, Any]
    made: date
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line of a log.

    Attributes
    ----------
    number : int
        From 1 within the try.
    at : datetime
    text : str
    """

    number: int
    at: datetime
    text: str


class VerificationQueue:
    """What workers do to versions."""

    def __init__(self, database: Database, settings: Settings, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._leases = Leases(database, clock, Version, UNDECIDED, settings.lease_seconds)
        self._most = settings.verify_attempts
        self._break = timedelta(seconds=settings.verify_retry_seconds)

    def claim(self, worker: str) -> Claim | None:
        """Take the version that is due for longest; None if none is.

        Parameters
        ----------
        worker : str
            Its name, which no other worker has.
        """
        return self._leases.claim(lambda session, version, now: self._take(session, version, worker, now))

    def _take(self, session: Session, version: Version, worker: str, now: datetime) -> Claim:
        spent = version.attempts >= self._most
        _close_tries(session, version.id, now)
        trying = Verification(version_id=version.id, worker=worker[:LONGEST_NAME], started_at=now)
        session.add(trying)
        session.flush()
        holder = self._leases.hold(version, worker, trying.id, now)
        version.state = "QUEUE"
        version.attempts += 0 if spent else 1
        return Claim(
            version.id,
            trying.id,
            version.learnware_id,
            version.number,
            holder,
            version.attempts,
            spent,
            is_superseded(session, version),
            version.sha256,
            version.semantic_spec,
            version.made_at.date(),
            version.due_at,
        )

    def begin(self, claim: Claim) -> bool:
        """Say that the checks run; return whether the worker still holds the version."""
        return self._leases.change(claim.version_id, claim.holder, state="PROCESSING")

    def renew(self, claim: Claim, lines: Sequence[LogLine] = ()) -> Grip:
        """Hold the version for another lease, and write lines into the log."""
        with self._database.write() as session:
            held = self._held(session, claim)
            if held is None:
                return "lost"
            self._leases.renew(held)
            self._write(session, claim, lines)
            return "superseded" if is_superseded(session, held) else "held"

    def decide(self, claim: Claim, *, accepted: bool, report: dict[str, Any], lines: Sequence[LogLine]) -> bool:
        """Accept or refuse the version; return whether the worker still held it.

        A version that served and is refused is taken from service.
        """
        with self._database.write() as session:
            version = self._held_with_learnware(session, claim)
            if version is None:
                return False
            now = self._clock()
            self._end(session, claim, report, lines, now)
            version.worker = None
            if accepted:
                publishing.publish(session, version, now)
            else:
                publishing.reject(session, version, now)
            return True

    def leave(self, claim: Claim, *, report: dict[str, Any], lines: Sequence[LogLine]) -> bool:
        """Give up on a version that could not be checked; return whether the worker still held it.

        That is no fault of the learnware's: one that serves goes on serving, any other is refused.
        """
        with self._database.write() as session:
            version = self._held_with_learnware(session, claim)
            if version is None:
                return False
            now = self._clock()
            self._end(session, claim, report, lines, now)
            version.worker = None
            if session.get_one(Learnware, version.learnware_id).serving_version == version.number:
                version.state = "SUCCESS"
                version.decided_at = now
            else:
                publishing.reject(session, version, now)
            return True

    def put_off(self, claim: Claim, *, report: dict[str, Any], lines: Sequence[LogLine]) -> bool:
        """Let it be tried again later, the later the more often it was; return whether the worker still held it."""
        with self._database.write() as session:
            version = self._held(session, claim)
            if version is None:
                return False
            now = self._clock()
            self._end(session, claim, report, lines, now)
            version.state = "WAITING"
            version.worker = None
            version.due_at = now + min(self._break * 4 ** (claim.attempt - 1), _LONGEST_BREAK)
            return True

    def give_back(self, claim: Claim) -> bool:
        """Let another worker begin anew at once, as if this try had not been; return whether it was still held."""
        with self._database.write() as session:
            version = self._held(session, claim)
            if version is None:
                return False
            version.state = "WAITING"
            version.worker = None
            version.attempts -= 0 if claim.spent else 1
            version.due_at = self._clock()
            session.execute(delete(Verification).where(Verification.id == claim.verification_id))
            return True

    def release(self, worker: str) -> int:
        """Let others have at once what a worker of this name held when it ended; return how many versions."""
        return self._leases.release(worker)

    def _held(self, session: Session, claim: Claim) -> Version | None:
        """Return the version, locked, if the worker holds it."""
        return self._leases.held(session, claim.version_id, claim.holder)

    def _held_with_learnware(self, session: Session, claim: Claim) -> Version | None:
        # Whoever locks both begins with the learnware.
        session.scalar(select(Learnware.id).where(Learnware.id == claim.learnware_id).with_for_update())
        return self._held(session, claim)

    def _end(
        self, session: Session, claim: Claim, report: dict[str, Any], lines: Sequence[LogLine], now: datetime
    ) -> None:
        self._write(session, claim, lines)
        trying = session.get_one(Verification, claim.verification_id)
        trying.ended_at = now
        trying.report = report

    def _write(self, session: Session, claim: Claim, lines: Sequence[LogLine]) -> None:
        if lines:
            rows = [
                {"verification_id": claim.verification_id, "number": one.number, "at": one.at, "text": one.text}
                for one in lines
            ]
            # Somebody who was not told that lines were written writes them again.
            session.execute(self._database.insert(VerificationLine).on_conflict_do_nothing(), rows)


def is_superseded(session: Session, version: Version) -> bool:
    """Return whether a newer version, unless it failed, makes it needless to verify one that does not serve."""
    newer = aliased(Version)
    found = session.scalar(
        select(Learnware.id).where(
            Learnware.id == version.learnware_id,
            or_(Learnware.serving_version.is_(None), Learnware.serving_version != version.number),
            select(newer.id)
            .where(newer.learnware_id == Learnware.id, newer.number > version.number, newer.state != "FAIL")
            .exists(),
        )
    )
    return found is not None


def _close_tries(session: Session, version_id: int, now: datetime) -> None:
    """Say of tries whose workers are gone that they are over, and delete old ones."""
    mine = Verification.version_id == version_id
    session.execute(update(Verification).where(mine, Verification.ended_at.is_(None)).values(ended_at=now))
    tries = list(session.scalars(select(Verification.id).where(mine).order_by(Verification.id.desc())))
    if old := tries[_KEPT_TRIES - 1 :]:
        session.execute(delete(Verification).where(Verification.id.in_(old)))
