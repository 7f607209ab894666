from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest


def test_without_labels(market, zoo):
    np.savetxt(
        "inputs.csv",
        np.loadtxt(zoo.plane_csv, delimiter=",", skiprows=1)[:, :2],
        delimiter=",",
        header="a,b",
        comments="",
    )
    document = market.answer("solve", "inputs.csv")
    truth = np.loadtxt(zoo.plane_csv, delimiter=",", skiprows=1)[:, 2]
    np.testing.assert_allclose(document["prediction"], truth, atol=0.01)
    assert document["task"] == "Regression"
    assert {one["id"] for one in document["learnwares"]} == {"00000002", "00000003"}


def test_with_some_labels(market, zoo):
    lines = zoo.plane_csv.read_text().splitlines()
    kept = [line if i % 4 == 0 else line.rsplit(",", 1)[0] + "," for i, line in enumerate(lines)]
    Path("some.csv").write_text("\n".join(kept) + "\n")
    document = market.answer("solve", "some.csv", "--target", "y", "-o", "out.csv")
    assert document["n_labels"] == 100
    assert document["scores"]
    truth = np.loadtxt(zoo.plane_csv, delimiter=",", skiprows=1)[:, 2]
    with Path("out.csv").open() as stream:
        values = [float(row["prediction"]) for row in csv.DictReader(stream)]
    np.testing.assert_allclose(values, truth, atol=0.2)
    text = market("solve", "some.csv", "--target", "y", "-o", "out.csv", "--force").stdout
    assert "who answers:" in text
    assert text.endswith("400 predictions: out.csv\n")


@pytest.mark.parametrize(
    ("n_labels", "words"), [(1, "1 label is too few"), (5, "5 labels are too few"), (9, "9 labels are too few")]
)
def test_too_few_labels_are_said_to_be_too_few(market, zoo, n_labels, words):
    lines = zoo.plane_csv.read_text().splitlines()
    kept = [line if i <= n_labels else line.rsplit(",", 1)[0] + "," for i, line in enumerate(lines)]
    Path("few.csv").write_text("\n".join(kept) + "\n")
    text = market("solve", "few.csv", "--target", "y", "-o", "out.csv").stdout.replace("\n", " ")
    assert f"{words} to choose by (10 are needed)" in text
    assert "without labels" not in text


def test_classes(market, zoo):
    document = market.answer("solve", zoo.iris_inputs)
    assert document["task"] == "Classification"
    assert set(document["prediction"]) == {"setosa", "versicolor", "virginica"}


def test_names_of_classes_as_labels(market, zoo):
    document = market.answer("solve", zoo.iris_csv, "--target", "kind")
    with zoo.iris_csv.open() as stream:
        truth = [row["kind"] for row in csv.DictReader(stream)]
    assert np.mean(np.array(document["prediction"]) == truth) > 0.9


def test_nothing_fits(market):
    np.save("wide.npy", np.random.default_rng(0).normal(size=(100, 30)))
    error = market.failure("solve", "wide.npy", code=3)
    assert error["type"] == "NothingFitsError"
    assert market.failure("solve", "wide.npy", "--task", "Classification", code=3)["type"] == "NothingFitsError"


def test_bad_input(market, zoo):
    Path("out.csv").write_text("precious")
    assert "--force" in market.failure("solve", zoo.iris_inputs, "-o", "out.csv")["message"]
    assert Path("out.csv").read_text() == "precious"
    assert "no column is called 'price'" in market.failure("solve", zoo.iris_csv, "--target", "price")["message"]
    assert market.failure("solve", zoo.iris_csv)["column"] == "kind"
    assert market.failure("solve", "nothing.csv")["type"] == "SpecificationError"


@pytest.mark.parametrize("option", [["--task", "Regression"], ["--text", "plane"]])
def test_conditions(market, zoo, option):
    market.failure("solve", zoo.iris_inputs, *option, code=3)


def test_columns_may_stand_in_another_order(market, zoo):
    with zoo.iris_csv.open() as stream:
        rows = list(csv.DictReader(stream))
    names = [name for name in rows[0] if name != "kind"][::-1]
    with Path("reversed.csv").open("w", newline="") as stream:
        writer = csv.DictWriter(stream, names, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    document = market.answer("solve", "reversed.csv")
    assert np.mean(np.array(document["prediction"]) == [row["kind"] for row in rows]) > 0.9
