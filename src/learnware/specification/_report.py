"""What a reduction tells of itself."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, fields
from typing import Any

__all__ = ["ReductionReport"]


@dataclass(frozen=True)
class ReductionReport:
    """How well a reduced set fits its rows, and what it gives away of them.

    Attributes
    ----------
    mmd2 : float
        Squared MMD to the rows under the kernel used; estimated from `mmd2_rows` rows where there are more.
    mmd2_rows : int
        Rows behind the rows' own product in `mmd2`.
    mean_kernel : float
        Mean kernel between two different rows; near 0 or 1 the kernel cannot tell distributions apart.
    kernel_gamma : float
        Inverse squared length scale of the kernel used, in units of `kernel_scale`.
    kernel_scale : tuple of float or None
        Unit of each column; None where the kernel is that of the file on raw columns.
    rows_per_point : float
        Mean number of rows to a point.
    fewest_rows : float
        Smallest effective number of rows that a point stands for, (sum_n r_n)^2 / sum_n r_n^2 with the share
        r_n ~ beta k(z, x_n) of the point in row n; scaled up from `privacy_rows` rows where there are more. For texts
        and images, whose kernel is nearly the same for all pairs, a row is its nearest point's alone, and it is at
        least 2 unless a point is nearer to a row than half of the distance to that row's nearest neighbour.
    nearest_row : float or None
        Smallest distance from a point to a row, in units of the row's distance to its own nearest neighbour; values
        that at least `privacy_floor` rows share are left out. None where there is no such row, or all are equal.
    privacy_rows : int
        Rows that `fewest_rows` and `nearest_row` were measured on.
    privacy_floor : int
        Rows to a point on average, at least; 0 if the floor was off.
    dropped_points : int
        Points that lay on a row or stood for one row alone and were left out.
    missing, infinite, limited : int
        Values that were missing (the column's median stands for them), infinite (the column's largest or smallest
        finite value) and, in the rows that points were fitted to, too far out for the kernel (moved to its reach).
    """

    mmd2: float
    mmd2_rows: int
    mean_kernel: float
    kernel_gamma: float
    kernel_scale: tuple[float, ...] | None
    rows_per_point: float
    fewest_rows: float
    nearest_row: float | None
    privacy_rows: int
    privacy_floor: int
    dropped_points: int
    missing: int
    infinite: int
    limited: int

    def to_states(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)

    @classmethod
    def from_states(cls, states: Any) -> ReductionReport | None:
        """Return the report that `to_states` wrote, or None where it is absent, broken or another version's."""
        if not isinstance(states, dict) or not {field.name for field in fields(cls)} <= states.keys():
            return None
        values = {field.name: states[field.name] for field in fields(cls)}
        scale, nearest = values.pop("kernel_scale"), values.pop("nearest_row")
        numbers = [*values.values(), *([] if nearest is None else [nearest])]
        if isinstance(scale, list | tuple):
            scale = tuple(scale)
            numbers += scale
        elif scale is not None:
            return None
        if not all(isinstance(number, int | float) and math.isfinite(number) for number in numbers):
            return None
        return cls(**values, kernel_scale=scale, nearest_row=nearest)
