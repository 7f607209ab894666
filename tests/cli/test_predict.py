from __future__ import annotations

import csv
import json
import platform
from pathlib import Path

import numpy as np
import pytest

from learnware.runtime.sandbox import choose_sandbox


def rows_of(text):
    return list(csv.DictReader(text.splitlines()))


@pytest.fixture
def truth(zoo):
    return np.loadtxt(zoo.plane_csv, delimiter=",", skiprows=1)[:, -1]


def test_one_classifier(market, zoo):
    rows = rows_of(market("predict", "00000001", zoo.iris_csv, "--target", "kind").stdout)
    truth = [row["kind"] for row in rows_of(zoo.iris_csv.read_text())]
    assert np.mean([row["class"] == kind for row, kind in zip(rows, truth, strict=True)]) > 0.95
    assert {(row["prediction"], row["class"]) for row in rows} == {
        ("0", "setosa"),
        ("1", "versicolor"),
        ("2", "virginica"),
    }


def test_one_regressor(market, zoo, truth):
    document = market.answer("predict", "00000002", zoo.plane_csv, "--target", "y")
    assert document["learnwares"] == [{"id": "00000002", "name": "The left half", "share": 1.0}]
    run = document["runs"]["00000002"]
    assert (run["environment"], run["name"], run["warnings"]) == ("current", "current", [])
    assert run["python_version"] == platform.python_version()
    assert run["sandbox"] == choose_sandbox()
    np.testing.assert_allclose(document["prediction"][:200], truth[:200], atol=1e-8)


@pytest.mark.parametrize(("way", "good"), [("routing", True), ("job-selector", True), ("averaging", False)])
def test_several(market, zoo, truth, way, good):
    document = market.answer("predict", "00000002", "00000003", zoo.plane_csv, "--target", "y", "--way", way)
    assert [one["share"] for one in document["learnwares"]] == pytest.approx([0.5, 0.5], abs=0.01)
    error = np.abs(np.array(document["prediction"]) - truth).max()
    assert (error < 1e-3) == good


@pytest.mark.parametrize("suffix", ["csv", "parquet", "npy"])
def test_files(market, zoo, suffix):
    from pyarrow import parquet

    output = Path(f"out.{suffix}")
    result = market("predict", "00000001", zoo.iris_inputs, "-o", output)
    where, rows = result.stdout.splitlines()
    assert where.startswith("run by: Python ")
    assert rows == f"150 predictions: {output}"
    assert result.stderr == ""
    if suffix == "csv":
        values = [int(row["prediction"]) for row in rows_of(output.read_text())]
    elif suffix == "parquet":
        values = parquet.read_table(output)["prediction"].to_pylist()
    else:
        values = np.load(output).tolist()
    assert (len(values), set(values)) == (150, {0, 1, 2})
    assert [path.name for path in Path().iterdir()] == [output.name]


def test_an_existing_file_is_kept(market, zoo):
    Path("out.csv").write_text("precious")
    error = market.failure("predict", "00000002", zoo.plane_csv, "--target", "y", "-o", "out.csv")
    assert "--force" in error["message"]
    assert Path("out.csv").read_text() == "precious"
    market("predict", "00000002", zoo.plane_csv, "--target", "y", "-o", "out.csv", "--force")
    assert len(rows_of(Path("out.csv").read_text())) == 400


def test_standard_input(market, zoo):
    text = zoo.iris_inputs.read_text()
    from_stdin = market("predict", "00000001", "-", input=text).stdout
    assert from_stdin == market("predict", "00000001", zoo.iris_inputs).stdout


def test_the_model_runs_in_another_process(market, zoo, monkeypatch):
    def never(*_):
        raise AssertionError("the learnware's code would run here")

    monkeypatch.setattr("learnware.learnware._learnware.load_model", never)
    market("predict", "00000002", "00000003", zoo.plane_csv, "--target", "y")
    market("solve", zoo.plane_csv, "--target", "y")


def test_the_sandbox_that_was_named(market, zoo):
    arguments = ("predict", "00000002", "00000003", zoo.plane_csv, "--target", "y", "--sandbox", "none")
    document = market.answer(*arguments)
    assert {run["sandbox"] for run in document["runs"].values()} == {"none"}
    assert "no sandbox" in market(*arguments, "-o", "out.csv").stdout


def test_wrong_columns(market, zoo):
    error = market.failure("predict", "00000002", zoo.plane_csv)
    assert "have 3 columns, learnware '00000002' takes 2" in error["message"]
    assert "--target" in error["message"]
    assert "takes 4" in market.failure("predict", "00000001", zoo.plane_csv)["message"]
    assert "holds text" in market.failure("predict", "00000001", zoo.iris_csv)["message"]


def test_columns_in_another_order(market, zoo):
    lines = [line.split(",") for line in zoo.iris_inputs.read_text().splitlines()]
    text = "\n".join(",".join(line[::-1]) for line in lines)
    Path("reversed.csv").write_text(text)
    expected = market("predict", "00000001", zoo.iris_inputs).stdout
    assert market("predict", "00000001", "reversed.csv").stdout == expected
    assert market("predict", "00000001", "-", input=text).stdout == expected
    Path("others.csv").write_text(text.replace("sepal_width", "height"))
    error = market.failure("predict", "00000001", "others.csv")
    assert error["type"] == "ReuseError"
    assert "'sepal_width'" in error["message"]
    assert "'height'" in error["message"]


def test_bad_input(market, zoo):
    assert market.failure("predict", "12345678", zoo.iris_inputs)["learnware_id"] == "12345678"
    assert "known are .csv" in market.failure("predict", "00000001", zoo.iris_inputs, "-o", "x.xls")["message"]
    assert "no file" in market.failure("predict", "00000001", "nothing.csv")["message"]
    Path("headings.csv").write_text("a,b\n")
    assert "no rows" in market.failure("predict", "00000002", "headings.csv")["message"]
    assert market.failure("predict", "00000001", "00000002", zoo.iris_inputs)["type"] == "ReuseError"


def test_a_model_that_is_too_slow(market, zoo):
    # Asked once: whether the start or the loading is what takes too long changes from run to run.
    result = market("predict", "00000001", zoo.iris_inputs, "--timeout", "0.1", "--json", code=1)
    assert json.loads(result.stderr)["error"]["type"] == "ModelTimeoutError"
