"""Inner products of an island's members with each other, computed when they are first asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from learnware.specification._gaussian import in_units
from learnware.specification._metric import narrow_from_broad

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from learnware.specification import RKMESpecification
    from learnware.specification._metric import KernelMetric

__all__ = ["PairProducts", "Stack"]

# Products kept, each in both orders: 20 MB.
_MOST = 200_000
# Entries of one block of a kernel: single and double precision of it stay in the cache of a core.
_BLOCK_ENTRIES = 1 << 17
# Points of specifications that are compared at a time, unless one has more.
_BLOCK_POINTS = 1 << 10
# Exponents of a kernel are computed in single precision as long as the squared distance of every point of one side
# from the origin, times gamma, is no more than this: they are then off by less than 1e-5.
_NEAR = 16.0


class PairProducts:
    """Products of pairs of members by their ids; of members that never change."""

    def __init__(self) -> None:
        self._known: dict[str, dict[str, float]] = {}
        self._count = 0

    def without(self, ids: Iterable[str]) -> PairProducts:
        """Return the same without members that have gone; who uses this one goes on with what it knows."""
        gone = set(ids)
        kept = PairProducts()
        # Copies at one go: searches in other threads add products meanwhile.
        for one, row in self._known.copy().items():
            if one not in gone:
                others = row.copy()
                for other in gone & others.keys():
                    del others[other]
                kept._known[one] = others
                kept._count += len(others)
        return kept

    def gram(self, metric: KernelMetric, ids: Sequence[str], specs: Sequence[RKMESpecification]) -> NDArray[np.float64]:
        """Return the products of all pairs of members, shape (n, n)."""
        if self._count > _MOST:
            # Searches find the same learnwares again and again: what they need is soon there anew.
            self._known, self._count = {}, 0
        n = len(ids)
        result = np.empty((n, n))
        for i, one in enumerate(ids):
            row = self._known.setdefault(one, {})
            unknown = [j for j in range(i, n) if ids[j] not in row]
            if unknown:
                products = Stack([specs[i]], metric, specs[i].points.mean(axis=0)).products([specs[j] for j in unknown])
                for j, product in zip(unknown, products.tolist(), strict=True):
                    row[ids[j]] = product
                    self._known.setdefault(ids[j], {})[one] = product
                self._count += 2 * len(unknown)
            result[i, i:] = result[i:, i] = [row[other] for other in ids[i:]]
        return result


class Stack:
    """Several specifications as one array of scaled points, for one kernel matrix of them all.

    Parameters
    ----------
    specs : sequence of RKMESpecification
    metric : KernelMetric
    origin : ndarray of shape (n_features,)
        Points are in units of the metric, around this.
    """

    def __init__(self, specs: Sequence[RKMESpecification], metric: KernelMetric, origin: NDArray[np.float64]) -> None:
        self.metric = metric
        self.origin = origin
        self.sizes = [len(spec.get_beta()) for spec in specs]
        self.weights = np.concatenate([spec.get_beta() for spec in specs]).astype(np.float32)
        points = in_units(np.concatenate([spec.points for spec in specs]), origin, metric.scale)
        norms = np.einsum("ij,ij->i", points, points)
        norms *= metric.broad_gamma
        self.near = bool(norms.max() <= _NEAR)
        # (b, 1, -gamma |b|^2): one matrix product with (2 gamma a, -gamma |a|^2, 1) gives the exponents of a kernel.
        self.rows = np.column_stack((points, np.ones(len(points)), -norms))

    def products(self, specs: Sequence[RKMESpecification]) -> NDArray[np.float64]:
        """Return the inner products of this stack's points, all together, with each of some specifications.

        Returns
        -------
        ndarray of shape (n_specs,)
        """
        columns = len(self.origin)
        own = np.hstack((2.0 * self.metric.broad_gamma * self.rows[:, :columns], self.rows[:, :-3:-1]))
        if self.near:
            own = own.astype(np.float32)
        products = np.empty(len(specs))
        start = 0
        while start < len(specs):
            # Few at a time, so that all of them stay in the cache of a core.
            stop, points = start, 0
            while stop < len(specs) and (stop == start or points + len(specs[stop].get_beta()) <= _BLOCK_POINTS):
                points += len(specs[stop].get_beta())
                stop += 1
            other = Stack(specs[start:stop], self.metric, self.origin)
            theirs = other.rows.astype(own.dtype, copy=False)
            products[start:stop] = np.add.reduceat(
                _sums(own, self.weights, theirs, self.metric.broad_share) * other.weights,
                np.cumsum([0, *other.sizes[:-1]]),
            )
            start = stop
        return products


def _sums(
    own: NDArray[np.floating], weights: NDArray[np.float32], theirs: NDArray[np.floating], share: float
) -> NDArray[np.float64]:
    """Return the weighted sums of the kernel over the points of one side for each point of the other."""
    sums = np.zeros(len(theirs))
    # In blocks: memory and time grow with the points of both sides, and no more.
    rows = max(1, _BLOCK_ENTRIES // len(theirs))
    for start in range(0, len(own), rows):
        part = weights[start : start + rows]
        # The exponential in single precision loses nothing where points lie far from each other.
        kernel = (own[start : start + rows] @ theirs.T).astype(np.float32, copy=False)
        np.exp(kernel, out=kernel)
        sums += share * (part @ kernel)
        if share < 1.0:
            sums += (1.0 - share) * (part @ narrow_from_broad(kernel))
    return sums
