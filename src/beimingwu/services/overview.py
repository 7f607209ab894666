"""What a dock has, in a few numbers that everybody may know."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from beimingwu.db.models import DailyCount, Embedding, Learnware
from beimingwu.services.access import public_condition
from beimingwu.services.usage import DOWNLOAD, SEARCH

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from beimingwu.db.engine import Database
    from beimingwu.services.clock import Clock

__all__ = ["KEPT_SECONDS", "Numbers", "Overview"]

# How old the numbers may be: they are on the first page, and counting reads whole tables.
KEPT_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Numbers:
    """What a dock has.

    Attributes
    ----------
    learnwares : int
        Those that everybody finds.
    developers : int
        Accounts that own one of them.
    downloads, searches : int
        Of all time.
    islands : int
        Islands of the specification world that have a learnware.
    data_types : mapping of str to int
        How many learnwares there are for each kind of data, the most first.
    """

    learnwares: int
    developers: int
    downloads: int
    searches: int
    islands: int
    data_types: Mapping[str, int]


class Overview:
    """Counts, and keeps the numbers for some seconds."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: tuple[datetime, Numbers] | None = None

    def numbers(self) -> Numbers:
        """Return what the dock has, or had some seconds ago."""
        # Who comes while another one counts waits for those numbers and does not count again.
        with self._lock:
            now = self._clock()
            if self._kept is None or not timedelta() <= now - self._kept[0] < timedelta(seconds=KEPT_SECONDS):
                self._kept = (now, self._count())
            return self._kept[1]

    def _count(self) -> Numbers:
        public = public_condition()
        n = func.count()
        with self._database.rows() as connection:
            by_type = connection.execute(
                select(Learnware.data_type, n).where(public).group_by(Learnware.data_type)
            ).all()
            used = select(DailyCount.kind, func.sum(DailyCount.count)).where(DailyCount.kind.in_((DOWNLOAD, SEARCH)))
            by_kind = {str(kind): int(count) for kind, count in connection.execute(used.group_by(DailyCount.kind))}
            developers = connection.scalar(select(func.count(Learnware.owner_id.distinct())).where(public))
            islands = connection.scalar(select(func.count(Embedding.island.distinct())))
        in_order = sorted(((str(value), int(count)) for value, count in by_type), key=lambda one: (-one[1], one[0]))
        return Numbers(
            learnwares=sum(count for _, count in in_order),
            developers=int(developers or 0),
            downloads=by_kind.get(DOWNLOAD, 0),
            searches=by_kind.get(SEARCH, 0),
            islands=int(islands or 0),
            data_types=MappingProxyType(dict(in_order)),
        )
