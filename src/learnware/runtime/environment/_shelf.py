"""Where environments stand: their folders, records, locks and leases.

::

    <root>/venv/<name>/           an environment: its record, which is written last, and the folder that this names
    <root>/venv/<name>.lock       held by who builds or removes it
    <root>/venv/<name>.used       its time is that of the last use
    <root>/leases/venv-<name>/    a locked file for everybody who uses it
    <root>/locks/                 what sets of requirements were resolved to
    <root>/cache/                 what uv has downloaded; environments have hard links to it
    <root>/compiled/              compiled modules of packages; environments have hard links to them
    <root>/python/                versions of Python that uv has downloaded
    <root>/engine/                links to this package, for learnwares that use it
"""

from __future__ import annotations

import contextlib
import json
import uuid
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from learnware.runtime.environment._builder import BUILDERS, Record, builder_of
from learnware.runtime.environment._files import TRASH, disk_usage, remove_trash, remove_tree
from learnware.runtime.environment._lease import Lease, in_use

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from learnware.runtime.environment._settings import BuildSettings

__all__ = ["Shelf", "StoredEnvironment"]

_RECORD = "learnware-environment.json"
_DOWNLOADS = "downloads"
_WAIT_SECONDS = 0.25


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


class Shelf:
    """The folder of environments.

    Parameters
    ----------
    settings : BuildSettings
        Names the folder.
    """

    def __init__(self, settings: BuildSettings) -> None:
        self._settings = settings
        self._root = settings.root

    def place(self, kind: str, name: str) -> Path:
        """Return the folder of an environment and its record."""
        return self._root / kind / name

    def folder(self, record: Record) -> Path:
        """Return the folder of an environment itself."""
        return self.place(record.kind, record.name) / record.folder

    def new_folder(self, kind: str, name: str) -> Path:
        """Return an empty folder to build in; who calls has the name locked.

        Its own name is new: where a build was killed, the installer that it had started may still write into another.
        """
        place = self.place(kind, name)
        remove_tree(place)
        folder = place / uuid.uuid4().hex[:8]
        for made in (place.parent, place, folder):
            made.mkdir(parents=True, exist_ok=True)
            made.chmod(0o755)
        return folder

    @contextlib.contextmanager
    def locked(self, kind: str, name: str, say: Callable[[str], None], settings: BuildSettings) -> Iterator[None]:
        """Be the only one, of all threads and processes, at work on an environment."""
        lock = self._lock(kind, name)
        waiting = False
        while not lock.is_locked:
            settings.stop_if_cancelled()
            # Ends as the other process does, however it does.
            with contextlib.suppress(Timeout):
                lock.acquire(timeout=_WAIT_SECONDS, poll_interval=0.02)
            if not (lock.is_locked or waiting):
                waiting = True
                say("waiting for somebody else who builds the same environment")
        try:
            yield
        finally:
            lock.release()

    def claim(self, kind: str, name: str) -> Lease:
        """Keep an environment from being removed; who calls has it locked."""
        stamp = self._stamp(kind, name)
        stamp.touch()
        return Lease(self._claims(kind, name))

    @contextlib.contextmanager
    def building(self) -> Iterator[None]:
        """Keep the downloads from being removed."""
        with self._lock("leases", _DOWNLOADS):
            lease = Lease(self._root / "leases" / _DOWNLOADS)
        try:
            yield
        finally:
            lease.release()

    def record(self, kind: str, name: str) -> Record | None:
        """Return what is known of an environment; None if it is not there or not complete."""
        try:
            text = (self.place(kind, name) / _RECORD).read_text(encoding="utf-8")
            return Record(**json.loads(text))
        except (OSError, ValueError, TypeError):
            return None

    def complete(self, record: Record) -> None:
        """Say that an environment is complete."""
        place = self.place(record.kind, record.name)
        file = place / f".{_RECORD}"
        file.write_text(json.dumps(asdict(record)), encoding="utf-8")
        file.chmod(0o444)
        file.rename(place / _RECORD)

    def listed(self) -> tuple[StoredEnvironment, ...]:
        """Return the complete environments, the most recently used first."""
        found = []
        for kind, name in self._names():
            record = self.record(kind, name)
            if record is None:
                continue
            last_used = record.created
            with contextlib.suppress(OSError):
                last_used = self._stamp(kind, name).stat().st_mtime
            found.append(
                StoredEnvironment(
                    kind=kind,
                    name=name,
                    folder=self.folder(record),
                    python_version=record.python_version,
                    packages=tuple(line for line in record.lock.splitlines() if line and not line.startswith("#")),
                    size=record.size,
                    created=record.created,
                    last_used=last_used,
                    in_use=in_use(self._claims(kind, name)),
                )
            )
        return tuple(sorted(found, key=lambda one: one.last_used, reverse=True))

    def total_size(self) -> int:
        """Return the bytes of all there is, downloads included; a file under several names counts once."""
        images = sum(one.size for one in self.listed() if one.kind == "docker")
        return images + disk_usage([self._root])

    def size_without(self, gone: list[StoredEnvironment]) -> int:
        """Return the bytes that would be left without the downloads and some environments."""
        names = {(one.kind, one.name) for one in gone}
        kept = [one for one in self.listed() if (one.kind, one.name) not in names]
        images = sum(one.size for one in kept if one.kind == "docker")
        return images + disk_usage([one.folder for one in kept] + [self._settings.pythons])

    def remove(self, one: StoredEnvironment) -> bool:
        """Remove an environment unless it is in use; return whether it is gone."""
        lock = self._lock(one.kind, one.name)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            return False
        try:
            if in_use(self._claims(one.kind, one.name)):
                return False
            record = self.record(one.kind, one.name)
            if record is not None:
                builder_of(one.kind).remove(record)
            remove_tree(self.place(one.kind, one.name))
            self._stamp(one.kind, one.name).unlink(missing_ok=True)
            with contextlib.suppress(OSError):
                self._claims(one.kind, one.name).rmdir()
        finally:
            lock.release()
        return True

    def remove_leftovers(self) -> None:
        """Remove what builds that were killed have left, and what could not be removed before."""
        for kind in (*BUILDERS, "."):
            for trash in (self._root / kind).glob(f"{TRASH}*"):
                remove_trash(trash)
        for kind, name in self._names():
            with contextlib.suppress(Timeout), self._lock(kind, name).acquire(timeout=0):
                record = self.record(kind, name)
                place = self.place(kind, name)
                if record is None:
                    remove_tree(place)
                    continue
                for left in place.iterdir():
                    if left.is_dir() and left.name != record.folder:
                        remove_tree(left)

    def remove_downloads(self) -> None:
        """Remove downloads and compiled modules, unless something is being built from them.

        Downloads in a folder that UV_CACHE_DIR names stay.
        """
        with self._lock("leases", _DOWNLOADS):
            if not in_use(self._root / "leases" / _DOWNLOADS):
                remove_tree(self._settings.compiled)
                if self._settings.own_cache:
                    remove_tree(self._settings.cache)

    def forget_resolutions(self) -> None:
        """Remove what sets of requirements were resolved to."""
        remove_tree(self._root / "locks")

    def _names(self) -> list[tuple[str, str]]:
        found = []
        for kind in BUILDERS:
            with contextlib.suppress(OSError):
                folders = sorted((self._root / kind).iterdir())
                found += [(kind, one.name) for one in folders if one.is_dir() and not one.name.startswith(".")]
        return found

    def _lock(self, kind: str, name: str) -> FileLock:
        (self._root / kind).mkdir(parents=True, exist_ok=True)
        return FileLock(self._root / kind / f"{name}.lock", thread_local=False)

    def _claims(self, kind: str, name: str) -> Path:
        return self._root / "leases" / f"{kind}-{name}"

    def _stamp(self, kind: str, name: str) -> Path:
        # Outside of the environment, which is read-only.
        return self._root / kind / f"{name}.used"
