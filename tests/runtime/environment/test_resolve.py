from __future__ import annotations

import os
import platform
import sys
from datetime import date
from pathlib import Path

import pytest

from learnware.errors import EnvironmentBuildError
from learnware.runtime.environment import EnvironmentStore, Requirements, _pythons
from learnware.runtime.environment._pythons import choices, minors_of
from learnware.runtime.environment._resolve import compile_lock
from learnware.runtime.environment._settings import BuildSettings

RUNNING = platform.python_version()
MINOR = sys.version_info.minor


@pytest.fixture
def settings(offline, tmp_path) -> BuildSettings:
    return BuildSettings(tmp_path / "environments", install_pythons=False)


@pytest.fixture
def only_this_python(monkeypatch):
    monkeypatch.setattr(_pythons, "_candidates", lambda settings: [(Path(sys.executable), MINOR)])


@pytest.fixture(scope="module")
def another_python():
    """An interpreter of another minor version; skips where there is none."""
    found = [one for one in _pythons._installed(BuildSettings(Path("/nonexistent")), None) if not is_this(one)]
    if not found:
        pytest.skip("no other version of Python is on this machine")
    return found[0]


def is_this(interpreter) -> bool:
    return interpreter.version.split(".")[1] == str(MINOR)


def test_every_requirement_that_cannot_be_had_is_named(store, asked):
    with pytest.raises(EnvironmentBuildError) as caught:
        store.provide(asked("alpha==9", "missing-one>1", "source==1.0", "beta"))
    assert set(caught.value.requirements) == {"alpha==9", "missing-one>1", "source==1.0"}
    message = str(caught.value)
    assert f"on Python {RUNNING}" in message
    assert "no version of alpha==9" in message
    assert "missing-one was not found" in message
    assert "source==1.0 has no usable wheels" in message
    assert "LEARNWARE_SOURCE_BUILDS=1 allows building from source" in message
    assert message.count("; Because ") == 2
    assert caught.value.log


def test_requirements_in_conflict_are_named(store, asked):
    with pytest.raises(EnvironmentBuildError, match="picky") as caught:
        store.provide(asked("alpha==2.0", "picky"))
    assert {"alpha==2.0", "picky"} <= set(caught.value.requirements)


def test_all_requirements_are_named_where_the_resolver_names_none(store, asked, fake_uv):
    fake_uv(
        """
        import os, sys
        if sys.argv[1:3] == ["pip", "compile"]:
            if "--no-deps" in sys.argv:
                sys.exit(0)
            sys.exit("  x No solution found when resolving dependencies:\\n  Because of this and that")
        os.execv("{uv}", ["{uv}", *sys.argv[1:]])
        """
    )
    with pytest.raises(EnvironmentBuildError, match="the requirements together") as caught:
        store.provide(asked("alpha", "beta"))
    assert set(caught.value.requirements) == {"alpha", "beta", "numpy"}


def test_a_package_that_cannot_be_built_is_named(store, asked, fake_uv):
    fake_uv(
        """
        import os, sys
        if sys.argv[1:3] == ["pip", "install"]:
            sys.exit("  x Failed to build `alpha==2.0`\\n  its setup.py says no")
        os.execv("{uv}", ["{uv}", *sys.argv[1:]])
        """
    )
    with pytest.raises(EnvironmentBuildError, match="cannot be installed") as caught:
        store.provide(asked("alpha"))
    assert caught.value.requirements == ("alpha==2.0",)


def test_an_index_that_is_not_there(store, asked, monkeypatch):
    monkeypatch.delenv("UV_NO_INDEX")
    monkeypatch.delenv("UV_OFFLINE")
    monkeypatch.delenv("UV_FIND_LINKS")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://me:secret@127.0.0.1:9/simple")
    with pytest.raises(EnvironmentBuildError, match="cannot be resolved") as caught:
        store.provide(asked("alpha"))
    assert "secret" not in str(caught.value) + caught.value.log
    assert "127.0.0.1" in caught.value.log
    assert str(caught.value).endswith(
        "; check the network, and the package index that UV_DEFAULT_INDEX or PIP_INDEX_URL names"
    )
    # Nothing is wrong with what was asked for.
    assert caught.value.requirements == ()


def test_pips_variables_are_heeded(store, asked, offline, monkeypatch, tmp_path, write_wheel):
    monkeypatch.delenv("UV_NO_INDEX")
    monkeypatch.delenv("UV_FIND_LINKS")
    (tmp_path / "more").mkdir()
    write_wheel(tmp_path / "more", "gamma", "1.0")
    monkeypatch.setenv("PIP_FIND_LINKS", f"{offline} {tmp_path / 'more'}")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    store.provide(asked("alpha", "gamma"))
    assert "gamma==1.0" in store.list()[0].packages
    monkeypatch.setenv("UV_FIND_LINKS", str(tmp_path / "more"))  # uv's own comes first
    with pytest.raises(EnvironmentBuildError, match="alpha"):
        store.provide(asked("alpha", "gamma"))


def test_nothing_that_fits_was_there_by_the_date(store, asked, fake_uv):
    fake_uv(
        """
        import os, sys
        if "--exclude-newer" in sys.argv:
            assert sys.argv[sys.argv.index("--exclude-newer") + 1] == "2020-01-01T23:59:59Z"
            sys.exit("error: No solution found when resolving dependencies")
        os.execv("{uv}", ["{uv}", *sys.argv[1:]])
        """
    )
    environment = store.provide(asked("alpha", as_of=date(2020, 1, 1)))
    assert environment.warnings == ()
    [note] = environment.notes
    assert "published by 2020-01-01" in note
    # Remembered with the lock.
    assert store.provide(asked("alpha", as_of=date(2020, 1, 1))).notes == (note,)


def test_exact_versions_of_everything_are_the_same_at_every_date(store, asked, fake_uv, tmp_path):
    calls = tmp_path / "calls"
    fake_uv(
        f"""
        import os, sys
        if sys.argv[1:3] == ["pip", "compile"]:
            open({str(calls)!r}, "a").write("x")
            if "--exclude-newer" in sys.argv:
                sys.exit("error: No solution found when resolving dependencies")
        os.execv("{{uv}}", ["{{uv}}", *sys.argv[1:]])
        """
    )
    pinned = ("alpha==1.0", "beta==1.0", "numpy==2.0")
    first = store.provide(Requirements(requirements=pinned, as_of=date(2020, 1, 1)))
    assert (first.notes, first.warnings) == ((), ())
    resolved = calls.read_text()
    for as_of in (date(2021, 1, 1), None):
        assert store.provide(Requirements(requirements=pinned, as_of=as_of)) == first
    assert calls.read_text() == resolved
    # What is not named with its version is resolved for each date.
    loose = store.provide(Requirements(requirements=pinned[::2]))
    dated = store.provide(Requirements(requirements=pinned[::2], as_of=date(2020, 1, 1)))
    assert (loose.notes, len(dated.notes)) == ((), 1)
    assert loose.name == dated.name == first.name


def test_minor_versions():
    assert minors_of("==3.8.*") == [8]
    assert minors_of("==3.8.18") == [8]
    assert minors_of(">=3.7,<3.10") == [7, 8, 9]
    assert minors_of("==2.7.*") == []


def test_the_running_python_where_none_is_named(settings, only_this_python):
    [first] = choices(None, settings, print)
    assert (first.version, first.warnings) == (RUNNING, ())
    [asked_for] = choices(f"==3.{MINOR}.*", settings, print)
    assert (asked_for.version, asked_for.warnings, asked_for.asked_for) == (RUNNING, (), True)
    [asked_for] = choices(">=3.8", settings, print)
    assert (asked_for.version, asked_for.warnings) == (RUNNING, ())


def test_another_patch_of_the_same_minor_version(settings, only_this_python):
    [found] = choices(f"==3.{MINOR}.29", settings, print)
    assert found.version == RUNNING
    assert found.asked_for
    assert found.warnings == (f"Python 3.{MINOR}.29 was asked for; {RUNNING} is used",)


def test_the_nearest_python_with_a_warning(store, asked, only_this_python, monkeypatch):
    monkeypatch.setenv("LEARNWARE_PYTHON_DOWNLOADS", "0")
    store = EnvironmentStore(store.root)
    environment = store.provide(asked("alpha", python="==3.19.*"))
    assert environment.warnings == (
        f"Python 3.19 was asked for, and it is not on this machine: Python {RUNNING} is used",
    )
    environment = store.provide(asked("alpha", python="==3.6.*"))
    assert environment.warnings == (
        f"Python 3.6 was asked for, and it is too old for running models apart: Python {RUNNING} is used",
    )


def test_the_python_asked_for_is_used(store, asked, another_python):
    minor = another_python.version.rpartition(".")[0]
    environment = store.provide(asked("alpha", python=f"=={minor}.*"))
    assert environment.python_version.startswith(f"{minor}.")
    assert environment.warnings == ()
    assert os.access(environment.python, os.X_OK)


@pytest.fixture
def other(another_python, offline, write_wheel, tmp_path, monkeypatch):
    """A package for another version of Python only."""
    (tmp_path / "more").mkdir()
    minor = another_python.version.split(".")[1]
    write_wheel(tmp_path / "more", "other", "1.0", tag=f"cp3{minor}-none-any")
    monkeypatch.setenv("UV_FIND_LINKS", f"{offline},{tmp_path / 'more'}")
    monkeypatch.setattr(
        _pythons, "_candidates", lambda settings: [(Path(sys.executable), MINOR), (another_python.path, None)]
    )


def test_another_python_where_the_running_one_has_no_solution(store, asked, other, another_python):
    environment = store.provide(asked("other"))
    assert environment.python_version == another_python.version
    assert environment.warnings == ()
    [note] = environment.notes
    assert f"no solution on Python {RUNNING}" in note


def test_the_python_asked_for_is_not_changed_where_it_has_no_solution(store, asked, other):
    with pytest.raises(EnvironmentBuildError, match=f"on Python {RUNNING}, .*other"):
        store.provide(asked("other", python=f"==3.{MINOR}.*"))


def test_a_python_that_cannot_be_downloaded_is_not_tried_again_at_once(offline, only_this_python, fake_uv, tmp_path):
    calls = tmp_path / "calls"
    fake_uv(
        f"""
        import os, sys
        if sys.argv[1:3] == ["python", "install"]:
            open({str(calls)!r}, "a").write(sys.argv[-1] + "\\n")
            sys.exit("no network")
        os.execv("{{uv}}", ["{{uv}}", *sys.argv[1:]])
        """
    )
    os.environ.pop("UV_OFFLINE")  # set by the fixture, which restores it
    settings = BuildSettings(tmp_path / "environments")
    settings.root.mkdir()
    heard: list[str] = []
    for _ in range(2):
        [found] = choices("==3.19.*", settings, heard.append)
        assert "it is not on this machine" in found.warnings[0]
    assert calls.read_text() == "3.19\n"
    assert heard == ["downloading Python 3.19"]


def test_an_interpreter_that_does_not_work_is_not_used(settings, monkeypatch, tmp_path, program):
    broken = program(tmp_path / "python3.9", "raise SystemExit(1)")
    other = program(tmp_path / "python3", "print('PyPy 3.9.1')")
    monkeypatch.setattr(_pythons, "_candidates", lambda settings: [(broken, 9), (other, None)])
    assert list(choices("==3.9.*", settings, print)) == []


def test_a_lock_for_another_platform(settings):
    text, notes = compile_lock(["alpha", "numpy"], settings, python_version="3.9", platform="x86_64-manylinux_2_28")
    assert text == "alpha==2.0\nbeta==1.0\nnumpy==2.0\n"
    assert notes == ()


@pytest.mark.index
def test_packages_of_the_index_as_of_a_date(package_index, tmp_path):
    settings = BuildSettings(tmp_path / "environments")
    text, notes = compile_lock(["six"], settings, python=Path(sys.executable), as_of=date(2021, 6, 1))
    if notes:
        pytest.skip(f"the package index of this machine tells no dates: {notes}")
    assert text == "six==1.16.0\n"
    with pytest.raises(EnvironmentBuildError, match="no version of six==99"):
        compile_lock(["six==99"], settings, python=Path(sys.executable))


@pytest.mark.index
def test_an_environment_from_the_index(package_index, tmp_path, asked):
    store = EnvironmentStore(tmp_path / "environments")
    environment = store.provide(asked("six==1.16.0"))
    assert "six==1.16.0" in store.list()[0].packages
    assert environment.python.exists()
