"""Virtual environments: packages from the package index, installed by uv."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from learnware.errors import EnvironmentBuildError
from learnware.runtime.environment._builder import Plan, Record
from learnware.runtime.environment._compiled import compile_packages
from learnware.runtime.environment._environment import Environment
from learnware.runtime.environment._files import seal, tree_size
from learnware.runtime.environment._resolve import at_fault, lock_name, reason_of, resolve
from learnware.runtime.environment._uv import no_index, run_uv

if TYPE_CHECKING:
    from collections.abc import Callable

    from learnware.runtime.environment._requirements import Requirements
    from learnware.runtime.environment._settings import BuildSettings

__all__ = ["EnvironmentBuilder", "base_folders", "python_of", "top_of"]


class EnvironmentBuilder:
    """Builds environments of the kind "venv"."""

    def plan(self, requirements: Requirements, settings: BuildSettings, say: Callable[[str], None]) -> Plan:
        """Return what is to be built."""
        lock = resolve(requirements, settings, say)
        return Plan(
            "venv", lock_name(lock, settings), lock.text, lock.python_version, lock.python, lock.warnings, lock.notes
        )

    def build(self, plan: Plan, folder: Path, settings: BuildSettings, say: Callable[[str], None]) -> dict[str, Any]:
        """Make the virtual environment, install the lock, compile it, and make it read-only."""
        say(f"making an environment of Python {plan.python_version}")
        made = run_uv(
            ["venv", "--quiet", "--clear", "--no-project", "--python", plan.python, str(folder)],
            settings,
            what="making a virtual environment",
        )
        if made.code:
            raise EnvironmentBuildError(f"a virtual environment cannot be made with {plan.python}", log=made.end)
        python = python_of(folder)
        own = _own_files(folder, python)
        _install(plan.lock, python, settings, say)
        # They say which folders are readable in a sandbox.
        if _own_files(folder, python) != own:
            raise EnvironmentBuildError("a package puts files of its own in the place of the environment's interpreter")
        say("compiling the packages")
        if (site := _site(folder)) is not None:
            # By the interpreter that this one is made of: nothing of a package lies beside it.
            compile_packages(Path(plan.python), plan.python_version, site, settings)
        seal(folder)
        return {"top": top_of(folder)}

    def environment(self, folder: Path, record: Record) -> Environment | None:
        """Return the environment that was built; None if packages or its interpreter are gone."""
        python = python_of(folder)
        if not python.exists() or top_of(folder) != record.details.get("top"):
            return None
        folders = dict.fromkeys((folder, *base_folders(folder, python)))
        return Environment(record.kind, record.name, python, record.python_version, tuple(folders))

    def size(self, folder: Path, details: dict[str, Any]) -> int:  # noqa: ARG002  # for other kinds
        """Return the bytes of its files."""
        return tree_size(folder)

    def remove(self, record: Record) -> None:
        """Do nothing: all of it is in the folder."""


def _install(lock: str, python: Path, settings: BuildSettings, say: Callable[[str], None]) -> None:
    """Install exact versions into the environment of an interpreter, and nothing else.

    Raises
    ------
    EnvironmentBuildError
        If that fails, e.g. because the package index cannot be reached.
    """
    lines = lock.splitlines()
    say(f"installing {len(lines)} packages")
    # uv takes no lock from its standard input.
    file = python.parent / "lock.txt"
    file.write_text(lock, encoding="utf-8")
    arguments = ["pip", "install", "--no-deps", "--python", str(python), "-r", str(file), "--no-python-downloads"]
    if not settings.allow_source_builds:
        arguments += ["--only-binary", ":all:"]
    if no_index():
        arguments.append("--no-index")

    def tell(line: str) -> None:
        if line.startswith(("Downloading ", "Building ")):
            say(line[0].lower() + line[1:])

    done = run_uv(arguments, settings, what="installing the packages", on_line=tell)
    file.unlink()
    if done.code:
        raise EnvironmentBuildError(
            f"the packages cannot be installed: {reason_of(done)}", requirements=at_fault(lines, done), log=done.end
        )


def _own_files(folder: Path, python: Path) -> tuple[str, bytes]:
    """Return what makes a folder the environment of an interpreter."""
    try:
        return str(python.resolve()), (folder / "pyvenv.cfg").read_bytes()
    except OSError:
        return str(python), b""


def python_of(folder: Path) -> Path:
    """Return the interpreter of a virtual environment."""
    return folder / "Scripts" / "python.exe" if sys.platform == "win32" else folder / "bin" / "python"


def base_folders(folder: Path, python: Path) -> list[Path]:
    """Return where the interpreter's own files are: the folder that it was found in, and that of the real program."""
    levels = 0 if sys.platform == "win32" else 1
    real = python.resolve()
    bases = [real.parents[levels]]
    try:
        lines = (folder / "pyvenv.cfg").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    for line in lines:
        name, _, value = line.partition("=")
        if name.strip() == "home":
            home = Path(value.strip())
            bases.append(home if sys.platform == "win32" else home.parent)
    return bases


def top_of(folder: Path) -> list[str]:
    """Return the names of what is installed, the cheapest sign of a folder that somebody has cleared."""
    site = _site(folder)
    if site is None:
        return []
    return sorted(entry for entry in os.listdir(site) if entry != "__pycache__")  # noqa: PTH208  # names only


def _site(folder: Path) -> Path | None:
    sites = (*folder.glob("lib/python3*/site-packages"), folder / "Lib" / "site-packages")
    return next((site for site in sites if site.is_dir()), None)
