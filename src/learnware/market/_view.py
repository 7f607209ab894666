"""A market in memory: what searches need, brought up to date from the store by what has changed."""

from __future__ import annotations

import json
import weakref
from collections import OrderedDict
from dataclasses import dataclass
from functools import partial
from threading import RLock
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from learnware.errors import LearnwareNotFoundError
from learnware.market._island import IslandIndex
from learnware.market._semantic import SemanticIndex
from learnware.market._spec_tables import read_island, read_island_specs
from learnware.market._stored import StoredLearnware

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    from learnware.learnware import Learnware
    from learnware.market._store import MarketStore, Row
    from learnware.specification import RKMETableSpecification
    from learnware.specification._metric import KernelMetric

__all__ = ["MarketView"]

_Found = TypeVar("_Found")

# Specifications kept for the exact comparison of candidates: 50 MB at 100 points of 20 features.
_CACHED_SPECS = 3000


@dataclass
class _Island:
    """Members of an island by number, and the index over them."""

    metric: KernelMetric
    metric_revision: int
    revision: int
    members: dict[int, tuple[float, NDArray[np.float32]]]
    index: IslandIndex | None = None


class MarketView:
    """Learnwares, words and embeddings of a market as of its last change, for the threads of one process.

    Parameters
    ----------
    store : MarketStore
        The market.
    """

    def __init__(self, store: MarketStore) -> None:
        self._store = store
        self._lock = RLock()
        self._revision = -1
        self._rows: dict[int, Row] = {}
        self._seqs: dict[str, int] = {}
        self._learnwares: weakref.WeakValueDictionary[str, Learnware] = weakref.WeakValueDictionary()
        self._semantic = SemanticIndex()
        self._unread: set[int] = set()
        self._islands: dict[str, _Island] = {}
        self._specs: OrderedDict[tuple[str, str], RKMETableSpecification] = OrderedDict()

    def _refresh(self, island: str | None = None) -> None:
        """Take over what has changed in the market, in this process or another, and read an island that is wanted.

        Runs under the lock. All is read from one committed state, so that an island has no member without a row.
        """
        wanted = [] if island is None or island in self._islands else [island]
        if not wanted and self._store.revision() == self._revision:
            return
        with self._store.database.read():
            revision = self._store.revision()
            if revision != self._revision:
                self._take_over(self._store.removed(self._revision), self._store.rows(self._revision))
                wanted += self._islands
            for name in wanted:
                self._refresh_island(name, revision)
            self._revision = revision

    def _take_over(self, removed: list[int], changed: list[Row]) -> None:
        for seq in [*removed, *(row.seq for row in changed)]:
            self._forget(seq)
        last = next(reversed(self._rows), -1)
        for row in changed:
            self._rows[row.seq] = row
            self._seqs[row.id] = row.seq
            self._unread.add(row.seq)
        if changed and changed[0].seq < last:
            self._rows = dict(sorted(self._rows.items()))

    def _forget(self, seq: int) -> None:
        row = self._rows.pop(seq, None)
        if row is not None:
            del self._seqs[row.id]
            self._learnwares.pop(row.id, None)
            self._semantic.discard(row.id)
            self._unread.discard(seq)
            for name, island in self._islands.items():
                self._specs.pop((name, row.id), None)
                if island.members.pop(seq, None) is not None:
                    island.index = None

    def _refresh_island(self, name: str, revision: int) -> None:
        known = self._islands.get(name)
        if known is None:
            state = read_island(self._store.database, name)
        else:
            state = read_island(self._store.database, name, known.revision, known.metric_revision)
        if state is None:
            self._islands.pop(name, None)
            return
        if known is None or state.complete:
            known = self._islands[name] = _Island(state.metric, state.revision, revision, {})
        known.revision = revision
        if state.members:
            known.members.update((seq, (product, vector)) for seq, product, vector in state.members)
            known.index = None

    def _row(self, learnware_id: str) -> Row:
        try:
            return self._rows[self._seqs[learnware_id]]
        except KeyError:
            raise LearnwareNotFoundError(learnware_id) from None

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

    def search_words(self, search: Callable[[SemanticIndex], _Found]) -> _Found:
        """Return what `search` finds among the words and tags of all learnwares."""
        with self._lock:
            self._refresh()
            for seq in self._unread:
                row = self._rows[seq]
                self._semantic.put(row.id, json.loads(row.semantic_json))
            self._unread.clear()
            return search(self._semantic)

    def island_index(self, name: str) -> IslandIndex | None:
        """Return the index over the members of an island; None where the island is empty."""
        with self._lock:
            self._refresh(name)
            island = self._islands.get(name)
            if island is None:
                return None
            if island.index is None:
                seqs = sorted(island.members)
                members = [island.members[seq] for seq in seqs]
                island.index = IslandIndex(
                    name,
                    island.metric,
                    [self._rows[seq].id for seq in seqs],
                    np.stack([vector for _, vector in members]),
                    np.array([product for product, _ in members]),
                    partial(self._load_specs, name),
                )
            return island.index

    def _load_specs(self, island: str, ids: Sequence[str]) -> list[RKMETableSpecification]:
        """Return specifications of an island's members, the last used ones from memory."""
        with self._lock:
            missing = [learnware_id for learnware_id in ids if (island, learnware_id) not in self._specs]
            loaded = {
                (island, name): spec for name, spec in read_island_specs(self._store.database, island, missing).items()
            }
            found = []
            for learnware_id in ids:
                key = (island, learnware_id)
                spec = self._specs.pop(key, None) or loaded.get(key)
                if spec is None:
                    raise LearnwareNotFoundError(learnware_id)
                self._specs[key] = spec
                found.append(spec)
            while len(self._specs) > _CACHED_SPECS:
                self._specs.popitem(last=False)
            return found
