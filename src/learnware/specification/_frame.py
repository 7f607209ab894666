"""Which kernel a table is described under, and its units.

A specification's file keeps the published kernel exp(-gamma ||x - y||^2) on raw columns. On real tables that kernel is
often degenerate: columns in the hundreds make all rows orthogonal, gradients vanish and weights mean nothing. A
weighted point set can be evaluated under any kernel, so on such tables points and weights are sought under a robustly
scaled kernel, and the points are written down in raw units all the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Frame", "choose_frame"]

# Mean kernel between different rows from which all rows are one point to the kernel.
_ALL_ALIKE = 0.99
# Largest ||u||^2 / 2 for single precision: exponents are differences of such terms, so their error stays below 1e-4.
_SINGLE_PRECISION = 500.0
# Values further from the median than this many kernel units are moved there: the kernel cannot tell them apart, and
# squares of larger ones lose all their digits.
_REACH = 1e6


@dataclass(frozen=True)
class Frame:
    """The kernel used and its units.

    Attributes
    ----------
    centre, scale : ndarray of shape (n_features,), float64
        Origin (the medians) and unit of each column; the scale is one unless `gamma` on raw columns is degenerate.
    gamma : float
        Inverse squared length scale in these units.
    low, high : ndarray of shape (n_features,)
        Limits to which values are moved, infinite ones too.
    single : bool
        Whether single precision is enough.
    raw : bool
        Whether the kernel is that of the file.
    """

    centre: NDArray[np.float64]
    scale: NDArray[np.float64]
    gamma: float
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    single: bool
    raw: bool

    @property
    def unit(self) -> NDArray[np.float64]:
        """One kernel unit of each column."""
        unit: NDArray[np.float64] = self.scale / np.sqrt(2.0 * self.gamma)
        return unit

    def clean(self, rows: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return raw rows with missing values at the median and the rest inside the limits."""
        filled: NDArray[np.float64] = np.where(np.isnan(rows), self.centre, rows)
        return np.clip(filled, self.low, self.high, out=filled)

    def to_units(self, rows: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return rows in kernel units."""
        return (self.clean(rows) - self.centre) / self.unit

    def to_raw(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return points in the columns' own units."""
        return points * self.unit + self.centre


def choose_frame(
    sample: NDArray[np.float64], low: NDArray[np.float64], high: NDArray[np.float64], gamma: float, K: int
) -> tuple[Frame, float]:
    """Return the frame for a table, and the mean kernel between two different rows in it.

    `gamma` on raw columns where that kernel tells rows apart, but not all of them; else the columns are divided by a
    robust scale and gamma follows the median heuristic. K unrelated points have a norm of 1/K from their own diagonal
    alone. Where the rows' embedding has less than half of that, the zero function is nearer to it than K of its rows
    are, nearly all gradients vanish, and nothing but the narrowness of the kernel is described.
    """
    centre = _median(sample, low)
    filled = np.clip(np.where(np.isnan(sample), centre, sample), low, high)[:1000]
    reach = np.maximum(high - centre, centre - low)
    unit = 1.0 / np.sqrt(2.0 * gamma)
    if (reach <= _REACH * unit).all():
        likeness = _mean_kernel((filled - centre) / unit)
        if len(filled) == 1 or 0.5 / K <= likeness <= _ALL_ALIKE or not reach.any():
            # The scale of a constant column is of no consequence, but one unit must be a difference in its values.
            scale = np.where(reach > 0, 1.0, np.maximum(1.0, 1e-9 * np.abs(centre)))
            return _frame(centre, scale, gamma, low, high, raw=True), likeness
    scale = _robust_scale(filled, centre, reach)
    rows = np.clip((filled - centre) / scale, -_REACH, _REACH)
    squared = _squared_distances(rows)
    positive = squared[squared > 0.0]
    gamma = 1.0 / float(np.median(positive)) if len(positive) else 1.0 / len(centre)
    return _frame(centre, scale, gamma, low, high, raw=False), _mean_kernel(rows * np.sqrt(2.0 * gamma))


def _median(sample: NDArray[np.float64], low: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the median of the finite values of each column."""
    finite = np.isfinite(sample)
    if finite.all():  # the same, several times faster
        return np.asarray(np.median(sample, axis=0))
    inside = np.where(finite, sample, np.nan)
    # A column may have its few finite values outside of the sample.
    inside[0] = np.where(np.isnan(inside).all(axis=0), low, inside[0])
    return np.asarray(np.nanmedian(inside, axis=0))


def _frame(
    centre: NDArray[np.float64],
    scale: NDArray[np.float64],
    gamma: float,
    low: NDArray[np.float64],
    high: NDArray[np.float64],
    *,
    raw: bool,
) -> Frame:
    unit = scale / np.sqrt(2.0 * gamma)
    low, high = np.maximum(low, centre - _REACH * unit), np.minimum(high, centre + _REACH * unit)
    largest = (np.maximum(high - centre, centre - low) / unit) ** 2
    return Frame(centre, scale, gamma, low, high, bool(0.5 * largest.sum() <= _SINGLE_PRECISION), raw)


def _robust_scale(
    rows: NDArray[np.float64], centre: NDArray[np.float64], reach: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return each column's interquartile range in normal units, else its standard deviation, else its reach or 1."""
    lower, upper = np.percentile(rows, [25, 75], axis=0)
    scale = upper / 1.349 - lower / 1.349
    safe = np.where(reach > 0, reach, 1.0)
    deviation = safe * np.sqrt((((rows - centre) / safe) ** 2).mean(axis=0))
    scale = np.where(scale > 0, scale, deviation)
    # The lower limit keeps quotients finite.
    floored: NDArray[np.float64] = np.maximum(np.where(scale > 0, scale, safe), safe / 1e100)
    return floored


def _squared_distances(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the squared distances of all pairs of different rows, shape (n (n - 1) / 2,)."""
    norms = (rows * rows).sum(axis=1)
    squared = np.maximum(norms[:, None] + norms[None, :] - 2.0 * (rows @ rows.T), 0.0)
    pairs: NDArray[np.float64] = squared[np.triu_indices(len(rows), 1)]
    return pairs


def _mean_kernel(rows: NDArray[np.float64]) -> float:
    return float(np.exp(-0.5 * _squared_distances(rows)).mean()) if len(rows) > 1 else 1.0
