"""Packages written by the published package's template calls."""

from __future__ import annotations

import json
import pickle
import zipfile

import numpy as np
import pytest
import yaml
from sklearn.linear_model import LogisticRegression

from learnware.learnware import get_learnware_from_dirpath, read_package, read_yaml_to_dict, unpack
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
