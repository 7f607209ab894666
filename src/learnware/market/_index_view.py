"""An index in memory: what searches need, brought up to date by what has changed where the learnwares are kept."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial
from threading import RLock
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from learnware.errors import LearnwareNotFoundError
from learnware.market._island_members import IslandMembers
from learnware.market._semantic import SemanticIndex
from learnware.market._spec_cache import SpecCache, size_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from contextlib import AbstractContextManager

    import numpy as np
    from numpy.typing import NDArray

    from learnware.market._island import IslandIndex
    from learnware.specification import RKMESpecification
    from learnware.specification._metric import KernelMetric

__all__ = ["IndexRow", "IndexSource", "IndexState", "IndexView", "IslandState"]

_Found = TypeVar("_Found")

# Specifications kept for the exact comparison of candidates: 50 MB at 100 points of 20 features.
_CACHED_SPECS = 3000
_CACHED_BYTES = 256 << 20
# Specifications read at a time when an index is prepared; some megabytes each, if they are of images.
_CHUNK = 64


class IndexRow(Protocol):
    """A learnware that searches may find."""

    @property
    def seq(self) -> int:
        """Its number; no two have the same, ever."""

    @property
    def id(self) -> str:
        """Its public name."""

    @property
    def semantic_json(self) -> str:
        """Its semantic specification as JSON."""


@dataclass(frozen=True)
class IslandState:
    """Embeddings of an island's members that changed after a revision, or of all members.

    Attributes
    ----------
    metric : KernelMetric
        The kernel of the island.
    revision : int
        The change in which the metric was estimated.
    complete : bool
        Whether the members are all there are.
    members : list of tuple
        (seq, self product, vector, traits) of each member, by number; traits are what `stored_traits` says.
    """

    metric: KernelMetric
    revision: int
    complete: bool
    members: list[tuple[int, float, NDArray[np.float32], frozenset[str]]]


_Row = TypeVar("_Row", bound=IndexRow)
_Row_co = TypeVar("_Row_co", bound=IndexRow, covariant=True)


class IndexState(Protocol[_Row_co]):
    """One committed state of the place where learnwares are kept.

    Every change has a number, its revision, larger than those before it.
    """

    def revision(self) -> int:
        """Return the number of the last change."""

    def removed(self, after: int) -> Iterable[int]:
        """Return the numbers of what is not to be found any more, at least those that changed after a revision."""

    def rows(self, after: int) -> Sequence[_Row_co]:
        """Return what is to be found and has changed after a revision, by number."""

    def island(self, name: str, after: int, metric_revision: int) -> IslandState | None:
        """Return an island's members, only what changed after a revision if the metric is still of its revision.

        None where nothing is in the island.
        """


class IndexSource(Protocol[_Row_co]):
    """Where learnwares are kept that an `IndexView` shows."""

    def revision(self) -> int:
        """Return the number of the last change; asked before every search, so it must be quick."""

    def snapshot(self) -> AbstractContextManager[IndexState[_Row_co]]:
        """Give one committed state to read from."""

    def specs(self, island: str, ids: Sequence[str]) -> dict[str, RKMESpecification]:
        """Return the specifications of an island's members by id; ids that are no members are left out."""


@dataclass
class _Island:
    """An island as of a revision."""

    metric: KernelMetric
    metric_revision: int
    revision: int
    members: IslandMembers
    index: IslandIndex | None = None


class IndexView(Generic[_Row]):
    """Words and embeddings of learnwares as of the last change, for the threads of one process.

    Parameters
    ----------
    source : IndexSource
        Where the learnwares are kept.
    """

    def __init__(self, source: IndexSource[_Row]) -> None:
        self._source = source
        self._lock = RLock()
        self._revision = -1
        self._rows: dict[int, _Row] = {}
        self._seqs: dict[str, int] = {}
        # Replaced as a whole, so that searches go on in what they have begun with.
        self._semantic = SemanticIndex()
        self._unread: set[int] = set()
        self._gone: set[str] = set()
        self._islands: dict[str, _Island] = {}
        self._specs = SpecCache(_CACHED_SPECS, _CACHED_BYTES)

    def _refresh(self, *islands: str) -> None:
        """Take over what has changed, in this process or another, and read islands that are wanted.

        Runs under the lock. All is read from one committed state, so that an island has no member without a row.
        """
        wanted = [name for name in islands if name not in self._islands]
        if not wanted and self._source.revision() == self._revision:
            return
        with self._source.snapshot() as state:
            revision = state.revision()
            if revision < self._revision:
                # Another database than before, an older copy for example.
                self._forget_all()
                wanted = list(islands)
            if revision != self._revision:
                self._take_over(state.removed(self._revision), state.rows(self._revision))
                wanted += [name for name in self._islands if name not in wanted]
            for name in wanted:
                self._refresh_island(state, name, revision)
            self._revision = revision

    def _take_over(self, removed: Iterable[int], changed: Sequence[_Row]) -> None:
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
            self._gone.add(row.id)
            self._unread.discard(seq)
            for name, island in self._islands.items():
                self._specs.forget(name, row.id)
                if island.members.discard(seq):
                    island.index = None

    def _forget_all(self) -> None:
        for seq in list(self._rows):
            self._forget(seq)
        self._islands.clear()
        self._revision = -1

    def _refresh_island(self, snapshot: IndexState[_Row], name: str, revision: int) -> None:
        known = self._islands.get(name)
        after, metric_revision = (-1, -1) if known is None else (known.revision, known.metric_revision)
        state = snapshot.island(name, after, metric_revision)
        if state is None:
            self._islands.pop(name, None)
            return
        if known is None or state.complete:
            known = self._islands[name] = _Island(state.metric, state.revision, revision, IslandMembers())
        known.revision = revision
        if state.members:
            known.members.put(
                (seq, self._rows[seq].id, product, vector, traits) for seq, product, vector, traits in state.members
            )
            known.index = None

    def _row(self, learnware_id: str) -> _Row:
        try:
            return self._rows[self._seqs[learnware_id]]
        except KeyError:
            raise LearnwareNotFoundError(learnware_id) from None

    def prepare(self, islands: Iterable[str] = ()) -> None:
        """Take over what has changed, and read what searches of these islands and of words would have to read first.

        What is left are specifications of candidates, a few for each search; see `read_ahead`.
        """
        names = list(islands)
        with self._lock:
            self._refresh(*names)
            self._read_words()
            for name in names:
                self._index(name)

    def read_ahead(self, islands: Iterable[str]) -> None:
        """Read specifications of members of these islands, as many as are kept, so that searches need not."""
        names = list(islands)
        with self._lock:
            self._refresh(*names)
            missing = {
                name: [one for one in index.ids[:_CACHED_SPECS] if (name, one) not in self._specs]
                for name in names
                if (index := self._index(name)) is not None
            }
        # In parts, so that searches in other threads do not wait for all of it.
        parts = (
            (name, ids[start : start + _CHUNK]) for name, ids in missing.items() for start in range(0, len(ids), _CHUNK)
        )
        for name, ids in parts:
            with self._lock:
                if self._specs.full:
                    return
            self._read_specs(name, ids)

    def ids(self) -> list[str]:
        """Return the ids of all learnwares, in the order of their numbers."""
        with self._lock:
            self._refresh()
            return [row.id for row in self._rows.values()]

    def search_words(self, search: Callable[[SemanticIndex], _Found]) -> _Found:
        """Return what `search` finds among the words and tags of all learnwares."""
        with self._lock:
            self._refresh()
            self._read_words()
            words = self._semantic
        return search(words)

    def _read_words(self) -> None:
        if not self._unread and not self._gone:
            return
        words = self._semantic.copy()
        for learnware_id in self._gone:
            words.discard(learnware_id)
        for seq in self._unread:
            row = self._rows[seq]
            words.put(row.id, json.loads(row.semantic_json))
        self._semantic = words
        self._unread.clear()
        self._gone.clear()

    def island_index(self, name: str) -> IslandIndex | None:
        """Return the index over the members of an island; None where the island is empty."""
        with self._lock:
            self._refresh(name)
            return self._index(name)

    def _index(self, name: str) -> IslandIndex | None:
        island = self._islands.get(name)
        if island is None:
            return None
        if island.index is None:
            island.index = island.members.index(name, island.metric, partial(self._load_specs, name))
        return island.index

    def _load_specs(self, island: str, ids: Sequence[str]) -> list[RKMESpecification]:
        """Return specifications of an island's members, the last used ones from memory."""
        with self._lock:
            known = {one: spec for one in ids if (spec := self._specs.get(island, one)) is not None}
        known |= self._read_specs(island, [one for one in ids if one not in known])
        for one in ids:
            if one not in known:
                raise LearnwareNotFoundError(one)
        return [known[one] for one in ids]

    def _read_specs(self, island: str, ids: Sequence[str]) -> dict[str, RKMESpecification]:
        if not ids:
            return {}
        revision = self._revision
        specs = self._source.specs(island, ids)
        # Points of images are made here, where no other thread waits for it.
        sizes = {one: size_of(spec) for one, spec in specs.items()}
        with self._lock:
            # What was read may be older than what another thread has taken over meanwhile: that is not kept.
            if revision == self._revision:
                for one, spec in specs.items():
                    self._specs.put(island, one, spec, sizes[one])
        return specs
