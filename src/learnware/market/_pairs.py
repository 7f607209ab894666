"""Inner products of an island's members with each other, computed when they are first asked for."""

from __future__ import annotations

from itertools import combinations_with_replacement
from typing import TYPE_CHECKING

import numpy as np

from learnware.specification._gaussian import in_units
from learnware.specification._metric import BROAD_SHARE, broad_gamma, narrow_from_broad

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from learnware.specification import RKMETableSpecification
    from learnware.specification._metric import KernelMetric

__all__ = ["PairProducts", "Stack"]

# Pairs kept: 20 MB.
_MOST = 100_000
# Entries of one block of a kernel: single and double precision of it stay in the cache of a core.
_BLOCK_ENTRIES = 1 << 17
# Exponents of a kernel are computed in single precision as long as the squared distance of every point of one side
# from the origin, times gamma, is no more than this: they are then off by less than 1e-5.
_NEAR = 16.0


class PairProducts:
    """Products of pairs of members by their ids; of members that never change."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], float] = {}

    def gram(
        self, metric: KernelMetric, ids: Sequence[str], specs: Sequence[RKMETableSpecification]
    ) -> NDArray[np.float64]:
        """Return the products of all pairs of members, shape (n, n)."""
        n = len(ids)
        result = np.empty((n, n))
        unknown: dict[int, list[int]] = {}
        for i, j in combinations_with_replacement(range(n), 2):
            product = self._known.get((ids[i], ids[j]))
            if product is None:
                unknown.setdefault(i, []).append(j)
            else:
                result[i, j] = result[j, i] = product
        if unknown:
            self._compute(metric, ids, specs, unknown, result)
        return result

    def _compute(
        self,
        metric: KernelMetric,
        ids: Sequence[str],
        specs: Sequence[RKMETableSpecification],
        unknown: dict[int, list[int]],
        result: NDArray[np.float64],
    ) -> None:
        origin = specs[0].get_z().mean(axis=0)
        stacks = {
            i: Stack.of([specs[i]], metric, origin) for i in {*unknown, *(j for js in unknown.values() for j in js)}
        }
        if len(self._known) > _MOST:
            # Searches find the same learnwares again and again: what they need is soon there anew.
            self._known = {}
        known = self._known
        for i, others in unknown.items():
            products = stacks[i].products(Stack.join([stacks[j] for j in others]))
            for j, product in zip(others, products.tolist(), strict=True):
                result[i, j] = result[j, i] = product
                known[ids[i], ids[j]] = known[ids[j], ids[i]] = product


class Stack:
    """Several specifications as one array of scaled points, for one kernel matrix of them all.

    Parameters
    ----------
    points : ndarray of shape (n, n_features)
        In units of the metric, around some origin.
    weights : ndarray of shape (n,), float32
    sizes : sequence of int
        Number of points of each specification.
    """

    def __init__(self, points: NDArray[np.float64], weights: NDArray[np.float32], sizes: Sequence[int]) -> None:
        self.points = points
        self.weights = weights
        self.sizes = list(sizes)

    @classmethod
    def of(cls, specs: Sequence[RKMETableSpecification], metric: KernelMetric, origin: NDArray[np.float64]) -> Stack:
        """Return the stack of specifications around an origin."""
        points = np.concatenate([spec.get_z() for spec in specs])
        weights = np.concatenate([spec.get_beta() for spec in specs]).astype(np.float32)
        return cls(in_units(points, origin, metric.scale), weights, [len(spec.get_beta()) for spec in specs])

    @classmethod
    def join(cls, stacks: Sequence[Stack]) -> Stack:
        """Return one stack of several around the same origin."""
        return cls(
            np.concatenate([one.points for one in stacks]),
            np.concatenate([one.weights for one in stacks]),
            [size for one in stacks for size in one.sizes],
        )

    def products(self, other: Stack) -> NDArray[np.float64]:
        """Return the inner products of this stack's points, all together, with each specification of another stack.

        Returns
        -------
        ndarray of shape (n_other,)
        """
        n, columns = self.points.shape
        gamma = broad_gamma(columns)
        norms = gamma * np.einsum("ij,ij->i", self.points, self.points)
        # One matrix product gives the exponents: (2 gamma a, -gamma |a|^2, 1) with (b, 1, -gamma |b|^2).
        precision = np.float32 if norms.max() <= _NEAR else np.float64
        own = np.empty((n, columns + 2), dtype=precision)
        own[:, :columns], own[:, columns], own[:, columns + 1] = 2.0 * gamma * self.points, -norms, 1.0
        theirs = np.empty((len(other.points), columns + 2), dtype=precision)
        theirs[:, :columns], theirs[:, columns] = other.points, 1.0
        np.einsum("ij,ij->i", theirs[:, :columns], theirs[:, :columns], out=theirs[:, columns + 1])
        theirs[:, columns + 1] *= -gamma
        values = np.zeros(len(theirs))
        # In blocks: memory and time grow with the points of both sides, and no more.
        rows = max(1, _BLOCK_ENTRIES // len(theirs))
        for start in range(0, n, rows):
            weights = self.weights[start : start + rows]
            exponents = own[start : start + rows] @ theirs.T
            # The exponential in single precision loses nothing where rows lie far from each other.
            kernel = (
                np.exp(exponents, out=exponents) if precision is np.float32 else np.exp(exponents.astype(np.float32))
            )
            values += BROAD_SHARE * (weights @ kernel)
            values += (1.0 - BROAD_SHARE) * (weights @ narrow_from_broad(kernel))
        values *= other.weights
        products: NDArray[np.float64] = np.add.reduceat(values, np.cumsum([0, *other.sizes[:-1]]))
        return products
