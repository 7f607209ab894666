"""What builds environments of one kind."""

from __future__ import annotations

import importlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from learnware.errors import EnvironmentBuildError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from learnware.runtime.environment._environment import Environment
    from learnware.runtime.environment._requirements import Requirements
    from learnware.runtime.environment._settings import BuildSettings

__all__ = ["BUILDERS", "Builder", "Plan", "Record", "builder_of"]

# Loaded when they are asked for. A module has the class `EnvironmentBuilder`.
BUILDERS = {
    "venv": "learnware.runtime.environment._venv",
    "conda": "learnware.runtime.environment._conda",
    "docker": "learnware.runtime.environment._docker",
}


@dataclass(frozen=True)
class Plan:
    """What is to be built.

    Attributes
    ----------
    kind : str
        The kind of environment; another one than asked for where a builder falls back to it.
    name : str
        The hash of all that decides what the environment holds; equal names are equal environments.
    lock : str
        What is installed: requirements with exact versions, a line each.
    python_version : str
        E.g. ``"3.11.7"``.
    python : str
        The interpreter to build with; empty where it is not on this machine.
    warnings : tuple of str
        Where the environment differs from what was asked for.
    notes : tuple of str
        What else there is to know of it.
    details : dict
        What else the builder needs to know.
    """

    kind: str
    name: str
    lock: str
    python_version: str
    python: str = ""
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Record:
    """What is known of an environment that was built; the file that it is in makes the environment complete.

    Attributes
    ----------
    kind, name, lock, python_version : str
        As in `Plan`.
    created : float
        When it was built, seconds since 1970.
    size : int
        Bytes of its files; for docker of the image.
    folder : str
        The folder that it was built in, in that of its name.
    details : dict
        What the builder noted: JSON values.
    """

    kind: str
    name: str
    lock: str
    python_version: str
    created: float
    size: int
    folder: str
    details: dict[str, Any] = field(default_factory=dict)


class Builder(Protocol):
    """Builds environments of one kind.

    The store calls `plan` first, then `environment` or `build` under a lock that no other process has for this name.
    """

    def plan(self, requirements: Requirements, settings: BuildSettings, say: Callable[[str], None]) -> Plan:
        """Return what is to be built; EnvironmentBuildError where it cannot be had."""

    def build(self, plan: Plan, folder: Path, settings: BuildSettings, say: Callable[[str], None]) -> dict[str, Any]:
        """Build it in an empty folder, and return details to note; the store removes the folder on errors.

        "python_version" among them is what the record says of it.
        """

    def environment(self, folder: Path, record: Record) -> Environment | None:
        """Return the environment that was built, without warnings and lease; None if it is broken."""

    def size(self, folder: Path, details: dict[str, Any]) -> int:
        """Return the bytes that it takes; called once, after `build`."""

    def remove(self, record: Record) -> None:
        """Remove what is not in its folder."""


def builder_of(kind: str) -> Builder:
    """Return the builder of a kind.

    Raises
    ------
    EnvironmentBuildError
        If there is no such kind.
    """
    if kind not in BUILDERS:
        raise EnvironmentBuildError(
            f"there is no kind of environment {kind!r}; choose one of: current, {', '.join(BUILDERS)}"
        )
    builder: Builder = importlib.import_module(BUILDERS[kind]).EnvironmentBuilder()
    return builder
