"""From a table to its reduced set: the pipeline and what it reports."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from learnware.errors import SpecificationError
from learnware.specification._frame import choose_frame
from learnware.specification._privacy import Neighbours, leave_rows
from learnware.specification._reduction import KernelMean, minimise, self_product, start_points, unit_kernel, workers
from learnware.specification._simplex import solve_simplex_qp
from learnware.specification._tables import TableReader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from learnware.specification._frame import Frame
    from learnware.specification._reduction import ParallelMap
    from learnware.specification._tables import ColumnSummary

__all__ = ["Quality", "ReductionReport", "reduce_table"]

Quality = Literal["default", "best"]


@dataclass(frozen=True)
class _Effort:
    rows: int
    evaluations: int
    tolerance: float


# Rows of the sample that the points are fitted to, and the search on it. Beyond these the squared MMD to all rows
# gains a few per cent for each doubling of the time.
_EFFORTS = {"default": _Effort(10_000, 150, 0.01), "best": _Effort(40_000, 800, 0.001)}
# The sample kept of the rows. An iterator's rows are seen once, so its kernel means come from the sample: their own
# noise adds at most 1/65536 to the squared MMD, which random features of the other rows would hardly lower.
_SAMPLE_ROWS, _SAMPLE_BYTES = 1 << 16, 1 << 26
# Rows from which the rows' own product is estimated where there are more.
_HELD_OUT = 8192
# Squares and differences of larger values overflow.
_LARGEST_VALUE = 1e150
# Kernel entries of all evaluations together from which a progress bar is shown on a terminal.
_LONG_WORK = 5e9


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
        Smallest number of rows nearest to one point; scaled up from `privacy_rows` rows where there are more.
    nearest_row : float or None
        Smallest distance from a point to a row, in units of the rows' median nearest-neighbour distance; values that at
        least `privacy_floor` rows share are left out. None where there is no such row or no such distance.
    privacy_rows : int
        Rows that `fewest_rows` and `nearest_row` were measured on.
    privacy_floor : int
        Rows to a point on average, at least; 0 if the floor was off.
    moved_points : int
        Points that had fallen on a row and were moved.
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
    moved_points: int
    missing: int
    infinite: int
    limited: int

    def to_states(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)

    @classmethod
    def from_states(cls, states: Any) -> ReductionReport | None:
        """Return the report that `to_states` wrote, or None where it is absent or another version's."""
        if not isinstance(states, dict) or not {field.name for field in fields(cls)} <= states.keys():
            return None
        values = {field.name: states[field.name] for field in fields(cls)}
        scale = values["kernel_scale"]
        return cls(**{**values, "kernel_scale": None if scale is None else tuple(scale)})


@dataclass(frozen=True)
class Reduction:
    """A reduced set in the table's own units."""

    z: NDArray[np.float64]
    beta: NDArray[np.float64]
    n_rows: int
    report: ReductionReport


def reduce_table(
    X: Any,
    *,
    K: int,
    gamma: float,
    nonnegative_beta: bool,
    reduce: bool,
    quality: Quality,
    seed: int,
    privacy_floor: int | None,
    progress: bool | None,
) -> Reduction:
    """Return at most `K` weighted points for the rows of `X`; parameters as in `generate_rkme_table_spec`."""
    if isinstance(K, bool) or not isinstance(K, int | np.integer) or K < 1:
        raise SpecificationError(f"the size of the reduced set must be a whole number of at least 1, not {K!r}")
    if not (np.isfinite(gamma) and gamma > 0):
        raise SpecificationError(f"gamma must be a finite number larger than 0, not {gamma!r}")
    if quality not in _EFFORTS:
        raise SpecificationError(f"quality must be one of {', '.join(_EFFORTS)}, not {quality!r}")
    effort, floor = _EFFORTS[quality], int(privacy_floor or 0)
    if floor < 0:
        raise SpecificationError(f"privacy_floor must be at least 0, or None, not {privacy_floor!r}")
    reader = TableReader(X)
    with workers() as parallel_map, _progress(progress, reader, effort, K) as tick:
        summary = reader.summarise(_SAMPLE_BYTES, _SAMPLE_ROWS, seed, tick)
        _check_range(summary, reader)
        frame, mean_kernel = choose_frame(summary.sample, summary.low, summary.high, gamma)
        limited = int(((summary.sample < frame.low) | (summary.sample > frame.high))[np.isfinite(summary.sample)].sum())
        rows = frame.to_units(summary.sample)
        rng = np.random.default_rng([seed, 1])
        fitted = rows[: effort.rows]
        size = min(K, len(fitted)) if floor == 0 else max(1, min(K, summary.n_rows // floor, len(fitted)))
        Z, b = start_points(fitted[: max(2000, 20 * size)], size, rng)
        if reduce:
            mean = KernelMean(fitted, frame.single, parallel_map)
            own = self_product(fitted[:_HELD_OUT], frame.single, parallel_map)
            Z, b = minimise(mean, Z, b, own, effort.evaluations, effort.tolerance, tick)
        moved = 0
        if floor:
            Z, moved = leave_rows(Z, fitted, floor, rng)
        # What is written is what is weighed: the points as they are after the way to raw units and back.
        z = frame.to_raw(Z)
        Z = (z - frame.centre) / frame.unit
        c = _kernel_means(reader, summary, frame, Z, rows, parallel_map, tick)
        gram = unit_kernel(Z, Z)
        b = solve_simplex_qp(gram, c) if nonnegative_beta else _signed_weights(gram, c)
        used = b != 0.0
        z, Z, b, c = z[used], Z[used], b[used], c[used]
        mmd2, mmd2_rows = _squared_mmd(summary.n_rows, rows, fitted, frame, Z, b, c, parallel_map)
        near = Neighbours.find(Z, fitted, floor)
        report = ReductionReport(
            mmd2=mmd2,
            mmd2_rows=mmd2_rows,
            mean_kernel=mean_kernel,
            kernel_gamma=frame.gamma,
            kernel_scale=None if (frame.scale == 1.0).all() else tuple(frame.scale.tolist()),
            rows_per_point=summary.n_rows / len(Z),
            fewest_rows=_fewest_rows(Z, fitted) * summary.n_rows / len(fitted),
            nearest_row=float(near.distance.min()) / near.typical if near.typical and (near.row >= 0).any() else None,
            privacy_rows=len(fitted),
            privacy_floor=floor,
            moved_points=moved,
            missing=summary.missing,
            infinite=summary.infinite,
            limited=limited,
        )
    return Reduction(z, b, summary.n_rows, report)


def _check_range(summary: ColumnSummary, reader: TableReader) -> None:
    for column in np.flatnonzero(np.maximum(-summary.low, summary.high) > _LARGEST_VALUE):
        name = reader.name(int(column))
        raise SpecificationError(
            f"column {name!r} has values beyond {_LARGEST_VALUE:g}: rescale it, or take its logarithm", column=name
        )


def _kernel_means(
    reader: TableReader,
    summary: ColumnSummary,
    frame: Frame,
    Z: NDArray[np.float64],
    rows: NDArray[np.float64],
    parallel_map: ParallelMap,
    tick: Callable[[int], None],
) -> NDArray[np.float64]:
    """Return (1/n) sum_n k(z_i, x_n) over all rows that can be read again, else over the sample."""
    if reader.one_pass or summary.n_rows == len(rows):
        return KernelMean(rows, frame.single, parallel_map)(Z)[0]
    total = np.zeros(len(Z))
    for block in reader.blocks():
        total += len(block) * KernelMean(frame.to_units(block), frame.single, parallel_map)(Z)[0]
        tick(len(block))
    return total / summary.n_rows


def _signed_weights(gram: NDArray[np.float64], c: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return argmin 1/2 b'Kb - c'b without constraints; the ridge keeps near-equal points from cancelling out."""
    return np.asarray(np.linalg.solve(gram + 1e-8 * np.eye(len(c)), c), dtype=np.float64)


def _squared_mmd(
    n_rows: int,
    rows: NDArray[np.float64],
    fitted: NDArray[np.float64],
    frame: Frame,
    Z: NDArray[np.float64],
    b: NDArray[np.float64],
    c: NDArray[np.float64],
    parallel_map: ParallelMap,
) -> tuple[float, int]:
    """Return the squared MMD and the number of rows that the rows' own product rests on."""
    gain = float(b @ unit_kernel(Z, Z) @ b - 2.0 * (c @ b))
    if n_rows <= 2 * _HELD_OUT:
        return max(0.0, self_product(rows, frame.single, parallel_map) + gain), n_rows
    # Rows that the points were not fitted to, where there are enough of them.
    held_out = rows[len(fitted) :][:_HELD_OUT] if len(rows) >= len(fitted) + _HELD_OUT // 2 else rows[-_HELD_OUT:]
    m = len(held_out)
    # Mean kernel of two different rows, with the embedding of the points as control variate: its mean is known.
    others = (m * self_product(held_out, frame.single, parallel_map) - 1.0) / (m - 1)
    others += 2.0 * float((c - KernelMean(held_out, frame.single, parallel_map)(Z)[0]) @ b)
    return max(0.0, 1.0 / n_rows + (1.0 - 1.0 / n_rows) * others + gain), m


def _fewest_rows(Z: NDArray[np.float64], rows: NDArray[np.float64]) -> int:
    nearest = (0.5 * (Z * Z).sum(axis=1) - rows @ Z.T).argmin(axis=1)
    return int(np.bincount(nearest, minlength=len(Z)).min())


@contextmanager
def _progress(wanted: bool | None, reader: TableReader, effort: _Effort, K: int) -> Iterator[Callable[[int], None]]:
    """Give what to call with the work done: rows read, or evaluations of the objective."""
    n = reader.n_rows
    long = n is None or 2.0 * n * K > _LONG_WORK or effort.evaluations * min(n, effort.rows) * K > _LONG_WORK
    if wanted is False or (wanted is None and not (long and sys.stderr.isatty())):
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        # Work in rows: an evaluation counts as the rows it goes over.
        task = bar.add_task("Specification", total=None)
        yield lambda done: bar.advance(task, done)
