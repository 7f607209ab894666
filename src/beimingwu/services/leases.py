"""Leases: which worker may work on which row of a table of jobs, on any number of machines.

A row that waits is the job; there is no other queue. Who claims it holds it until the lease is over, and renews the
lease while at work. Every change that a worker makes is made only if it still holds the row: a worker whose lease has
gone to another one changes nothing.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

from sqlalchemy import select, update

from beimingwu.db.base import Leased

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

    from beimingwu.db.engine import Database
    from beimingwu.services.clock import Clock

__all__ = ["LONGEST_NAME", "Grip", "Leases", "worker_of"]

# Characters of a worker's name; with what tells its tries apart it still fits into the column.
LONGEST_NAME = 100
# What a worker knows of the row that it has claimed.
Grip = Literal["held", "superseded", "lost"]
_Job = TypeVar("_Job", bound=Leased)
_Taken = TypeVar("_Taken")


class Leases(Generic[_Job]):
    """Leases of the rows of one table.

    Parameters
    ----------
    database : Database
    clock : Clock
    job : type
        The table.
    undecided : sequence of str
        States in which a row is to be worked on.
    seconds : float
        How long a lease is.
    """

    def __init__(
        self, database: Database, clock: Clock, job: type[_Job], undecided: Sequence[str], seconds: float
    ) -> None:
        self._database = database
        self._clock = clock
        self._job = job
        self._undecided = job.state.in_(undecided)
        self._lease = timedelta(seconds=seconds)

    def claim(self, take: Callable[[Session, _Job, datetime], _Taken]) -> _Taken | None:
        """Take the row that is due for longest; None if none is.

        Parameters
        ----------
        take : callable
            Given the row, locked, and the time; it has to call `hold`. Returns what is to be returned.
        """
        now = self._clock()
        due = (
            select(self._job)
            .where(self._undecided, self._job.due_at <= now)
            .order_by(self._job.due_at, self._job.id)
            .limit(1)
        )
        # Asking whether there is something takes no lock; most of the time there is nothing.
        with self._database.read() as session:
            if session.scalar(due.with_only_columns(self._job.id)) is None:
                return None
        with self._database.write() as session:
            job = session.scalar(due.with_for_update(skip_locked=True))
            return None if job is None else take(session, job, now)

    def hold(self, job: _Job, worker: str, attempt: int | str, now: datetime) -> str:
        """Give a row to a worker for one lease; return the holder's name, which no other claim has.

        Parameters
        ----------
        job : row
            Locked.
        worker : str
        attempt : int or str
            What tells this try from all others, in 27 characters at most.
        now : datetime
        """
        job.worker = f"{worker[:LONGEST_NAME]}#{attempt}"
        job.due_at = now + self._lease
        return job.worker

    def held(self, session: Session, key: int | str, holder: str) -> _Job | None:
        """Return a row, locked, if it still is this holder's."""
        return session.scalar(select(self._job).where(self._mine(key, holder)).with_for_update())

    def renew(self, job: _Job) -> None:
        """Hold a row, which `held` has returned, for another lease."""
        job.due_at = self._clock() + self._lease

    def change(self, key: int | str, holder: str, **values: Any) -> bool:
        """Change a row if it still is this holder's; return whether it is."""
        with self._database.write() as session:
            mine = update(self._job).where(self._mine(key, holder))
            changed = session.execute(mine.values(**values).returning(self._job.id))
            return changed.one_or_none() is not None

    def release(self, worker: str) -> int:
        """Let others have at once what a worker of this name held when it ended; return how many rows."""
        begin = f"{worker[:LONGEST_NAME]}#"
        with self._database.write() as session:
            held = select(self._job.id).where(self._undecided, self._job.worker.startswith(begin, autoescape=True))
            found = list(session.scalars(held.with_for_update(skip_locked=True)))
            if found:
                session.execute(update(self._job).where(self._job.id.in_(found)).values(due_at=self._clock()))
            return len(found)

    def _mine(self, key: int | str, holder: str) -> Any:
        return (self._job.id == key) & (self._job.worker == holder)


def worker_of(holder: str) -> str:
    """Return the name of the worker that holds a row; the row names the try, too."""
    return holder.rpartition("#")[0] or holder
