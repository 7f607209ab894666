from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest


def test_a_single_learnware(market, zoo):
    document = market.answer("search", zoo.iris_csv, "--target", "kind")
    assert not document["nothing_fits"]
    [single] = document["singles"]
    assert (single["id"], single["name"]) == ("00000001", "Iris kinds")
    assert single["similarity"] > 0.99
    assert single["mmd2"] < 0.01
    text = market("search", zoo.iris_inputs).stdout
    assert "Iris kinds" in text
    assert "Similarity" in text


def test_data_and_their_specification_find_the_same(market, zoo):
    market("spec", zoo.iris_inputs)
    assert market.answer("search", "stat.json") == market.answer("search", zoo.iris_inputs)


def test_several_together(market, zoo):
    document = market.answer("search", zoo.plane_csv, "--target", "y")
    [mixture] = document["mixtures"]
    assert {part["id"] for part in mixture["parts"]} == {"00000002", "00000003"}
    assert sum(part["weight"] for part in mixture["parts"]) == pytest.approx(1)
    assert mixture["unexplained"] < 0.1
    text = market("search", zoo.plane_csv, "--target", "y").stdout
    assert "Several together" in text
    assert "not covered" in text
    assert market.answer("search", zoo.plane_csv, "--target", "y", "--max", "1")["mixtures"] == []


def test_conditions_and_data(market, zoo):
    rows = np.loadtxt(zoo.plane_csv, delimiter=",", skiprows=1)
    np.save("right.npy", rows[200:, :2])
    found = market.answer("search", "right.npy")["singles"]
    assert [one["id"] for one in found] == ["00000003", "00000002"]
    assert [one["id"] for one in market.answer("search", "right.npy", "--text", "right half")["singles"]] == [
        "00000003"
    ]
    # The other half is listed, and does not fit.
    other = market.answer("search", "right.npy", "--text", "left half", code=3)
    assert [one["id"] for one in other["singles"]] == ["00000002"]
    assert other["nothing_fits"]


def test_words_only(market):
    document = market.answer("search", "--text", "half of a plane")
    assert [one["id"] for one in document["singles"]] == ["00000002", "00000003"]
    assert "The best 1 of 2 are shown" in market("search", "--text", "half", "--limit", "1").stdout


def test_nothing_fits(market, zoo):
    np.save("far.npy", np.random.default_rng(0).normal(size=(100, 4)) * 1e-3 + 1e4)
    np.save("wide.npy", np.random.default_rng(0).normal(size=(100, 30)))
    for arguments in (
        ("far.npy",),
        ("wide.npy",),
        (zoo.iris_inputs, "--task", "Regression"),
        ("--text", "quantum chromodynamics"),
        ("--library", "TensorFlow"),
        (zoo.iris_inputs, "--status", "usable"),
    ):
        assert market.answer("search", *arguments, code=3)["nothing_fits"]
        result = market("search", *arguments, code=3)
        assert result.stdout.strip()
        assert result.stderr == ""


def test_the_widths_that_the_market_has(market):
    np.save("wide.npy", np.random.default_rng(0).normal(size=(100, 30)))
    message = market.answer("search", "wide.npy", code=3)["message"]
    for text in (message, market.failure("solve", "wide.npy", code=3)["message"]):
        assert "for tables of 30 columns" in text
        assert "are for tables of 2 and 4 columns" in text
        assert "--target COLUMN" in text
        assert "index=False" in text
    np.save("far.npy", np.random.default_rng(0).normal(size=(100, 4)) * 1e-3 + 1e4)
    assert "--target" not in market.answer("search", "far.npy", code=3)["message"]
    market("market", "remove", "-y", "00000001")
    assert "are for tables of 2 columns" in market.answer("search", "far.npy", code=3)["message"]
    market("market", "remove", "-y", "00000002", "00000003")
    assert "has no learnware for tables" in market.answer("search", "far.npy", code=3)["message"]


def test_columns_in_another_order(market, zoo):
    lines = [line.split(",") for line in zoo.iris_inputs.read_text().splitlines()]
    Path("reversed.csv").write_text("\n".join(",".join(line[::-1]) for line in lines))
    [warning] = market.answer("search", "reversed.csv", code=3)["warnings"]
    assert "00000001 takes the columns of your data in another order" in warning
    assert "warnings" not in market.answer("search", zoo.iris_inputs)


def test_bad_specifications(market, zoo):
    Path("broken.json").write_text("{")
    Path("other.json").write_text('{"type": "GenerativeModelSpecification"}')
    assert "is not JSON" in market.failure("search", "broken.json")["message"]
    assert "GenerativeModelSpecification" in market.failure("search", "other.json")["message"]
    assert market.failure("search", "nothing.json")["type"] == "FileNotFoundError"
    assert market.failure("search", "nothing.csv")["message"] == "there is no file 'nothing.csv'"
    market("spec", zoo.iris_inputs)
    assert "--target is for data" in market("search", "stat.json", "--target", "a", code=2).stderr
