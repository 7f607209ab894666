"""The verification queue as administrators see it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from beimingwu.db.models import Learnware, User, Verification, Version
from beimingwu.services.learnware_ids import format_id
from beimingwu.services.learnware_views import text_value
from beimingwu.services.leases import worker_of
from beimingwu.services.version_states import STATES, UNDECIDED

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from beimingwu.db.engine import Database
    from beimingwu.services.clock import Clock
    from beimingwu.services.identity import Identity

__all__ = ["QueueLists", "QueuePage", "QueuedVersion"]


@dataclass(frozen=True, slots=True)
class QueuedVersion:
    """A version on its way, or at its end.

    Attributes
    ----------
    learnware_id : str
    number : int
        Which of the learnware's versions.
    name : str
        Of the learnware, as this version has it.
    username : str
        Whose it is.
    status : str
    created_at : datetime
    age : float
        Seconds since then.
    attempts : int
        How often workers tried.
    worker : str or None
        Who works on it.
    started_at : datetime or None
        When the last try began.
    due_at : datetime
        When a worker may take it: after a failed try later, and while somebody works on it when their lease is over.
    overdue : bool
        Whether the lease is over and nobody has taken it yet: its worker is gone.
    decided_at : datetime or None
    """

    learnware_id: str
    number: int
    name: str
    username: str
    status: str
    created_at: datetime
    age: float
    attempts: int
    worker: str | None
    started_at: datetime | None
    due_at: datetime
    overdue: bool
    decided_at: datetime | None


@dataclass(frozen=True, slots=True)
class QueuePage:
    """A part of the queue.

    Attributes
    ----------
    items : tuple of QueuedVersion
        The oldest first.
    next_cursor : int or None
        Where the next page begins; None if this is the last.
    total : int
        Versions in the states that were asked for.
    counts : mapping of str to int
        Versions in every state.
    workers : mapping of str to int
        How many versions each worker holds.
    """

    items: tuple[QueuedVersion, ...]
    next_cursor: int | None
    total: int
    counts: Mapping[str, int]
    workers: Mapping[str, int]


class QueueLists:
    """Lists the queue."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def list(
        self,
        identity: Identity,
        states: Collection[str] = UNDECIDED,
        *,
        newest_first: bool = False,
        cursor: int | None = None,
        limit: int = 50,
    ) -> QueuePage:
        """Return a page of the versions in some states.

        Raises
        ------
        NotAllowedError
            If the one who asks is no administrator.
        """
        identity.require_role()
        last_try = (
            select(func.max(Verification.started_at))
            .where(Verification.version_id == Version.id)
            .correlate(Version)
            .scalar_subquery()
        )
        query = (
            select(Version, User.username, last_try.label("started_at"))
            .join(Learnware, Learnware.id == Version.learnware_id)
            .join(User, User.id == Learnware.owner_id)
            .where(Version.state.in_(list(states)))
            .order_by(Version.id.desc() if newest_first else Version.id)
            .limit(limit + 1)
        )
        if cursor is not None:
            query = query.where(Version.id < cursor if newest_first else Version.id > cursor)
        now = self._clock()
        with self._database.read() as session:
            rows = session.execute(query).all()
            states_of = session.execute(select(Version.state, func.count()).group_by(Version.state))
            counted = {str(state): int(n) for state, n in states_of}
            held = session.execute(
                select(Version.worker, func.count()).where(Version.worker.is_not(None)).group_by(Version.worker)
            ).all()
            items = tuple(_queued(*row, now) for row in rows[:limit])
            next_cursor = rows[limit - 1][0].id if len(rows) > limit else None
        counts = {state: counted.get(state, 0) for state in STATES}
        workers: dict[str, int] = {}
        for holder, n in held:
            name = worker_of(str(holder))
            workers[name] = workers.get(name, 0) + n
        return QueuePage(items, next_cursor, sum(counts[state] for state in set(states)), counts, workers)


def _queued(version: Version, username: str, started_at: datetime | None, now: datetime) -> QueuedVersion:
    return QueuedVersion(
        learnware_id=format_id(version.learnware_id),
        number=version.number,
        name=text_value(version.semantic_spec, "Name"),
        username=username,
        status=version.state,
        created_at=version.created_at,
        age=max(0.0, (now - version.created_at).total_seconds()),
        attempts=version.attempts,
        worker=None if version.worker is None else worker_of(version.worker),
        started_at=started_at,
        due_at=version.due_at,
        overdue=version.worker is not None and version.due_at <= now,
        decided_at=version.decided_at,
    )
