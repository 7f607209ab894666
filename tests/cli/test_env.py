from __future__ import annotations

import json
import os
import re
import shutil
import sys
import zipfile
from pathlib import Path

import pytest

from learnware.cli._command import Session, _report
from learnware.errors import EnvironmentBuildError, ResourceLimitError
from learnware.learnware import unpack, write_package
from learnware.runtime.environment import EnvironmentStore, _uv


def write_wheel(folder: Path, name: str) -> None:
    info = f"{name}-1.0.dist-info"
    members = {
        f"{name}.py": "",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    members[f"{info}/RECORD"] = "\n".join(f"{path},," for path in [*members, f"{info}/RECORD"]) + "\n"
    with zipfile.ZipFile(folder / f"{name}-1.0-py3-none-any.whl", "w") as archive:
        for path, text in members.items():
            archive.writestr(path, text)


@pytest.fixture
def store(monkeypatch, tmp_path) -> EnvironmentStore:
    """An empty store that the command uses, and small packages to install in it."""
    try:
        _uv.find_uv()
    except EnvironmentBuildError as error:
        pytest.skip(str(error))
    (tmp_path / "wheels").mkdir()
    for name in ("numpy", "alpha", "beta"):
        write_wheel(tmp_path / "wheels", name)
    for variable in ("UV_DEFAULT_INDEX", "UV_INDEX", "PIP_FIND_LINKS", "UV_CACHE_DIR"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("UV_NO_INDEX", "1")
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("UV_FIND_LINKS", str(tmp_path / "wheels"))
    monkeypatch.setenv("LEARNWARE_ENVIRONMENTS", str(tmp_path / "environments"))
    monkeypatch.setenv("LEARNWARE_RUN_IN", "venv")
    return EnvironmentStore()


@pytest.fixture
def package(zoo, tmp_path):
    """Write a package that asks for something."""

    def write(name: str, requirements: str) -> Path:
        folder = unpack(zoo.iris_zip, tmp_path / f"unpacked-{name}")
        (folder / "requirements.txt").write_text(requirements)
        path = write_package(folder, tmp_path / f"{name}.zip")
        shutil.rmtree(folder)
        return Path(path)

    return write


def test_build_list_and_prune(run, store, package):
    assert run.answer("env", "list")["environments"] == []
    assert "no environments in" in run("env", "list").stdout
    one = package("one", "alpha\n")
    same = package("same", "alpha==1.0\n--pre\n")
    document = run.answer("env", "build", one, same)
    first, second = document["built"]
    assert document["failed"] == []
    assert first["packages"] == ["alpha==1.0", "numpy==1.0"]
    assert (first["new"], second["new"]) == (True, False)
    assert first["name"] == second["name"]
    assert first["python_version"].startswith(f"{sys.version_info.major}.{sys.version_info.minor}.")
    assert (first["warnings"], len(first["notes"])) == ([], 1)
    assert any("--pre" in warning for warning in second["warnings"])
    text = " ".join(run("env", "build", same).stdout.split())  # lines break where paths are long
    assert "is there" in text
    assert re.search(r"warning .*--pre is left out", text)
    assert re.search(r"note .*numpy is added", text)
    listed = run.answer("env", "list")
    [environment] = listed["environments"]
    assert environment["name"] == first["name"]
    assert 0 < environment["size"] <= listed["size"]
    assert listed["root"] == str(store.root)
    shown = run("env", "list").stdout
    assert first["name"] in shown
    assert "1 environment in" in shown
    assert run.answer("env", "prune")["removed"] == []
    planned = run.answer("env", "prune", "--all", "--dry-run")
    assert [one["name"] for one in planned["removed"]] == [first["name"]]
    assert len(store.list()) == 1
    assert "1 environment would be removed" in run("env", "prune", "--all", "--dry-run").stdout
    removed = run.answer("env", "prune", "--all")
    assert [one["name"] for one in removed["removed"]] == [first["name"]]
    assert removed["size"] < removed["size_before"]
    assert store.list() == ()


def test_what_cannot_be_built_does_not_keep_the_others(run, store, package):
    bad, good = package("bad", "missing-package==1\n"), package("good", "beta\n")
    document = run.answer("env", "build", bad, good, code=1)
    assert [one["package"] for one in document["built"]] == [str(good)]
    [failed] = document["failed"]
    assert failed["requirements"] == ["missing-package==1"]
    assert "missing-package was not found" in failed["message"]
    text = run("env", "build", bad, "nothing.zip", code=1).stdout
    assert "cannot be built" in text
    assert "nothing.zip" in text


def test_old_and_many_environments_go(run, store, package):
    names = [run.answer("env", "build", package(name, f"{name}\n"))["built"][0]["name"] for name in ("alpha", "beta")]
    os.utime(store.root / "venv" / f"{names[1]}.used", (1000, 1000))
    assert [one["name"] for one in run.answer("env", "prune", "--older-than", "30", "--dry-run")["removed"]] == [
        names[1]
    ]
    assert run("env", "prune", "--older-than", "30").stdout.count(names[1]) == 1
    assert [one["name"] for one in run.answer("env", "prune", "--max-size", "5G")["removed"]] == []
    assert [one["name"] for one in run.answer("env", "prune", "--max-size", "1k")["removed"]] == [names[0]]


def test_what_is_not_understood(run, store, package):
    assert "'five' is no size" in run("env", "prune", "--max-size", "five", code=2).stderr
    one = package("one", "alpha\n")
    assert "builds nothing" in run.failure("env", "build", one, "--run-in", "current")["message"]


@pytest.mark.parametrize(
    ("error", "details"),
    [
        (EnvironmentBuildError("no", requirements=("a==1", "b")), {"requirements": ["a==1", "b"]}),
        (EnvironmentBuildError("no network"), {}),
        (ResourceLimitError("too much", limit="memory_bytes"), {"limit": "memory_bytes"}),
    ],
)
def test_errors_in_json_name_what_is_at_fault(capsys, error, details):
    _report(Session(market="", root=None, json=True, debug=False), error, str(error))
    document = json.loads(capsys.readouterr().err)["error"]
    assert document == {"type": type(error).__name__, "message": str(error), **details}
