"""Packages of a hostile learnware strike behind the sandbox only: neither the build nor the owner runs anything."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

import numpy as np
import pytest
from tests.hostile.specimen import LIMITS
from tests.hostile.stage import descendants, survivors
from tests.hostile.trial import differences

from learnware.errors import EnvironmentBuildError, ModelError
from learnware.runtime import Limits, ModelProcess
from learnware.runtime.environment import EnvironmentStore, Requirements, _uv

if TYPE_CHECKING:
    from pathlib import Path

# Every place where code of a package runs without being asked for, and what it tries there.
_STRIKE = """
import os, sys
sys.stderr.write("{where} strikes\\n")
sys.stderr.flush()
for action in (
    lambda: open({canary!r}, "ab").write(b"{where}"),
    lambda: sys.stderr.write("the secret is out: " + open({secret!r}).read()),
    lambda: open(os.path.join(sys.prefix, "{where}"), "x"),
    lambda: open(os.path.join({outside!r}, "{where}"), "x"),
    lambda: __import__("socket").create_connection(("127.0.0.1", {port}), timeout=3),
    lambda: os.fork() or __import__("time").sleep(600),
):
    try:
        action()
    except Exception as error:
        sys.stderr.write(repr(error) + "\\n")
"""


def write_wheel(folder: Path, name: str, files: dict[str, str]) -> None:
    """Write version 1.0 of a package."""
    info = f"{name}-1.0.dist-info"
    files = {
        **files,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{path},,\n" for path in (*files, f"{info}/RECORD"))
    with zipfile.ZipFile(folder / f"{name}-1.0-py3-none-any.whl", "w") as archive:
        for path, text in {**files, f"{info}/RECORD": record}.items():
            archive.writestr(path, text)


@pytest.fixture
def environment(stage, tmp_path, monkeypatch):
    """Packages that strike: while the interpreter starts, and when they are imported; numpy is one of them."""
    try:
        _uv.find_uv()
    except EnvironmentBuildError as error:
        pytest.skip(str(error))
    told = stage.constants()

    def strike(where: str) -> str:
        return _STRIKE.format(
            where=where,
            canary=f"{told['OUTSIDE']}/canary",
            secret=told["SECRET_FILE"],
            outside=told["OUTSIDE"],
            port=told["PORT4"],
        )

    wheels = tmp_path / "wheels"
    wheels.mkdir()
    files = {
        # A line of such a file that begins with an import is run as the interpreter starts.
        "start.pth": f"import sys; exec({strike('start')!r})\n",
        "sitecustomize.py": strike("site"),
        "usercustomize.py": strike("user"),
        "learnware/__init__.py": strike("engine"),
        "_worker/__init__.py": strike("worker"),
        "json/__init__.py": strike("json"),
    }
    write_wheel(wheels, "sly", files)
    broken = strike("numpy") + "\nraise ImportError('no more')\n"
    write_wheel(wheels, "numpy", {"numpy/__init__.py": broken})
    monkeypatch.setenv("UV_NO_INDEX", "1")
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("UV_FIND_LINKS", str(wheels))
    store = EnvironmentStore(tmp_path / "environments")
    return store, Requirements(requirements=("numpy", "sly"))


def test_hostile_packages(stage, neighbours, level, environment):
    store, requirements = environment
    before = stage.state(stage.neighbour, engine=True)
    known = set(descendants())

    built = store.provide(requirements)
    # Whoever looks at it again runs it no more than who built it.
    assert store.provide(requirements).folders == built.folders
    assert survivors(known, 5.0) == {}
    assert differences(before, stage.state(stage.neighbour, engine=True)) == []
    assert stage.problems() == []

    process = ModelProcess(
        stage.neighbour, {"class_name": "Model"}, environment=built, sandbox=level, limits=Limits(**LIMITS)
    )
    with pytest.raises(ModelError):
        process.predict(np.zeros((1, 1)))
    process.close()
    printed = process.output
    assert "start strikes" in printed
    assert "numpy strikes" in printed
    # The standard library and the worker come first, whatever a package is called.
    assert "json strikes" not in printed
    assert "worker strikes" not in printed
    assert "secret is out" not in printed
    assert survivors(known, 5.0) == {}
    assert differences(before, stage.state(stage.neighbour, engine=True)) == []
    assert stage.problems() == []
    assert not list(built.python.parent.parent.glob("start"))
