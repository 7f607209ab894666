"""The store of environments: each built once, shared, and collected when it has not been used for long."""

from __future__ import annotations

import os
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from learnware.errors import EnvironmentBuildError
from learnware.runtime.environment._builder import Builder, Plan, Record, builder_of
from learnware.runtime.environment._engine import engine_folders
from learnware.runtime.environment._environment import Environment, current_environment, without_dots
from learnware.runtime.environment._files import remove_tree
from learnware.runtime.environment._settings import BuildSettings, default_root, is_set, is_unset
from learnware.runtime.environment._shelf import Shelf, StoredEnvironment

if TYPE_CHECKING:
    from collections.abc import Callable

    from learnware.runtime.environment._requirements import Requirements

__all__ = ["EnvironmentStore"]

_MAX_BYTES = 20 << 30
_MAX_BYTES_VARIABLE = "LEARNWARE_ENVIRONMENTS_MAX_BYTES"


class EnvironmentStore:
    """Environments in a folder, found by what is in them.

    Learnwares whose requirements resolve to the same versions share an environment. Any number of processes and threads
    may use a store at once: an environment is built by one of them, while the others wait. An environment that is there
    is complete and read-only; what a killed build has left is built anew.

    Parameters
    ----------
    root : str or path, optional
        The folder; the variable LEARNWARE_ENVIRONMENTS, else ``learnware/environments`` in the user's cache.
    max_bytes : int, optional
        When all of it takes more, downloads go, and then environments that are not in use, the least recently used
        first. The variable LEARNWARE_ENVIRONMENTS_MAX_BYTES, else 20 GiB.
    allow_source_builds : bool, optional
        Whether packages may be built from source, come from addresses of their own, or from anybody's conda channel.
        That runs code of theirs, with no sandbox around it. If not given, the variable LEARNWARE_SOURCE_BUILDS has to
        be 1 for it.
    install_pythons : bool, optional
        Whether a version of Python that is asked for and not on this machine may be downloaded. If not given, it may
        unless the variable LEARNWARE_PYTHON_DOWNLOADS is 0.
    stall_seconds : float, default=90
        A step of a build that neither says nor does anything for so long is stopped.

    Raises
    ------
    EnvironmentBuildError
        If LEARNWARE_ENVIRONMENTS_MAX_BYTES is no number.
    """

    def __init__(
        self,
        root: str | os.PathLike[str] | None = None,
        *,
        max_bytes: int | None = None,
        allow_source_builds: bool | None = None,
        install_pythons: bool | None = None,
        stall_seconds: float = 90.0,
    ) -> None:
        self.root = without_dots(default_root() if root is None else Path(root))
        self.max_bytes = _max_bytes() if max_bytes is None else max_bytes
        self._settings = BuildSettings(
            root=self.root,
            allow_source_builds=is_set("LEARNWARE_SOURCE_BUILDS")
            if allow_source_builds is None
            else allow_source_builds,
            install_pythons=not is_unset("LEARNWARE_PYTHON_DOWNLOADS") if install_pythons is None else install_pythons,
            stall_seconds=stall_seconds,
        )
        self._shelf = Shelf(self._settings)

    def provide(
        self,
        requirements: Requirements,
        kind: str = "venv",
        *,
        on_progress: Callable[[str], None] | None = None,
        cancelled: threading.Event | Callable[[], bool] | None = None,
    ) -> Environment:
        """Return the environment of a set of requirements: the one that is there, or a new one.

        It is not collected while the result, or a copy of it, lives.

        Parameters
        ----------
        requirements : Requirements
            What `read_requirements` has read.
        kind : {"venv", "conda", "docker", "current"}, default="venv"
            "current" is the interpreter of this process, whatever the requirements say. "conda" gives a "venv" where no
            conda is installed and the package index has everything.
        on_progress : callable, optional
            Called with a few words before every step that may take long.
        cancelled : threading.Event or callable, optional
            Ends the wait or the build soon after it is set or true, with an EnvironmentBuildError; nothing of the build
            stays.

        Returns
        -------
        Environment
            Its `warnings` say where it differs from what was asked for, its `notes` what else was left out or added.

        Raises
        ------
        EnvironmentBuildError
            If a requirement cannot be had, the requirements have no common solution, or the build fails, stalls or is
            cancelled. Its `requirements` are those at fault; none where this machine, the network or nobody is.
        """
        say = on_progress or _hear_nothing
        if kind == "current":
            return replace(current_environment(), warnings=requirements.warnings, notes=requirements.notes)
        builder = builder_of(kind)
        settings = self._settings
        if cancelled is not None:
            stop = cancelled.is_set if isinstance(cancelled, threading.Event) else cancelled
            settings = replace(settings, cancelled=stop)
        settings.stop_if_cancelled()
        self._refuse(requirements)
        try:
            self._make_root()
            plan = builder.plan(requirements, settings, say)
            if plan.kind != kind:
                builder = builder_of(plan.kind)
            environment, built = self._find_or_build(builder, plan, settings, say)
            if built:
                self._collect(say)
            paths, folders = engine_folders(self.root) if requirements.needs_engine else ((), ())
        except OSError as error:
            raise EnvironmentBuildError(
                f"an environment cannot be kept in {str(self.root)!r}: {error.strerror}; "
                "the variable LEARNWARE_ENVIRONMENTS names another folder"
            ) from error
        return replace(
            environment,
            paths=paths,
            folders=(*environment.folders, *folders),
            warnings=(*requirements.warnings, *plan.warnings),
            notes=(*requirements.notes, *plan.notes),
        )

    def list(self) -> tuple[StoredEnvironment, ...]:
        """Return the environments that are there, the most recently used first."""
        return self._shelf.listed()

    def total_size(self) -> int:
        """Return the bytes that the store takes on the disk, downloads included; a shared file counts once."""
        return self._shelf.total_size() if self.root.is_dir() else 0

    def prune(
        self,
        *,
        everything: bool = False,
        older_than: float | None = None,
        max_bytes: int | None = None,
        dry_run: bool = False,
    ) -> tuple[StoredEnvironment, ...]:
        """Remove environments that are not in use.

        What builds that were killed have left always goes.

        Parameters
        ----------
        everything : bool, default=False
            Whether all of them go, with the downloads and what sets of requirements were resolved to.
        older_than : float, optional
            Those go that have not been used for so many seconds.
        max_bytes : int, optional
            Downloads go, and then the least recently used, until the store takes no more than this.
        dry_run : bool, default=False
            Whether to remove nothing and only return what would be.

        Returns
        -------
        tuple of StoredEnvironment
            Those that are gone.
        """
        if not self.root.is_dir():
            return ()
        if not dry_run:
            self._shelf.remove_leftovers()
        gone = []
        oldest_first = [one for one in reversed(self.list()) if not one.in_use]
        for one in oldest_first:
            old = older_than is not None and time.time() - one.last_used > older_than
            if (everything or old) and (dry_run or self._shelf.remove(one)):
                gone.append(one)
        if everything and not dry_run:
            self._shelf.remove_downloads()
            self._shelf.forget_resolutions()
        if max_bytes is None or self.total_size() <= max_bytes:
            return tuple(gone)
        if not dry_run:
            self._shelf.remove_downloads()
        for one in oldest_first:
            size = self._shelf.size_without(gone) if dry_run else self.total_size()
            if size <= max_bytes:
                break
            if one not in gone and (dry_run or self._shelf.remove(one)):
                gone.append(one)
        return tuple(gone)

    def _refuse(self, requirements: Requirements) -> None:
        """Raise for what can never be had."""
        if requirements.errors:
            raise EnvironmentBuildError(
                "the requirements cannot be met: " + "; ".join(requirements.errors), requirements=requirements.errors
            )
        if requirements.sources and not self._settings.allow_source_builds:
            names = ", ".join(repr(one) for one in requirements.sources)
            raise EnvironmentBuildError(
                f"taken from addresses of their own: {names}; packages are taken as wheels from the package index "
                "only, unless source builds, which run their code, are allowed",
                requirements=requirements.sources,
            )

    def _make_root(self) -> None:
        if not self.root.is_dir():
            self.root.mkdir(parents=True, exist_ok=True)
            self.root.chmod(0o755)

    def _find_or_build(
        self, builder: Builder, plan: Plan, settings: BuildSettings, say: Callable[[str], None]
    ) -> tuple[Environment, bool]:
        with self._shelf.locked(plan.kind, plan.name, say, settings):
            environment = self._open(builder, plan)
            built = environment is None
            if environment is None:
                self._build(builder, plan, settings, say)
                environment = self._open(builder, plan)
            if environment is None:
                remove_tree(self._shelf.place(plan.kind, plan.name))
                raise EnvironmentBuildError(f"the environment {plan.name} was built, and is not complete")
            return replace(environment, lease=self._shelf.claim(plan.kind, plan.name)), built

    def _open(self, builder: Builder, plan: Plan) -> Environment | None:
        record = self._shelf.record(plan.kind, plan.name)
        return None if record is None else builder.environment(self._shelf.folder(record), record)

    def _build(self, builder: Builder, plan: Plan, settings: BuildSettings, say: Callable[[str], None]) -> None:
        """Build in place, since environments know where they are; the record, written last, makes it complete."""
        folder = self._shelf.new_folder(plan.kind, plan.name)
        with self._shelf.building():
            try:
                details = builder.build(plan, folder, settings, say)
                record = Record(
                    kind=plan.kind,
                    name=plan.name,
                    lock=plan.lock,
                    python_version=details.get("python_version", plan.python_version),
                    created=time.time(),
                    size=builder.size(folder, details),
                    folder=folder.name,
                    details=details,
                )
                self._shelf.complete(record)
            except BaseException:
                # An interrupt, too, leaves nothing.
                remove_tree(self._shelf.place(plan.kind, plan.name))
                raise

    def _collect(self, say: Callable[[str], None]) -> None:
        """Keep the store under its limit."""
        # Downloads are no larger than what was built from them, and shared files count in each: an upper bound.
        if 2 * sum(one.size for one in self.list()) <= self.max_bytes:
            return
        if gone := self.prune(max_bytes=self.max_bytes):
            say(f"removed {len(gone)} environments that were not used for long")


def _hear_nothing(words: str) -> None:
    """Take words that nobody wants to hear."""


def _max_bytes() -> int:
    text = os.environ.get(_MAX_BYTES_VARIABLE, "").strip()
    if not text:
        return _MAX_BYTES
    try:
        return int(text)
    except ValueError:
        raise EnvironmentBuildError(
            f"the variable {_MAX_BYTES_VARIABLE} is {text!r}; expected a number of bytes, e.g. {_MAX_BYTES}"
        ) from None
