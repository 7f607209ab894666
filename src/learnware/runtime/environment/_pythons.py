"""Interpreters: which are here, which can be had, and which is nearest to the one asked for."""

from __future__ import annotations

import contextlib
import functools
import os
import platform
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from learnware.errors import EnvironmentBuildError
from learnware.runtime.environment._settings import is_set, is_unset
from learnware.runtime.environment._uv import run_uv
from learnware.runtime.environment._watched import BuildCancelledError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from learnware.runtime.environment._settings import BuildSettings

__all__ = ["OLDEST_MINOR", "Interpreter", "choices", "minors_of"]

# What the worker runs on.
OLDEST_MINOR = 8
_NEWEST_MINOR = 20
_NEWEST_PATCH = 30
_INSTALL_STALL_SECONDS = 20.0
_RETRY_INSTALL_SECONDS = 3600.0
_PROBE = "import platform; print(platform.python_implementation(), platform.python_version())"
_CONDA_FOLDERS = ("miniconda3", "anaconda3", "miniforge3", "mambaforge", "micromamba", ".conda")


@dataclass(frozen=True)
class Interpreter:
    """An interpreter on this machine.

    Attributes
    ----------
    path : Path
        The program.
    version : str
        E.g. ``"3.11.7"``.
    warnings : tuple of str
        How it differs from what was asked for.
    notes : tuple of str
        Why it is taken where none was asked for.
    asked_for : bool
        Whether it is what was asked for: if the requirements have no solution on it, none is looked for on another.
    """

    path: Path
    version: str
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    asked_for: bool = False


def minors_of(wanted: str) -> list[int]:
    """Return the minor versions of Python 3 that some release of which a specifier admits."""
    specifiers = SpecifierSet(wanted)
    return [
        minor
        for minor in range(_NEWEST_MINOR)
        if any(specifiers.contains(f"3.{minor}.{patch}") for patch in range(_NEWEST_PATCH))
    ]


def choices(wanted: str | None, settings: BuildSettings, say: Callable[[str], None]) -> Iterator[Interpreter]:
    """Yield the interpreters to try, the best first.

    Parameters
    ----------
    wanted : str or None
        The version asked for as a specifier: ``"==3.8.*"``; None for that of this process.
    settings : BuildSettings
        Says whether one may be downloaded.
    say : callable
        Hears what takes long.

    Yields
    ------
    Interpreter
        Those asked for, then the nearest ones, none older than Python 3.8.
    """
    if wanted is None:
        running = platform.python_version()
        yield Interpreter(_this_python(), running)
        for found in _nearest(sys.version_info.minor, settings):
            if _minor(found.version) != sys.version_info.minor:
                words = (
                    f"the requirements have no solution on Python {running}, and name no version: "
                    f"Python {found.version} is used"
                )
                yield Interpreter(found.path, found.version, notes=(words,))
        return
    minors = minors_of(wanted)
    here = [minor for minor in minors if minor >= OLDEST_MINOR]
    present = list(_installed(settings, here))
    same_minor = _best([found for found in present if SpecifierSet(wanted).contains(found.version)]) or _best(present)
    if same_minor is None and here and _install(here, settings, say):
        same_minor = _best(list(_installed(settings, here)))
    if same_minor is not None:
        exact = SpecifierSet(wanted).contains(same_minor.version)
        warnings = () if exact else (f"Python {shown(wanted)} was asked for; {same_minor.version} is used",)
        yield Interpreter(same_minor.path, same_minor.version, warnings, asked_for=True)
        return
    target = max(minors, default=sys.version_info.minor)
    for found in _nearest(target, settings):
        why = "it is too old for running models apart" if not here else "it is not on this machine"
        words = f"Python {shown(wanted)} was asked for, and {why}: Python {found.version} is used"
        yield Interpreter(found.path, found.version, (words,))


def shown(wanted: str) -> str:
    """Return a specifier as people write it: "3.8" for ``==3.8.*``."""
    return re.sub(r"^==([\d.]+?)(\.\*)?$", r"\1", wanted)


def _minor(version: str) -> int:
    return Version(version).minor


def _best(found: list[Interpreter]) -> Interpreter | None:
    """Return that of this process, else the newest."""
    running = platform.python_version()
    return max(found, key=lambda one: (one.version == running, Version(one.version)), default=None)


def _nearest(target: int, settings: BuildSettings) -> list[Interpreter]:
    """Return an interpreter of each minor version here, the nearest to a minor version first."""
    by_minor: dict[int, list[Interpreter]] = {}
    for found in _installed(settings, None):
        by_minor.setdefault(_minor(found.version), []).append(found)
    minors = sorted(by_minor, key=lambda minor: (abs(minor - target), -minor))
    return [best for minor in minors if (best := _best(by_minor[minor])) is not None]


def _installed(settings: BuildSettings, minors: list[int] | None) -> Iterator[Interpreter]:
    """Yield the interpreters on this machine, those of some minor versions only."""
    seen = set()
    for path, hint in _candidates(settings):
        if minors is not None and hint is not None and hint not in minors:
            continue
        try:
            real = path.resolve(strict=True)
        except (OSError, RuntimeError):
            continue
        if real in seen:
            continue
        seen.add(real)
        version = _version_of(str(path))
        if version is None or not version.startswith("3."):
            continue
        minor = _minor(version)
        if minor >= OLDEST_MINOR and (minors is None or minor in minors):
            yield Interpreter(path, version)


def _candidates(settings: BuildSettings) -> Iterator[tuple[Path, int | None]]:
    """Yield where interpreters may be, with the minor version that the name tells."""
    yield _this_python(), sys.version_info.minor
    home = Path.home()
    folders = [settings.pythons, _uv_pythons(home), Path(os.environ.get("PYENV_ROOT") or home / ".pyenv") / "versions"]
    for folder in folders:
        for found in _listed(folder):
            yield _program(found), _hint(found.name)
    for variable in ("CONDA_PREFIX", "CONDA_ROOT", "MAMBA_ROOT_PREFIX"):
        if os.environ.get(variable):
            yield _program(Path(os.environ[variable])), None
    for conda in (*(home / name for name in _CONDA_FOLDERS), Path("/opt/conda")):
        yield _program(conda), None
        for found in _listed(conda / "envs"):
            yield _program(found), None
    names = [f"python3.{minor}" for minor in range(_NEWEST_MINOR, OLDEST_MINOR - 1, -1)]
    for name in (*names, "python3", "python"):
        for folder_name in dict.fromkeys(
            (*os.environ.get("PATH", "").split(os.pathsep), "/usr/bin", "/usr/local/bin", "/opt/homebrew/bin")
        ):
            found_name = shutil.which(name, path=folder_name) if folder_name else None
            # A shim asks a version manager, whose own folder is looked at.
            if found_name and "shims" not in Path(folder_name).parts:
                yield Path(found_name), _hint(name)


def _this_python() -> Path:
    """Return the interpreter of this process; not that of its virtual environment, which may go."""
    return Path(getattr(sys, "_base_executable", None) or sys.executable)


def _uv_pythons(home: Path) -> Path:
    named = os.environ.get("UV_PYTHON_INSTALL_DIR")
    data = Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share")
    return Path(named) if named else data / "uv" / "python"


def _listed(folder: Path) -> list[Path]:
    with contextlib.suppress(OSError):
        return sorted(one for one in folder.iterdir() if not one.name.startswith("."))
    return []


def _program(prefix: Path) -> Path:
    return prefix / "python.exe" if sys.platform == "win32" else prefix / "bin" / "python3"


def _hint(name: str) -> int | None:
    found = re.search(r"(?<![\d.])3\.(\d+)", name)
    return int(found[1]) if found else None


@functools.cache
def _version_of(path: str) -> str | None:
    """Return the version of an interpreter; None if it does not work, or is another implementation's."""
    if path in {sys.executable, str(_this_python())}:
        return platform.python_version()
    try:
        done = subprocess.run(  # noqa: S603  # an interpreter of this machine
            [path, "-I", "-S", "-c", _PROBE], capture_output=True, text=True, timeout=20, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    implementation, _, version = done.stdout.strip().partition(" ")
    if done.returncode or implementation != "CPython" or not re.fullmatch(r"\d+\.\d+\.\d+", version):
        return None
    return version


def _install(minors: list[int], settings: BuildSettings, say: Callable[[str], None]) -> bool:
    """Download a version of Python; return whether it could be had."""
    if not settings.install_pythons or is_unset("UV_PYTHON_DOWNLOADS") or is_set("UV_OFFLINE"):
        return False
    running = sys.version_info.minor
    minor = min(minors, key=lambda one: (abs(one - running), -one))
    failed = settings.pythons / f".failed-3.{minor}"
    with contextlib.suppress(OSError):
        if 0 <= time.time() - failed.stat().st_mtime < _RETRY_INSTALL_SECONDS:
            return False
    say(f"downloading Python 3.{minor}")
    try:
        done = run_uv(
            ["python", "install", "--no-bin", "--install-dir", str(settings.pythons), f"3.{minor}"],
            settings,
            what=f"downloading Python 3.{minor}",
            stall_seconds=min(_INSTALL_STALL_SECONDS, settings.stall_seconds),
            python_downloads=True,
        )
    except BuildCancelledError:
        raise
    except EnvironmentBuildError:
        done = None
    if done is not None and done.code == 0:
        return True
    settings.pythons.mkdir(parents=True, exist_ok=True)
    failed.touch()
    return False
