"""The members of an island in memory, in arrays that grow."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from learnware.market._island import IslandIndex
from learnware.market._pairs import PairProducts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    from learnware.specification import RKMESpecification
    from learnware.specification._metric import KernelMetric

__all__ = ["IslandMembers"]

_Member = tuple[int, str, float, "NDArray[np.float32]", frozenset[str]]


class IslandMembers:
    """Embeddings of an island's members by number.

    New numbers, which are larger than those before them, cost no copy of the others. What an index was made of never
    changes: searches that use it go on.
    """

    def __init__(self) -> None:
        self._arrivals: dict[int, _Member] = {}
        self._gone: set[int] = set()
        self._seqs: list[int] = []
        self._known: set[int] = set()
        self._ids: list[str] = []
        # Longer than the lists by what may still come.
        self._vectors: NDArray[np.float32] = np.empty((0, 0), dtype=np.float32)
        self._products: NDArray[np.float64] = np.empty(0)
        self._pairs = PairProducts()
        self._traits: list[frozenset[str]] = []

    def put(self, members: Iterable[_Member]) -> None:
        """Add members, or replace them: number, id, self product, vector and traits of each."""
        for member in members:
            self.discard(member[0])
            self._arrivals[member[0]] = member

    def discard(self, seq: int) -> bool:
        """Remove a member and return whether it was one."""
        if self._arrivals.pop(seq, None) is not None:
            return True
        if seq in self._known and seq not in self._gone:
            self._gone.add(seq)
            return True
        return False

    def index(
        self,
        name: str,
        metric: KernelMetric,
        load_specs: Callable[[Sequence[str]], Sequence[RKMESpecification]],
    ) -> IslandIndex:
        """Return an index over the members."""
        self._settle()
        n = len(self._seqs)
        vectors, products = self._vectors[:n], self._products[:n]
        return IslandIndex(name, metric, self._ids, vectors, products, load_specs, self._pairs, self._traits)

    def _settle(self) -> None:
        """Take arrivals into the arrays, which are made anew where others than the last ones change."""
        arrivals = sorted(self._arrivals.values(), key=lambda member: member[0])
        n = len(self._seqs)
        if self._gone:
            # Their ids may come back with other data. Indexes that are in use go on with what they know.
            gone = [self._ids[i] for i, seq in enumerate(self._seqs) if seq in self._gone]
            self._pairs = self._pairs.without(gone)
        if self._gone or (arrivals and n and arrivals[0][0] < self._seqs[-1]):
            kept = [i for i, seq in enumerate(self._seqs) if seq not in self._gone]
            old = [
                (self._seqs[i], self._ids[i], float(self._products[i]), self._vectors[i], self._traits[i]) for i in kept
            ]
            arrivals = sorted([*old, *arrivals], key=lambda member: member[0])
            self._seqs, self._ids, self._traits, n = [], [], [], 0
            self._vectors, self._products = np.empty((0, 0), dtype=np.float32), np.empty(0)
        if arrivals:
            total = n + len(arrivals)
            if total > len(self._products):
                self._grow(n, total, len(arrivals[0][3]))
            self._vectors[n:total] = np.stack([member[3] for member in arrivals])
            self._products[n:total] = [member[2] for member in arrivals]
            self._seqs = [*self._seqs, *(member[0] for member in arrivals)]
            self._ids = [*self._ids, *(member[1] for member in arrivals)]
            self._traits = [*self._traits, *(member[4] for member in arrivals)]
        if arrivals or self._gone:
            self._known = set(self._seqs)
        self._arrivals, self._gone = {}, set()

    def _grow(self, used: int, total: int, width: int) -> None:
        room = total + total // 4
        vectors, products = np.empty((room, width), dtype=np.float32), np.empty(room)
        vectors[:used], products[:used] = self._vectors[:used] if used else 0.0, self._products[:used]
        self._vectors, self._products = vectors, products
