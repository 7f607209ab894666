"""A market in memory: its index, and its learnwares as objects."""

from __future__ import annotations

import weakref
from contextlib import contextmanager
from typing import TYPE_CHECKING

from learnware.market._index_view import IndexView
from learnware.market._spec_tables import read_island, read_island_specs
from learnware.market._store import Row
from learnware.market._stored import StoredLearnware

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from learnware.learnware import Learnware
    from learnware.market._index_view import IslandState
    from learnware.market._store import MarketStore
    from learnware.specification import RKMESpecification

__all__ = ["MarketView"]


class _Source:
    """What a market's store tells of its learnwares (`IndexSource`)."""

    def __init__(self, store: MarketStore) -> None:
        self._store = store

    def revision(self) -> int:
        return self._store.revision()

    @contextmanager
    def snapshot(self) -> Iterator[_Source]:
        with self._store.database.read():
            yield self

    def removed(self, after: int) -> list[int]:
        return self._store.removed(after)

    def rows(self, after: int) -> list[Row]:
        return self._store.rows(after)

    def island(self, name: str, after: int, metric_revision: int) -> IslandState | None:
        return read_island(self._store.database, name, after, metric_revision)

    def specs(self, island: str, ids: Sequence[str]) -> dict[str, RKMESpecification]:
        return read_island_specs(self._store.database, island, ids)


class MarketView(IndexView[Row]):
    """Learnwares, words and embeddings of a market as of its last change, for the threads of one process.

    Parameters
    ----------
    store : MarketStore
        The market.
    """

    def __init__(self, store: MarketStore) -> None:
        super().__init__(_Source(store))
        self._store = store
        self._learnwares: weakref.WeakValueDictionary[str, Learnware] = weakref.WeakValueDictionary()

    def _forget(self, seq: int) -> None:
        row = self._rows.get(seq)
        if row is not None:
            self._learnwares.pop(row.id, None)
        super()._forget(seq)

    def learnware(self, learnware_id: str) -> Learnware:
        """Return a learnware; the same object as long as somebody holds it and the market's copy does not change."""
        return self.learnwares([learnware_id])[0]

    def learnwares(self, ids: Iterable[str]) -> list[Learnware]:
        """Return learnwares by id.

        Raises
        ------
        LearnwareNotFoundError
            If there is no learnware of an id.
        """
        with self._lock:
            self._refresh()
            return [self._learnware(learnware_id) for learnware_id in ids]

    def listing(self, top: int | None = None, check_status: int | None = None) -> list[Learnware]:
        """Return the first `top` learnwares of a status, in the order of their numbers."""
        with self._lock:
            return [self._learnware(learnware_id) for learnware_id in self.ids(top, check_status)]

    def _learnware(self, learnware_id: str) -> Learnware:
        learnware = self._learnwares.get(learnware_id)
        if learnware is None:
            learnware = StoredLearnware(self._store, self._row(learnware_id))
            self._learnwares[learnware_id] = learnware
        return learnware

    def ids(self, top: int | None = None, check_status: int | None = None) -> list[str]:
        """Return the first `top` ids of learnwares of a status, in the order of their numbers."""
        with self._lock:
            self._refresh()
            found = [row.id for row in self._rows.values() if check_status is None or row.check_status == check_status]
            return found if top is None else found[: max(top, 0)]

    def reload(self, learnware_id: str) -> None:
        """Forget what was read of a learnware."""
        with self._lock:
            self._refresh()
            self._learnwares.pop(self._row(learnware_id).id, None)
