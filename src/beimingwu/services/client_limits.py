"""How often a client may do what is done very often: a search, a download.

These limits are counted in memory, because a count shall not cost a read of the dock a write to the database. Each
process writes its counts down every second, and learns with that what the others have counted. So a client may do a
little more than a limit says: what it does at other processes within a second.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from beimingwu.services.counting import EverySecond
from beimingwu.services.rate_limits import Limit, network_of, standing_of, too_many, window_of

if TYPE_CHECKING:
    from datetime import datetime

    from beimingwu.db.engine import Database
    from beimingwu.rates import Rate
    from beimingwu.services.clock import Clock
    from beimingwu.services.identity import Origin
    from beimingwu.services.rate_limits import RateLimits

__all__ = ["ClientLimits"]

# Clients that are counted at a time; of more, the ones that came first are forgotten.
_MOST = 50_000


@dataclass(slots=True)
class _Count:
    """What a client has done in a window: as of the last time that it was written, and since."""

    ends_at: datetime
    written: int = 0
    since: int = 0


class ClientLimits:
    """Counts for all threads of a process, and refuses.

    Parameters
    ----------
    database : Database
    limits : RateLimits
        What counts in the database.
    clock : Clock
    """

    def __init__(self, database: Database, limits: RateLimits, clock: Clock) -> None:
        self._database = database
        self._limits = limits
        self._clock = clock
        self._lock = threading.Lock()
        # One writer at a time: what two of them found would be written twice.
        self._writing = threading.Lock()
        self._counts: OrderedDict[tuple[Limit, datetime], _Count] = OrderedDict()
        self._writer = EverySecond("beimingwu-client-limits", self.flush)

    def count(self, name: str, rate: Rate, user_id: int | None, origin: Origin) -> None:
        """Count what a client does, an account or, for who is not logged in, an address.

        Parameters
        ----------
        name : str
            What is limited.
        rate : Rate
            How often.
        user_id : int or None
        origin : Origin

        Raises
        ------
        TooManyRequestsError
            If it did so too often.
        """
        limit = Limit(name, rate, network_of(origin.address) if user_id is None else f"account {user_id}")
        now = self._clock()
        begins_at, ends_at = window_of(rate, now)
        with self._lock:
            count = self._counts.get((limit, begins_at))
            if count is None:
                count = self._counts[limit, begins_at] = _Count(ends_at)
                if len(self._counts) > _MOST:
                    self._counts.popitem(last=False)
            done = count.written + count.since + 1
            # What is refused costs little, and is not counted.
            if done <= rate.count:
                count.since += 1
            self._writer.start()
        standing = standing_of(limit, done, ends_at, now)
        origin.standings.append(standing)
        if done > rate.count:
            raise too_many(standing)

    def flush(self) -> None:
        """Write down what was counted until now, and learn what other processes have counted.

        Raises
        ------
        UnavailableError
            If the database cannot be reached; the counts wait on.
        """
        with self._writing:
            self._write()

    def close(self) -> None:
        """Write down what waits, and stop writing every second."""
        self._writer.close()

    def _write(self) -> None:
        now = self._clock()
        with self._lock:
            for key in [key for key, count in self._counts.items() if count.ends_at <= now]:
                del self._counts[key]
            # In the same order everywhere, so that two servers never wait for each other.
            new = sorted(
                ((key, count.since) for key, count in self._counts.items() if count.since),
                key=lambda one: (one[0][0].name, one[0][0].subject),
            )
        if not new:
            return
        with self._database.write() as session:
            found = [(key, n, self._limits.add(session, key[0], key[1], n)) for key, n in new]
        with self._lock:
            for key, n, written in found:
                count = self._counts.get(key)
                if count is not None:
                    count.written = written
                    count.since -= n
