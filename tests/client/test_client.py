"""The client: what it unpacks, whom it starts, and what is left afterwards."""

from __future__ import annotations

import copy
import gc
import os
from pathlib import Path

import numpy as np
import pytest

from learnware.client import LearnwareClient
from learnware.errors import (
    EnvironmentBuildError,
    InvalidPackageError,
    LearnwareError,
    ModelError,
    SpecificationError,
)
from learnware.learnware import unpack, write_package

X = np.array([[5.1, 3.5, 1.4, 0.2], [6.3, 3.3, 6.0, 2.5]])


def files_of(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def files(iris_zip, tmp_path):
    return files_of(unpack(iris_zip, tmp_path / "files"))


def test_the_model_runs_elsewhere_and_cleanup_ends_it(iris_zip):
    client = LearnwareClient()
    learnware = client.load_learnware(iris_zip)
    folder = Path(learnware.get_dirpath())
    assert learnware.predict(X).ravel().tolist() == [0, 2]
    assert learnware.model.report().environment == "current"
    assert folder.is_dir()
    client.cleanup()
    assert not folder.exists()
    assert not folder.parent.exists()
    with pytest.raises(ModelError, match="closed"):
        learnware.predict(X)
    client.cleanup()
    # The client itself can go on.
    assert client.load_learnware(iris_zip).predict(X).ravel().tolist() == [0, 2]
    client.cleanup()


def test_a_learnware_may_outlive_its_client(iris_zip):
    learnware = LearnwareClient().load_learnware(iris_zip)
    gc.collect()
    folder = Path(learnware.get_dirpath())
    assert learnware.predict(X).ravel().tolist() == [0, 2]
    another = copy.deepcopy(learnware)
    del learnware
    gc.collect()
    assert folder.is_dir()
    assert another.predict(X).ravel().tolist() == [0, 2]
    del another
    gc.collect()
    assert not folder.exists()


def test_folders_are_used_where_they_are(iris_zip, tmp_path):
    folder = unpack(iris_zip, tmp_path / "mine")
    with LearnwareClient() as client:
        learnware = client.load_learnware(str(folder))
        assert learnware.get_dirpath() == str(folder)
        assert learnware.id == "mine"
        assert learnware.predict(X).ravel().tolist() == [0, 2]
    assert folder.is_dir()


def test_ids_are_those_of_packages_and_differ(files, iris_zip, tmp_path):
    named = write_package(
        {**files, "learnware.yaml": files["learnware.yaml"] + b"id: '00000042'\n"}, tmp_path / "a.zip"
    )
    with LearnwareClient() as client:
        learnwares = client.load_learnware([iris_zip, iris_zip, named, Path(os.path.relpath(iris_zip))])
        assert [learnware.id for learnware in learnwares] == ["iris", "iris-2", "00000042", "iris-3"]
        assert client.load_learnware([]) == []
        assert client.load_learnware((iris_zip,))[0].id == "iris"


def test_what_cannot_be_loaded(files, iris_zip, tmp_path):
    with LearnwareClient() as client:
        for given in ({}, {"learnware_path": iris_zip, "learnware_id": "00000001"}):
            with pytest.raises(LearnwareError, match="either learnware_path or learnware_id"):
                client.load_learnware(**given)
        with pytest.raises(InvalidPackageError, match="there is no file"):
            client.load_learnware(tmp_path / "none.zip")
        with pytest.raises(EnvironmentBuildError, match="submarine"):
            client.load_learnware(iris_zip, runnable_option="submarine")
        bad = write_package({**files, "requirements.txt": b"numpy==1 2 3\n"}, tmp_path / "bad.zip")
        with pytest.raises(EnvironmentBuildError, match="1 2 3"):
            client.load_learnware(bad, runnable_option="venv")


def test_limits_and_sandbox_are_the_clients(files, tmp_path):
    code = files["__init__.py"] + b"\nprint('x' * 100)\n"
    package = write_package({**files, "__init__.py": code}, tmp_path / "a.zip")
    with LearnwareClient(sandbox="none") as client:
        learnware = client.load_learnware(package)
        assert learnware.model.report().sandbox == "none"


def test_check_returns_the_report(iris_zip):
    report = LearnwareClient.check_learnware(iris_zip, runnable_option="current")
    assert report.valid
    assert LearnwareClient().check_learnware(str(iris_zip), None, runnable_option="current").valid


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"learnware.yaml": b"model: ["}, InvalidPackageError, "no plain YAML"),
        ({"semantic_specification.json": b"{}"}, SpecificationError, "the key Data is missing"),
        ({"stat.json": b"{}"}, SpecificationError, "stat.json"),
        ({"__init__.py": b"raise OSError('no luck')"}, ModelError, "no luck"),
    ],
)
def test_check_raises_the_first_error_with_the_whole_report(files, tmp_path, changes, error, words):
    package = write_package({**files, **changes}, tmp_path / "bad.zip")
    with pytest.raises(error, match=words) as caught:
        LearnwareClient.check_learnware(package, runnable_option="current")
    text = str(caught.value)
    assert f"{package}: invalid" in text
    assert all(part in text for part in ("package:", "semantic:", "statistical:", "pickles:", "environment:", "trial:"))


def test_check_says_what_the_environment_lacks(files, tmp_path):
    package = write_package({**files, "requirements.txt": b"numpy==1 2 3\n"}, tmp_path / "bad.zip")
    with pytest.raises(EnvironmentBuildError, match="1 2 3") as caught:
        LearnwareClient.check_learnware(package)
    assert len(caught.value.requirements) == 1
    assert "1 2 3" in caught.value.requirements[0]


def test_check_tells_what_this_machine_lacks(iris_zip):
    with pytest.raises(LearnwareError, match="not checked"):
        LearnwareClient.check_learnware(iris_zip, runnable_option="current", sandbox="a box of sand")
