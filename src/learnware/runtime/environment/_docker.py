"""Environments as container images: built from a lock by the engine, found again by their label."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import logging
import os
import re
import sys
import tarfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from learnware.errors import EnvironmentBuildError
from learnware.runtime.container._engine import connect, engine_errors
from learnware.runtime.environment._builder import Plan
from learnware.runtime.environment._environment import Environment
from learnware.runtime.environment._files import remove_tree
from learnware.runtime.environment._image_build import build_image
from learnware.runtime.environment._pythons import OLDEST_MINOR, minors_of, shown
from learnware.runtime.environment._resolve import Lock, LockMemory, at_fault, compile_lock, reason_of
from learnware.runtime.environment._uv import index_identity, no_index, run_uv

if TYPE_CHECKING:
    from collections.abc import Callable

    from learnware.runtime.environment._builder import Record
    from learnware.runtime.environment._requirements import Requirements
    from learnware.runtime.environment._settings import BuildSettings

__all__ = ["DEFAULT_BASE", "LABEL", "EnvironmentBuilder", "engine_architecture"]

DEFAULT_BASE = "python:{version}-slim"
LABEL = "org.learnware.environment"
_REPOSITORY = "learnware-env"
_PYTHON = "/environment/bin/python"
# Part of every name: images of an older recipe are not taken for those of this one.
_RECIPE = 1
# What wheels are made for: the images that `DEFAULT_BASE` names have a newer C library.
_MANYLINUX = "manylinux_2_28"
_PACKAGES = "packages"

_CHECK = (
    "import sys; found = '%d.%d' % sys.version_info[:2];"
    " sys.exit(found != {version!r} and 'the base image has Python ' + found + ', not {version}')"
)
# What is no Python of this version stays as it is.
_COMPILE = (
    "import compileall, py_compile, re; compileall.compile_dir('/environment', maxlevels=99, quiet=2, workers=0,"
    " rx=re.compile('/tests?/'), invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)"
)
# The environment's own interpreter is not started: a `.pth` file of a package would run.
_DOCKERFILE = """\
FROM {base}
LABEL {label}={name}
USER 0:0
RUN {check}
RUN ["python", "-m", "venv", "--without-pip", "/environment"]
COPY {packages} /environment/lib/python{version}/site-packages
RUN {compile}
HEALTHCHECK NONE
ENTRYPOINT []
CMD ["/environment/bin/python"]
USER 65534:65534
"""


class EnvironmentBuilder:
    """Builds environments of the kind "docker": images, from wheels only.

    Packages come from where this machine has them, as for other environments; the image is built without a network. It
    runs as nobody and has nothing of the engine in it. The variable ``LEARNWARE_DOCKER_BASE`` names the image to start
    from, with ``{version}`` for the version of Python, and with its registry where that is not Docker Hub;
    ``python:{version}-slim`` by default.
    """

    def plan(self, requirements: Requirements, settings: BuildSettings, say: Callable[[str], None]) -> Plan:
        """Return what is to be built: resolved for the platform of the engine."""
        version, warnings = _choose_python(requirements.python)
        base = _base_image(version)
        platform = f"{engine_architecture()}-{_MANYLINUX}"
        lock = _resolve(requirements, version, platform, settings, say)
        parts = [_RECIPE, base, version, platform, _lock_lines(lock.text), index_identity(settings)]
        name = hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:20]
        details = {"base": base, "image": f"{_REPOSITORY}:{name}", "platform": platform}
        return Plan("docker", name, lock.text, version, warnings=warnings, notes=lock.notes, details=details)

    def build(self, plan: Plan, folder: Path, settings: BuildSettings, say: Callable[[str], None]) -> dict[str, Any]:
        """Build the image, unless the engine has it already, and return where it is and what it has."""
        tag, base = plan.details["image"], plan.details["base"]
        with contextlib.closing(connect(EnvironmentBuildError)) as client:
            image = _find(client, tag, plan.name)
            if image is None:
                _build(client, plan, folder, settings, say)
                image = _find(client, tag, plan.name)
            if image is None:
                raise EnvironmentBuildError(
                    f"the engine built {tag}, and does not have it; does something remove images?"
                )
        config = image["Config"]
        # The engine would make each of them a folder that can be written to without a limit.
        if config.get("Volumes"):
            raise EnvironmentBuildError(
                f"the base image {base} declares volumes ({', '.join(sorted(config['Volumes']))}), which a learnware"
                " could fill; choose another one (LEARNWARE_DOCKER_BASE)"
            )
        variables = dict(entry.partition("=")[::2] for entry in config.get("Env") or [])
        full = variables.get("PYTHON_VERSION", "")
        same = full.startswith(f"{plan.python_version}.")
        return {**plan.details, "python_version": full if same else plan.python_version, "size": int(image["Size"])}

    def environment(self, folder: Path, record: Record) -> Environment | None:  # noqa: ARG002  # for other kinds
        """Return the environment that was built; None if the engine does not have its image any more."""
        tag = record.details["image"]
        with contextlib.closing(connect(EnvironmentBuildError)) as client:
            if _find(client, tag, record.name) is None:
                return None
        return Environment("docker", record.name, Path(_PYTHON), record.details["python_version"], (), image=tag)

    def size(self, folder: Path, details: dict[str, Any]) -> int:  # noqa: ARG002  # for other kinds
        """Return the bytes of the image; layers that several images share are counted in each."""
        return int(details["size"])

    def remove(self, record: Record) -> None:
        """Remove the image, if the engine can be reached; it finds images of environments by their label."""
        from docker.errors import ImageNotFound

        tag = record.details["image"]
        try:
            client = connect(EnvironmentBuildError)
            removing = engine_errors(EnvironmentBuildError, f"removing the image {tag}")
            with contextlib.closing(client), removing, contextlib.suppress(ImageNotFound):
                client.remove_image(tag)
        except EnvironmentBuildError as error:
            # Environments of other kinds are collected in the same round.
            logging.getLogger(__name__).warning("%s", error)


def engine_architecture() -> str:
    """Return what the engine's containers run on, in the words of Python's platform tags, e.g. ``"x86_64"``.

    Raises
    ------
    EnvironmentBuildError
        If no engine can be reached.
    """
    client = connect(EnvironmentBuildError)
    with (
        contextlib.closing(client),
        engine_errors(EnvironmentBuildError, "asking the container engine for its version"),
    ):
        architecture = str(client.version().get("Arch", ""))
    return {"amd64": "x86_64", "arm64": "aarch64"}.get(architecture, architecture)


def _choose_python(wanted: str | None) -> tuple[str, tuple[str, ...]]:
    """Return the version of Python, two numbers, and where it differs from what was asked for."""
    running = sys.version_info.minor
    if wanted is None:
        return f"3.{running}", ()
    minors = minors_of(wanted)
    possible = [minor for minor in minors if minor >= OLDEST_MINOR]
    if not possible:
        words = f"Python {shown(wanted)} was asked for, and it is too old for running models apart: Python 3.8 is used"
        return f"3.{OLDEST_MINOR}", (words,)
    version = f"3.{min(possible, key=lambda minor: (abs(minor - running), -minor))}"
    # Images are named by two numbers, and have the newest release of these.
    if re.fullmatch(r"===?\d+\.\d+\.\d+", wanted):
        return version, (f"Python {shown(wanted)} was asked for; the newest {version} is used",)
    return version, ()


def _resolve(
    requirements: Requirements, version: str, platform: str, settings: BuildSettings, say: Callable[[str], None]
) -> Lock:
    """Return the lock for the engine's platform, from the disk where this set was resolved before."""
    lines = (*requirements.requirements, *requirements.sources)
    wheels = replace(settings, allow_source_builds=False)
    memory = LockMemory(requirements, wheels, "docker", version, platform)
    if (known := memory.recall()) is not None:
        return known
    text, notes = compile_lock(
        lines, wheels, python_version=version, platform=platform, as_of=requirements.as_of, say=say
    )
    # What it is for stands for the interpreter, which is not on this machine.
    return memory.remember(Lock(text, "", version, notes=notes))


def _base_image(version: str) -> str:
    template = os.environ.get("LEARNWARE_DOCKER_BASE") or DEFAULT_BASE
    image = template.replace("{version}", version)
    # It goes into a Dockerfile: one word, of the letters that names of images are made of.
    if not re.fullmatch(r"[\w][\w.\-/:@]*", image, re.ASCII):
        raise EnvironmentBuildError(
            f"the base image is {template!r}; expected a name such as {DEFAULT_BASE!r} (LEARNWARE_DOCKER_BASE)"
        )
    return image


def _lock_lines(lock: str) -> list[str]:
    lines = [line.rstrip() for line in lock.splitlines()]
    lines = [line for line in lines if line and not line.lstrip().startswith("#")]
    for line in lines:
        if line.startswith("-"):
            raise EnvironmentBuildError(f"a lock holds requirements only; found the option {line.split()[0]!r}")
    return lines


def _find(client: Any, tag: str, name: str) -> dict[str, Any] | None:
    """Return what the engine knows of the environment's image, or None if it does not have it."""
    from docker.errors import ImageNotFound

    try:
        with engine_errors(EnvironmentBuildError, f"asking the container engine for the image {tag}"):
            image: dict[str, Any] = client.inspect_image(tag)
    except EnvironmentBuildError as error:
        if isinstance(error.__cause__, ImageNotFound):
            return None
        raise
    labels = (image.get("Config") or {}).get("Labels") or {}
    return image if labels.get(LABEL) == name else None


def _build(client: Any, plan: Plan, folder: Path, settings: BuildSettings, say: Callable[[str], None]) -> None:
    """Fetch the packages, and have the engine make an image of them."""
    tag, base = plan.details["image"], plan.details["base"]
    _fetch(plan, folder, settings, say)
    say(f"building the image {tag} from {base}")
    dockerfile = _DOCKERFILE.format(
        base=base,
        label=LABEL,
        name=plan.name,
        version=plan.python_version,
        packages=_PACKAGES,
        check=json.dumps(["python", "-I", "-c", _CHECK.format(version=plan.python_version)]),
        compile=json.dumps(["python", "-I", "-S", "-c", _COMPILE]),
    )
    context = folder / "context.tar"
    _write_context(context, dockerfile, folder / _PACKAGES)
    try:
        with context.open("rb") as file:
            build_image(client, file, plan, f"{LABEL}={plan.name}", settings, say)
    finally:
        remove_tree(folder / _PACKAGES)
        context.unlink()


def _fetch(plan: Plan, folder: Path, settings: BuildSettings, say: Callable[[str], None]) -> None:
    """Unpack the lock's wheels for the engine's platform into a folder, from where this machine has its packages."""
    lines = _lock_lines(plan.lock)
    lock = folder / "lock.txt"
    lock.write_text("\n".join([*lines, ""]), encoding="utf-8")
    say(f"fetching {len(lines)} packages")
    target = ["--target", str(folder / _PACKAGES), "--python", sys.executable, "--no-python-downloads"]
    target += ["--python-version", plan.python_version, "--python-platform", plan.details["platform"]]
    if no_index():
        target.append("--no-index")
    done = run_uv(
        ["pip", "install", "--no-deps", "--only-binary", ":all:", "-r", str(lock), *target],
        settings,
        what="fetching the packages",
    )
    lock.unlink()
    if done.code:
        raise EnvironmentBuildError(
            f"the packages cannot be fetched: {reason_of(done)}", requirements=at_fault(lines, done), log=done.end
        )
    # Programs of packages are made for the interpreter of this machine; the other one is uv's own.
    remove_tree(folder / _PACKAGES / "bin")
    (folder / _PACKAGES / ".lock").unlink(missing_ok=True)


def _write_context(path: Path, dockerfile: str, packages: Path) -> None:
    """Write the archive that the engine builds from; of files, only what is in them and whether they are programs."""

    def plain(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
        if entry.issym():
            return None  # it would lead elsewhere in the image; wheels have none
        entry.uid = entry.gid = 0
        entry.uname = entry.gname = ""
        entry.mtime = 0
        entry.mode = 0o755 if entry.isdir() or entry.mode & 0o100 else 0o644
        return entry

    with tarfile.open(path, "w") as archive:
        data = dockerfile.encode("ascii")
        entry = tarfile.TarInfo("Dockerfile")
        entry.size = len(data)
        archive.addfile(entry, io.BytesIO(data))
        archive.add(packages, _PACKAGES, filter=plain)
