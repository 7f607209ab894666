"""What a reduced set gives away of single rows, and keeping its points off them.

Fewer points protect more: protection grows exponentially as their number shrinks (Lei, Tan, Zhou: On the Ability of
Developers' Training Data Preservation of Learnware, NeurIPS 2024). So the floor is on the rows to a point, on average,
and no point may lie on a row. A value that many rows share is not one row's and may be a point.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Neighbours", "leave_rows"]

# A point nearer to a row than this share of the rows' median nearest-neighbour distance is on the row.
_ON_A_ROW = 0.05
# Rows whose nearest neighbour is looked for, to know the data's own distances.
_PROBES = 500


@dataclass(frozen=True)
class Neighbours:
    """Points and rows near each other, in kernel units.

    Attributes
    ----------
    row : ndarray of shape (K,)
        Index of the row nearest to each point, among rows that fewer than `floor` rows share; -1 where there is none.
    distance : ndarray of shape (K,)
        Distance to it, infinite where there is none.
    typical : float
        Median distance of a row to the nearest different row; 0 where all are equal.
    """

    row: NDArray[np.intp]
    distance: NDArray[np.float64]
    typical: float

    @classmethod
    def find(cls, points: NDArray[np.float64], rows: NDArray[np.float64], floor: int) -> Neighbours:
        """Look up all points among all rows given."""
        distinct, first, counts = np.unique(rows, axis=0, return_index=True, return_counts=True)
        probes = distinct[np.linspace(0, len(distinct) - 1, min(_PROBES, len(distinct))).astype(np.intp)]
        typical = 0.0
        if len(distinct) > 1:
            _, apart = _nearest(probes, distinct, exclude_equal=True)
            typical = float(np.median(apart))
        private = counts < max(floor, 1)
        if not private.any():
            nobody = np.full(len(points), -1, dtype=np.intp)
            return cls(nobody, np.full(len(points), np.inf), typical)
        row, distance = _nearest(points, distinct[private], exclude_equal=False)
        return cls(first[private][row], distance, typical)

    @property
    def too_near(self) -> NDArray[np.bool_]:
        """Which points are on a row."""
        near: NDArray[np.bool_] = self.distance <= _ON_A_ROW * self.typical
        return near


def leave_rows(
    points: NDArray[np.float64], rows: NDArray[np.float64], floor: int, rng: np.random.Generator
) -> tuple[NDArray[np.float64], int]:
    """Return the points with those that are on a row moved, and how many were moved.

    A point moves halfway from its row to the nearest different row: in a dense region that is next to nothing, and from
    a row that stands alone it is far. No other row is near the halfway point, for it would be the nearer one.

    Parameters
    ----------
    points : ndarray of shape (K, d)
        Points in kernel units.
    rows : ndarray of shape (n, d)
        Rows in kernel units; the sample of which the points were made.
    floor : int
        A value that at least so many rows share is not one row's.
    rng : numpy.random.Generator
        Where there is no different row, the point moves by a tenth of a unit in a random direction.
    """
    near = Neighbours.find(points, rows, floor)
    moving = np.flatnonzero(near.too_near)
    moved = points.copy()
    for index in moving:
        row = rows[near.row[index]]
        if near.typical > 0.0:
            other, _ = _nearest(row[None, :], rows, exclude_equal=True)
            moved[index] = 0.5 * (row + rows[other[0]])
        else:
            direction = rng.normal(size=len(row))
            moved[index] = row + 0.1 * direction / np.linalg.norm(direction)
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
