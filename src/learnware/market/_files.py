"""The files of a market: zip packages named by their content, and the folders that they unpack to.

::

    blobs/ab/<sha256>.zip    packages, written once, never changed
    unpacked/<sha256>/       made when somebody needs the files, removed with the last learnware of that content
    scratch/<token>/         unfinished files of one process, scratch/<token>.lock is locked as long as it lives

Nothing appears under its final name before it is whole and on the disk. What a killed process leaves behind is
recognised by the free lock and removed by the next one that opens the market.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import uuid
import weakref
from concurrent.futures import Future, wait
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Iterable
    from concurrent.futures import Executor

__all__ = ["MarketFiles", "StagedFile", "fsync_tree"]

_COPY_BYTES = 1 << 18


def _try_lock(file: BinaryIO) -> bool:
    """Lock an open file for this process if nobody else holds it; the lock ends with the process."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _fsync_file(path: Path) -> None:
    with path.open("r+b") as file:
        os.fsync(file.fileno())


def _fsync_folder(folder: Path) -> None:
    """Make new names in a folder survive a power cut, where the system can."""
    if sys.platform != "win32":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def fsync_tree(folder: Path) -> None:
    """Bring the files of a folder onto the disk."""
    for parent, _, names in os.walk(folder):
        for name in names:
            _fsync_file(Path(parent) / name)
        _fsync_folder(Path(parent))


def _remove_scratch(folder: Path, lock: Path, file: BinaryIO, owner: int) -> None:
    """Finish one process's scratch folder; a forked child leaves its parent's alone."""
    if os.getpid() == owner:
        shutil.rmtree(folder, ignore_errors=True)
        lock.unlink(missing_ok=True)
    file.close()


@dataclass(frozen=True)
class StagedFile:
    """A file that is whole, and has no final name yet; `flushed` is done when it is on the disk."""

    path: Path
    sha256: str
    flushed: Future[None]

    def discard(self) -> None:
        """Remove it, if it was not placed."""
        wait([self.flushed])
        self.path.unlink(missing_ok=True)


class MarketFiles:
    """Files under the root folder of one market.

    `place`, `place_folder`, `remove` and `collect` decide by what is referenced, so they run while the database's
    write lock is held: then nobody can be between placing a file and committing the row that refers to it.

    Parameters
    ----------
    root : Path
        Folder of the market; made by the first call that writes.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._blobs = root / "blobs"
        self._unpacked = root / "unpacked"
        self._scratch_root = root / "scratch"
        self._scratch: Path | None = None
        self._owner = 0
        self._finalizer: weakref.finalize[[Path, Path, BinaryIO, int], MarketFiles] | None = None

    def close(self) -> None:
        """Remove this process's unfinished files."""
        if self._finalizer is not None:
            self._finalizer()
        self._scratch = None

    def scratch_path(self, suffix: str = "") -> Path:
        """Return a fresh name for an unfinished file or folder of this process."""
        if self._scratch is None or self._owner != os.getpid():
            self._scratch = self._open_scratch()
            self._owner = os.getpid()
        return self._scratch / f"{uuid.uuid4().hex}{suffix}"

    def _open_scratch(self) -> Path:
        self._scratch_root.mkdir(parents=True, exist_ok=True)
        while True:
            token = uuid.uuid4().hex
            lock = self._scratch_root / f"{token}.lock"
            file = lock.open("wb")
            # Another process may take a lock file for abandoned before it is locked: then it is locked or gone.
            if _try_lock(file) and lock.exists():
                folder = self._scratch_root / token
                folder.mkdir()
                self._finalizer = weakref.finalize(self, _remove_scratch, folder, lock, file, os.getpid())
                return folder
            file.close()

    def stage(self, source: str | os.PathLike[str], flusher: Executor | None = None) -> StagedFile:
        """Copy a file to this process's scratch folder and take its hash on the way.

        Bringing it onto the disk is left to `flusher`, so that many files need not wait for each other; without one it
        is done here.
        """
        target = self.scratch_path(".zip")
        digest = hashlib.sha256()
        try:
            with Path(source).open("rb") as reader, target.open("wb") as writer:
                while chunk := reader.read(_COPY_BYTES):
                    digest.update(chunk)
                    writer.write(chunk)
            if flusher is None:
                _fsync_file(target)
                flushed: Future[None] = Future()
                flushed.set_result(None)
            else:
                flushed = flusher.submit(_fsync_file, target)
        except BaseException:
            target.unlink(missing_ok=True)
            raise
        return StagedFile(target, digest.hexdigest(), flushed)

    def blob_path(self, sha256: str) -> Path:
        """Return where the package of this content lies."""
        return self._blobs / sha256[:2] / f"{sha256}.zip"

    def place(self, staged: Iterable[StagedFile]) -> None:
        """Give staged packages their final names, for good."""
        changed: set[Path] = set()
        for file in staged:
            file.flushed.result()
            target = self.blob_path(file.sha256)
            if target.exists():
                continue
            if not target.parent.exists():
                target.parent.mkdir(parents=True)
                changed.update((self.root, self._blobs))
            file.path.replace(target)
            changed.add(target.parent)
        for folder in changed:
            _fsync_folder(folder)

    def unpacked_path(self, sha256: str) -> Path:
        """Return where the package of this content is unpacked to."""
        return self._unpacked / sha256

    def place_folder(self, folder: Path, sha256: str) -> None:
        """Give an unpacked package its final name."""
        target = self.unpacked_path(sha256)
        self._unpacked.mkdir(parents=True, exist_ok=True)
        if not target.exists():
            folder.replace(target)
            _fsync_folder(self._unpacked)

    def remove(self, sha256: str) -> None:
        """Remove a package that no learnware refers to, with what it was unpacked to."""
        folder = self.unpacked_path(sha256)
        if folder.exists():
            # Renamed first: a half-removed folder must never be taken for an unpacked package.
            abandoned = self.scratch_path()
            folder.replace(abandoned)
            shutil.rmtree(abandoned, ignore_errors=True)
        # A program that has the package open keeps it on Windows; the next opening of the market removes it then.
        with suppress(PermissionError):
            self.blob_path(sha256).unlink(missing_ok=True)

    def contents(self) -> set[str]:
        """Return the hashes of all packages and unpacked folders that are there."""
        names = {path.name for path in self._unpacked.iterdir()} if self._unpacked.exists() else set()
        for folder in self._blobs.iterdir() if self._blobs.exists() else ():
            names.update(path.stem for path in folder.iterdir())
        return names

    def collect_scratch(self) -> None:
        """Remove unfinished files of processes that are gone."""
        for lock in self._scratch_root.glob("*.lock"):
            with suppress(FileNotFoundError, PermissionError), lock.open("r+b") as file:
                if _try_lock(file):
                    shutil.rmtree(lock.with_suffix(""), ignore_errors=True)
                    lock.unlink()
