"""Verification in the environment that a package asks for, with the real package index."""

from __future__ import annotations

import json

import pytest

from learnware.learnware import get_learnware_from_dirpath, unpack
from learnware.market import CondaChecker, EasyStatChecker

pytestmark = [pytest.mark.index, pytest.mark.usefixtures("package_index")]
# Small, and not among the packages of the tests' own environment.
PACKAGE = "cowsay==6.1"
LOAD = "import cowsay; self.version = cowsay.__version__"


def test_the_model_has_what_its_package_asks_for(maker, environment_store):
    files = maker.files(load=LOAD, requirements__txt=f"{PACKAGE}\nnumpy\n")
    assert "name the package that has 'cowsay'" in str(maker.verify(files))
    report = maker.verify(files, runnable_option="venv", store=environment_store)
    assert report.valid, str(report)
    assert report.environment.kind == "venv"
    assert PACKAGE in report.environment.requirements
    # Where there is no conda, the package index serves.
    again = maker.verify(files, runnable_option="conda", store=environment_store)
    assert again.valid, str(again)
    assert again.environment.kind in {"venv", "conda"}


def test_the_conda_checker_tries_the_model_there(maker, environment_store, tmp_path):
    files = maker.files(load=LOAD, requirements__txt=f"{PACKAGE}\nnumpy\n")
    folder = unpack(maker.package(files), tmp_path / "unpacked")
    learnware = get_learnware_from_dirpath("pending", None, folder, ignore_error=False)
    assert EasyStatChecker()(learnware)[0] == -1
    checker = CondaChecker(EasyStatChecker(), store=environment_store)
    status, message = checker(learnware)
    assert status == 1, message


def test_what_the_index_does_not_have_is_named_with_the_reason(maker, environment_store):
    files = maker.files(requirements__txt="cowsay==0.0.0.1\nnumpy\n")
    report = maker.verify(files, runnable_option="venv", store=environment_store)
    [finding] = report.of("environment")
    assert finding.status == "wrong"
    assert "requirements.txt" in finding.mend
    assert finding.requirements == ("cowsay==0.0.0.1",)
    assert report.of("trial")[0].status == "not checked"
    assert report.of("pickles")[0].status == "ok"
    json.dumps(report.to_dict())
