"""Which learnware knows a point: densities from the reduced sets, and the shares of a mixture.

With mixture weights w_i and the reduced sets (z_im, beta_im) of the learnwares,

    p(i | x) ~ w_i sum_m beta_im k(z_im, x)

is the density-weighted rule of Mansour, Mohri and Rostamizadeh (Domain Adaptation with Multiple Sources, 2009).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from learnware.specification import solve_simplex_qp
from learnware.specification._gaussian import in_units
from learnware.specification._metric import KernelMetric

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from learnware.specification import RKMESpecification

__all__ = ["GAMMA_OF_CLASSES", "GAMMA_OF_NUMBERS", "density_bandwidth", "mixture_weights", "routing_posterior"]

# Bandwidths of routing in units of the island's scale, divided by the number of features. Numbers are averaged: that
# is best over wide regions, where errors of several learnwares cancel. Classes are voted on: learnwares may not know
# each other's, and a vote from outside one's region is wrong. Both are flat optima on benchmarks/quality, at values
# that still keep learnwares of separate regions apart.
GAMMA_OF_NUMBERS, GAMMA_OF_CLASSES = 1.0, 8.0
# Rows of the user's data that are compared with the reduced sets at a time, which bounds the memory.
_BLOCK_ROWS = 4096
# Rows that the mixture weights are estimated from; their error, about 1 / sqrt(n), is small beside the fit's.
_MIXTURE_ROWS = 10_000
# Penalty on the squared weights, in units of the kernel's value of a point with itself. Air quality, store sales
# and digits are best between 0.01 and 0.02 (benchmarks/quality).
_RIDGE = 0.01


def mixture_weights(
    X: NDArray[np.float64], specs: Sequence[RKMESpecification], metric: KernelMetric | None = None
) -> NDArray[np.float64]:
    """Return the weights of the mixture of specifications that is nearest to the rows, in squared MMD.

    The narrow kernel of the metric tells the parts apart; a ridge on the weights spreads them over learnwares that are
    equally near, because the mean of several answers errs less than one of them.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        The user's data as points of the space of the specifications.
    specs : sequence of RKMESpecification
    metric : KernelMetric, optional
        That of their island; by default it is estimated from them.

    Returns
    -------
    ndarray of shape (n_specs,)
        On the simplex.
    """
    metric = KernelMetric.estimate(specs) if metric is None else metric
    rows = _filled(X[:: -(-len(X) // _MIXTURE_ROWS)], specs)
    products = np.zeros(len(specs))
    for start in range(0, len(rows), _BLOCK_ROWS):
        block = rows[start : start + _BLOCK_ROWS]
        products += [float((metric.narrow_kernel(block, spec.points) @ spec.get_beta()).sum()) for spec in specs]
    gram = np.array(
        [[P.get_beta() @ metric.narrow_kernel(P.points, Q.points) @ Q.get_beta() for Q in specs] for P in specs]
    )
    return solve_simplex_qp((gram + gram.T) / 2.0 + _RIDGE * np.eye(len(specs)), products / len(rows))


def routing_posterior(
    X: NDArray[np.float64],
    specs: Sequence[RKMESpecification],
    weights: NDArray[np.float64],
    scale: NDArray[np.float64],
    gamma: float,
) -> NDArray[np.float64]:
    """Return p(i | x) ~ w_i sum_m beta_im k(z_im, x), shape (n_samples, n_specs), each row on the simplex.

    The sums are taken in logarithms, so a row far from all points still goes to those that are nearest.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        The user's data as points of the space of the specifications.
    specs : sequence of RKMESpecification
    weights : ndarray of shape (n_specs,)
    scale : ndarray of shape (n_features,)
        Units of the features.
    gamma : float
        k is exp(-gamma ||(z - x) / scale||^2).
    """
    X = _filled(X, specs)
    # A weight of 0 stays 0 wherever another learnware has weight.
    with np.errstate(divide="ignore"):
        log_weights = [
            np.log(weight * np.maximum(spec.get_beta(), 0.0)) for weight, spec in zip(weights, specs, strict=True)
        ]
    # Around the middle, so that features far from zero keep their digits.
    origin = np.median(np.concatenate([spec.points for spec in specs]), axis=0)
    scaled = [in_units(spec.points, origin, scale) for spec in specs]
    posterior = np.empty((len(X), len(specs)))
    for start in range(0, len(X), _BLOCK_ROWS):
        rows = in_units(X[start : start + _BLOCK_ROWS], origin, scale)
        logs = np.stack(
            [
                _log_sum(log_weight - gamma * _squared_distances(rows, Z))
                for log_weight, Z in zip(log_weights, scaled, strict=True)
            ],
            axis=1,
        )
        powers = np.exp(logs - logs.max(axis=1, keepdims=True))
        posterior[start : start + _BLOCK_ROWS] = powers / powers.sum(axis=1, keepdims=True)
    return posterior


def density_bandwidth(specs: Sequence[RKMESpecification], scale: NDArray[np.float64]) -> float:
    """Return the gamma under which the reduced sets describe a density best.

    It maximises the leave-one-out likelihood of the points of all reduced sets (Habbema, Hermans, van den Broek 1974).
    An MMD is best measured with a wide kernel; who is nearest to a single point is best seen with a narrow one.
    """
    points = np.concatenate([spec.points for spec in specs])
    points = in_units(points, np.median(points, axis=0), scale)
    weights = np.concatenate([np.maximum(spec.get_beta(), 0.0) for spec in specs])
    weights = weights / weights.sum()
    squared = _squared_distances(points, points)
    # A point of two learnwares is no evidence of a narrow kernel: it leaves its copies out, too.
    squared[squared <= 1e-12 * max(float(squared.max()), 1e-300)] = np.inf
    finite = squared[np.isfinite(squared)]
    if not finite.size:
        return 1.0 / len(scale)
    with np.errstate(divide="ignore"):
        log_weights = np.log(weights)
    candidates: list[float] = (2.0 ** np.arange(-3.0, 10.0, 0.5) / np.median(finite)).tolist()

    def likelihood(gamma: float) -> float:
        logs = _log_sum(log_weights - gamma * squared) + 0.5 * points.shape[1] * np.log(gamma)
        kept = np.isfinite(logs) & (weights > 0)
        return float(weights[kept] @ logs[kept])

    return max(candidates, key=likelihood)


def _filled(X: NDArray[np.float64], specs: Sequence[RKMESpecification]) -> NDArray[np.float64]:
    """Return rows whose missing values say nothing: they are at the centre of the reduced sets."""
    known = np.isfinite(X)
    if known.all():
        return X
    centre = np.mean([spec.get_beta() @ spec.points for spec in specs], axis=0)
    return np.where(known, X, centre)


def _squared_distances(A: NDArray[np.float64], B: NDArray[np.float64]) -> NDArray[np.float64]:
    squared: NDArray[np.float64] = (A * A).sum(axis=1)[:, None] + (B * B).sum(axis=1)[None, :] - 2.0 * (A @ B.T)
    return np.maximum(squared, 0.0, out=squared)


def _log_sum(exponents: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return log sum exp of each row; minus infinity where all are."""
    largest = exponents.max(axis=1)
    shift = np.where(np.isfinite(largest), largest, 0.0)
    with np.errstate(divide="ignore"):
        result: NDArray[np.float64] = np.log(np.exp(exponents - shift[:, None]).sum(axis=1)) + shift
    return result
