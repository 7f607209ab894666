"""Environments as images: what is built, found again, refused, and what is left of a build."""

from __future__ import annotations

import gc
import importlib
import json
import logging
import shutil
import sys
import tarfile
import threading
import zipfile
from pathlib import Path

import pytest

from learnware.errors import EnvironmentBuildError
from learnware.runtime.environment import EnvironmentStore, Requirements, _docker
from learnware.runtime.environment._watched import Finished

LOCK = ("demo==1.0", "native==1.0")


def write_wheel(folder: Path, name: str, version: str, tag: str = "py3-none-any") -> None:
    info = f"{name}-{version}.dist-info"
    files = {
        f"{name}/__init__.py": f"built_for = {tag!r}\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: {tag}\n",
        f"{info}/entry_points.txt": f"[console_scripts]\n{name} = {name}:main\n",
    }
    record = "".join(f"{file},,\n" for file in (*files, f"{info}/RECORD"))
    with zipfile.ZipFile(folder / f"{name}-{version}-{tag}.whl", "w") as archive:
        for file, text in (*files.items(), (f"{info}/RECORD", record)):
            archive.writestr(file, text)


@pytest.fixture(scope="module")
def wheels(tmp_path_factory):
    """Return a folder with wheels of a package, and of one for each platform."""
    folder = tmp_path_factory.mktemp("wheels")
    for version in ("1.0", "1.1", "1.2"):
        write_wheel(folder, "demo", version)
    for architecture in ("x86_64", "aarch64"):
        write_wheel(folder, "native", "1.0", f"py3-none-manylinux_2_28_{architecture}")
    return folder


@pytest.fixture
def resolver(wheels, monkeypatch):
    """Have uv itself resolve and fetch, from the folder of wheels."""
    monkeypatch.setenv("UV_NO_INDEX", "1")
    monkeypatch.setenv("UV_FIND_LINKS", str(wheels))
    for name in ("UV_DEFAULT_INDEX", "UV_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL", "UV_CACHE_DIR"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(autouse=True)
def _without_resolver(request, monkeypatch):
    """Spare tests that are about something else the resolver: exact versions are their own lock."""
    if "resolver" in request.fixturenames:
        return

    def compile_lock(lines, settings, **target):
        return "\n".join(sorted(lines)) + "\n", ()

    def run_uv(arguments, settings, **options):
        folder = Path(arguments[arguments.index("--target") + 1])
        folder.joinpath("demo").mkdir(parents=True)
        folder.joinpath("demo", "__init__.py").touch()
        return Finished(0, "", "")

    monkeypatch.setattr(_docker, "compile_lock", compile_lock)
    monkeypatch.setattr(_docker, "run_uv", run_uv)


@pytest.fixture
def build(engine, tmp_path):
    """Return a function that asks a store for an environment."""

    def provide(
        requirements=LOCK, version="3.11", *, stall_seconds=90.0, on_progress=None, source_builds=False, **options
    ):
        store = EnvironmentStore(tmp_path / "store", stall_seconds=stall_seconds, allow_source_builds=source_builds)
        wanted = Requirements(python=f"=={version}.*", requirements=tuple(requirements))
        return store.provide(wanted, "docker", on_progress=on_progress, **options)

    return provide


def test_an_image_is_built_once_and_found_again(engine, build):
    words: list[str] = []
    first = build(on_progress=words.append)
    again = build(reversed(LOCK), on_progress=words.append)
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
    assert "fetching 2 packages" in words
    assert "Listing '/environment'" in words
    assert not any("Downloading" in line for line in words)  # the engine counts bytes; that is no news


@pytest.mark.parametrize(("lock", "version"), [(["demo==1.1"], "3.11"), (LOCK, "3.12")])
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


def test_packages_are_those_of_the_engine_s_platform(engine, build, resolver):
    for arch in ("amd64", "arm64"):
        engine.version["Arch"] = arch
        build()
    found = [files["packages/native/__init__.py"] for files in engine.builds]
    assert ["x86_64" in found[0], "aarch64" in found[1]] == [True, True]


def test_it_is_resolved_once(engine, build, monkeypatch):
    first = build()
    monkeypatch.setattr(_docker, "compile_lock", None)
    assert build(source_builds=True) == first


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


def test_what_is_in_the_image(engine, build, resolver, tmp_path):
    build(version="3.9")
    files = engine.builds[0]
    lines = files["Dockerfile"].splitlines()
    assert lines[0] == "FROM python:3.9-slim"
    assert "COPY packages /environment/lib/python3.9/site-packages" in lines
    assert lines[-1] == "USER 65534:65534"
    # No package runs while it is built: the environment's interpreter is not started.
    programs = [json.loads(line[4:])[0] for line in lines if line.startswith("RUN ")]
    assert set(programs) == {"python"}
    assert {name.split("/")[1] for name in files if "/" in name} == {
        "demo", "native", "demo-1.0.dist-info", "native-1.0.dist-info",
    }  # fmt: skip
    assert "learnware" not in str(files).replace("learnware-env", "").replace("org.learnware.environment", "")
    owners = {(one.uid, one.gid, one.uname, one.gname, one.mtime) for one in engine.contexts[0]}
    assert owners == {(0, 0, "", "", 0)}
    assert {one.mode for one in engine.contexts[0] if one.isfile()} == {0o644}
    assert not list(tmp_path.glob("store/docker/*/packages"))
    assert not list(tmp_path.glob("store/docker/*/context.tar"))


def test_links_do_not_bring_files_of_this_machine(engine, tmp_path):
    folder = tmp_path / "packages"
    folder.joinpath("demo").mkdir(parents=True)
    folder.joinpath("demo", "secret").symlink_to("/etc/passwd")
    folder.joinpath("demo", "tool").write_text("x")
    folder.joinpath("demo", "tool").chmod(0o4711)
    _docker._write_context(tmp_path / "context.tar", "FROM x\n", folder)
    with tarfile.open(tmp_path / "context.tar") as archive:
        modes = {one.name: one.mode for one in archive.getmembers()}
    assert modes == {"Dockerfile": 0o644, "packages": 0o755, "packages/demo": 0o755, "packages/demo/tool": 0o755}


def test_the_base_image_comes_from_a_variable(engine, build, monkeypatch):
    engine.bases["registry.example:5000/base/python:3.10"] = {"Env": [], "Volumes": None}
    monkeypatch.setenv("LEARNWARE_DOCKER_BASE", "registry.example:5000/base/python:{version}")
    build(version="3.10")
    assert engine.builds[0]["Dockerfile"].startswith("FROM registry.example:5000/base/python:3.10\n")


def test_a_package_that_cannot_be_had(engine, build, resolver):
    with pytest.raises(EnvironmentBuildError, match="cannot be had") as caught:
        build(["demo==9"])
    assert caught.value.requirements == ("demo==9",)
    assert not engine.builds


def test_a_package_that_is_gone_when_it_is_fetched(engine, build, resolver, wheels, tmp_path, monkeypatch):
    engine.stall.set()
    with pytest.raises(EnvironmentBuildError):
        build(stall_seconds=0.05)
    shutil.rmtree(tmp_path / "store" / "cache")
    monkeypatch.setenv("UV_OFFLINE", "1")
    native = wheels / "native-1.0-py3-none-manylinux_2_28_x86_64.whl"
    native.rename(tmp_path / native.name)
    try:
        with pytest.raises(
            EnvironmentBuildError, match=r"packages cannot be fetched: Because native==1\.0 has no wheels"
        ) as caught:
            build()
    finally:
        (tmp_path / native.name).rename(native)
    assert "native" in caught.value.log
    assert not EnvironmentStore(tmp_path / "store").list()


def test_a_failing_build_is_told_with_its_log_and_leaves_nothing(engine, build, tmp_path):
    engine.build_log = [
        {"stream": "Listing '/environment'\n"},
        {"stream": "\x1b[31mOSError: no space left on device\x1b[0m\n"},
        {"errorDetail": {"code": 1}, "error": "The command 'python' returned a non-zero code: 1"},
    ]
    with pytest.raises(EnvironmentBuildError, match=r"no space left on device") as caught:
        build()
    assert "non-zero code: 1" in str(caught.value)
    assert "Listing '/environment'" in caught.value.log
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


def test_a_cancelled_build_stops(engine, build, tmp_path):
    cancelled = threading.Event()

    def cancel(words: str) -> None:
        if words.startswith("Step"):
            cancelled.set()  # the engine says nothing more

    engine.stall.set()
    with pytest.raises(EnvironmentBuildError, match="was cancelled"):
        build(on_progress=cancel, cancelled=cancelled)
    assert engine.build_ended.wait(10)
    assert not engine.images
    assert list((tmp_path / "store" / "docker").glob("*/*")) == []
    assert not [one for one in threading.enumerate() if one.name == "learnware-image-build"]


def test_images_are_listed_and_pruned_with_the_other_environments(engine, build, tmp_path):
    environments = [build([f"demo==1.{minor}"]) for minor in range(3)]
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


def test_options_in_a_lock_are_refused():
    assert _docker._lock_lines("# note\n\na==1 \\\n    --hash=sha256:00\n") == ["a==1 \\", "    --hash=sha256:00"]
    with pytest.raises(EnvironmentBuildError, match="--index-url"):
        _docker._lock_lines("--index-url https://me:secret@evil.example\nnumpy==2.0.0\n")


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
