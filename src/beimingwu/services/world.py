"""The specification world on a map: islands of one feature space each, learnwares by how far their data are apart."""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select

from beimingwu.db.models import Learnware, User
from beimingwu.services.access import public_condition
from beimingwu.services.learnware_ids import format_id
from learnware.errors import LearnwareNotFoundError
from learnware.market.index import plane

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from beimingwu.db.engine import Database
    from beimingwu.services.clock import Clock
    from beimingwu.services.market_index import MarketIndex
    from learnware.market.index import IslandIndex, Plane
    from learnware.specification import RKMESpecification

__all__ = ["World", "WorldIsland", "WorldLearnware", "WorldMap"]

# How old the counts of downloads may be; all else is of the last change of the index.
_KEPT = timedelta(seconds=60)
# More than a screen shows, and less to send.
_DIGITS = 4


@dataclass(frozen=True, slots=True)
class WorldLearnware:
    """A learnware, for somebody who looks at all of them.

    Attributes
    ----------
    learnware_id : str
    name : str
    username : str
        Whose it is.
    data_type, task_type : str
    scenarios : tuple of str
    downloads : int
    """

    learnware_id: str
    name: str
    username: str
    data_type: str
    task_type: str
    scenarios: tuple[str, ...]
    downloads: int


@dataclass(frozen=True, slots=True)
class WorldIsland:
    """Learnwares of one feature space.

    Attributes
    ----------
    name : str
    type : str
        Of the specifications.
    n_features : int
        Numbers of each of their points.
    title : str
        The data that live there, in a few words.
    kept : float
        Correlation between distances on the map and those of the data (`learnware.market.index.Plane`).
    learnwares : tuple of (WorldLearnware, float, float)
        With their places, in [-1, 1]; the only one of an island is at 0, 0.
    """

    name: str
    type: str
    n_features: int
    title: str
    kept: float
    learnwares: tuple[tuple[WorldLearnware, float, float], ...]


@dataclass(frozen=True, slots=True, eq=False)
class WorldMap:
    """All learnwares that everybody finds. One object is one map: it is compared by what it is, not by what is in it.

    Attributes
    ----------
    revision : int
        The change of the index that it shows.
    islands : tuple of WorldIsland
        Those with most learnwares first.
    elsewhere : tuple of WorldLearnware
        Learnwares whose data cannot be compared with any.
    """

    revision: int
    islands: tuple[WorldIsland, ...]
    elsewhere: tuple[WorldLearnware, ...]


@dataclass(frozen=True, slots=True)
class _Space:
    """What is told of the space of an island."""

    type: str
    n_features: int
    title: str

    @classmethod
    def of(cls, spec: RKMESpecification) -> _Space:
        return cls(spec.type, spec.points.shape[1], spec.describe_space())


class World:
    """Draws the map, and keeps it until the index changes.

    Parameters
    ----------
    database : Database
    index : MarketIndex
    clock : Clock
    """

    def __init__(self, database: Database, index: MarketIndex, clock: Clock) -> None:
        self._database = database
        self._index = index
        self._clock = clock
        self._lock = threading.Lock()
        self._map: WorldMap | None = None
        self._drawn_at: datetime | None = None
        # An island that has not changed is not drawn anew.
        self._planes: dict[str, tuple[IslandIndex, Plane]] = {}
        # A feature space never changes.
        self._spaces: dict[str, _Space] = {}

    def map(self) -> WorldMap:
        """Return the map; the same object as before, as long as it holds.

        Raises
        ------
        UnavailableError
            If the database cannot be reached.
        """
        # Who comes while another one draws waits for that map.
        with self._lock:
            now, revision = self._clock(), self._index.revision()
            fresh = self._drawn_at is not None and timedelta() <= now - self._drawn_at < _KEPT
            if self._map is None or self._map.revision != revision or not fresh:
                # What changes meanwhile is in the next map, because the number was read first.
                self._map = self._draw(revision)
                self._drawn_at = now
            return self._map

    def _draw(self, revision: int) -> WorldMap:
        indexes = {name: index for name in self._index.islands() if (index := self._index.island_index(name))}
        planes = {name: self._plane(name, index) for name, index in indexes.items()}
        self._planes = {name: (indexes[name], planes[name]) for name in planes}
        self._spaces = {name: space for name, index in indexes.items() if (space := self._space(name, index))}
        known = {one.learnware_id: one for one in self._learnwares()}
        islands = [
            WorldIsland(
                name,
                space.type,
                space.n_features,
                space.title,
                round(planes[name].kept, _DIGITS),
                tuple(_placed(indexes[name], planes[name], known)),
            )
            for name, space in self._spaces.items()
        ]
        islands.sort(key=lambda one: (-len(one.learnwares), one.name))
        somewhere = {one.learnware_id for island in islands for one, _, _ in island.learnwares}
        elsewhere = tuple(one for one in known.values() if one.learnware_id not in somewhere)
        return WorldMap(revision, tuple(island for island in islands if island.learnwares), elsewhere)

    def _plane(self, name: str, index: IslandIndex) -> Plane:
        drawn = self._planes.get(name)
        return drawn[1] if drawn is not None and drawn[0] is index else plane(index.vectors)

    def _space(self, name: str, index: IslandIndex) -> _Space | None:
        """Return what is told of an island's space; None if all of its learnwares have just gone."""
        if name in self._spaces:
            return self._spaces[name]
        for learnware_id in index.ids:
            with suppress(LearnwareNotFoundError):
                return _Space.of(index.load_specs([learnware_id])[0])
        return None

    def _learnwares(self) -> Iterator[WorldLearnware]:
        query = (
            select(
                Learnware.id,
                Learnware.name,
                User.username,
                Learnware.data_type,
                Learnware.task_type,
                Learnware.scenarios,
                Learnware.downloads,
            )
            .join(User, User.id == Learnware.owner_id)
            .where(public_condition())
            .order_by(Learnware.id)
        )
        with self._database.rows() as connection:
            rows = connection.execute(query).all()
        for number, name, username, data_type, task_type, scenarios, downloads in rows:
            yield WorldLearnware(format_id(number), name, username, data_type, task_type, tuple(scenarios), downloads)


def _placed(
    index: IslandIndex, drawn: Plane, known: dict[str, WorldLearnware]
) -> Iterator[tuple[WorldLearnware, float, float]]:
    for learnware_id, (x, y) in zip(index.ids, drawn.points.tolist(), strict=True):
        # One that was withdrawn a moment ago is not shown.
        if learnware_id in known:
            # Without a sign before zero.
            yield known[learnware_id], round(x, _DIGITS) + 0.0, round(y, _DIGITS) + 0.0
