"""Counting what the dock is used for: downloads of each learnware, in all and by the day, and acts of every kind.

Owners are told of what others have downloaded.

Counts wait in memory and are written together every second, because a count shall not cost a read of the dock a write
to the database. A process that is killed loses those of its last second; one that stops writes them down.
"""

from __future__ import annotations

import threading
from collections import Counter
from typing import TYPE_CHECKING

from sqlalchemy import update

from beimingwu.db.models import DailyCount, Learnware, LearnwareDay
from beimingwu.services.counting import EverySecond
from beimingwu.services.notifications import notify_used

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from datetime import date

    from sqlalchemy.orm import Session

    from beimingwu.db.engine import Database
    from beimingwu.services.clock import Clock

__all__ = ["DOWNLOAD", "SEARCH", "Usage"]

DOWNLOAD = "download"
SEARCH = "search"


class Usage:
    """Counts for all threads of a process.

    Parameters
    ----------
    database : Database
    clock : Clock
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._lock = threading.Lock()
        # One writer at a time: who flushes and finds nothing knows that all is written.
        self._writing = threading.Lock()
        self._days: Counter[tuple[date, str]] = Counter()
        # How often on which day, and how often of that by others than the owner.
        self._downloads: Counter[tuple[int, date]] = Counter()
        self._by_others: Counter[tuple[int, date]] = Counter()
        self._writer = EverySecond("beimingwu-usage", self.flush)

    def count(self, kind: str, n: int = 1) -> None:
        """Count an act of today.

        Parameters
        ----------
        kind : str
            Like `SEARCH`; 32 characters at most.
        n : int, default=1
            How often it happened.
        """
        with self._lock:
            self._days[(self._clock().date(), kind)] += n
            self._writer.start()

    def downloaded(self, learnware_ids: Iterable[int], *, by_owner: Collection[int] = ()) -> None:
        """Count a download of each learnware.

        Parameters
        ----------
        learnware_ids : iterable of int
        by_owner : collection of int, optional
            Those of them that their own owner has downloaded.
        """
        with self._lock:
            today = self._clock().date()
            for learnware_id in learnware_ids:
                self._downloads[learnware_id, today] += 1
                self._days[today, DOWNLOAD] += 1
                if learnware_id not in by_owner:
                    self._by_others[learnware_id, today] += 1
            self._writer.start()

    def flush(self) -> None:
        """Write down what was counted until now.

        Raises
        ------
        UnavailableError
            If the database cannot be reached; the counts wait on.
        """
        with self._writing:
            with self._lock:
                days, downloads, by_others = self._days, self._downloads, self._by_others
                self._days, self._downloads, self._by_others = Counter(), Counter(), Counter()
            try:
                self._write(days, downloads, by_others)
            except BaseException:
                with self._lock:
                    self._days.update(days)
                    self._downloads.update(downloads)
                    self._by_others.update(by_others)
                raise

    def close(self) -> None:
        """Write down what waits, and stop writing every second."""
        self._writer.close()

    def _write(
        self,
        days: Counter[tuple[date, str]],
        downloads: Counter[tuple[int, date]],
        by_others: Counter[tuple[int, date]],
    ) -> None:
        if not days and not downloads:
            return
        # In the same order everywhere, so that two servers never wait for each other.
        with self._database.write() as session:
            for (day, kind), n in sorted(days.items()):
                new = self._database.insert(DailyCount).values(day=day, kind=kind, count=n)
                session.execute(
                    new.on_conflict_do_update(
                        index_elements=[DailyCount.day, DailyCount.kind], set_={"count": DailyCount.count + n}
                    )
                )
            for (learnware_id, day), n in sorted(downloads.items()):
                self._count(session, learnware_id, day, n, by_others[learnware_id, day])

    def _count(self, session: Session, learnware_id: int, day: date, n: int, by_others: int) -> None:
        one = update(Learnware).where(Learnware.id == learnware_id).values(downloads=Learnware.downloads + n)
        owner_id = session.scalar(one.returning(Learnware.owner_id).execution_options(synchronize_session=False))
        if owner_id is None:
            # It was deleted meanwhile.
            return
        new = self._database.insert(LearnwareDay).values(learnware_id=learnware_id, day=day, downloads=n)
        session.execute(
            new.on_conflict_do_update(
                index_elements=[LearnwareDay.learnware_id, LearnwareDay.day],
                set_={"downloads": LearnwareDay.downloads + n},
            )
        )
        if by_others:
            notify_used(self._database, session, learnware_id, owner_id, day, self._clock(), by_others)
