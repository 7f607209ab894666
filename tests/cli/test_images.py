"""The commands with images: described, packed, searched, predicted, solved."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from pathlib import Path

import joblib
import numpy as np
import pytest
import yaml
from sklearn.datasets import load_digits
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler

from learnware.learnware import pack, read_package

Image = pytest.importorskip("PIL.Image")
DIGITS = load_digits()
# From 0 to 255, as pictures are.
CHOSEN = np.flatnonzero(DIGITS.target < 2)[:60]
IMAGES = (DIGITS.images[CHOSEN, None] * (255 / 16)).astype(np.uint8)
KINDS = np.where(DIGITS.target[CHOSEN] == 0, "zero", "one")
WORDS = {"name": "Zeros", "description": "Tells zeros from ones.", "scenarios": ["Others"], "license": "MIT"}
COUNT = 40


@pytest.fixture(scope="module")
def model():
    flat = FunctionTransformer(np.reshape, kw_args={"shape": (-1, 64)})
    return make_pipeline(flat, MinMaxScaler(), LogisticRegression()).fit(IMAGES, KINDS)


@pytest.fixture(scope="module")
def package(model, tmp_path_factory):
    return pack(model, IMAGES, tmp_path_factory.mktemp("images") / "zeros.zip", **WORDS)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Pictures of several sizes in folders that name what they show."""
    folder = tmp_path_factory.mktemp("pictures")
    for i in range(COUNT):
        path = folder / KINDS[i] / f"{i:03}.png"
        path.parent.mkdir(exist_ok=True)
        size = (8, 8) if i % 2 else (16, 16)
        Image.fromarray(IMAGES[i, 0]).resize(size, Image.Resampling.NEAREST).save(path)
    return folder


@pytest.fixture
def market_of_images(run, package):
    run("market", "add", "--no-check", package)
    np.save("mine.npy", IMAGES)
    return run


def test_a_specification_of_images(run, folder):
    document = run.answer("spec", folder)
    assert (document["data"], document["rows"], document["type"]) == ("Image", COUNT, "RKMEImageFeatureSpecification")
    lines = run("spec", folder, "-o", "other.json", "--points", "4").stdout
    assert f"4 points for {COUNT} images: other.json" in lines
    assert "images" in lines.split("Compares with", 1)[1].splitlines()[0]
    published = run.answer("spec", folder, "--type", "rkmeimagespecification", "--points", "3", "-o", "published.json")
    assert np.array(json.loads(Path("published.json").read_text())["z"]).shape == (3, 1, 32, 32)
    assert published["points"] == 3
    assert (
        "--quality"
        in run("spec", folder, "--type", "RKMEImageSpecification", "--quality", "best", "-o", "c.json", code=2).stderr
    )
    assert "not from standard input" in run("spec", "-", "--kind", "image", "-o", "c.json", code=2).stderr


def test_images_from_a_parquet_file(run):
    import pyarrow as pa
    from pyarrow import parquet

    # Of the size that images are described at: whole numbers are not rounded on the way.
    images = IMAGES[:COUNT].repeat(4, axis=2).repeat(4, axis=3)
    contents = []
    for image in images:
        stream = io.BytesIO()
        Image.fromarray(image[0]).save(stream, "png")
        contents.append(stream.getvalue())
    parquet.write_table(pa.table({"image": contents, "label": KINDS[:COUNT]}), "mine.parquet")
    np.save("mine.npy", images)
    run("spec", "mine.parquet", "-o", "a.json")
    run("spec", "mine.npy", "-o", "b.json")
    assert Path("a.json").read_text() == Path("b.json").read_text()


def test_search_and_predictions(market_of_images, folder):
    found = market_of_images.answer("search", "mine.npy")
    assert [one["name"] for one in found["singles"]] == ["Zeros"]
    assert found["singles"][0]["similarity"] > 0.9
    market_of_images("spec", "mine.npy")
    assert market_of_images.answer("search", "stat.json")["singles"][0]["mmd2"] == pytest.approx(
        found["singles"][0]["mmd2"], rel=1e-6
    )
    rows = list(csv.DictReader(market_of_images("predict", "00000001", folder).stdout.splitlines()))
    assert len(rows) == COUNT
    assert rows[0]["file"] == "one/001.png"
    assert np.mean([row["class"] == Path(row["file"]).parent.name for row in rows]) > 0.9


def test_a_search_describes_images_as_the_learnwares_are(run, package, monkeypatch):
    with zipfile.ZipFile(package) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    manifest = yaml.safe_load(contents["learnware.yaml"])
    # Where types are that the published package does not know.
    del manifest["extra_stat_specifications"]
    contents["learnware.yaml"] = yaml.safe_dump(manifest).encode()
    with zipfile.ZipFile("published.zip", "w") as archive:
        for name, data in contents.items():
            archive.writestr(name, data)
    run("market", "add", "--no-check", "published.zip")
    np.save("mine.npy", IMAGES)
    monkeypatch.setattr("learnware.specification.generate_rkme_image_feature_spec", None)
    [found] = run.answer("search", "mine.npy")["singles"]
    assert found["similarity"] > 0.9
    assert not run.answer("search", "mine.npy", "--text", "unheard of", code=3)["singles"]


@pytest.mark.parametrize("labelled", [False, True])
def test_solve_images(market_of_images, tmp_path, labelled):
    for i in range(COUNT):
        path = tmp_path / "same" / KINDS[i] / f"{i:03}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(IMAGES[i, 0]).save(path)
    options = ["--target", "folder"] if labelled else []
    market_of_images("solve", tmp_path / "same", *options, "-o", "out.csv")
    rows = list(csv.DictReader(Path("out.csv").read_text().splitlines()))
    assert np.mean([row["prediction"] == Path(row["file"]).parent.name for row in rows]) > 0.9


def test_pack_reads_model_and_data_once(run, model, folder, monkeypatch):
    from learnware.learnware.packing import _samples

    joblib.dump(model, "model.joblib")
    texts = [f"a text of number {i}" for i in range(20)]
    Path("texts.txt").write_text("\n".join(texts))
    joblib.dump(make_pipeline(TfidfVectorizer(), MultinomialNB()).fit(texts, np.arange(20) % 2), "texts.joblib")
    given = ["--name", WORDS["name"], "--description", WORDS["description"], "--scenario", "others", "--license", "mit"]
    opened = []
    for module, name in ((_samples, "_images_of_file"), (_samples, "_texts"), (joblib, "load")):
        real = getattr(module, name)
        monkeypatch.setattr(module, name, lambda *a, real=real, name=name, **k: (opened.append(name), real(*a, **k))[1])
    # Pictures of several sizes, and an estimator that does not say which it takes.
    pictures = ("pack", "model.joblib", folder, *given, "--pixel-values", "0-255", "-o", "a.zip")
    assert "bring them to one size first, or say which: --image-size" in run.failure(*pictures)["message"]
    assert "--image-size" in run(*pictures, "--image-size", "8x", code=2).stderr
    opened.clear()
    assert "images" in run(*pictures, "--image-size", "8").stdout
    assert opened == ["load", "_images_of_file"]
    opened.clear()
    run("pack", "texts.joblib", "texts.txt", *given, "--outputs", "even, odd", "-o", "b.zip")
    assert opened == ["load", "_texts"]


def test_pack_an_estimator_of_pictures(run, model, package):
    joblib.dump(model, "model.joblib")
    np.save("mine.npy", IMAGES)
    given = ["--name", WORDS["name"], "--description", WORDS["description"], "--scenario", "others", "--license", "mit"]
    result = run("pack", "model.joblib", "mine.npy", *given, "-o", "a.zip")
    assert "Zeros: Classification from images" in result.stdout
    assert Path("a.zip").read_bytes() == package.read_bytes()
    assert len(read_package("a.zip").stat_specs) == 2
    assert run.answer("market", "add", "a.zip", "--run-in", "current")["added"]
    text = run("market", "show", "00000001").stdout
    assert "RKMEImageFeatureSpecification" in text
    assert "RKMEImageSpecification" in text
