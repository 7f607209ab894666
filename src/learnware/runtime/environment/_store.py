"""The folder of environments: each built once, shared, and collected when it has not been used for long."""

from __future__ import annotations

import contextlib
import json
import os
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from learnware.errors import EnvironmentBuildError
from learnware.runtime.environment._builder import BUILDERS, Builder, Plan, Record, builder_of
from learnware.runtime.environment._engine import engine_folders
from learnware.runtime.environment._environment import Environment, current_environment
from learnware.runtime.environment._files import TRASH, disk_usage, remove_trash, remove_tree
from learnware.runtime.environment._lease import Lease, in_use
from learnware.runtime.environment._settings import BuildSettings, default_root

if TYPE_CHECKING:
    import builtins
    from collections.abc import Callable, Iterator, Sequence

    from filelock import BaseFileLock

    from learnware.runtime.environment._requirements import Requirements

__all__ = ["EnvironmentStore", "StoredEnvironment"]

_MAX_BYTES = 20 << 30
_MAX_BYTES_VARIABLE = "LEARNWARE_ENVIRONMENTS_MAX_BYTES"
_RECORD = "learnware-environment.json"
_WAIT_SECONDS = 2.0


@dataclass(frozen=True)
class StoredEnvironment:
    """An environment in the store.

    Attributes
    ----------
    kind, name : str
        Its kind, and the hash of its lock.
    folder : Path
        Where it is.
    python_version : str
        E.g. ``"3.11.7"``.
    packages : tuple of str
        What is installed, ``name==version``.
    size : int
        Bytes of its files. Files that it shares with other environments count here for each of them.
    created, last_used : float
        Seconds since 1970.
    in_use : bool
        Whether a process holds it now.
    """

    kind: str
    name: str
    folder: Path
    python_version: str
    packages: tuple[str, ...]
    size: int
    created: float
    last_used: float
    in_use: bool


class EnvironmentStore:
    """Environments in a folder, found by what is in them.

    Learnwares whose requirements resolve to the same versions share an environment. Any number of processes and threads
    may use a store at once: an environment is built by one of them, while the others wait. An environment that is there
    is complete and read-only; what a killed build has left is built anew.

    Parameters
    ----------
    root : Path, optional
        The folder; the variable LEARNWARE_ENVIRONMENTS, else ``learnware/environments`` in the user's cache.
    max_bytes : int, optional
        When all of it takes more, environments that are not in use go, the least recently used first. The variable
        LEARNWARE_ENVIRONMENTS_MAX_BYTES, else 20 GiB.
    allow_source_builds : bool, default=False
        Whether packages may be built from source, or come from addresses of their own. That runs code of theirs, with
        no sandbox around it.
    install_pythons : bool, default=True
        Whether a version of Python that is asked for and not on this machine may be downloaded.
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
        allow_source_builds: bool = False,
        install_pythons: bool = True,
        stall_seconds: float = 90.0,
    ) -> None:
        self.root = (default_root() if root is None else Path(root)).absolute()
        self.max_bytes = _max_bytes() if max_bytes is None else max_bytes
        self._settings = BuildSettings(self.root, allow_source_builds, install_pythons, stall_seconds)

    def provide(
        self, requirements: Requirements, kind: str = "venv", *, on_progress: Callable[[str], None] | None = None
    ) -> Environment:
        """Return the environment of a set of requirements: the one that is there, or a new one.

        It is not collected while the result, or a copy of it, lives.

        Parameters
        ----------
        requirements : Requirements
            What `read_requirements` has read.
        kind : {"venv", "conda", "docker", "current"}, default="venv"
            "current" is the interpreter of this process, whatever the requirements say.
        on_progress : callable, optional
            Called with a few words before every step that may take long.

        Returns
        -------
        Environment
            Its `warnings` say where it differs from what was asked for.

        Raises
        ------
        EnvironmentBuildError
            If a requirement cannot be had, the requirements have no common solution, or the build fails or stalls.
        """
        say = on_progress or (lambda _: None)
        if kind == "current":
            return replace(current_environment(), warnings=requirements.findings)
        builder = builder_of(kind)
        self._refuse(requirements)
        self._make_root()
        try:
            plan = builder.plan(requirements, self._settings, say)
            if plan.kind != kind:
                builder = builder_of(plan.kind)
            environment, built = self._find_or_build(builder, plan, say)
        except OSError as error:
            raise EnvironmentBuildError(f"an environment cannot be kept in {str(self.root)!r}: {error}") from error
        if built:
            self._collect(say)
        paths, folders = engine_folders(self.root) if requirements.needs_engine else ((), ())
        return replace(
            environment,
            paths=paths,
            folders=(*environment.folders, *folders),
            warnings=(*requirements.findings, *plan.warnings),
        )

    def list(self) -> tuple[StoredEnvironment, ...]:
        """Return the environments that are there, the most recently used first."""
        found = []
        for kind, folder in self._folders():
            record = _read_record(folder)
            if record is None:
                continue
            packages = tuple(line for line in record.lock.splitlines() if line and not line.startswith("#"))
            found.append(
                StoredEnvironment(
                    kind=kind,
                    name=folder.name,
                    folder=folder,
                    python_version=record.python_version,
                    packages=packages,
                    size=record.size,
                    created=record.created,
                    last_used=_last_used(folder, record),
                    in_use=in_use(self._claims(kind, folder.name)),
                )
            )
        return tuple(sorted(found, key=lambda one: one.last_used, reverse=True))

    def total_size(self) -> int:
        """Return the bytes that the store takes on the disk, downloads included; a shared file counts once."""
        images = sum(one.size for one in self.list() if one.kind == "docker")
        return images + (disk_usage([self.root]) if self.root.is_dir() else 0)

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
            Whether all of them go, with the downloads and the remembered resolutions.
        older_than : float, optional
            Those go that have not been used for so many seconds.
        max_bytes : int, optional
            The least recently used go until the store takes no more than this; downloads go first.
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
            self._clear_leftovers()
        gone = []
        oldest_first = [one for one in reversed(self.list()) if not one.in_use]
        for one in oldest_first:
            old = older_than is not None and time.time() - one.last_used > older_than
            if (everything or old) and (dry_run or self._remove(one)):
                gone.append(one)
        if everything and not dry_run:
            self._clear_downloads()
            remove_tree(self.root / "locks")
        if max_bytes is not None:
            gone += self._shrink(max_bytes, [one for one in oldest_first if one not in gone], dry_run=dry_run)
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
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            with contextlib.suppress(PermissionError):
                self.root.chmod(0o755)
        except OSError as error:
            raise EnvironmentBuildError(
                f"the folder of environments {str(self.root)!r} cannot be made: {error.strerror}; "
                "the variable LEARNWARE_ENVIRONMENTS names another one"
            ) from error

    def _find_or_build(self, builder: Builder, plan: Plan, say: Callable[[str], None]) -> tuple[Environment, bool]:
        folder = self.root / plan.kind / plan.name
        with self._locked(plan.kind, plan.name, say):
            environment, built = _open(builder, folder), False
            if environment is None:
                self._build(builder, plan, folder, say)
                environment, built = _open(builder, folder), True
                if environment is None:
                    remove_tree(folder)
                    raise EnvironmentBuildError("the environment was built, and does not work")
            _stamp(folder).touch()
            lease = Lease(self._claims(plan.kind, plan.name))
        return replace(environment, lease=lease), built

    def _build(self, builder: Builder, plan: Plan, folder: Path, say: Callable[[str], None]) -> None:
        """Build in place, since environments know where they are; the record, written last, makes it complete."""
        remove_tree(folder)
        folder.mkdir(parents=True)
        folder.chmod(0o755)
        with self._building():
            try:
                details = builder.build(plan, folder, self._settings, say)
                record = Record(
                    kind=plan.kind,
                    name=plan.name,
                    lock=plan.lock,
                    python_version=plan.python_version,
                    created=time.time(),
                    size=builder.size(folder, details),
                    details=details,
                )
                _write_record(folder, record)
            except BaseException:
                remove_tree(folder)
                raise

    @contextlib.contextmanager
    def _locked(self, kind: str, name: str, say: Callable[[str], None]) -> Iterator[None]:
        """Be the only one, of all processes, at work on an environment."""
        from filelock import Timeout

        lock = self._lock(kind, name)
        waiting = False
        while True:
            try:
                lock.acquire(timeout=_WAIT_SECONDS if waiting else 0.1, poll_interval=0.02)
                break
            except Timeout:
                if not waiting:
                    say("waiting for another process, which builds the same environment")
                waiting = True
        try:
            yield
        finally:
            lock.release()

    def _lock(self, kind: str, name: str) -> BaseFileLock:
        from filelock import FileLock

        (self.root / kind).mkdir(exist_ok=True)
        return FileLock(self.root / kind / f"{name}.lock", thread_local=False)

    def _claims(self, kind: str, name: str) -> Path:
        return self.root / "leases" / f"{kind}-{name}"

    @contextlib.contextmanager
    def _building(self) -> Iterator[None]:
        """Keep the downloads from being cleared."""
        with self._lock("leases", "downloads"):
            lease = Lease(self.root / "leases" / "downloads")
        try:
            yield
        finally:
            lease.release()

    def _folders(self) -> Iterator[tuple[str, Path]]:
        for kind in BUILDERS:
            with contextlib.suppress(OSError):
                for folder in sorted((self.root / kind).iterdir()):
                    if folder.is_dir() and not folder.name.startswith("."):
                        yield kind, folder

    def _remove(self, one: StoredEnvironment) -> bool:
        """Remove an environment unless it is in use; return whether it is gone."""
        from filelock import Timeout

        lock = self._lock(one.kind, one.name)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            return False
        try:
            if in_use(self._claims(one.kind, one.name)):
                return False
            record = _read_record(one.folder)
            if record is not None:
                builder_of(one.kind).remove(record)
            remove_tree(one.folder)
            _stamp(one.folder).unlink(missing_ok=True)
            with contextlib.suppress(OSError):
                self._claims(one.kind, one.name).rmdir()
        finally:
            lock.release()
        return True

    def _clear_leftovers(self) -> None:
        """Remove folders of builds that were killed, and what could not be removed before."""
        from filelock import Timeout

        for kind in (*BUILDERS, "leases", "."):
            for trash in (self.root / kind).glob(f"{TRASH}*"):
                remove_trash(trash)
        for kind, folder in self._folders():
            lock = self._lock(kind, folder.name)
            with contextlib.suppress(Timeout), lock.acquire(timeout=0):
                if _read_record(folder) is None:
                    remove_tree(folder)

    def _clear_downloads(self) -> None:
        """Remove the downloads, unless something is being built from them."""
        if not self._settings.own_cache:
            return
        with self._lock("leases", "downloads"):
            if not in_use(self.root / "leases" / "downloads"):
                remove_tree(self._settings.cache)

    def _shrink(
        self, max_bytes: int, oldest_first: Sequence[StoredEnvironment], *, dry_run: bool
    ) -> Sequence[StoredEnvironment]:
        gone: builtins.list[StoredEnvironment] = []
        if self.total_size() <= max_bytes:
            return gone
        if dry_run:
            folders = {one.folder: one for one in reversed(oldest_first)}
            others = [one.folder for one in self.list() if one.folder not in folders]
            while folders and disk_usage([*others, *folders]) > max_bytes:
                gone.append(folders.popitem()[1])
            return gone
        self._clear_downloads()
        for one in oldest_first:
            if self.total_size() <= max_bytes:
                break
            if self._remove(one):
                gone.append(one)
        return gone

    def _collect(self, say: Callable[[str], None]) -> None:
        """Keep the store under its limit."""
        # What the records say counts shared files several times: an upper bound that costs nothing.
        listed = self.list()
        downloads = sum(one.size for one in listed)
        if sum(one.size for one in listed) + downloads > self.max_bytes and (
            gone := self.prune(max_bytes=self.max_bytes)
        ):
            say(f"removed {len(gone)} environments that were not used for long")


def _open(builder: Builder, folder: Path) -> Environment | None:
    record = _read_record(folder)
    return None if record is None else builder.environment(folder, record)


def _stamp(folder: Path) -> Path:
    """Return the file whose time says when an environment was last used; it is outside, since that is read-only."""
    return folder.with_name(f"{folder.name}.used")


def _last_used(folder: Path, record: Record) -> float:
    with contextlib.suppress(OSError):
        return _stamp(folder).stat().st_mtime
    return record.created


def _read_record(folder: Path) -> Record | None:
    try:
        return Record(**json.loads((folder / _RECORD).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def _write_record(folder: Path, record: Record) -> None:
    file = folder / f".{_RECORD}"
    file.write_text(json.dumps(asdict(record)), encoding="utf-8")
    file.chmod(0o444)
    file.rename(folder / _RECORD)
    folder.chmod(0o555)


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
