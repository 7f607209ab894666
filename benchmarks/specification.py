"""How close, how fast and in how much memory a table becomes a specification.

``python -m benchmarks.specification`` prints each figure beside its bar. Times and memory are those of child processes
that do nothing else; the squared MMD is to all rows, and its ratio is to a hundred random rows of the same table.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks._table import Row, machine, print_rows
from learnware.specification import RKMETableSpecification
from learnware.specification._reduction import KernelMean, self_product, unit_kernel, workers

if TYPE_CHECKING:
    from numpy.typing import NDArray

GAMMA, K = 0.1, 100
# (rows, columns): bars of the squared MMD with default and best quality, and of the seconds with default quality.
SIZES: dict[tuple[int, int], tuple[float | None, float | None, float]] = {
    (1_000, 10): (2e-4, 1e-4, 0.5),
    (10_000, 20): (1.6e-3, 1.2e-3, 0.8),
    (100_000, 50): (6e-3, 5.5e-3, 1.5),
    (1_000_000, 20): (None, None, 3.0),
}
MEMORY_BAR = 400.0

# Runs in a child process: argument is a JSON object. VmHWM is this program's own peak; ru_maxrss counts the parent's.
CHILD = """
import json, sys, time
arguments = json.loads(sys.argv[1])
begin = time.perf_counter()
import learnware
imported = time.perf_counter()
from learnware.specification import generate_stat_spec
import numpy as np
loading = time.perf_counter()
X = np.load(arguments["rows"])
loaded = time.perf_counter()
seconds = []
for _ in range(arguments["repeat"]):
    start = time.perf_counter()
    spec = generate_stat_spec("table", X, quality=arguments["quality"])
    seconds.append(time.perf_counter() - start)
    if len(seconds) == 1:
        first = time.perf_counter() - imported - (loaded - loading)
try:
    with open("/proc/self/status") as status:
        peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024
except OSError:
    import resource
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
spec.save(arguments["spec"])
print(json.dumps({"import": imported - begin, "first": first, "seconds": min(seconds), "peak": peak}))
"""


def mixture(n: int, d: int, components: int = 10, within: float = 0.5) -> NDArray[np.float32]:
    """Return a standardised mixture of ten Gaussians with a fixed seed, shape (n, d)."""
    rng = np.random.default_rng([20240, 0, n, d])
    centers = rng.normal(size=(components, d))
    shares = rng.dirichlet(np.full(components, 5.0))
    X = centers[rng.choice(components, size=n, p=shares)] + within * rng.normal(size=(n, d))
    X -= X.mean(axis=0)
    X /= X.std(axis=0)
    return np.ascontiguousarray(X, dtype=np.float32)


def run() -> list[Row]:
    """Measure everything; some 40 seconds on two cores."""
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for (n, d), (bar, best_bar, seconds_bar) in SIZES.items():
            X = mixture(n, d)
            np.save(folder / "rows.npy", X)
            size = f"({n:,}, {d})"
            default, spec = _measure(folder, "default", repeat=5)
            if bar is not None and best_bar is not None:
                best, best_spec = _measure(folder, "best", repeat=1)
                values = _squared_mmds(X, [spec, best_spec])
                note = f"{values[0] / values[-1]:.3f} of {K} random rows ({values[-1]:.2e})"
                rows.append(Row(f"squared MMD {size}", values[0], bar, note=note))
                note = f"{values[1] / values[-1]:.3f} of {K} random rows; {best['seconds']:.2f} s"
                rows.append(Row(f"squared MMD {size}, best", values[1], best_bar, note=note))
            elif spec.report is not None:
                rows.append(Row(f"squared MMD {size}", spec.report.mmd2, note="as the specification estimates it"))
            rows.append(
                Row(f"time {size}", default["seconds"], seconds_bar, "s", f"best of 5; first {default['first']:.2f} s")
            )
            memory_bar = MEMORY_BAR if n == 1_000_000 else None
            rows.append(
                Row(f"peak memory {size}", default["peak"], memory_bar, "MB", f"rows are {X.nbytes / 2**20:.0f} MB")
            )
        rows += _first_use(folder)
    return rows


def _measure(folder: Path, quality: str, repeat: int) -> tuple[dict[str, float], RKMETableSpecification]:
    arguments: dict[str, Any] = {
        "rows": str(folder / "rows.npy"), "spec": str(folder / "spec.json"), "quality": quality, "repeat": repeat,
    }  # fmt: skip
    done = subprocess.run([sys.executable, "-c", CHILD, json.dumps(arguments)], check=True, stdout=subprocess.PIPE)
    figures: dict[str, float] = json.loads(done.stdout)
    spec = RKMETableSpecification()
    spec.load(arguments["spec"])
    return figures, spec


def _first_use(folder: Path) -> list[Row]:
    """Return import time, time to the first specification and memory of a fresh process, best of five."""
    np.save(folder / "rows.npy", mixture(1_000, 10))
    runs = [_measure(folder, "default", repeat=1)[0] for _ in range(5)]
    note = "best of 5 fresh processes"
    return [
        Row("import learnware", min(run["import"] for run in runs), 0.1, "s", note),
        Row(
            "then the first specification (1,000, 10)", min(run["first"] for run in runs), 0.3, "s", "with its imports"
        ),
        Row("peak memory of both", min(run["peak"] for run in runs), 120.0, "MB"),
    ]


def _squared_mmds(X: NDArray[np.float32], specs: list[RKMETableSpecification]) -> list[float]:
    """Return the squared MMD of each specification to all rows, then that of random rows (mean of three draws)."""
    rng = np.random.default_rng(0)
    units = np.sqrt(2.0 * GAMMA) * X.astype(np.float64)
    sets: list[tuple[Any, Any]] = [(np.sqrt(2.0 * GAMMA) * spec.get_z(), spec.get_beta()) for spec in specs]
    sets += [(units[rng.choice(len(X), K, replace=False)], np.full(K, 1.0 / K)) for _ in range(3)]
    with workers() as parallel_map:
        # Single precision is enough for the 10^10 pairs: the mean's error is below 1e-7.
        own = self_product(units, len(X) > 20_000, parallel_map)
        mean = KernelMean(units, False, parallel_map)
        values = [own + float(b @ unit_kernel(Z, Z) @ b - 2.0 * (mean(Z)[0] @ b)) for Z, b in sets]
    return [*values[: len(specs)], float(np.mean(values[len(specs) :]))]


def main() -> None:
    print(machine())
    print_rows("Specifications of tables (K = 100, gamma = 0.1)", run())


if __name__ == "__main__":
    main()
