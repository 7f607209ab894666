"""How well and how fast learnwares are reused: the job selector without labels, stacking with a hundred.

``python -m benchmarks.reuse`` prints each figure beside its bar. Both parts need the folder with the shared learnwares
(``LEARNWARE_SHARED``, by default ``shared`` beside the checkout).
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks._table import Row, machine, print_rows
from learnware.learnware import Learnware, get_learnware_from_dirpath, unpack
from learnware.reuse import (
    AveragingReuser,
    EnsemblePruningReuser,
    FeatureAugmentReuser,
    JobSelectorReuser,
    RoutingReuser,
    StackingReuser,
)
from learnware.reuse._models import fit_regressor, regressors
from learnware.specification import RKMETableSpecification
from learnware.specification._metric import KernelMetric

if TYPE_CHECKING:
    from numpy.typing import NDArray

SHARED = Path(os.environ.get("LEARNWARE_SHARED", Path(__file__).resolve().parents[2] / "shared"))
TOP = 5
# Labelled rows: a hundred, or half of what a store has.
LABELS = {"air": 100, "stores": 24}
SEEDS = {"air": (0,), "stores": (0, 1)}


def load_learnwares(folder: Path, into: Path) -> list[Learnware]:
    """Return the learnwares of a folder of zips, unpacked below `into`."""
    learnwares = []
    for path in sorted(folder.glob("*.zip")):
        unpack(path, into / path.stem)
        semantic = json.loads(path.with_name(f"{path.stem}.semantic.json").read_text("utf-8"))
        learnwares.append(get_learnware_from_dirpath(path.stem, semantic, into / path.stem, ignore_error=False))
    return [learnware for learnware in learnwares if learnware is not None]


def table_spec(learnware: Learnware) -> RKMETableSpecification:
    spec = learnware.get_specification().get_stat_spec_by_name("RKMETableSpecification")
    if not isinstance(spec, RKMETableSpecification):
        raise TypeError(f"{learnware.id} has no table specification")
    return spec


def forest_job_selector(learnwares: list[Learnware], X: NDArray[Any]) -> NDArray[Any]:
    """Answer as the published package does: 1 000 points of the mixture, and 2 000 trees that tell whose they are.

    The points are drawn at random by their weights instead of herded, which is the slow part left out.
    """
    from sklearn.ensemble import RandomForestClassifier

    rng = np.random.default_rng(0)
    specs = [table_spec(learnware) for learnware in learnwares]
    points = [spec.get_z()[rng.choice(len(spec.get_z()), 200, p=spec.get_beta())] for spec in specs]
    owner = np.repeat(np.arange(len(specs)), 200)
    forest = RandomForestClassifier(2000, random_state=0).fit(np.concatenate(points), owner)
    outputs = [np.asarray(learnware.predict(X)) for learnware in learnwares]
    labels = np.stack([output.argmax(axis=1) if output.ndim == 2 else output for output in outputs])
    chosen: NDArray[Any] = labels[forest.predict(X), np.arange(len(X))]
    return chosen


def job_selector(into: Path) -> list[Row]:
    """Return the rows of the job selector on handwritten digits."""
    from sklearn.datasets import load_digits

    X, y = load_digits(return_X_y=True)
    learnwares = load_learnwares(SHARED / "fixtures" / "zips", into)
    AveragingReuser(learnwares, mode="vote_by_label").predict(X[:10])  # loads the models
    times = []
    for _ in range(5):
        begin = time.perf_counter()
        predictions = JobSelectorReuser(learnwares).predict(X)
        times.append(time.perf_counter() - begin)
    begin = time.perf_counter()
    naive = forest_job_selector(learnwares, X)
    naive_time = time.perf_counter() - begin
    note = f"{naive_time / min(times):.0f} times faster than 2 000 trees on 1 000 drawn points"
    return [
        Row("job selector, digits: time", min(times), 1.0, "s", note),
        Row(
            "job selector, digits: accuracy",
            float((predictions == y).mean()),
            0.963,
            note=f"the trees: {(naive == y).mean():.3f}",
            higher_is_better=True,
        ),
    ]


def with_labels(zoo: str, into: Path) -> list[Row]:
    """Return the rows of all reusers on the users of a zoo, as root mean squared errors averaged over users."""
    import pandas as pd

    learnwares = load_learnwares(SHARED / "zoo" / zoo / "learnwares", into)
    errors: dict[str, list[float]] = {}
    seconds = []
    for path in sorted((SHARED / "zoo" / zoo / "users").glob("*.parquet")):
        data = pd.read_parquet(path).to_numpy(np.float64)
        X, y = data[:, :-1], data[:, -1]
        top = nearest(learnwares, X)
        for seed in SEEDS[zoo]:
            rows = np.random.default_rng([seed, *path.stem.encode()]).permutation(len(y))
            train, test = rows[: LABELS[zoo]], rows[LABELS[zoo] :]
            begin = time.perf_counter()
            stacking = StackingReuser(top).fit(X[train], y[train])
            seconds.append(time.perf_counter() - begin)
            models = regressors(len(train), 0)
            errors_by_model = {name: stacking.errors_[f"own {name}"] for name in models}
            own = fit_regressor(models[min(models, key=errors_by_model.__getitem__)], X[train], y[train, None])
            answers = {
                "top-1": np.asarray(top[0].predict(X[test])).reshape(-1),
                "averaging": AveragingReuser(top).predict(X[test]),
                "job selector": JobSelectorReuser(top).predict(X[test]),
                "routing": RoutingReuser(top).predict(X[test]),
                "own model": own.predict(X[test])[:, 0],
                "pruning": EnsemblePruningReuser(top, mode="regression").fit(X[train], y[train]).predict(X[test]),
                "augmentation": FeatureAugmentReuser(top).fit(X[train], y[train]).predict(X[test]),
                "stacking": stacking.predict(X[test]),
            }
            for name, predictions in answers.items():
                errors.setdefault(name, []).append(float(np.sqrt(np.mean((predictions - y[test]) ** 2))))
    means = {name: float(np.mean(values)) for name, values in errors.items()}
    title = f"{zoo}, {LABELS[zoo]} labels"
    result = [Row(f"{title}: {name}", value, unit="RMSE") for name, value in means.items() if name != "stacking"]
    better = np.minimum(errors["own model"], errors["top-1"])
    ratio = float(np.mean(np.array(errors["stacking"]) / better))
    note = f"{ratio:.3f} of the better one of own model and top-1, chosen for each user with the test rows"
    return [
        *result,
        Row(f"{title}: stacking", means["stacking"], 1.02 * min(means["own model"], means["top-1"]), "RMSE", note),
        Row(f"{title}: stacking, time to fit", float(np.median(seconds)), unit="s"),
    ]


def nearest(learnwares: list[Learnware], X: NDArray[np.float64]) -> list[Learnware]:
    """Return the learnwares for tables of as many columns that are nearest to the rows."""
    fitting = [learnware for learnware in learnwares if table_spec(learnware).get_z().shape[1] == X.shape[1]]
    specs = [table_spec(learnware) for learnware in fitting]
    metric = KernelMetric.estimate(specs)
    distances = [
        metric.inner_product(spec, spec) - 2.0 * float((metric.kernel(X, spec.get_z()) @ spec.get_beta()).mean())
        for spec in specs
    ]
    return [fitting[number] for number in np.argsort(distances)[:TOP]]


def run() -> list[Row]:
    """Return all rows; none where the shared learnwares are missing."""
    if not (SHARED / "fixtures" / "zips").is_dir():
        return []
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        rows += job_selector(Path(folder) / "digits")
        for zoo in LABELS:
            rows += with_labels(zoo, Path(folder) / zoo)
    return rows


if __name__ == "__main__":
    print(machine())
    print_rows("Reuse", run())
