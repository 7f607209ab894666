"""An environment: an interpreter with the packages that a learnware needs."""

from __future__ import annotations

import platform
import sys
from dataclasses import dataclass, field
from pathlib import Path

import learnware

__all__ = ["Environment", "current_environment", "without_dots"]


@dataclass(frozen=True)
class Environment:
    """An interpreter with its packages, ready to run a learnware.

    Attributes
    ----------
    kind : {"current", "venv", "conda", "docker"}
        Where it comes from.
    name : str
        The hash of its lock, which learnwares of equal locks share; ``"current"`` for this interpreter's.
    python : Path
        The interpreter to run; for docker the one inside the image.
    python_version : str
        E.g. ``"3.11.7"``.
    folders : tuple of Path
        What has to be readable to run it, besides the system's libraries.
    image : str or None
        The image, for docker.
    paths : tuple of Path
        Folders to import from, before those of the interpreter: the engine's, where the learnware uses it.
    warnings : tuple of str
        Where it differs from what was asked for, e.g. another version of Python, and why.
    notes : tuple of str
        What was read in other words, left out without being missed, or added to what was asked for.
    lease : object or None
        What keeps the environment from being collected while this object, or a copy of it, lives.
    """

    kind: str
    name: str
    python: Path
    python_version: str
    folders: tuple[Path, ...]
    image: str | None = None
    paths: tuple[Path, ...] = ()
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    lease: object | None = field(default=None, repr=False, compare=False)


def current_environment() -> Environment:
    """Return the environment of this interpreter: what is installed in it, nothing else that it can import."""
    # The engine's own folder is elsewhere where it is installed for development.
    folders = dict.fromkeys(
        without_dots(Path(folder)) for folder in (sys.prefix, sys.exec_prefix, sys.base_prefix, learnware.__path__[0])
    )
    python = without_dots(Path(sys.executable))
    return Environment("current", "current", python, platform.python_version(), tuple(folders))


def without_dots(path: Path) -> Path:
    """Return an absolute path without ``..``, which a sandbox may not know the folder before; its last part stays.

    Links before a ``..`` are followed, others are left: the interpreter of a virtual environment is one.
    """
    path = path.absolute()
    if ".." not in path.parts:
        return path
    return path.resolve() if path.name == ".." else path.parent.resolve() / path.name
