"""The RKME solver: few weighted points whose kernel mean embedding is nearest to that of many rows.

It minimises F(Z, beta) = ||(1/n) sum_n k(x_n, .) - sum_m beta_m k(z_m, .)||^2 over the points and the weights, with
beta >= 0 and sum beta = 1 (Wu, Xu, Liu, Zhou: Model Reuse with RKME Specification, TKDE 35(1), 2023): a k-means++
start, then L-BFGS on the points and the logarithms of the weights together. Only the part of F that depends on them is
computed, b'Kb - 2 c'b; the rows' own product is `self_product`.

All arithmetic runs in kernel units (`_frame`), where k(u, v) = exp(-||u - v||^2 / 2).
"""

from __future__ import annotations

import os
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from learnware.specification._threads import single_threaded_blas

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from numpy.typing import NDArray

    ParallelMap = Callable[..., Iterable[Any]]

__all__ = ["EmbeddedMean", "KernelMean", "minimise", "self_product", "start_points", "unit_kernel", "workers"]

# Rows of one product: 1024 x 100 single precision entries stay in a core's cache, and fixed blocks summed in a fixed
# order give the same bytes with any number of threads.
_ROWS = 1024
# Pairs of steps and gradient changes that L-BFGS remembers.
_MEMORY = 20


@contextmanager
def workers() -> Iterator[ParallelMap]:
    """Give an ordered parallel map, with BLAS on one thread for each of its calls.

    BLAS alone would leave the exponentials on one core, and its sums would depend on the number of threads.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    with single_threaded_blas(), ThreadPoolExecutor(min(cores, 8)) as pool:
        yield pool.map


def unit_kernel(A: NDArray[np.float64], B: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return exp(-||a - b||^2 / 2) for all pairs of rows, shape (len(A), len(B))."""
    squared = (A * A).sum(axis=1)[:, None] + (B * B).sum(axis=1)[None, :] - 2.0 * (A @ B.T)
    kernel: NDArray[np.float64] = np.exp(-0.5 * np.maximum(squared, 0.0))
    return kernel


class KernelMean:
    """Products of the rows' kernel mean embedding with points, in blocks.

    With rows [u, -||u||^2/2, 1] and points [v, 1, -||v||^2/2], one matrix product gives the exponents, and one product
    of the kernel with the rows gives both sums that the gradient needs.

    Parameters
    ----------
    rows : ndarray of shape (n, d)
        Rows in kernel units.
    single : bool
        Whether single precision is enough.
    parallel_map : callable
        From `workers`.
    """

    def __init__(self, rows: NDArray[np.float64], single: bool, parallel_map: ParallelMap) -> None:
        self._dtype = np.float32 if single else np.float64
        self._map = parallel_map
        self.n, self.d = rows.shape
        self._blocks = [self._lift(rows[i : i + _ROWS]) for i in range(0, self.n, _ROWS)]

    def _lift(self, rows: NDArray[np.float64]) -> NDArray[np.floating]:
        lifted = np.empty((len(rows), self.d + 2), dtype=self._dtype)
        lifted[:, :-2] = rows
        lifted[:, -2] = -0.5 * (rows * rows).sum(axis=1)
        lifted[:, -1] = 1.0
        return lifted

    def _lift_points(self, Z: NDArray[np.float64]) -> NDArray[np.floating]:
        lifted = self._lift(Z)
        lifted[:, -1] = lifted[:, -2]
        lifted[:, -2] = 1.0
        return lifted

    def __call__(self, Z: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return c_i = (1/n) sum_n k(z_i, u_n), shape (K,), and (1/n) sum_n k(z_i, u_n) u_n, shape (K, d)."""
        points = self._lift_points(Z).T

        def sums(block: NDArray[np.floating]) -> NDArray[np.floating]:
            kernel = block @ points
            np.exp(kernel, out=kernel)
            product: NDArray[np.floating] = kernel.T @ block
            return product

        total = np.zeros((len(Z), self.d + 2))
        for part in self._map(sums, self._blocks):
            total += part
        total /= self.n
        return total[:, -1], total[:, :-2]

    def objective(
        self, Z: NDArray[np.float64], b: NDArray[np.float64]
    ) -> tuple[float, NDArray[np.float64], NDArray[np.float64]]:
        """Return F without the rows' own product, and its gradients with respect to `Z` and `b`."""
        c, weighted = self(Z)
        K = unit_kernel(Z, Z)
        Kb = K @ b
        # dF/dz_i = -b_i [2 sum_j b_j k_ij (z_i - z_j) - (2/n) sum_n k(z_i, u_n) (z_i - u_n)]; both factors 2 are there.
        gradient_Z = -2.0 * b[:, None] * (Kb[:, None] * Z - (K * b) @ Z - c[:, None] * Z + weighted)
        return float(b @ Kb - 2.0 * (c @ b)), gradient_Z, 2.0 * (Kb - c)


def self_product(rows: NDArray[np.float64], single: bool, parallel_map: ParallelMap) -> float:
    """Return (1/n^2) sum_nm k(u_n, u_m)."""
    mean = KernelMean(rows, single, parallel_map)
    blocks, points = mean._blocks, [mean._lift_points(rows[i : i + _ROWS]).T for i in range(0, mean.n, _ROWS)]

    def product(pair: tuple[int, int]) -> float:
        kernel = blocks[pair[0]] @ points[pair[1]]
        np.exp(kernel, out=kernel)
        return float(kernel.sum(dtype=np.float64)) * (1.0 if pair[0] == pair[1] else 2.0)

    pairs = [(i, j) for i in range(len(blocks)) for j in range(i, len(blocks))]
    return float(sum(parallel_map(product, pairs))) / float(mean.n) ** 2


def start_points(
    rows: NDArray[np.float64], K: int, rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return at most `K` start points and their weights: k-means++ in the kernel's space, then cluster means.

    k-means++ is by Arthur and Vassilvitskii (SODA 2007). Distances in the kernel's space, 2 - 2k, are bounded, so that
    outliers do not use up the points; on heavy-tailed columns the search ends ten times lower for it. Fewer points
    come back where there are fewer distinct rows. A point is the mean of the rows nearest to its seed, so it is a row
    itself only where it stands alone or among equals.
    """
    n = len(rows)
    norms = (rows * rows).sum(axis=1)
    nearest = np.full(n, -1.0)
    owner = np.zeros(n, dtype=np.intp)
    index = int(rng.integers(n))
    for k in range(K):
        squared = norms + norms[index] - 2.0 * (rows @ rows[index])
        # Equal rows differ by rounding in this form.
        squared[squared <= 1e-12 * (norms + norms[index])] = 0.0
        kernel = np.exp(-0.5 * squared)
        owner[kernel > nearest] = k
        nearest = np.maximum(nearest, kernel)
        cumulative = np.cumsum(1.0 - nearest)
        if not cumulative[-1] > 0.0:
            break
        index = min(int(np.searchsorted(cumulative, rng.random() * cumulative[-1], side="right")), n - 1)
    counts = np.bincount(owner)
    sums = np.stack([np.bincount(owner, weights=column) for column in rows.T], axis=1)
    used = counts > 0
    return sums[used] / counts[used, None], counts[used] / n


class EmbeddedMean(Protocol):
    """A kernel mean embedding of data that points are fitted to."""

    def objective(
        self, Z: NDArray[np.float64], b: NDArray[np.float64]
    ) -> tuple[float, NDArray[np.float64], NDArray[np.float64]]:
        """Return the squared MMD without the data's own product, and its gradients by points and weights."""


def minimise(
    mean: EmbeddedMean,
    Z: NDArray[np.float64],
    b: NDArray[np.float64],
    constant: float,
    evaluations: int,
    tolerance: float,
    tick: Callable[[], None],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return points and positive weights with a lower (never a higher) objective than the given ones.

    L-BFGS (Nocedal and Wright, Numerical Optimization, algorithm 7.5) with backtracking; the weights are a softmax.
    It is written out because importing scipy.optimize takes longer than the whole reduction of a thousand rows.

    Parameters
    ----------
    mean : EmbeddedMean
        The rows.
    Z : ndarray of shape (K, d)
        Start points in kernel units.
    b : ndarray of shape (K,)
        Start weights, positive, with sum one.
    constant : float
        The rows' own product, which makes the objective the squared MMD.
    evaluations : int
        Largest number of evaluations of the objective.
    tolerance : float
        Ten steps that lower the squared MMD by less than this share of it end the search.
    tick : callable
        Called after each evaluation.
    """
    shape = Z.shape

    def weights(x: NDArray[np.float64]) -> NDArray[np.float64]:
        e = np.exp(x[Z.size :] - x[Z.size :].max())
        normalised: NDArray[np.float64] = e / e.sum()
        return normalised

    def evaluate(x: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        b = weights(x)
        value, gradient_Z, gradient_b = mean.objective(x[: Z.size].reshape(shape), b)
        tick()
        return value, np.concatenate([gradient_Z.ravel(), b * (gradient_b - gradient_b @ b)])

    x = np.concatenate([Z.ravel(), np.log(b)])
    value, gradient = evaluate(x)
    done = 1
    pairs: deque[tuple[NDArray[np.float64], NDArray[np.float64], float]] = deque(maxlen=_MEMORY)
    recent: deque[float] = deque(maxlen=10)
    while done < evaluations:
        direction = _lbfgs_direction(gradient, pairs)
        slope = float(gradient @ direction)
        if not slope < 0.0:
            break
        step = 1.0
        while done < evaluations:
            trial = x + step * direction
            new_value, new_gradient = evaluate(trial)
            done += 1
            if new_value <= value + 1e-4 * step * slope:
                break
            # Minimum of the parabola through both values and the slope, kept within a sensible range.
            step *= min(0.5, max(0.1, -0.5 * slope * step / (new_value - value - slope * step)))
            if step < 1e-6:
                return x[: Z.size].reshape(shape), weights(x)
        else:
            break
        moved, change = trial - x, new_gradient - gradient
        curvature = float(moved @ change)
        if curvature > 1e-10 * np.sqrt(float(moved @ moved) * float(change @ change)):
            pairs.append((moved, change, curvature))
        x, value, gradient = trial, new_value, new_gradient
        if len(recent) == recent.maxlen and recent[0] - value <= tolerance * max(value + constant, 0.0):
            break
        recent.append(value)
    return x[: Z.size].reshape(shape), weights(x)


def _lbfgs_direction(
    gradient: NDArray[np.float64], pairs: deque[tuple[NDArray[np.float64], NDArray[np.float64], float]]
) -> NDArray[np.float64]:
    """Return minus the inverse Hessian's estimate times the gradient."""
    if not pairs:
        first: NDArray[np.float64] = gradient * (-0.05 / max(float(np.abs(gradient).max()), 1e-300))
        return first
    q: NDArray[np.float64] = gradient.copy()
    coefficients = []
    for moved, change, curvature in reversed(pairs):
        coefficients.append(float(moved @ q) / curvature)
        q -= coefficients[-1] * change
    _, change, curvature = pairs[-1]
    q *= curvature / float(change @ change)
    for (moved, change, curvature), coefficient in zip(pairs, reversed(coefficients), strict=True):
        q += (coefficient - float(change @ q) / curvature) * moved
    return np.negative(q, out=q)
