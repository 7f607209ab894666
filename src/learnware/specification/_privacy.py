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

# A point nearer to a row than this share of the rows' median nearest-neighbour distance is on the row.
_ON_A_ROW = 0.05
# Rows whose nearest neighbour is looked for, to know the data's own distances.
_PROBES = 500


class RowGuard:
    """Knows how near points come to rows.

    Parameters
    ----------
    rows : ndarray of shape (n, d)
        Rows in kernel units; the sample of which the points are made.
    floor : int
        A value that at least so many rows share (and at least two) is not one row's.

    Attributes
    ----------
    typical : float
        Median distance of a row to the nearest different row; 0 where all are equal.
    """

    def __init__(self, rows: NDArray[np.float64], floor: int) -> None:
        # Adding zero makes -0 and 0 one value.
        self._distinct, counts = np.unique(rows + 0.0, axis=0, return_counts=True)
        self._private = self._distinct[counts < max(floor, 2)]
        self.typical = 0.0
        if len(self._distinct) > 1:
            probes = np.linspace(0, len(self._distinct) - 1, min(_PROBES, len(self._distinct))).astype(np.intp)
            _, apart = _nearest(self._distinct[probes], self._distinct, exclude_equal=True)
            self.typical = float(np.median(apart))

    def nearest(self, points: NDArray[np.float64]) -> float | None:
        """Return the smallest distance from a point to a row, in units of `typical`; None where there is neither."""
        if len(self._private) == 0 or not self.typical > 0.0:
            return None
        return float(_nearest(points, self._private, exclude_equal=False)[1].min()) / self.typical

    def leave_rows(self, points: NDArray[np.float64], rng: np.random.Generator) -> tuple[NDArray[np.float64], int]:
        """Return the points with those that are on a row moved, and how many were moved.

        A point moves halfway from its row to the nearest different row: in a dense region that is next to nothing, and
        from a row that stands alone it is far. No other row is near the halfway point, for it would be the nearer one.

        Parameters
        ----------
        points : ndarray of shape (K, d)
            Points in kernel units.
        rng : numpy.random.Generator
            Where all rows are equal, and fewer than the floor, the point moves by a tenth of a unit in a random
            direction.
        """
        if len(self._private) == 0:
            return points, 0
        index, distance = _nearest(points, self._private, exclude_equal=False)
        moving = np.flatnonzero(distance <= _ON_A_ROW * self.typical)
        moved = points.copy()
        for point in moving:
            row = self._private[index[point]]
            if self.typical > 0.0:
                other, _ = _nearest(row[None, :], self._distinct, exclude_equal=True)
                moved[point] = 0.5 * (row + self._distinct[other[0]])
            else:
                direction = rng.normal(size=len(row))
                moved[point] = row + 0.1 * direction / np.linalg.norm(direction)
        return moved, len(moving)


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
