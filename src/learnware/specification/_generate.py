"""From a table to its reduced set: the pipeline and what it reports."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from learnware.errors import SpecificationError
from learnware.specification._frame import choose_frame
from learnware.specification._limits import LARGEST_VALUE, MAX_POINTS
from learnware.specification._privacy import RowGuard
from learnware.specification._reduction import KernelMean, minimise, self_product, start_points, unit_kernel, workers
from learnware.specification._report import ReductionReport
from learnware.specification._simplex import solve_simplex_qp
from learnware.specification._tables import TableReader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from learnware.specification._frame import Frame
    from learnware.specification._reduction import ParallelMap
    from learnware.specification._tables import ColumnSummary

__all__ = ["Quality", "Reduction", "check_whole", "progress_bar", "reduce_table"]

Quality = Literal["default", "best"]


@dataclass(frozen=True)
class _Effort:
    rows: int
    evaluations: int
    tolerance: float


# Rows of the sample that the points are fitted to, and the search on it. Beyond these the squared MMD to all rows
# gains a few per cent for each doubling of the time.
_EFFORTS = {"default": _Effort(10_000, 150, 0.01), "best": _Effort(40_000, 800, 0.001)}
# Columns up to which that holds: of wider rows fewer, in proportion, so that wide tables take no longer than others.
_FEW_COLUMNS = 96
# The sample kept of the rows. An iterator's rows are seen once, so its kernel means come from the sample: their own
# noise adds at most 1/65536 to the squared MMD, which random features of the other rows would hardly lower.
_SAMPLE_ROWS, _SAMPLE_BYTES = 1 << 16, 1 << 27
# Rows from which the rows' own product is estimated where there are more.
_HELD_OUT = 8192
# Share of a column's range that is no distance.
_DUST = 1e-6
# Rows up to which the final products run in double precision: fits of few rows go below single precision's rounding.
_EXACT_ROWS = 2000
# Rows for the rough own product that says when the search may end.
_OWN_PRODUCT = 4096
# Seconds after which work is long enough for a progress bar.
_LONG_WORK = 2.0


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
    cells: bool = False,
) -> Reduction:
    """Return at most `K` weighted points for the rows of `X`; parameters as in `generate_rkme_table_spec`.

    `cells` says how the rows behind a point are told (`RowGuard`).
    """
    check_whole("the size of the reduced set", K, 1, MAX_POINTS)
    check_whole("seed", seed, 0)
    check_whole("privacy_floor", privacy_floor or 0, 0)
    if not (isinstance(gamma, float | int | np.number) and np.isfinite(gamma) and gamma > 0):
        raise SpecificationError(f"gamma must be a finite number larger than 0, not {gamma!r}")
    if quality not in _EFFORTS:
        raise SpecificationError(f"quality must be one of {', '.join(_EFFORTS)}, not {quality!r}")
    effort, floor = _EFFORTS[quality], int(privacy_floor or 0)
    reader = TableReader(X)
    with progress_bar(progress) as tick:
        # Outside of the workers: reading an iterator runs the caller's code.
        summary = reader.summarise(_SAMPLE_BYTES, _SAMPLE_ROWS, seed, tick)
        _check_range(summary, reader)
        rng = np.random.default_rng([seed, 1])
        with workers() as parallel_map:
            size = min(K, summary.n_rows) if floor == 0 else max(1, min(K, summary.n_rows // floor))
            frame, mean_kernel = choose_frame(summary.sample, summary.low, summary.high, gamma, size)
            rows = _Rows(reader, summary, frame, effort, parallel_map, tick)
            Z, b = start_points(rows.fitted[: max(2000, 20 * size)], size, rng)
            if reduce:
                mean = KernelMean(rows.fitted, frame.single, parallel_map)
                own = self_product(rows.fitted[: _few(_OWN_PRODUCT, rows.fitted)], frame.single, parallel_map)
                Z, b = minimise(mean, Z, b, own, effort.evaluations, effort.tolerance, lambda: tick(len(rows.fitted)))
            guard, wanted = RowGuard(rows.fitted, floor, cells=cells), len(Z)
            if floor:
                Z = guard.safe_points(Z, b, rng)
            dropped = wanted - len(Z)
            # What is written is what is weighed: the points as they are after the way to raw units and back.
            z = _without_dust(frame.to_raw(Z), frame.centre, summary.sample)
            Z = (z - frame.centre) / frame.unit
            gram, c = unit_kernel(Z, Z), rows.kernel_means(Z)
            b = solve_simplex_qp(gram, c) if nonnegative_beta else _signed_weights(gram, c)
            used = b != 0.0
            z, Z, b = z[used], Z[used], b[used]
            mmd2, mmd2_rows = rows.squared_mmd(Z, b, c[used])
            report = ReductionReport(
                mmd2=mmd2,
                mmd2_rows=mmd2_rows,
                mean_kernel=mean_kernel,
                kernel_gamma=frame.gamma,
                kernel_scale=None if frame.raw else tuple(frame.scale.tolist()),
                rows_per_point=summary.n_rows / len(Z),
                fewest_rows=float(guard.behind(Z, b).min()) * summary.n_rows / len(rows.fitted),
                nearest_row=guard.nearest(Z),
                privacy_rows=len(rows.fitted),
                privacy_floor=floor,
                dropped_points=dropped,
                missing=summary.missing,
                infinite=summary.infinite,
                limited=int((rows.finite & ((summary.sample < frame.low) | (summary.sample > frame.high))).sum()),
            )
    return Reduction(z, b, summary.n_rows, report)


class _Rows:
    """The rows in kernel units: the sample, the part of it that points are fitted to, and all rows block by block."""

    def __init__(
        self,
        reader: TableReader,
        summary: ColumnSummary,
        frame: Frame,
        effort: _Effort,
        parallel_map: ParallelMap,
        tick: Callable[[int], None],
    ) -> None:
        self._reader, self._frame, self._map, self._tick = reader, frame, parallel_map, tick
        self.n = summary.n_rows
        self.finite = np.isfinite(summary.sample)
        self.sample = frame.to_units(summary.sample)
        self.fitted = self.sample[: _few(effort.rows, self.sample)]
        self._single = frame.single and self.n > _EXACT_ROWS

    def kernel_means(self, Z: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return (1/n) sum_n k(z_i, x_n) over all rows that can be read again, else over the sample."""
        if self._reader.one_pass or self.n == len(self.sample):
            return self._mean(self.sample, Z)
        total = np.zeros(len(Z))
        for block in self._reader.blocks():
            total += len(block) * self._mean(self._frame.to_units(block), Z)
            self._tick(len(block))
        return total / self.n

    def squared_mmd(self, Z: NDArray[np.float64], b: NDArray[np.float64], c: NDArray[np.float64]) -> tuple[float, int]:
        """Return the squared MMD and the number of rows that the rows' own product rests on."""
        gain = float(b @ unit_kernel(Z, Z) @ b - 2.0 * (c @ b))
        if self.n == len(self.sample) <= 2 * _HELD_OUT:
            return max(0.0, self_product(self.sample, self._single, self._map) + gain), self.n
        # Rows that the points were not fitted to, where there are enough of them.
        rest = self.sample[len(self.fitted) :]
        held_out = rest[:_HELD_OUT] if 2 * len(rest) >= _HELD_OUT else self.sample[-_HELD_OUT:]
        m = len(held_out)
        # Mean kernel of two different rows, with the points' embedding as control variate: its mean is known.
        others = (m * self_product(held_out, self._single, self._map) - 1.0) / (m - 1)
        others += 2.0 * float((c - self._mean(held_out, Z)) @ b)
        return max(0.0, 1.0 / self.n + (1.0 - 1.0 / self.n) * others + gain), m

    def _mean(self, rows: NDArray[np.float64], Z: NDArray[np.float64]) -> NDArray[np.float64]:
        return KernelMean(rows, self._single, self._map)(Z)[0]


def _few(rows: int, sample: NDArray[np.float64]) -> int:
    """Return how many rows take as long as so many rows of few columns."""
    n_columns = int(sample.shape[1])
    return rows * _FEW_COLUMNS // max(_FEW_COLUMNS, n_columns)


def _without_dust(
    z: NDArray[np.float64], centre: NDArray[np.float64], sample: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return points in raw units with what is next to a column's median, beside its range, at the median.

    Where nearly all rows have one value, the search leaves points a rounding away from it. Exactly equal points say
    that the column is constant; nearly equal ones would say that it is measured in tiny units.
    """
    finite = np.where(np.isfinite(sample), sample, centre)
    dust = _DUST * (finite.max(axis=0) - finite.min(axis=0))
    return np.where(np.abs(z - centre) <= dust, centre, z)


def check_whole(name: str, value: Any, least: int, most: float = np.inf) -> None:
    """Refuse what is no whole number of at least `least` and at most `most`."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or not least <= value <= most:
        limits = f"of at least {least}" if most == np.inf else f"from {least} to {most:,}"
        raise SpecificationError(f"{name} must be a whole number {limits}, not {value!r}")


def _check_range(summary: ColumnSummary, reader: TableReader) -> None:
    for column in np.flatnonzero(np.maximum(-summary.low, summary.high) > LARGEST_VALUE):
        name = reader.name(int(column))
        raise SpecificationError(
            f"column {name!r} has values beyond {LARGEST_VALUE:g}: rescale it, or take its logarithm", column=name
        )


def _signed_weights(gram: NDArray[np.float64], c: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return argmin 1/2 b'Kb - c'b without constraints; the ridge keeps near-equal points from cancelling out."""
    return np.asarray(np.linalg.solve(gram + 1e-8 * np.eye(len(c)), c), dtype=np.float64)


@contextmanager
def progress_bar(wanted: bool | None) -> Iterator[Callable[[int], None]]:
    """Give what to call with the number of rows gone over; a bar appears once the work turns out long."""
    if wanted is False or (wanted is None and not sys.stderr.isatty()):
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (
        SpinnerColumn(),
        TextColumn("Making the specification: {task.completed:,} rows gone over"),
        TimeElapsedColumn(),
    )
    bar = Progress(*columns, console=Console(stderr=True, force_terminal=wanted), transient=True)
    task = bar.add_task("", total=None)
    begin = time.monotonic()

    def tick(rows: int) -> None:
        bar.advance(task, rows)
        if not bar.live.is_started and (wanted or time.monotonic() - begin > _LONG_WORK):
            bar.start()

    try:
        yield tick
    finally:
        bar.stop()
