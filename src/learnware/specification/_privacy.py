"""What a reduced set gives away of single rows, and keeping its points off them.

Fewer points protect more: protection grows exponentially as their number shrinks (Lei, Tan, Zhou: On the Ability of
Developers' Training Data Preservation of Learnware, NeurIPS 2024). So the floor is on the rows to a point, on average;
and a point that lies on a row, or that stands for one row alone, is left out. A value that many rows share is not one
row's and may be a point.

How many rows a point stands for is the effective number of its shares in them (`rows_behind`). The kernel tells them
where it falls off between rows, as it does in tables. In spaces of many dimensions, where texts and images live, nearly
all rows are equally far from each other and so equal to a kernel that is to compare distributions: each row would be
shared by all points. There a row is its nearest point's alone (`rows_in_cells`), and distances tell in units of the
rows' own whether that point shows it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["RowGuard", "rows_behind", "rows_in_cells"]

# A point nearer to a row than this share of the row's distance to its own nearest neighbour is on the row.
_ON_A_ROW = 0.05
# Effective number of rows that a point must stand for: below it, one row has 95 % of the point.
_FEWEST_ROWS = 1.1
# A point nearer to a row than this share of the row's distance to its nearest neighbour is nearer to no other row.
_TELLS_APART = 0.5


class RowGuard:
    """Knows how near points come to rows, and how many rows are behind them.

    Distances from a point to a row are in units of the row's own distance to the nearest different row.

    Parameters
    ----------
    rows : ndarray of shape (n, d)
        Rows in kernel units; the sample of which the points are made.
    floor : int
        A value that at least so many rows share (and at least two) is not one row's.
    cells : bool, default=False
        Whether each row is behind its nearest point alone, as in spaces of many dimensions, and not shared out by the
        kernel.
    """

    def __init__(self, rows: NDArray[np.float64], floor: int, *, cells: bool = False) -> None:
        self._rows, self._cells = rows, cells
        # Adding zero makes -0 and 0 one value.
        self._distinct, counts = np.unique(rows + 0.0, axis=0, return_counts=True)
        self._private = self._distinct[counts < max(floor, 2)]

    def _surroundings(
        self, points: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Return each point's nearest private row, the row nearest to that one, and the point's relative distance."""
        index, distance = _nearest(points, self._private, exclude_equal=False)
        row = self._private[index]
        neighbour, apart = _nearest(row, self._distinct, exclude_equal=True)
        return row, self._distinct[neighbour], distance / apart

    def nearest(self, points: NDArray[np.float64]) -> float | None:
        """Return the smallest relative distance from a point to a row; None where there is none to measure."""
        if len(self._private) == 0 or len(self._distinct) == 1:
            return None
        return float(self._surroundings(points)[2].min())

    def behind(self, points: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the effective number of rows that each point stands for, shape (K,)."""
        if not self._cells:
            return rows_behind(self._rows, points, weights)
        if len(self._private) == 0 or len(self._distinct) == 1:
            return np.full(len(points), float(len(self._rows)))
        return rows_in_cells(self._rows, points, self._surroundings(points)[2])

    def safe_points(
        self, points: NDArray[np.float64], weights: NDArray[np.float64], rng: np.random.Generator
    ) -> NDArray[np.float64]:
        """Return the points without those that lie on a row or stand for one row alone.

        Moving such a point would not help: who knows the rule moves it back. Where no point is left, one takes their
        place: the mean of the different rows, shifted by a tenth of a unit if that is a row itself, as it is for a
        single row.

        Parameters
        ----------
        points, weights : ndarray of shape (K, d), (K,)
            Points in kernel units.
        rng : numpy.random.Generator
            Direction of the shift.
        """
        if len(self._private) == 0:
            return points
        if len(self._distinct) > 1:
            safe = (self._surroundings(points)[2] > _ON_A_ROW) & (self.behind(points, weights) >= _FEWEST_ROWS)
            if safe.any():
                return points[safe]
        mean: NDArray[np.float64] = self._distinct.mean(axis=0, keepdims=True)
        if len(self._distinct) > 1 and self._surroundings(mean)[2][0] > _ON_A_ROW:
            return mean
        direction = rng.normal(size=mean.shape)
        mean += 0.1 * direction / float(np.linalg.norm(direction))
        return mean


def rows_behind(
    rows: NDArray[np.float64], points: NDArray[np.float64], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the effective number of rows that each point stands for, shape (K,).

    A row is shared out among the points as among the parts of a mixture, r ~ |b| k(z, x); the effective number is
    (sum_n r)^2 / sum_n r^2. A point far from all rows but one stands for that one, however small the kernel is there.
    """
    total, squares = np.zeros(len(points)), np.zeros(len(points))
    with np.errstate(divide="ignore"):
        logarithms = np.log(np.abs(weights)) - 0.5 * (points * points).sum(axis=1)
    for start in range(0, len(rows), 4096):
        exponents = rows[start : start + 4096] @ points.T + logarithms
        shares = np.exp(exponents - exponents.max(axis=1, keepdims=True))
        shares /= shares.sum(axis=1, keepdims=True)
        total += shares.sum(axis=0)
        squares += (shares * shares).sum(axis=0)
    behind: NDArray[np.float64] = np.divide(total * total, squares, out=np.zeros_like(total), where=squares > 0.0)
    return behind


def rows_in_cells(
    rows: NDArray[np.floating], points: NDArray[np.floating], relative: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the number of rows that each point stands for where no two points share a row, shape (K,).

    These are the rows that it is the nearest point of. One row alone, or none, shows only where the point is nearer to
    a row than half of the row's distance to its own nearest neighbour: then it is nearer to no other row, and tells
    this one apart. Farther off it lies among rows: two at least are behind it.

    Parameters
    ----------
    rows : ndarray of shape (n, d)
    points : ndarray of shape (K, d)
    relative : ndarray of shape (K,)
        Distance from each point to its nearest row, in units of that row's distance to its nearest neighbour.
    """
    norms, counts = (points * points).sum(axis=1), np.zeros(len(points))
    for start in range(0, len(rows), 4096):
        # Without the row's own norm, which changes no order.
        nearest = (norms - 2.0 * (rows[start : start + 4096] @ points.T)).argmin(axis=1)
        counts += np.bincount(nearest, minlength=len(points))
    behind: NDArray[np.float64] = np.maximum(counts, np.where(relative < _TELLS_APART, 1.0, 2.0))
    return np.minimum(behind, len(rows))


def _nearest(
    points: NDArray[np.float64], rows: NDArray[np.float64], *, exclude_equal: bool
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Return index and distance of the row nearest to each point."""
    norms = (rows * rows).sum(axis=1)
    index = np.empty(len(points), dtype=np.intp)
    for start in range(0, len(points), 100):
        part = points[start : start + 100]
        # Without the point's own norm, which changes no order.
        squared = norms - 2.0 * (part @ rows.T)
        if exclude_equal:
            own = (part * part).sum(axis=1)[:, None]
            squared[squared + own <= 1e-12 * (norms + own)] = np.inf
        index[start : start + 100] = squared.argmin(axis=1)
    # From the difference itself: the form above loses the digits of small distances.
    distance = np.sqrt(((points - rows[index]) ** 2).sum(axis=1))
    return index, distance
