"""The loading and predicting part of the two programs of the published package, from zips, wherever models run."""

from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn.datasets import load_digits, load_iris
from sklearn.metrics import accuracy_score

from learnware.client import LearnwareClient
from learnware.reuse import AveragingReuser
from learnware.runtime.sandbox import choose_sandbox

OPTIONS = [
    None,
    pytest.param("venv", marks=pytest.mark.index),
    pytest.param("conda", marks=pytest.mark.index),
]


@pytest.fixture(params=OPTIONS)
def option(request):
    """Where models run."""
    if request.param is not None:
        request.getfixturevalue("package_index")
    return request.param


@pytest.fixture
def client(environment_store):
    with LearnwareClient(store=environment_store) as client:
        yield client


def test_one_learnware(client, iris_zip, option):
    X, y = load_iris(return_X_y=True)
    learnware = client.load_learnware(learnware_path=iris_zip, runnable_option=option)
    assert accuracy_score(y, learnware.predict(X)) >= 0.95
    report = learnware.model.report()
    assert report.environment == {None: "current", "venv": "venv"}.get(option, report.environment)
    assert report.environment in {"current", "venv", "conda"}
    assert report.sandbox == choose_sandbox()


def test_several_learnwares(client, digits_zips, option):
    X, y = load_digits(return_X_y=True)
    learnwares = client.load_learnware(learnware_path=[str(path) for path in digits_zips], runnable_option=option)
    assert accuracy_score(y, AveragingReuser(learnwares, mode="vote_by_label").predict(X)) >= 0.95
    assert len({learnware.model.report().name for learnware in learnwares}) == 1


def test_published_zips_in_the_environment_that_they_ask_for(client, shared, option):
    folder = shared / "fixtures" / "zips"
    X, y = load_digits(return_X_y=True)
    learnwares = client.load_learnware(sorted(folder.glob("*.zip")), runnable_option=option)
    assert len(learnwares) == 5
    probabilities = learnwares[0].predict(X)
    assert probabilities.shape == (len(X), 10)
    assert accuracy_score(y, probabilities.argmax(axis=1)) >= 0.9
    for learnware in learnwares[1:]:
        known = np.isin(y, np.unique(learnware.predict(X)))
        assert accuracy_score(y[known], learnware.predict(X[known])) >= 0.9


def test_boosters_in_the_environment_that_they_ask_for(client, shared, option):
    folder = shared / "zoo" / "air" / "learnwares"
    if option is None:
        pytest.importorskip("lightgbm")
    paths = [folder / f"air_{station}_autumn.zip" for station in ("aotizhongxin", "changping", "dingling")]
    learnwares = client.load_learnware(paths, runnable_option=option)
    for learnware, path in zip(learnwares, paths, strict=True):
        spec = json.loads(path.with_name(f"{path.stem}.semantic.json").read_text(encoding="utf-8"))
        X = np.random.default_rng(0).normal(size=(50, spec["Input"]["Dimension"]))
        predictions = learnware.predict(X)
        assert predictions.shape == (50, 1)
        assert np.ptp(predictions) > 0
    assert [learnware.id for learnware in learnwares] == [path.stem for path in paths]
