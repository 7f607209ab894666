# ruff: noqa: INP001  # a program beside what it writes, no package
"""Writes the test vectors of the web app's specification and package code, from the engine.

Run it when the engine's rules change::

    .venv/bin/python frontend/vectors/make.py
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np
from packages import manifest_vectors, package_vectors, semantic_vectors
from sklearn.datasets import load_digits, load_iris, load_wine

from learnware.market.rules import LENGTH_LIMITS, TASKS_BY_DATA_TYPE
from learnware.specification import generate_stat_spec, semantic_vocabulary, solve_simplex_qp
from learnware.specification._frame import choose_frame
from learnware.specification._gaussian import gaussian_inner_product
from learnware.specification._privacy import RowGuard, rows_behind
from learnware.specification._reduction import KernelMean, self_product, workers
from learnware.specification._tables import TableReader

HERE = Path(__file__).parent
VOCABULARY = HERE.parent / "src" / "package" / "vocabulary.json"
# The fit depends on the seed a little: what the web app's is compared with is the middle of some.
SEEDS = range(7)


def tables() -> dict[str, np.ndarray]:
    """Return the tables by name."""
    rng = np.random.default_rng(7)
    centres = 2.0 * rng.normal(size=(6, 3))
    holes = rng.normal(size=(300, 3))
    holes[rng.random(holes.shape) < 0.1] = np.nan
    holes[5, 0], holes[6, 1], holes[7, 1] = np.inf, -np.inf, np.inf
    return {
        "iris": load_iris().data,
        "wine": load_wine().data,
        "digits": load_digits().data[:300].astype(np.uint8),
        "clusters": centres[rng.integers(6, size=1200)] + 0.5 * rng.normal(size=(1200, 3)),
        "duplicates": rng.normal(size=(12, 2))[rng.integers(12, size=400)],
        "constants": np.column_stack([rng.normal(size=300), np.zeros(300), np.full(300, 1e6), rng.normal(size=300)]),
        "scales": np.column_stack(
            [1e-9 * rng.normal(size=300), 5e12 + 1e12 * rng.normal(size=300), np.exp(3.0 * rng.normal(size=300))]
        ),
        "holes": holes,
        "flags": (rng.random((500, 6)) < [0.5, 0.1, 0.3, 0.02, 0.8, 0.5]).astype(np.uint8),
        "few": rng.normal(size=(7, 2)),
        "one": np.array([[3.0, -1.0]]),
    }


def encoded(values: np.ndarray) -> dict[str, Any]:
    """Return an array in little-endian bytes, in base64."""
    kind = "uint8" if values.dtype == np.uint8 else "float64"
    data = base64.b64encode(np.ascontiguousarray(values, dtype="u1" if kind == "uint8" else "<f8").tobytes())
    return {"kind": kind, "rows": values.shape[0], "columns": values.shape[1], "data": data.decode()}


def table_vector(rows: np.ndarray) -> dict[str, Any]:
    """Return a table, the frame that the engine chooses, and how well its specifications fit."""
    specs = [generate_stat_spec("table", rows, seed=seed) for seed in SEEDS]
    summary = TableReader(rows).summarise(1 << 27, 1 << 16, 0, lambda _: None)
    size = max(1, min(100, len(rows) // 5))
    frame, mean_kernel = choose_frame(rows.astype(np.float64), summary.low, summary.high, 0.1, size)
    spec = specs[0]
    report = spec.report
    assert report is not None  # noqa: S101  # it was made here
    return {
        "rows": encoded(rows),
        "frame": {
            "centre": frame.centre.tolist(),
            "scale": frame.scale.tolist(),
            "gamma": frame.gamma,
            "raw": frame.raw,
            # The kernel is chosen by a thousand rows, in the order of the sample.
            "mean_kernel": mean_kernel if len(rows) <= 1000 else None,
        },
        "points": sorted({len(one.get_beta()) for one in specs}),
        "mmd2": sorted(one.report.mmd2 for one in specs if one.report),
        "fewest_rows": sorted(one.report.fewest_rows for one in specs if one.report),
        "specification": json.loads(spec.to_json()) if rows.size <= 1000 else None,
    }


def kernel_vector() -> dict[str, Any]:
    """Return sums, objectives and gradients at given points."""
    rng = np.random.default_rng(11)
    rows, other = rng.normal(size=(201, 5)), rng.normal(size=(40, 5))
    rows[-3:] = rows[0]
    points, weights = np.ascontiguousarray(0.8 * rows[:9] + 0.1), rng.dirichlet(np.ones(9))
    with workers() as parallel_map:
        mean = KernelMean(rows, False, parallel_map)
        value, gradient_points, gradient_weights = mean.objective(points, weights)
        own = self_product(rows, False, parallel_map)
    guard = RowGuard(rows, 5)
    return {
        "rows": rows.tolist(),
        "points": points.tolist(),
        "weights": weights.tolist(),
        "value": value,
        "gradient_points": gradient_points.ravel().tolist(),
        "gradient_weights": gradient_weights.tolist(),
        "self_product": own,
        "rows_behind": rows_behind(rows, points, weights).tolist(),
        "nearest": guard.nearest(points),
        "other": other.tolist(),
        "inner_product": gaussian_inner_product(rows[:9], weights, other, np.full(40, 1 / 40), 0.1),
        "programmes": [programme(rng, size) for size in (1, 2, 5, 20, 40)],
    }


def programme(rng: np.random.Generator, size: int) -> dict[str, Any]:
    """Return a quadratic programme of weights and its solution; half of its vectors are nearly others."""
    vectors = rng.normal(size=(size, 4))
    vectors[size // 2 :] = vectors[: size - size // 2] + 1e-3 * rng.normal(size=(size - size // 2, 4))
    gram = np.exp(-0.1 * ((vectors[:, None] - vectors[None]) ** 2).sum(axis=2))
    linear = np.exp(-0.1 * ((vectors - 0.7) ** 2).sum(axis=1))
    solution = solve_simplex_qp(gram, linear)
    value = float(0.5 * solution @ gram @ solution - linear @ solution)
    return {"gram": gram.ravel().tolist(), "linear": linear.tolist(), "solution": solution.tolist(), "value": value}


def vocabulary() -> dict[str, Any]:
    """Return the rules of semantic specifications that are lists."""
    return {
        "keys": semantic_vocabulary(),
        "tasks_by_data_type": TASKS_BY_DATA_TYPE,
        "lengths": {key: list(limits) for key, limits in LENGTH_LIMITS.items()},
    }


def documents() -> dict[Path, str]:
    """Return the text of each file."""
    found: dict[Path, Any] = {HERE / f"table-{name}.json": table_vector(rows) for name, rows in tables().items()}
    found[HERE / "kernel.json"] = kernel_vector()
    found[HERE / "packages.json"] = package_vectors()
    found[HERE / "manifests.json"] = manifest_vectors()
    found[HERE / "semantics.json"] = semantic_vectors()
    texts = {path: json.dumps(value, allow_nan=False) + "\n" for path, value in found.items()}
    texts[VOCABULARY] = json.dumps(vocabulary(), indent=2) + "\n"
    return texts


def main() -> None:
    """Write the files."""
    for path, text in documents().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
