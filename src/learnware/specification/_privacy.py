"""What a reduced set gives away of single rows, and keeping its points off them.

Fewer points protect more: protection grows exponentially as their number shrinks (Lei, Tan, Zhou: On the Ability of
Developers' Training Data Preservation of Learnware, NeurIPS 2024). So the floor is on the rows to a point, on average,
and no point may lie on a row. A value that many rows share is not one row's and may be a point.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["RowGuard"]

# A point nearer to a row than this share of the row's distance to its own nearest neighbour is on the row.
_ON_A_ROW = 0.05


class RowGuard:
    """Knows how near points come to rows.

    Distances from a point to a row are in units of the row's own distance to the nearest different row.

    Parameters
    ----------
    rows : ndarray of shape (n, d)
        Rows in kernel units; the sample of which the points are made.
    floor : int
        A value that at least so many rows share (and at least two) is not one row's.
    """

    def __init__(self, rows: NDArray[np.float64], floor: int) -> None:
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

    def leave_rows(self, points: NDArray[np.float64], rng: np.random.Generator) -> tuple[NDArray[np.float64], int]:
        """Return the points with those that are on a row moved, and how many were moved.

        A point moves halfway from its row to the nearest different row: in a dense region that is next to nothing, and
        from a row that stands alone it is far. It is on no other row then, for that row would be the nearer one.

        Parameters
        ----------
        points : ndarray of shape (K, d)
            Points in kernel units.
        rng : numpy.random.Generator
            Where all rows are equal, and fewer than the floor, points move by a tenth of a unit in a random direction.
        """
        if len(self._private) == 0:
            return points, 0
        if len(self._distinct) == 1:
            direction = rng.normal(size=points.shape)
            return points + 0.1 * direction / np.linalg.norm(direction, axis=1, keepdims=True), len(points)
        row, neighbour, distance = self._surroundings(points)
        near = distance <= _ON_A_ROW
        return np.where(near[:, None], 0.5 * (row + neighbour), points), int(near.sum())


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
