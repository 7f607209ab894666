"""From requirements to a lock: the exact versions that are installed."""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
import sysconfig
import tempfile
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from learnware.errors import EnvironmentBuildError
from learnware.runtime.environment._pythons import Interpreter, choices
from learnware.runtime.environment._uv import index_identity, no_index, run_uv

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date

    from learnware.runtime.environment._requirements import Requirements
    from learnware.runtime.environment._settings import BuildSettings
    from learnware.runtime.environment._watched import Finished

__all__ = ["Lock", "LockMemory", "at_fault", "compile_lock", "lock_name", "reason_of", "resolve"]

_FORMAT = 2
_MAX_PYTHONS = 4
_MAX_CULPRITS = 6
# What uv says where the machine or the network is at fault, though it speaks of no solution.
_UNREACHABLE = re.compile(r"network was disabled|could not be queried")
_BUILD_FAILED = re.compile(r"failed to (download and )?build", re.IGNORECASE)
_GONE = re.compile(r"status client error \((404|410)")
# Versions of Python come and go; what was nearest is looked up again.
_STAND_IN_SECONDS = 86400.0


@dataclass(frozen=True)
class Lock:
    """What is installed, and on which interpreter.

    Attributes
    ----------
    text : str
        The requirements with exact versions, a line each, sorted.
    python : str
        The interpreter; empty where it is not on this machine.
    python_version : str
        E.g. ``"3.11.7"``.
    warnings, notes : tuple of str
        Where the result differs from what was asked for, and what else there is to know of it.
    stand_in : bool
        Whether the interpreter stands in for one that was not there, and may be some day.
    """

    text: str
    python: str
    python_version: str
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    stand_in: bool = False


def lock_name(lock: Lock, settings: BuildSettings) -> str:
    """Return the hash of a lock, its version of Python, this platform, and where packages come from.

    An environment is called so. Two indexes may have packages of one name and version that are not the same.
    """
    parts = (lock.text, lock.python_version, _platform(), index_identity(settings))
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:20]


def resolve(requirements: Requirements, settings: BuildSettings, say: Callable[[str], None]) -> Lock:
    """Return the lock of a set of requirements, from the disk where this set was resolved before.

    Raises
    ------
    EnvironmentBuildError
        If the set has no solution, or the package index cannot be reached.
    """
    memory = LockMemory(requirements, settings, requirements.python or f"this {sys.version_info[:3]}", _platform())
    if (known := memory.recall()) is not None:
        return known
    first: EnvironmentBuildError | None = None
    for number, interpreter in enumerate(choices(requirements.python, settings, say)):
        if number == _MAX_PYTHONS:
            break
        try:
            lock = _resolve_on(interpreter, requirements, settings, say)
        except _NoSolutionError as error:
            first = first or _NoSolutionError(
                f"on Python {interpreter.version}, {error}", requirements=error.requirements, log=error.log
            )
            if interpreter.asked_for:
                break
        else:
            return memory.remember(lock)
    if first is None:
        raise EnvironmentBuildError(
            f"Python {requirements.python} cannot be had: no version of Python from 3.8 on was found on this machine"
        )
    raise EnvironmentBuildError(str(first), requirements=first.requirements, log=first.log) from None


def _resolve_on(
    interpreter: Interpreter, requirements: Requirements, settings: BuildSettings, say: Callable[[str], None]
) -> Lock:
    text, notes = compile_lock(
        (*requirements.requirements, *requirements.sources),
        settings,
        python=interpreter.path,
        as_of=requirements.as_of,
        say=say,
    )
    return Lock(
        text,
        str(interpreter.path),
        interpreter.version,
        warnings=interpreter.warnings,
        notes=(*interpreter.notes, *notes),
        stand_in=bool(interpreter.warnings or interpreter.notes) and not interpreter.asked_for,
    )


class _NoSolutionError(EnvironmentBuildError):
    """A set has no solution on an interpreter; perhaps it has on another."""


def compile_lock(
    lines: Sequence[str],
    settings: BuildSettings,
    *,
    python: Path | None = None,
    python_version: str | None = None,
    platform: str | None = None,
    as_of: date | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> tuple[str, tuple[str, ...]]:
    """Return the lock of requirements as text, and where it is not as of the date asked for.

    Parameters
    ----------
    lines : sequence of str
        Requirements as in PEP 508.
    settings : BuildSettings
        How environments are built.
    python : Path, optional
        The interpreter to install on.
    python_version : str, optional
        Its version, where it is elsewhere, e.g. in a container.
    platform : str, optional
        Its platform in uv's words, where it is elsewhere: ``"x86_64-manylinux_2_28"``.
    as_of : date, optional
        Packages that were published later are left out of account, unless nothing else meets the requirements.
    say : callable, optional
        Hears what takes long.

    Raises
    ------
    EnvironmentBuildError
        If there is no solution, or the package index cannot be reached; `requirements` are those at fault, none where
        this machine or the network is.
    """
    settings.root.mkdir(parents=True, exist_ok=True)
    target = ["--python", str(python)] if python is not None else []
    if python_version is not None:
        target += ["--python-version", python_version]
    if platform is not None:
        target += ["--python-platform", platform]
    say("resolving the requirements")
    if as_of is not None:
        done = _compile(lines, settings, [*target, "--exclude-newer", f"{as_of.isoformat()}T23:59:59Z"])
        if done.code == 0:
            return _lock_text(done), ()
    done = _compile(lines, settings, target)
    if done.code == 0:
        text = _lock_text(done)
        if as_of is None or _decides(lines, text):
            return text, ()
        return text, (f"nothing that is known to be published by {as_of} meets the requirements; the newest does",)
    raise _failure(lines, done, settings, target)


def _compile(lines: Sequence[str], settings: BuildSettings, further: Sequence[str]) -> Finished:
    arguments = ["pip", "compile", "-", "--no-header", "--no-annotate", "--no-python-downloads", *further]
    if not settings.allow_source_builds:
        arguments += ["--only-binary", ":all:"]
    if no_index():
        arguments.append("--no-index")
    return run_uv(arguments, settings, what="resolving the requirements", stdin="\n".join(lines) + "\n")


def _lock_text(done: Finished) -> str:
    return "\n".join(sorted(line.strip() for line in done.output.splitlines() if line.strip())) + "\n"


def _failure(
    lines: Sequence[str], done: Finished, settings: BuildSettings, target: Sequence[str]
) -> EnvironmentBuildError:
    """Say what is at fault, in the resolver's words: every requirement that cannot be had, or those in conflict."""
    if not _unsolvable(done):
        return EnvironmentBuildError(
            f"the requirements cannot be resolved: {reason_of(done)}{_advice(done)}",
            requirements=at_fault(lines, done),
            log=done.end,
        )
    culprits, reasons, rest = [], [], list(lines)
    for _ in range(_MAX_CULPRITS):
        alone = _compile(rest, settings, [*target, "--no-deps"]) if rest else None
        if alone is None or alone.code == 0 or not _unsolvable(alone):
            break
        named = _named(rest, reason_of(alone))
        if not named:
            break
        culprits += named
        reasons.append(reason_of(alone))
        rest = [line for line in rest if line not in named]
    if not culprits:
        reasons = [reason_of(done)]
        culprits = list(at_fault(lines, done))
    names = "the requirements together" if len(culprits) == len(lines) > 1 else ", ".join(map(repr, culprits))
    hint = (
        ""
        if settings.allow_source_builds or "no usable wheels" not in " ".join(reasons)
        else (
            " (packages are taken as wheels only; LEARNWARE_SOURCE_BUILDS=1 allows building from source, which runs "
            "their code)"
        )
    )
    return _NoSolutionError(
        f"cannot be had from the package index: {names}: {'; '.join(reasons)}{hint}",
        requirements=tuple(culprits),
        log=done.end,
    )


def _advice(done: Finished) -> str:
    """Return what to do about a machine or a network that is at fault, as the end of a sentence."""
    if re.search(r"error sending request|dns error|tcp connect error|could not be queried", done.log):
        return "; check the network, and the package index that UV_DEFAULT_INDEX or PIP_INDEX_URL names"
    if re.search(r"Permission denied|Read-only file system|No space left on device", done.log):
        return "; the variable LEARNWARE_ENVIRONMENTS names another folder for environments"
    return ""


def _unsolvable(done: Finished) -> bool:
    return "No solution found" in done.log and _UNREACHABLE.search(done.log) is None


def at_fault(lines: Sequence[str], done: Finished) -> tuple[str, ...]:
    """Return the requirements for which uv failed: those that it names, else all of them together.

    None are at fault where this machine or the network is.
    """
    gone = _GONE.search(done.log) is not None
    missing = tuple(line for line in lines if gone and (url := Requirement(line).url) is not None and url in done.log)
    if missing or not (_unsolvable(done) or _BUILD_FAILED.search(done.log)):
        return missing
    return tuple(_named(lines, reason_of(done)) or lines)


def _decides(lines: Sequence[str], lock: str) -> bool:
    """Return whether requirements name the exact version of all that is in their lock: no date changes it."""
    exact = [Requirement(line) for line in lines]
    pinned = {one.name for one in exact if re.fullmatch(r"={2,3}[^*,]+", str(one.specifier))}
    return all(Requirement(line).name in pinned for line in lock.splitlines() if line)


def reason_of(done: Finished) -> str:
    """Return why there is no solution, without the frame around it."""
    text = re.sub(r"[^\x00-\x7f]+", " ", done.log)
    found = re.search(r"\b(Because\b.*?)(?:\n\s*\n|\n\s*hint:|\Z)", text, re.DOTALL)
    kept = found[1] if found else re.sub(r"(?m)^(Using Python|Resolved|Prepared) .*$|^\s*(error|cause):\s*", "", text)
    words = re.sub(r"\s+", " ", kept).strip()
    return re.sub(r",? ?we can conclude that your requirements are unsatisfiable\.?", "", words)[:2000].strip() or (
        f"the resolver ended with exit code {done.code}"
    )


def _named(lines: Sequence[str], reason: str) -> list[str]:
    """Return the requirements whose names are in a text."""
    names = {canonicalize_name(name) for name in re.findall(r"[A-Za-z0-9][A-Za-z0-9._-]*", reason)}
    return [line for line in lines if canonicalize_name(Requirement(line).name) in names]


def _platform() -> str:
    libc = os.confstr("CS_GNU_LIBC_VERSION") if "CS_GNU_LIBC_VERSION" in getattr(os, "confstr_names", {}) else ""
    return f"{sys.platform} {sysconfig.get_platform()} {libc}"


class LockMemory:
    """What a set of requirements was resolved to before, on the disk.

    Where the set names every version itself, the lock is that of all dates.

    Parameters
    ----------
    requirements : Requirements
        The set.
    settings : BuildSettings
        How environments are built.
    *target : str
        What else the lock is for: a version of Python, a platform.
    """

    def __init__(self, requirements: Requirements, settings: BuildSettings, *target: str) -> None:
        self._lines = (*requirements.requirements, *requirements.sources)
        parts = (_FORMAT, sorted(self._lines), target, settings.allow_source_builds, settings.install_pythons)
        key = repr((*parts, index_identity(settings)))
        # The first is that of no date.
        self._files = [
            settings.root / "locks" / f"{hashlib.sha256((key + date).encode()).hexdigest()[:32]}.json"
            for date in dict.fromkeys(("", "" if requirements.as_of is None else requirements.as_of.isoformat()))
        ]

    def recall(self) -> Lock | None:
        """Return the lock; None if the set was not resolved before, or has to be again."""
        dated = _read(self._files[-1])
        if dated is not None or len(self._files) == 1:
            return dated
        undated = _read(self._files[0])
        return undated if undated is not None and _decides(self._lines, undated.text) else None

    def remember(self, lock: Lock) -> Lock:
        """Keep a lock, and return it."""
        file = self._files[0 if _decides(self._lines, lock.text) else -1]
        file.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=file.parent)
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            json.dump(asdict(lock), stream)
        Path(name).replace(file)
        return lock


def _read(file: Path) -> Lock | None:
    try:
        stale = time.time() - file.stat().st_mtime > _STAND_IN_SECONDS
        lock = Lock(**json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    if not Path(lock.python).exists() or (stale and lock.stand_in):
        return None
    return replace(lock, warnings=tuple(lock.warnings), notes=tuple(lock.notes))
