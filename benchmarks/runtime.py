"""How fast strangers' learnwares run, and whether they stay inside: environments, workers, sandboxes.

``python -m benchmarks.runtime`` prints each figure beside its bar, and beside the way of the published package: a new
process of the environment's interpreter for every predict, inputs and answers as pickled files. The environments need
the package index, or what ``UV_FIND_LINKS`` names. ``--without-corpus`` leaves out the hostile learnwares: minutes.
"""

from __future__ import annotations

import argparse
import json
import pickle
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from tests.hostile.__main__ import run_corpus
from tests.hostile.corpus import CORPUS

from benchmarks._table import Row, machine, print_rows
from learnware.errors import EnvironmentBuildError
from learnware.runtime import ModelProcess, current_environment
from learnware.runtime.environment import EnvironmentStore, read_requirements
from learnware.runtime.sandbox import choose_sandbox, sandbox_report

if TYPE_CHECKING:
    from collections.abc import Callable

    from learnware.runtime import Environment

_CONFIG: dict[str, Any] = {"class_name": "Model"}
_FEATURES = 64
_CORPUS_RUNS = 3
_PIP_SECONDS = 60.0

_LINEAR = """
import numpy as np
from learnware.model import BaseModel


class Model(BaseModel):
    def __init__(self):
        super().__init__(input_shape=(64,), output_shape=(1,))
        self.weights = np.linspace(-1, 1, 64).reshape(64, 1)

    def predict(self, X):
        return X @ self.weights
"""
_SUPPORT_VECTORS = """
import os
import pickle
from learnware.model import BaseModel


class Model(BaseModel):
    def __init__(self):
        super().__init__(input_shape=(64,), output_shape=(1,))
        with open(os.path.join(os.path.dirname(__file__), "model.pkl"), "rb") as file:
            self.model = pickle.load(file)

    def predict(self, X):
        return self.model.predict(X)
"""
# The published way: what its runner does in the environment, without the time that `conda run` takes on top.
_NEW_PROCESS = """
import importlib.util, pickle, sys, types
module = types.ModuleType("learnware.model")
module.BaseModel = type("BaseModel", (), {"__init__": lambda self, input_shape=None, output_shape=None: None})
sys.modules["learnware"], sys.modules["learnware.model"] = types.ModuleType("learnware"), module
spec = importlib.util.spec_from_file_location("package", sys.argv[1] + "/__init__.py")
package = importlib.util.module_from_spec(spec)
spec.loader.exec_module(package)
with open(sys.argv[2], "rb") as file:
    X = pickle.load(file)
with open(sys.argv[3], "wb") as file:
    pickle.dump(package.Model().predict(X), file)
"""


def write_linear(folder: Path) -> Path:
    """Write a learnware that needs numpy only: one matrix product."""
    folder.mkdir()
    folder.joinpath("__init__.py").write_text(_LINEAR, encoding="utf-8")
    folder.joinpath("requirements.txt").write_text("numpy\n", encoding="utf-8")
    return folder


def write_support_vectors(folder: Path) -> Path:
    """Write a learnware with a support vector machine of this interpreter's scikit-learn, for handwritten digits."""
    from sklearn.datasets import load_digits
    from sklearn.svm import SVC

    X, y = load_digits(return_X_y=True)
    folder.mkdir()
    folder.joinpath("model.pkl").write_bytes(pickle.dumps(SVC().fit(X, y)))
    folder.joinpath("__init__.py").write_text(_SUPPORT_VECTORS, encoding="utf-8")
    pins = f"scikit-learn=={version('scikit-learn')}\nnumpy=={np.__version__}\n"
    folder.joinpath("requirements.txt").write_text(pins, encoding="utf-8")
    return folder


def rows_of_data(n_samples: int) -> np.ndarray[Any, Any]:
    return np.random.default_rng(0).uniform(0, 16, (n_samples, _FEATURES))


def timed(call: Callable[[], object]) -> float:
    begin = time.perf_counter()
    call()
    return time.perf_counter() - begin


def environments(work: Path, folder: Path) -> tuple[list[Row], Environment]:
    """Return the rows of building an environment, and the environment."""
    store = EnvironmentStore(work / "environments")
    requirements = read_requirements(folder)
    first = timed(lambda: store.provide(requirements))  # downloads, compiles

    def rebuilt(*forgotten: str) -> float:
        if len(store.prune(older_than=0.0)) != 1:
            raise RuntimeError("the environment was not removed")
        for name in forgotten:
            shutil.rmtree(store.root / name)
        return timed(lambda: store.provide(requirements))

    # Nothing is kept but the downloads, as for the first learnware that asks for these packages.
    cold = min(rebuilt("locks", "compiled") for _ in range(3))
    kept = min(rebuilt() for _ in range(3))
    shared = min(timed(lambda: store.provide(requirements)) for _ in range(5))
    pip, words = pip_environment(work, folder)
    ratio = f"venv and pip: {pip:.0f} s, {pip / cold:.0f} times as long" if pip else words
    what = "environment for scikit-learn and numpy"
    rows = [
        Row(f"{what}: cold, packages cached", cold, 3.0, "s", ratio),
        Row(f"{what}: built again", kept, unit="s", note="lock and compiled modules kept"),
        Row(f"{what}: the very first", first, unit="s", note="packages may come from the index"),
        Row(f"{what}: shared and warm", 1e3 * shared, unit="ms"),
    ]
    return rows, store.provide(requirements)


def pip_environment(work: Path, folder: Path) -> tuple[float | None, str]:
    """Return the seconds that ``python -m venv`` and pip take with what pip has in its cache, or why there are none."""
    command = [sys.executable, "-m", "pip", "install", "--quiet", "-r", str(folder / "requirements.txt"), "--target"]
    try:
        # Once for pip's cache, which the second one is measured with.
        subprocess.run([*command, str(work / "cached")], check=True, timeout=3 * _PIP_SECONDS, capture_output=True)
        begin = time.perf_counter()
        subprocess.run([sys.executable, "-m", "venv", str(work / "venv")], check=True, timeout=_PIP_SECONDS)
        command = [str(work / "venv" / "bin" / "python"), *command[1:-1]]
        subprocess.run(command, check=True, timeout=_PIP_SECONDS, capture_output=True)
    except subprocess.TimeoutExpired:
        return None, f"venv and pip: more than {_PIP_SECONDS:g} s"
    except subprocess.CalledProcessError as error:
        return None, f"venv and pip failed: {error}"
    return time.perf_counter() - begin, ""


def new_process(environment: Environment, folder: Path, X: np.ndarray[Any, Any], work: Path) -> float:
    """Return the seconds of one predict as the published package does it; no sandbox."""
    inputs, outputs = work / "inputs.pkl", work / "outputs.pkl"

    def predict() -> None:
        with inputs.open("wb") as file:
            pickle.dump(X, file)
        command = [str(environment.python), "-c", _NEW_PROCESS, str(folder), str(inputs), str(outputs)]
        subprocess.run(command, check=True)
        with outputs.open("rb") as file:
            pickle.load(file)

    return min(timed(predict) for _ in range(3))


def first_predictions(work: Path, linear: Path, vectors: Path, environment: Environment) -> list[Row]:
    """Return the rows of a first prediction with the environment there and nothing else."""
    X = rows_of_data(1000)
    rows = []
    for name, folder in (("numpy", linear), ("scikit-learn", vectors)):

        def predict(folder: Path = folder) -> None:
            with ModelProcess(folder, _CONFIG, environment=environment) as process:
                process.predict(X)

        predict()  # reads the files from the disk
        here = statistics.median(timed(predict) for _ in range(5))
        published = new_process(environment, folder, X, work)
        note = (
            f"1 000 x 64, the process's start included; {choose_sandbox()}; a new process a predict: {published:.2f} s"
        )
        rows.append(Row(f"first prediction, {name}", here, 0.5, "s", note))
    return rows


def calls(work: Path, linear: Path) -> list[Row]:
    """Return the rows of single calls and of throughput."""
    namespace: dict[str, Any] = {}
    exec(linear.joinpath("__init__.py").read_text(encoding="utf-8"), namespace)  # written above
    model, small, large = namespace["Model"](), rows_of_data(1000), rows_of_data(1_000_000)
    with ModelProcess(linear, _CONFIG) as process:
        for predict in (model.predict, process.predict):
            predict(small)
        apart, inside = [], []
        for _ in range(300):
            inside.append(timed(lambda: model.predict(small)))
            apart.append(timed(lambda: process.predict(small)))
        seconds = min(timed(lambda: process.predict(large)) for _ in range(5))
    added = statistics.median(apart) - statistics.median(inside)
    rates = {"worker": large.nbytes / seconds / 1e9}
    published = new_process(current_environment(), linear, small, work)
    published_large = new_process(current_environment(), linear, large, work)
    return [
        Row(
            "predict 1 000 x 64, more than in process",
            1e3 * added,
            1.0,
            "ms",
            f"medians of 300: {1e3 * statistics.median(apart):.2f} and {1e3 * statistics.median(inside):.3f} ms; "
            f"a new process a predict: {1e3 * published:.0f} ms",
        ),
        Row(
            "predict 1 000 000 x 64, throughput",
            rates["worker"],
            1.0,
            "GB/s",
            f"a new process a predict: {large.nbytes / published_large / 1e9:.2f} GB/s",
            higher_is_better=True,
        ),
    ]


def starts(linear: Path) -> list[Row]:
    """Return the rows of what a sandbox adds to the start of a process."""
    levels = [level for level, reason in sandbox_report().items() if reason is None]

    def start(level: str) -> None:
        with ModelProcess(linear, _CONFIG, sandbox=level):
            pass

    times: dict[str, list[float]] = {level: [] for level in levels}
    for turn in range(16):
        for level in levels:
            seconds = timed(lambda level=level: start(level))  # type: ignore[misc]  # called at once
            if turn:
                times[level].append(seconds)
    plain = statistics.median(times.pop("none"))
    return [
        Row(
            f"start in {level}, more than a plain child",
            1e3 * (statistics.median(values) - plain),
            50.0,
            "ms",
            f"medians of 15; the plain child with numpy: {1e3 * plain:.0f} ms",
        )
        for level, values in times.items()
    ]


def corpus() -> list[Row]:
    """Return the row of the hostile learnwares."""
    levels = [level for level, reason in sandbox_report().items() if reason is None and level != "none"]
    begin = time.perf_counter()
    trials = run_corpus(levels, list(CORPUS), runs=_CORPUS_RUNS)
    problems = [problem for trial in trials for problem in trial.problems]
    survivors = sum("is left" in problem for problem in problems)
    files = sum("is new" in problem or "was left" in problem or "has changed" in problem for problem in problems)
    return [
        Row(
            "hostile learnwares contained",
            100.0 * sum(not trial.problems for trial in trials) / len(trials),
            100.0,
            "%",
            f"{len(trials)} trials: {len(CORPUS)} learnwares, {', '.join(levels)}, {_CORPUS_RUNS} runs; "
            f"{survivors} processes and {files} files left; {time.perf_counter() - begin:.0f} s",
            higher_is_better=True,
        )
    ]


def run(*, with_corpus: bool = True) -> list[Row]:
    """Return all rows."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        linear, vectors = write_linear(work / "linear"), write_support_vectors(work / "vectors")
        try:
            built, environment = environments(work, vectors)
            rows += built + first_predictions(work, linear, vectors, environment)
        except EnvironmentBuildError as error:
            print(f"environments cannot be built here: {error}")
        rows += calls(work, linear) + starts(linear)
    return rows + (corpus() if with_corpus else [])


def main() -> None:
    """Print the rows, or JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--without-corpus", action="store_true")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    rows = run(with_corpus=not arguments.without_corpus)
    if arguments.json:
        print(json.dumps([vars(row) for row in rows], indent=1))
    else:
        print(machine())
        print_rows("running learnwares", rows)


if __name__ == "__main__":
    main()
