"""Packages written by the published package's template calls."""

from __future__ import annotations

import json
import pickle
import zipfile

import numpy as np
import pytest
import yaml
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline

from learnware.client import LearnwareClient
from learnware.learnware import get_learnware_from_dirpath, read_package, read_yaml_to_dict, unpack
from learnware.specification import (
    generate_rkme_image_feature_spec,
    generate_rkme_image_spec,
    generate_semantic_spec,
    generate_stat_spec,
)
from learnware.tests.templates import (
    LearnwareTemplate,
    ModelTemplate,
    PickleModelTemplate,
    StatSpecTemplate,
    convert_folder_to_zipfile,
    save_dict_to_yaml,
)

X = np.array([[0.0, 0.0], [1.0, 1.0], [2.0, 2.0], [3.0, 3.0]])


@pytest.fixture
def classifier(tmp_path):
    model = LogisticRegression().fit(X, [0, 0, 1, 1])
    (tmp_path / "classifier.pkl").write_bytes(pickle.dumps(model))
    states = {"z": [[0.0, 0.0]], "beta": [1.0], "gamma": 0.1, "num_points": 4, "type": "RKMETableSpecification"}
    (tmp_path / "rkme.json").write_text(json.dumps(states))
    return model


@pytest.mark.parametrize("pickle_filename", [None, "other.pkl"])
def test_a_pickled_model(tmp_path, classifier, pickle_filename):
    kwargs = {"input_shape": (2,), "output_shape": (2,), "predict_method": "predict_proba"}
    if pickle_filename:
        kwargs["pickle_filename"] = pickle_filename
    LearnwareTemplate.generate_learnware_zipfile(
        learnware_zippath=str(tmp_path / "learnware.zip"),
        model_template=PickleModelTemplate(model_kwargs=kwargs, pickle_filepath=str(tmp_path / "classifier.pkl")),
        stat_spec_template=StatSpecTemplate(filepath=str(tmp_path / "rkme.json"), type="RKMETableSpecification"),
        requirements=["scikit-learn==1.5.0", ("numpy", ">=", "1.20")],
    )
    contents = read_package(tmp_path / "learnware.zip")
    assert contents.stat_specs["RKMETableSpecification"].num_points == 4
    with zipfile.ZipFile(tmp_path / "learnware.zip") as archive:
        assert archive.read("requirements.txt") == b"scikit-learn==1.5.0\nnumpy>=1.20\n"
        # The strictest reader of the published system takes it.
        assert yaml.safe_load(archive.read("learnware.yaml"))["model"]["class_name"] == "PickleLoadedModel"
    learnware = get_learnware_from_dirpath("x", {}, unpack(tmp_path / "learnware.zip", tmp_path / "unpacked"))
    np.testing.assert_array_equal(learnware.predict(X), classifier.predict_proba(X))
    assert learnware.model.input_shape == learnware.model.output_shape == (2,)
    learnware.model.fit(X, [1, 1, 0, 0])
    assert learnware.predict(X)[0, 1] > 0.5


def test_a_pipeline_of_texts(tmp_path):
    texts = ["a cat and a dog", "the dog and a bird", "an engine and wheels", "the wheels of a car"] * 10
    model = make_pipeline(CountVectorizer(), MultinomialNB()).fit(texts, [0, 0, 1, 1] * 10)
    (tmp_path / "model.pkl").write_bytes(pickle.dumps(model))
    generate_stat_spec("text", texts).save(tmp_path / "rkme.json")
    LearnwareTemplate.generate_learnware_zipfile(
        learnware_zippath=str(tmp_path / "learnware.zip"),
        model_template=PickleModelTemplate(
            model_kwargs={"input_shape": None, "output_shape": (1,)}, pickle_filepath=str(tmp_path / "model.pkl")
        ),
        stat_spec_template=StatSpecTemplate(filepath=str(tmp_path / "rkme.json"), type="RKMETextSpecification"),
        requirements=["scikit-learn", "numpy"],
    )
    semantic = generate_semantic_spec(
        name="Animals or cars",
        description="Tells animals from cars.",
        data_type="Text",
        task_type="Classification",
        library_type="Scikit-learn",
        scenarios=["Others"],
        license=["MIT"],
        input_description={},
        output_description={"Dimension": 2, "Description": {"0": "animals", "1": "cars"}},
    )
    report = LearnwareClient.check_learnware(tmp_path / "learnware.zip", semantic, runnable_option="current")
    assert report.valid


@pytest.mark.parametrize("type", ["RKMEImageSpecification", "RKMEImageFeatureSpecification"])
def test_specifications_of_images(tmp_path, classifier, type):
    images = np.random.default_rng(0).integers(0, 256, size=(30, 1, 32, 32), dtype=np.uint8)
    make = generate_rkme_image_spec if type == "RKMEImageSpecification" else generate_rkme_image_feature_spec
    make(images, reduced_set_size=2).save(tmp_path / "image.json")
    LearnwareTemplate.generate_learnware_zipfile(
        tmp_path / "learnware.zip",
        PickleModelTemplate({"input_shape": (1, 32, 32), "output_shape": (1,)}, tmp_path / "classifier.pkl"),
        StatSpecTemplate(tmp_path / "image.json", type),
    )
    assert list(read_package(tmp_path / "learnware.zip").stat_specs) == [type]
    with zipfile.ZipFile(tmp_path / "learnware.zip") as archive:
        listed = yaml.safe_load(archive.read("learnware.yaml"))["stat_specifications"]
    # What the published package does not know is not among what it loads.
    assert [one["class_name"] for one in listed] == [type][: type == "RKMEImageSpecification"]


def test_files_one_by_one(tmp_path, classifier):
    folder = tmp_path / "folder"
    folder.mkdir()
    LearnwareTemplate.generate_requirements(folder / "requirements.txt", ["numpy"])
    LearnwareTemplate.generate_learnware_yaml(
        folder / "learnware.yaml",
        model_config={"class_name": "Model", "kwargs": {"input_shape": (2,)}},
        stat_spec_config=[{"class_name": "RKMETableSpecification", "file_name": "rkme.json", "kwargs": {}}],
    )
    (folder / "__init__.py").write_text("")
    (tmp_path / "rkme.json").rename(folder / "rkme.json")
    convert_folder_to_zipfile(str(folder), str(tmp_path / "learnware.zip"))
    contents = read_package(tmp_path / "learnware.zip")
    assert contents.manifest.model.kwargs == {"input_shape": (2,)}
    assert contents.has_requirements


def test_defaults(tmp_path):
    LearnwareTemplate.generate_learnware_yaml(tmp_path / "learnware.yaml")
    assert read_yaml_to_dict(tmp_path / "learnware.yaml") == {"model": {"class_name": "Model", "kwargs": {}}}
    LearnwareTemplate.generate_requirements(tmp_path / "requirements.txt")
    assert (tmp_path / "requirements.txt").read_text() == ""
    assert ModelTemplate().class_name == "Model"


def test_yaml(tmp_path):
    value = {"shape": (1, 2), "text": "北冥"}
    save_dict_to_yaml(value, str(tmp_path / "x.yaml"))
    assert read_yaml_to_dict(str(tmp_path / "x.yaml")) == value
