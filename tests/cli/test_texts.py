"""The commands with texts: described, packed, searched, predicted, solved."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import joblib
import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline

from learnware.learnware import pack, read_package
from learnware.specification import RKMETextSpecification, generate_rkme_text_spec

ABOUT = {
    "animals": "the cat and the dog chase a bird over the green hill near our old house",
    "cars": "the engine of a fast car turns every wheel until the brakes get too hot",
}
WORDS = {"scenarios": ["Others"], "license": "MIT"}


def written(kind: str, count: int, seed: int) -> list[str]:
    rng = np.random.default_rng(seed)
    return [" ".join(rng.choice(ABOUT[kind].split(), 12)) for _ in range(count)]


TEXTS = [*written("animals", 60, 0), *written("cars", 60, 1)]
KINDS = ["animals"] * 60 + ["cars"] * 60


def write_rows(path, rows, columns=("review", "kind")):
    with Path(path).open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(columns)
        writer.writerows(rows)


@pytest.fixture(scope="module")
def model():
    return make_pipeline(TfidfVectorizer(), MultinomialNB()).fit(TEXTS, KINDS)


@pytest.fixture(scope="module")
def package(model, tmp_path_factory):
    path = tmp_path_factory.mktemp("texts") / "kinds.zip"
    return pack(model, TEXTS, path, name="Animals or cars", description="Tells animals from cars.", **WORDS)


@pytest.fixture
def texts(run, package):
    """A market with one learnware of texts, and files of texts."""
    run("market", "add", "--no-check", package)
    Path("mine.txt").write_text("".join(f"{text}\n" for text in TEXTS), encoding="utf-8")
    write_rows("mine.csv", zip(TEXTS, KINDS, strict=True))
    return run


def test_a_specification_of_texts(run):
    Path("mine.txt").write_text("".join(f"{text}\n" for text in [*TEXTS, ""]), encoding="utf-8")
    document = run.answer("spec", "mine.txt", "--seed", "3")
    assert (document["data"], document["rows"], document["encoder"]) == ("Text", 121, "hashing")
    assert document["type"] == "RKMETextSpecification"
    assert document["report"]["empty_texts"] == 1
    spec = RKMETextSpecification()
    spec.load("stat.json")
    assert spec.to_json() == generate_rkme_text_spec([*TEXTS, ""], seed=3).to_json()
    assert document["language"] == spec.language == ["en"]
    lines = run("spec", "mine.txt", "-o", "other.json", "--points", "9").stdout
    assert "9 points for 121 texts: other.json" in lines
    assert "texts (hashing encoder)" in lines
    assert "Empty          1 text " in lines


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("mine.csv", ["--target", "kind"]),
        ("mine.csv", ["--text-column", "review"]),
        ("mine.jsonl", []),
        ("-", ["--kind", "text"]),
    ],
)
def test_texts_from_anywhere_are_the_same(texts, name, options):
    texts("spec", "mine.txt", "-o", "lines.json")
    Path("mine.jsonl").write_text("".join(json.dumps({"review": text}) + "\n" for text in TEXTS))
    texts("spec", name, *options, "-o", "other.json", input=Path("mine.txt").read_text())
    assert Path("other.json").read_bytes() == Path("lines.json").read_bytes()


def test_unclear_data_say_which_option_helps(texts):
    message = texts.failure("spec", "mine.csv")["message"]
    assert message.endswith("'review', 'kind'): name the one that is meant with --text-column")
    assert "--text-column" in texts.failure("spec", "mine.csv", "--kind", "text")["message"]
    assert "column 'review' holds text" in texts.failure("spec", "mine.csv", "--kind", "table")["message"]
    assert "no column 'x'" in texts.failure("spec", "mine.csv", "--text-column", "x")["message"]
    assert "--encoder" in texts("spec", "mine.csv", "--kind", "table", "--encoder", "hashing", code=2).stderr
    assert (
        "--text-column is for texts"
        in texts("spec", "mine.csv", "--kind", "table", "--text-column", "review", code=2).stderr
    )
    assert "RKMETextSpecification" in texts("spec", "mine.txt", "--type", "RKMETableSpecification", code=2).stderr


def test_search_by_texts_and_by_their_specification(texts):
    found = texts.answer("search", "mine.txt")
    assert [one["name"] for one in found["singles"]] == ["Animals or cars"]
    assert found["singles"][0]["similarity"] > 0.9
    texts("spec", "mine.txt")
    again = texts.answer("search", "stat.json")
    assert again["singles"][0]["mmd2"] == pytest.approx(found["singles"][0]["mmd2"], rel=1e-6)
    assert "--encoder is for data" in texts("search", "stat.json", "--encoder", "hashing", code=2).stderr
    Path("table.csv").write_text("a,b\n" + "".join(f"{i},{i * i % 7}\n" for i in range(60)))
    assert "no learnware for tables" in texts("search", "table.csv", code=3).stdout


def test_predictions_for_texts(texts):
    rows = list(csv.DictReader(texts("predict", "00000001", "mine.txt").stdout.splitlines()))
    assert np.mean([row["class"] == kind for row, kind in zip(rows, KINDS, strict=True)]) > 0.95
    texts("predict", "00000001", "mine.csv", "--target", "kind", "-o", "out.jsonl")
    lines = [json.loads(line) for line in Path("out.jsonl").read_text().splitlines()]
    assert [line["class"] for line in lines] == [row["class"] for row in rows]
    assert "'table.npy' is no file of texts" in predict_failure(texts)


def predict_failure(run):
    np.save("table.npy", np.zeros((3, 2)))
    return run.failure("predict", "00000001", "table.npy")["message"]


@pytest.mark.parametrize("labelled", [False, True])
def test_solve_texts(texts, labelled):
    options = ["--target", "kind"] if labelled else ["--text-column", "review"]
    texts("solve", "mine.csv", *options, "-o", "out.csv")
    rows = list(csv.DictReader(Path("out.csv").read_text().splitlines()))
    assert np.mean([row["prediction"] == kind for row, kind in zip(rows, KINDS, strict=True)]) > 0.95


def test_pack_a_pipeline(run, model):
    joblib.dump(model, "model.joblib")
    write_rows("mine.csv", zip(TEXTS, KINDS, strict=True))
    words = ["--name", "Animals or cars", "--description", "Tells animals from cars.", "--scenario", "others"]
    arguments = ("pack", "model.joblib", "mine.csv", *words, "--license", "mit")
    result = run(*arguments, "--text-column", "review", "-o", "a.zip")
    assert "Animals or cars: Classification from texts (hashing encoder), " in result.stdout
    assert read_package("a.zip").stat_specs["RKMETextSpecification"].num_points == 120
    run(*arguments, "--target", "kind", "-o", "b.zip")
    assert Path("b.zip").read_bytes() == Path("a.zip").read_bytes()
    message = run.failure(*arguments, "--target", "kind", "-o", "c.zip", "--pixel-values", "0-1")["message"]
    assert message.startswith("--pixel-values is for images")
    assert run.answer("check", "a.zip", "--run-in", "current")["packages"][0]["valid"]
