"""Packing models of texts; each package is unpacked, loaded and asked."""

from __future__ import annotations

import json
import zipfile

import joblib
import numpy as np
import pandas as pd
import pytest
from onnx import TensorProto, helper
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import Ridge
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline

from learnware.errors import PackError
from learnware.learnware import get_learnware_from_dirpath, missing_information, pack, read_package, unpack
from learnware.learnware.packing._models import plan_model
from learnware.learnware.packing._samples import open_samples
from learnware.verification import verify

WORDS = {
    "name": "Animals or cars",
    "description": "Tells texts about animals from those about cars.",
    "scenarios": ["Nature"],
    "license": "MIT",
}
ANIMALS, CARS = "the cat and the dog chase a bird", "the engine of a car turns the wheel"
TEXTS = [" ".join(np.random.default_rng(i).choice((ANIMALS, CARS)[i % 2].split(), 9)) for i in range(120)]
KINDS = ["animals" if i % 2 == 0 else "cars" for i in range(120)]
PIPELINE = make_pipeline(TfidfVectorizer(), MultinomialNB()).fit(TEXTS, KINDS)


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    return pack(PIPELINE, TEXTS, tmp_path_factory.mktemp("text") / "x.zip", **WORDS)


def loaded(path, tmp_path):
    return get_learnware_from_dirpath("x", {}, unpack(path, tmp_path / "unpacked"), ignore_error=False)


def test_a_pipeline(package, tmp_path):
    contents = read_package(package)
    semantic = contents.semantic_spec
    assert semantic["Data"]["Values"] == ["Text"]
    assert semantic["Task"]["Values"] == ["Classification"]
    assert semantic["Library"]["Values"] == ["Scikit-learn"]
    assert semantic["Input"] == {}
    assert semantic["Output"] == {"Dimension": 2, "Description": {"0": "animals", "1": "cars"}}
    spec = contents.stat_specs["RKMETextSpecification"]
    assert (spec.num_points, spec.encoder) == (120, "hashing")
    learnware = loaded(package, tmp_path)
    assert learnware.predict(["a cat", "", "🚗 wheel of a car"]).tolist() == [0, 0, 1]
    assert (learnware.model.input_shape, learnware.model.output_shape) == (None, (1,))
    np.testing.assert_allclose(learnware.predict_proba(TEXTS[:5]), PIPELINE.predict_proba(TEXTS[:5]))


def test_a_package_is_valid(package):
    report = verify(package, runnable_option="current")
    assert report.valid, str(report)


@pytest.mark.parametrize("form", ["series", "polars", "frame", "txt", "jsonl", "csv", "parquet"])
def test_texts_from_anywhere_are_the_same(tmp_path, form):
    import polars as pl

    frame = pd.DataFrame({"text": TEXTS, "kind": KINDS, "row": range(120)})
    options = {}
    path = tmp_path / f"texts.{form}"
    data: object = path
    if form == "series":
        data = frame["text"]
    elif form == "polars":
        data, options = pl.from_pandas(frame), {"text_column": "text"}
    elif form == "frame":
        data, options = frame, {"text_column": "text"}
    elif form == "txt":
        path.write_text("".join(f"{text}\n" for text in TEXTS), encoding="utf-8")
    elif form == "jsonl":
        path.write_text("".join(json.dumps({"text": text}) + "\n" for text in TEXTS), encoding="utf-8")
    elif form == "csv":
        frame[["kind", "text"]].to_csv(path, index=False)
        options = {"target": "kind"}
    else:
        frame.to_parquet(path)
        options = {"text_column": "text"}
    given = {"data_type": None, "target": None, "text_column": None, "encoder": None, **options}
    samples = open_samples(plan_model(PIPELINE), data, **given)
    assert (samples.data_type, samples.input_shape, samples.read()) == ("Text", None, TEXTS)


def test_vectors_and_numbers(tmp_path):
    vectorizer = CountVectorizer().fit(TEXTS)
    path = pack(vectorizer, TEXTS, tmp_path / "v.zip", **WORDS)
    assert read_package(path).semantic_spec["Task"]["Values"] == ["Feature Extraction"]
    learnware = loaded(path, tmp_path / "v")
    np.testing.assert_array_equal(learnware.predict(TEXTS[:3]), vectorizer.transform(TEXTS[:3]).toarray())
    lengths = make_pipeline(CountVectorizer(), Ridge()).fit(TEXTS, [len(text) for text in TEXTS])
    joblib.dump(lengths, tmp_path / "lengths.joblib")
    path = pack(tmp_path / "lengths.joblib", TEXTS, tmp_path / "l.zip", **WORDS, output_description="letters")
    np.testing.assert_allclose(loaded(path, tmp_path / "l").predict(TEXTS[:3])[:, 0], lengths.predict(TEXTS[:3]))


def test_an_onnx_model_of_texts(tmp_path):
    nodes = [
        helper.make_node("Equal", ["X", "word"], ["same"]),
        helper.make_node("Cast", ["same"], ["y"], to=TensorProto.FLOAT),
    ]
    graph = helper.make_graph(
        nodes,
        "same",
        [helper.make_tensor_value_info("X", TensorProto.STRING, ["n", 1])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 1])],
        [helper.make_tensor("word", TensorProto.STRING, [1], [b"cat"])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 19)], ir_version=9)
    path = pack(model, [*TEXTS, "cat"], tmp_path / "o.zip", **WORDS, task_type="Regression", output_description="cat")
    assert loaded(path, tmp_path).predict(["cat", "dog"]).tolist() == [[1.0], [0.0]]
    with pytest.raises(PackError, match="the model takes texts, and the data are a table"):
        pack(model, np.zeros((9, 1)), tmp_path / "t.zip", **WORDS)


def test_what_is_missing_is_nothing_of_columns():
    missing = missing_information(make_pipeline(CountVectorizer(), Ridge()).fit(TEXTS, range(120)), TEXTS)
    assert [field.field for field in missing] == ["name", "description", "scenarios", "license", "output_description"]


@pytest.mark.parametrize(
    ("data", "words", "why"),
    [
        (TEXTS, {"input_description": ["the text"]}, "for the columns of tables"),
        (TEXTS, {"task_type": "Segmentation"}, "task_type is 'Segmentation'; expected one of .*Text Generation"),
        (TEXTS, {"pixel_values": "0-1"}, "pixel_values is for images"),
        (TEXTS, {"data_type": "Sound"}, "data_type is 'Sound'; expected one of Table, Image, Text"),
        (TEXTS, {"data_type": "Table"}, "table"),
        (pd.DataFrame({"a": TEXTS, "b": TEXTS}), {"text_column": "c"}, "text_column is 'c'; expected one of a, b"),
        (np.zeros((9, 2)), {"encoder": "hashing"}, "encoder is for texts, and the data are a table"),
        (iter(TEXTS), {}, "only once"),
        ([], {"data_type": "Text"}, "no texts"),
    ],
)
def test_what_cannot_be_packed(tmp_path, data, words, why):
    from learnware.errors import SpecificationError

    with pytest.raises((PackError, SpecificationError), match=why):
        pack(PIPELINE, data, tmp_path / "x.zip", **{**WORDS, **words})
    assert not list(tmp_path.iterdir())


def test_a_file_and_an_encoder(package, tmp_path):
    pd.DataFrame({"kind": KINDS, "review": TEXTS}).to_csv(tmp_path / "x.csv", index=False)
    path = pack(PIPELINE, tmp_path / "x.csv", tmp_path / "x.zip", **WORDS, target="kind", encoder="hashing")
    assert path.read_bytes() == package.read_bytes()
    with zipfile.ZipFile(path) as archive:
        assert json.loads(archive.read("stat.json"))["encoder"] == "hashing"
