"""A small market, data and models for the tests of the command."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import joblib
import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.linear_model import LinearRegression, LogisticRegression
from typer.testing import CliRunner, Result

from learnware.cli import app
from learnware.learnware import pack

if TYPE_CHECKING:
    from pathlib import Path

COLUMNS = ["sepal_length", "sepal_width", "petal_length", "petal_width"]


def write_csv(path: Path, columns: list[str], rows: Any) -> Path:
    lines = [",".join(columns), *(",".join(map(str, row)) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@dataclass(frozen=True)
class Zoo:
    """Files that tests read and never change."""

    folder: Path
    iris_csv: Path
    iris_inputs: Path
    iris_model: Path
    iris_zip: Path
    plane_csv: Path
    plane_zips: tuple[Path, Path]


@pytest.fixture(scope="session")
def zoo(tmp_path_factory: pytest.TempPathFactory) -> Zoo:
    """Iris with a classifier, and a plane of which two regressors know a half each."""
    folder = tmp_path_factory.mktemp("zoo")
    iris = load_iris()
    kinds = iris.target_names[iris.target]
    model = LogisticRegression(max_iter=1000).fit(iris.data, kinds)
    joblib.dump(model, folder / "iris.joblib")
    inputs = write_csv(folder / "inputs.csv", COLUMNS, iris.data)
    labelled = write_csv(
        folder / "iris.csv", [*COLUMNS, "kind"], [(*x, k) for x, k in zip(iris.data, kinds, strict=True)]
    )
    words = {"scenarios": ["Nature"], "license": "MIT"}
    iris_zip = pack(
        model,
        str(labelled),
        folder / "iris.zip",
        name="Iris kinds",
        description="Kinds of iris flowers by their measures.",
        target="kind",
        **words,
    )
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 2))
    X[:200, 0] -= 6
    X[200:, 0] += 6
    y = np.where(X[:, 0] < 0, X[:, 1], -X[:, 1])
    plane = write_csv(folder / "plane.csv", ["a", "b", "y"], np.column_stack([X, y]))
    zips = []
    for name, rows in (("left", slice(0, 200)), ("right", slice(200, 400))):
        half = LinearRegression().fit(X[rows], y[rows])
        zips.append(
            pack(
                half,
                X[rows],
                folder / f"{name}.zip",
                name=f"The {name} half",
                description=f"A made-up value of the {name} half of a plane.",
                input_description=["a", "b"],
                output_description="the value",
                **words,
            )
        )
    return Zoo(folder, labelled, inputs, folder / "iris.joblib", iris_zip, plane, (zips[0], zips[1]))


class Command:
    """Calls the command and compares its exit code."""

    def __call__(self, *arguments: Any, code: int = 0, **options: Any) -> Result:
        result = CliRunner().invoke(app, [str(argument) for argument in arguments], **options)
        assert result.exit_code == code, result.output + repr(result.exception)
        return result

    def answer(self, *arguments: Any, code: int = 0, **options: Any) -> Any:
        """Return the JSON document on standard output; nothing may be on standard error."""
        result = self(*arguments, "--json", code=code, **options)
        assert result.stderr == ""
        return json.loads(result.stdout)

    def failure(self, *arguments: Any, code: int = 1, **options: Any) -> dict[str, Any]:
        """Return the JSON error on standard error, after a look at the same error as text."""
        plain = self(*arguments, code=code, **options)
        result = self(*arguments, "--json", code=code, **options)
        assert (plain.stdout, result.stdout) == ("", "")
        error = json.loads(result.stderr)["error"]
        assert plain.stderr == f"error: {error['message']}\n"
        return error


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """The command with a market folder of its own, in an empty folder."""
    monkeypatch.setenv("LEARNWARE_STORAGE_PATH", str(tmp_path / "store"))
    monkeypatch.setenv("COLUMNS", "100")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return Command()


@pytest.fixture
def market(run: Command, zoo: Zoo) -> Command:
    """The same with a market of three learnwares: 00000001 knows iris, 00000002 and 00000003 half a plane each."""
    run("market", "add", "--no-check", zoo.iris_zip, *zoo.plane_zips)
    return run
