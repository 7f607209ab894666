"""Conda environments: built by micromamba, mamba or conda, where one of them is installed."""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import platform
import re
import shutil
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from packaging.requirements import Requirement

from learnware.errors import EnvironmentBuildError
from learnware.runtime.environment import _venv
from learnware.runtime.environment._builder import Plan, Record
from learnware.runtime.environment._conda_names import index_name
from learnware.runtime.environment._environment import Environment
from learnware.runtime.environment._files import byte_compile, seal, tree_size
from learnware.runtime.environment._pythons import OLDEST_MINOR, minors_of, shown
from learnware.runtime.environment._resolve import at_fault, reason_of
from learnware.runtime.environment._uv import no_index, run_uv
from learnware.runtime.environment._watched import BuildCancelledError, redacted, run_watched

if TYPE_CHECKING:
    from collections.abc import Callable

    from learnware.runtime.environment._requirements import Requirements
    from learnware.runtime.environment._settings import BuildSettings
    from learnware.runtime.environment._watched import Finished

__all__ = ["EnvironmentBuilder", "find_conda"]

_PROGRAMS = ("micromamba", "mamba", "conda")
_VARIABLES = {"MAMBA_EXE": "micromamba", "CONDA_EXE": "conda"}
_DEFAULT_CHANNEL = "conda-forge"
_FALLBACK = "no conda is installed (micromamba, mamba or conda): the packages come from the package index"
# Channels that are looked after, whose packages may run scripts; everybody can have another one.
_CHANNELS = frozenset(
    {"anaconda", "bioconda", "conda-forge", "defaults", "fastai", "huggingface", "intel", "main", "free", "r", "msys2"}
    | {"nvidia", "pyg", "pytorch", "rapidsai"}
)
_PARTS_OF_DEFAULTS = frozenset({"main", "free", "r", "msys2"})
_NOT_OF_INTERPRETER = frozenset({"site-packages", "bin", "Scripts", "share", "etc"})
# Beside its program they say where the rest of it is.
_SIGNPOSTS = ("pyvenv.cfg", "pybuilddir.txt")
_LOCK = ".lock"  # the installer's
_FORGOTTEN = frozenset({"CONDA_PREFIX", "CONDA_DEFAULT_ENV", "PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"})

# What conda, mamba and micromamba say where the packages are at fault, and not this machine or the network.
_UNSOLVABLE = re.compile(
    r"could not solve|unsatisfiable|PackagesNotFound|ResolvePackageNotFound|nothing provides|conflicting requests"
    r"|do(es)? not exist|invalid ?match ?spec|incompatib",
    re.IGNORECASE,
)

_said_lock = threading.Lock()
_said: set[str] = set()


class EnvironmentBuilder:
    """Builds environments of the kind "conda", or "venv" ones where there is no conda."""

    def plan(self, requirements: Requirements, settings: BuildSettings, say: Callable[[str], None]) -> Plan:
        """Return what is to be built."""
        program = find_conda()
        if program is None:
            return _fall_back(requirements, settings, say)
        channels, warnings = _channels(requirements, settings)
        python, more = _python(requirements.python)
        conda = sorted({python, *_of_conda(requirements, channels)})
        pip = _of_pip(requirements, conda)
        key = json.dumps([channels, conda, pip, str(requirements.as_of), platform.platform()])
        return Plan(
            kind="conda",
            name=hashlib.sha256(key.encode()).hexdigest()[:20],
            lock="\n".join([*conda, *pip]) + "\n",
            python_version=python.removeprefix("python").strip("="),
            warnings=(*warnings, *more),
            details={
                "channels": channels,
                "conda": conda,
                "pip": pip,
                "program": program,
                "as_of": None if requirements.as_of is None else requirements.as_of.isoformat(),
            },
        )

    def build(self, plan: Plan, folder: Path, settings: BuildSettings, say: Callable[[str], None]) -> dict[str, Any]:
        """Let conda make the environment, and uv install what pip would."""
        document = {"channels": plan.details["channels"], "dependencies": plan.details["conda"]}
        program = Path(plan.details["program"])
        file = folder.with_name(f"{folder.name}.yaml")
        file.write_text(json.dumps(document), encoding="utf-8")  # JSON is YAML
        folder.rmdir()  # conda makes it
        say(f"solving and downloading with {program.name}: {len(plan.details['conda'])} packages and what they need")
        try:
            done = run_watched(
                [str(program), *_arguments(program), "--prefix", str(folder), "--file", str(file)],
                what="building the conda environment",
                stall_seconds=settings.stall_seconds,
                step_seconds=settings.step_seconds,
                environment=_variables(),
                folder=settings.root,
                cancelled=settings.cancelled,
            )
        finally:
            file.unlink(missing_ok=True)
        if done.code:
            words = " ".join(done.end.split())[-1000:]
            raise EnvironmentBuildError(
                f"{program.name} cannot build the environment: {words}",
                requirements=_at_fault(plan.details["conda"], done),
                log=done.end,
            )
        python = _venv.python_of(folder)
        version = _version(python, settings)
        own = _files_of_interpreter(folder, python)
        _install(plan, python, settings, say)
        # Packages may have put their own modules among those of the interpreter, which must not run without a sandbox.
        if _files_of_interpreter(folder, python) == own:
            say("compiling the packages")
            byte_compile(python, folder, settings)
        seal(folder)
        return {"top": _venv.top_of(folder), "python_version": version}

    def environment(self, folder: Path, record: Record) -> Environment | None:
        """Return the environment that was built; None if packages are gone."""
        python = _venv.python_of(folder)
        if not python.exists() or _venv.top_of(folder) != record.details.get("top"):
            return None
        return Environment("conda", record.name, python, record.details["python_version"], (folder,))

    def size(self, folder: Path, details: dict[str, Any]) -> int:  # noqa: ARG002  # for other kinds
        """Return the bytes of its files."""
        return tree_size(folder)

    def remove(self, record: Record) -> None:
        """Do nothing: all of it is in the folder."""


def find_conda() -> str | None:
    """Return the program that builds conda environments: micromamba, mamba or conda; None if none is installed."""
    for program in _PROGRAMS:
        named = [os.environ.get(variable, "") for variable, of in _VARIABLES.items() if of == program]
        for path in (shutil.which(program), *named):
            if path and Path(path).is_file() and os.access(path, os.X_OK):
                return path
    return None


def _fall_back(requirements: Requirements, settings: BuildSettings, say: Callable[[str], None]) -> Plan:
    """Plan an environment of packages of the package index."""
    try:
        plan = _venv.EnvironmentBuilder().plan(requirements, settings, say)
    except BuildCancelledError:
        raise
    except EnvironmentBuildError as error:
        raise EnvironmentBuildError(
            "a conda environment was asked for, no conda is installed (micromamba, mamba or conda), and without one: "
            f"{error}",
            requirements=error.requirements,
            log=error.log,
        ) from error
    with _said_lock:
        first = _FALLBACK not in _said
        _said.add(_FALLBACK)
    if first:
        logging.getLogger("learnware").warning(_FALLBACK)
    return replace(plan, warnings=(_FALLBACK, *plan.warnings))


def _channels(requirements: Requirements, settings: BuildSettings) -> tuple[list[str], tuple[str, ...]]:
    """Return the channels that may be used, and what is to be said of the others.

    Packages of conda's may run a script when they are installed, and everybody can have a channel.
    """
    kept, warnings = [], []
    for channel in requirements.channels:
        short = channel.rstrip("/").rpartition("/")[2]
        if channel in _CHANNELS or channel == "nodefaults" or settings.allow_source_builds:
            kept.append(channel)
        elif "/" in channel and short in _CHANNELS:
            # A mirror, which is for this machine to choose.
            kept.append("defaults" if short in _PARTS_OF_DEFAULTS else short)
        else:
            warnings.append(
                f"the channel {redacted(channel)!r} is left out: its packages may run code while they are installed, "
                "which has to be allowed as source builds are"
            )
    return list(dict.fromkeys(kept)) or [_DEFAULT_CHANNEL], tuple(warnings)


def _python(wanted: str | None) -> tuple[str, tuple[str, ...]]:
    """Return conda's words for a version of Python, and how it differs from what was asked for."""
    if wanted is None:
        return f"python={sys.version_info.major}.{sys.version_info.minor}", ()
    if not any(minor >= OLDEST_MINOR for minor in minors_of(wanted)):
        words = f"Python {shown(wanted)} was asked for, and it is too old for running models apart: "
        return f"python=3.{OLDEST_MINOR}", (f"{words}Python 3.{OLDEST_MINOR} is used",)
    return "python" + re.sub(r"==([0-9.]+)\.\*", r"=\1", wanted), ()


def _of_conda(requirements: Requirements, channels: list[str]) -> list[str]:
    """Return what conda installs, besides Python."""
    found = []
    for one in requirements.conda:
        channel, _, spec = one.rpartition("::")
        if _name(spec) not in {"python", "learnware"}:
            found.append(one if channel in channels else spec)
    return found


def _of_pip(requirements: Requirements, conda: list[str]) -> list[str]:
    """Return what comes from the package index: all that conda does not install, with what the worker needs."""
    if not requirements.conda:
        return sorted((*requirements.requirements, *requirements.sources))
    by_conda = {index_name(_name(one)) for one in conda}
    names = {Requirement(one).name for one in requirements.pip} | by_conda
    added = [one for one in requirements.requirements if one in {"numpy", "pyarrow"} and one not in names]
    return sorted((*requirements.pip, *added))


def _name(spec: str) -> str:
    return re.split(r"[=<>!~\s\[]", spec.rpartition("::")[2], maxsplit=1)[0].lower()


def _arguments(program: Path) -> list[str]:
    """Return how a program is told to make an environment from a file."""
    return ["create", "--yes"] if program.stem.startswith("micromamba") else ["env", "create"]


def _variables() -> dict[str, str]:
    environment = {name: value for name, value in os.environ.items() if name not in _FORGOTTEN}
    # Older programs know no option for it.
    return {**environment, "CONDA_ALWAYS_YES": "true", "MAMBA_ALWAYS_YES": "true", "NO_COLOR": "1"}


def _version(python: Path, settings: BuildSettings) -> str:
    """Return the version of the interpreter that conda has installed."""
    done = run_watched(
        [str(python), "-I", "-S", "-c", "import platform; print(platform.python_version())"],
        what="starting the interpreter of the conda environment",
        stall_seconds=settings.stall_seconds,
    )
    if done.code or not re.fullmatch(r"3\.\d+\.\d+\S*", done.output.strip()):
        raise EnvironmentBuildError("the interpreter of the conda environment does not start", log=done.end)
    return done.output.strip()


def _files_of_interpreter(folder: Path, python: Path) -> set[tuple[str, int, int, int]]:
    """Return what the interpreter may load when it starts: all but what is installed for it, each with its identity."""
    paths = [str(python.resolve())]
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in _NOT_OF_INTERPRETER]
        paths += [os.path.join(parent, name) for name in names if name != _LOCK]  # noqa: PTH118  # thousands of files
    paths += [str(python.with_name(name)) for name in _SIGNPOSTS]
    found = set()
    for path in paths:
        with contextlib.suppress(FileNotFoundError):
            status = os.lstat(path)
            found.add((path, status.st_ino, status.st_mtime_ns, status.st_size))
    return found


def _install(plan: Plan, python: Path, settings: BuildSettings, say: Callable[[str], None]) -> None:
    """Install what pip would, besides what conda has installed."""
    lines = plan.details["pip"]
    if not lines:
        return
    say(f"installing {len(lines)} packages of the package index")
    arguments = ["pip", "install", "--python", str(python), "--break-system-packages", "-r", "-"]
    if plan.details["as_of"] is not None:
        arguments += ["--exclude-newer", f"{plan.details['as_of']}T23:59:59Z"]
    if not settings.allow_source_builds:
        arguments += ["--only-binary", ":all:"]
    if no_index():
        arguments.append("--no-index")
    done = run_uv(arguments, settings, what="installing the packages", stdin="\n".join(lines) + "\n")
    if done.code:
        raise EnvironmentBuildError(
            f"packages cannot be had from the package index: {reason_of(done)}",
            requirements=at_fault(lines, done),
            log=done.end,
        )


def _at_fault(lines: list[str], done: Finished) -> tuple[str, ...]:
    """Return the packages for which conda found no solution: those that it names, else all; none for other failures."""
    words = f"{done.log}\n{done.output}"
    if not _UNSOLVABLE.search(words):
        return ()
    names = {name.lower() for name in re.findall(r"[A-Za-z0-9_][\w.-]*", words)}
    return tuple(line for line in lines if _name(line) in names) or tuple(lines)
