"""Environments as images: what is built, found again, refused, and what is left of a build."""

from __future__ import annotations

import gc
import importlib
import logging
import shutil
import sys

import pytest

from learnware.errors import EnvironmentBuildError
from learnware.runtime.environment import EnvironmentStore, Requirements, _docker

LOCK = "numpy==2.0.0\nscikit-learn==1.5.0\n"


@pytest.fixture(autouse=True)
def no_indexes(monkeypatch):
    for name in ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_TRUSTED_HOST", "UV_INDEX_URL", "UV_DEFAULT_INDEX"):
        monkeypatch.delenv(name, raising=False)
    for name in ("UV_INDEX", "UV_EXTRA_INDEX_URL", "UV_INSECURE_HOST"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def resolver(monkeypatch):
    """Answer what a resolver would: every requirement with exact versions is its own lock."""
    calls = []

    def compile_lock(lines, settings, **target):
        calls.append(target)
        return "\n".join(sorted(lines)) + "\n", ()

    monkeypatch.setattr(_docker, "compile_lock", compile_lock)
    return calls


@pytest.fixture
def build(engine, resolver, tmp_path):
    """Return a function that asks a store for the environment of a lock."""

    def provide(lock=LOCK, version="3.11", *, stall_seconds=90.0, on_progress=None, source_builds=False):
        store = EnvironmentStore(tmp_path / "store", stall_seconds=stall_seconds, allow_source_builds=source_builds)
        python = None if version is None else f"=={version}.*"
        requirements = Requirements(python=python, requirements=tuple(lock.split("\n")[:-1]))
        return store.provide(requirements, "docker", on_progress=on_progress)

    return provide


def test_an_image_is_built_once_and_found_again(engine, build):
    words: list[str] = []
    first = build(on_progress=words.append)
    again = build("scikit-learn==1.5.0\nnumpy==2.0.0\n", on_progress=words.append)
    assert first == again
    assert (first.kind, first.python.as_posix(), first.python_version) == (
        "docker",
        "/environment/bin/python",
        "3.11.7",
    )
    assert first.image == f"learnware-env:{first.name}"
    assert (first.folders, first.warnings) == ((), ())
    assert len(engine.builds) == 1
    assert any(line.startswith("building the image learnware-env:") for line in words)
    assert "Collecting numpy" in words
    assert not any("Downloading" in line for line in words)  # the engine counts bytes; that is no news


@pytest.mark.parametrize(("lock", "version"), [("numpy==2.0.1\n", "3.11"), (LOCK, "3.12")])
def test_another_lock_or_python_is_another_image(engine, build, lock, version):
    first, other = build(), build(lock, version)
    assert first.name != other.name
    assert len(engine.images) == 2
    assert other.python_version == f"{version}.7"


def test_another_base_or_platform_is_another_image(engine, build, monkeypatch):
    first = build()
    engine.version["Arch"] = "arm64"
    second = build()
    engine.bases["mine:1"] = {"Env": ["PATH=/bin"], "Volumes": None}
    monkeypatch.setenv("LEARNWARE_DOCKER_BASE", "mine:1")
    third = build()
    assert len({first.name, second.name, third.name}) == 3
    assert third.python_version == "3.11"  # the image does not say more


def test_it_is_resolved_for_the_platform_of_the_engine_and_once(engine, build, resolver):
    build(source_builds=True)
    build(source_builds=True)
    engine.version["Arch"] = "arm64"
    build()
    assert [target["platform"] for target in resolver] == ["x86_64-manylinux_2_28", "aarch64-manylinux_2_28"]
    assert {target["python_version"] for target in resolver} == {"3.11"}


@pytest.mark.parametrize(
    ("wanted", "version", "warning"),
    [
        (None, f"3.{sys.version_info.minor}", ""),
        ("==3.9.*", "3.9", ""),
        ("==3.9.18", "3.9", "Python 3.9.18 was asked for; the newest 3.9 is used"),
        (">=3.8", f"3.{sys.version_info.minor}", ""),
        (">=3.8,<3.10", "3.9", ""),
        ("==3.7.*", "3.8", "Python 3.7 was asked for, and it is too old"),
        ("==2.7.*", "3.8", "Python 2.7 was asked for, and it is too old"),
    ],
)
def test_the_version_of_python(wanted, version, warning):
    found, warnings = _docker._choose_python(wanted)
    assert found == version
    assert [text[: len(warning)] for text in warnings] == ([warning] if warning else [])


def test_an_image_that_was_removed_is_built_anew(engine, build):
    first = build()
    engine.images.clear()
    assert build() == first
    assert len(engine.builds) == 2


def test_an_image_of_another_store_is_taken_over(engine, build, tmp_path):
    first = build()
    shutil.rmtree(tmp_path / "store" / "docker")
    assert build() == first
    assert len(engine.builds) == 1


def test_what_is_in_the_image(engine, build):
    build(LOCK, "3.9")
    files = engine.builds[0]
    assert files["requirements.lock"] == LOCK
    assert files["pip.conf"] == "[global]\n"
    packages, final = files["Dockerfile"].split("\n\nFROM ")
    assert packages.startswith("FROM python:3.9-slim AS packages\n")
    assert '"--only-binary", ":all:", "--no-deps"' in packages
    # The last thing that happens with a network is the installation: no package runs then.
    assert packages.count("/environment/bin/python") == 1
    assert packages.splitlines()[-1].startswith('RUN ["chmod"')
    assert "RUN" not in final
    assert final.splitlines()[-1] == "USER 65534:65534"
    assert "learnware-env" not in final
    assert "pip.conf" not in final


def test_base_image_and_indexes_come_from_variables(engine, build, monkeypatch):
    engine.bases["registry.example:5000/base/python:3.10"] = {"Env": [], "Volumes": None}
    monkeypatch.setenv("LEARNWARE_DOCKER_BASE", "registry.example:5000/base/python:{version}")
    monkeypatch.setenv("PIP_INDEX_URL", "https://me:pa%40ss@index.example/simple")
    monkeypatch.setenv("UV_INDEX", "more=https://more.example/simple https://most.example/simple")
    engine.build_log = [{"stream": "Looking in indexes: https://me:pa%40ss@index.example/simple\n"}]
    words: list[str] = []
    build(LOCK, "3.10", on_progress=words.append)
    assert engine.builds[0]["pip.conf"] == (
        "[global]\nindex-url = https://me:pa%40ss@index.example/simple\n"
        "extra-index-url = https://more.example/simple https://most.example/simple\n"
    )
    assert "Looking in indexes: https://index.example/simple" in words
    assert "pa%40ss" not in engine.builds[0]["Dockerfile"]


def test_the_stage_that_knows_the_indexes_is_removed(engine, build):
    environment = build()
    assert [image["RepoTags"] for image in engine.images.values()] == [[environment.image]]


def test_a_failing_installation_is_told_with_its_log_and_leaves_nothing(engine, build, tmp_path):
    engine.build_log = [
        {"stream": "Collecting numpy==9\n"},
        {"stream": "\x1b[31mERROR: No matching distribution found for numpy==9\x1b[0m\n"},
        {"errorDetail": {"code": 1}, "error": "The command 'pip' returned a non-zero code: 1"},
    ]
    with pytest.raises(EnvironmentBuildError, match=r"No matching distribution found for numpy==9") as caught:
        build("numpy==9\n")
    assert "non-zero code: 1" in str(caught.value)
    assert "Collecting numpy==9" in caught.value.log
    assert not engine.images
    assert not EnvironmentStore(tmp_path / "store").list()


def test_no_such_base_image(engine, build):
    del engine.bases["python:3.11-slim"]
    with pytest.raises(EnvironmentBuildError, match=r"pull access denied for python:3\.11-slim"):
        build()


def test_a_base_image_with_volumes_is_refused(engine, build, monkeypatch):
    engine.bases["leaky:1"] = {"Env": [], "Volumes": {"/data": {}}}
    monkeypatch.setenv("LEARNWARE_DOCKER_BASE", "leaky:1")
    with pytest.raises(EnvironmentBuildError, match=r"declares volumes .*/data.*LEARNWARE_DOCKER_BASE"):
        build()


def test_a_build_that_says_nothing_is_stopped(engine, build):
    engine.stall.set()
    with pytest.raises(EnvironmentBuildError, match=r"nothing happened for 0\.2 seconds.*Step 1/"):
        build(stall_seconds=0.05)
    assert engine.build_ended.wait(10)


def test_an_interrupt_stops_the_build(engine, build):
    def interrupt(words: str) -> None:
        if words.startswith("Step"):
            raise KeyboardInterrupt

    engine.stall.set()
    with pytest.raises(KeyboardInterrupt):
        build(on_progress=interrupt)
    gc.collect()
    assert engine.build_ended.wait(10)


def test_images_are_listed_and_pruned_with_the_other_environments(engine, build, tmp_path):
    environments = [build(f"numpy==2.0.{patch}\n") for patch in range(3)]
    other = engine.add_image("postgres:1", {"Labels": {}, "Env": [], "Volumes": None})
    store = EnvironmentStore(tmp_path / "store")
    listed = store.list()
    assert {one.name for one in listed} == {one.name for one in environments}
    assert [(one.kind, one.size, one.in_use) for one in listed] == [("docker", 123_000_000, True)] * 3
    del environments[1:]
    gc.collect()
    assert len(store.prune(everything=True)) == 2
    assert {image["Id"] for image in engine.images.values()} - {other["Id"]} == {
        engine.find_image(environments[0].image)["Id"]
    }


@pytest.mark.parametrize("answer", [404, 409, None])
def test_pruning_goes_on_where_an_image_stays(engine, build, tmp_path, fakes, caplog, answer):
    build()
    gc.collect()
    if answer is None:
        engine.close()
    else:
        engine.refuse["DELETE /images/.*"] = fakes.RefusalError(answer, "No such image: x" if answer == 404 else "used")
    with caplog.at_level(logging.WARNING):
        assert len(EnvironmentStore(tmp_path / "store").prune(everything=True)) == 1
    assert bool(caplog.records) == (answer != 404)


def test_a_tag_of_somebody_else_is_not_taken_for_the_environment(engine, build):
    first = build()
    engine.images.clear()
    engine.add_image(first.image, {"Labels": {}, "Env": [], "Volumes": None})
    assert build() == first
    assert len(engine.builds) == 2


@pytest.mark.parametrize("base", ["a b", "x\nRUN y", "-o", "image AS packages", 'q"', "{other}"])
def test_names_of_base_images_that_are_none(engine, build, monkeypatch, base):
    monkeypatch.setenv("LEARNWARE_DOCKER_BASE", base)
    with pytest.raises(EnvironmentBuildError, match="the base image is"):
        build()
    assert not engine.builds


def test_options_in_a_lock_are_refused(engine, build):
    with pytest.raises(EnvironmentBuildError, match="--index-url"):
        build("--index-url https://me:secret@evil.example\nnumpy==2.0.0\n")
    assert not engine.builds


@pytest.mark.parametrize(("arch", "expected"), [("amd64", "x86_64"), ("arm64", "aarch64"), ("riscv64", "riscv64")])
def test_the_architecture_of_the_engine(engine, arch, expected):
    engine.version["Arch"] = arch
    assert _docker.engine_architecture() == expected


def test_no_engine(engine, build):
    engine.close()
    with pytest.raises(EnvironmentBuildError, match=r"no container engine answers at unix://.*start Docker.*venv"):
        build()


def test_an_engine_that_breaks_off(engine, build, fakes):
    engine.refuse["POST /build"] = fakes.RefusalError(500, "disk full")
    with pytest.raises(EnvironmentBuildError, match=r"building the image .* failed: disk full"):
        build()


def test_an_engine_without_the_image_after_all(engine, build, fakes):
    engine.refuse["GET /images/.*/json"] = fakes.RefusalError(404, "No such image: x")
    with pytest.raises(EnvironmentBuildError, match="does not have it"):
        build()


def test_the_docker_package_is_not_installed(build, monkeypatch):
    monkeypatch.setitem(sys.modules, "docker", None)
    with pytest.raises(EnvironmentBuildError, match=r"pip install 'learnware\[docker\]'"):
        build()


@pytest.mark.parametrize("address", ["ssh://me@far.example", "nonsense://x", "unix:///nowhere/docker.sock"])
def test_addresses_that_lead_nowhere(engine, monkeypatch, address):
    monkeypatch.setenv("DOCKER_HOST", address)
    with pytest.raises(EnvironmentBuildError, match="container engine"):
        _docker.engine_architecture()


def test_the_context_that_docker_chose_is_used(engine, monkeypatch, tmp_path):
    importlib.import_module("docker.context")
    monkeypatch.delenv("DOCKER_HOST")
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    tmp_path.joinpath("config.json").write_text("{}")
    from docker.context import ContextAPI

    ContextAPI.create_context("mine", host=engine.address, tls_cfg=None)
    tmp_path.joinpath("config.json").write_text('{"currentContext": "mine"}')
    assert _docker.engine_architecture() == "x86_64"
    assert engine.requests[-1] == "GET /version"
