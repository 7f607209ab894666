"""A store in a folder: the embedded default, and for servers that share a file system.

::

    contents/ab/cd/abcd…   by SHA-256
    parts/ab/ab…           parts of uploads
    new/…                  what is being written
"""

from __future__ import annotations

import os
import secrets
from contextlib import contextmanager, suppress
from datetime import datetime, timezone
from typing import IO, TYPE_CHECKING

from beimingwu.errors import UnavailableError
from beimingwu.storage.store import (
    CHUNK,
    Hashing,
    PartInfo,
    StoredBlob,
    damaged,
    missing,
    require_part_name,
    require_sha256,
)
from learnware.texts import text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

__all__ = ["FileStore"]


class FileStore:
    """A store in a folder that only the server's user can read.

    Parameters
    ----------
    folder : Path
        Made when something is first stored.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._contents = folder / "contents"
        self._parts = folder / "parts"
        self._new = folder / "new"

    def put(self, chunks: Iterable[bytes], *, expected_sha256: str | None = None) -> StoredBlob:
        """Store a content; see `BlobStore.put`."""
        hashing = Hashing(chunks)
        writing = _Writing(self._new)
        try:
            for chunk in hashing:
                writing.write(chunk)
            stored = hashing.stored(expected_sha256)
            writing.move(self._content(stored.sha256))
        finally:
            writing.discard()
        return stored

    def put_file(self, path: Path) -> StoredBlob:
        """Store the content of a file, which stays where it is."""
        with path.open("rb") as file:
            return self.put(_chunks(file, 0, None))

    @contextmanager
    def open(self, sha256: str, start: int = 0, stop: int | None = None) -> Iterator[Iterator[bytes]]:
        """Give a content, or a range of it, in chunks."""
        with _opened(self._content(sha256), f"the content {sha256}") as file:
            yield _chunks(file, start, stop)

    def size(self, sha256: str) -> int | None:
        """Return the size of a content in bytes; None if it is not there."""
        path = self._content(sha256)
        with _reached():
            try:
                return path.stat().st_size
            except FileNotFoundError:
                return None

    def exists(self, sha256: str) -> bool:
        """Return whether a content is there."""
        return self.size(sha256) is not None

    def delete(self, sha256: str) -> None:
        """Delete a content; that it is not there is fine."""
        _delete(self._content(sha256))

    def list(self) -> Iterator[str]:
        """Give the hash of every content, in order."""
        for path in _files(self._contents, depth=2):
            with suppress(ValueError):
                yield require_sha256(path.name)

    @contextmanager
    def local(self, sha256: str) -> Iterator[Path]:
        """Give the file of a content, whose hash has been checked."""
        with self.open(sha256) as chunks:
            if Hashing(chunks).drained().sha256 != sha256:
                raise damaged(sha256)
        yield self._content(sha256)

    def new_part(self, name: str) -> _FilePart:
        """Begin a part."""
        return _FilePart(self._new, self._part(name))

    def put_part(self, name: str, chunks: Iterable[bytes]) -> int:
        """Store a part and return its size."""
        part = self.new_part(name)
        try:
            for chunk in chunks:
                part.write(chunk)
            part.commit()
        finally:
            part.discard()
        return part.size

    @contextmanager
    def open_part(self, name: str) -> Iterator[Iterator[bytes]]:
        """Give a part in chunks."""
        with _opened(self._part(name), f"the part {name}") as file:
            yield _chunks(file, 0, None)

    def delete_part(self, name: str) -> None:
        """Delete a part; that it is not there is fine."""
        _delete(self._part(name))

    def list_parts(self) -> Iterator[PartInfo]:
        """Give every part, in the order of names."""
        for path in _files(self._parts, depth=1):
            with suppress(FileNotFoundError):
                yield PartInfo(path.name, _modified(path))

    def discard_leftovers(self, before: datetime) -> None:
        """Delete what writers that were killed have left half-written before then."""
        for path in _files(self._new, depth=0):
            # Its writer may have ended meanwhile.
            with suppress(FileNotFoundError):
                if _modified(path) < before:
                    _delete(path)

    def require_ready(self) -> None:
        """Refuse if nothing could be written."""
        with _reached():
            _make(self._new)
            if not os.access(self._new, os.R_OK | os.W_OK | os.X_OK):
                raise PermissionError(self._new)

    def _content(self, sha256: str) -> Path:
        require_sha256(sha256)
        return self._contents / sha256[:2] / sha256[2:4] / sha256

    def _part(self, name: str) -> Path:
        require_part_name(name)
        return self._parts / name[:2] / name


class _Writing:
    """A new file under a name of its own, which gets its place once it is whole and on the disk."""

    def __init__(self, folder: Path) -> None:
        self.size = 0
        self._moved = False
        self._path = folder / secrets.token_hex(16)
        with _reached():
            _make(folder)
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            self._file = os.fdopen(descriptor, "wb", buffering=0)

    def write(self, data: bytes) -> None:
        with _reached():
            rest = memoryview(data)
            while rest:
                rest = rest[self._file.write(rest) :]
        self.size += len(data)

    def move(self, place: Path) -> None:
        with _reached():
            os.fsync(self._file.fileno())
            self._file.close()
            _make(place.parent)
            self._path.replace(place)
            self._moved = True
            _sync(place.parent)

    def discard(self) -> None:
        self._file.close()
        if not self._moved:
            _delete(self._path)


class _FilePart(_Writing):
    def __init__(self, folder: Path, place: Path) -> None:
        super().__init__(folder)
        self._place = place

    def commit(self) -> None:
        self.move(self._place)


@contextmanager
def _reached() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UnavailableError(
            text("the store cannot be used at the moment: {reason}", reason=error.strerror)
        ) from error


@contextmanager
def _opened(path: Path, what: str) -> Iterator[IO[bytes]]:
    with _reached():
        try:
            file = path.open("rb", buffering=0)
        except FileNotFoundError:
            raise missing(what) from None
    with file:
        yield file


def _chunks(file: IO[bytes], start: int, stop: int | None) -> Iterator[bytes]:
    with _reached():
        file.seek(start)
    left = None if stop is None else stop - start
    while left is None or left > 0:
        with _reached():
            chunk = file.read(CHUNK if left is None else min(CHUNK, left))
        if not chunk:
            return
        if left is not None:
            left -= len(chunk)
        yield chunk


def _files(folder: Path, depth: int) -> Iterator[Path]:
    with _reached():
        try:
            paths = sorted(folder.iterdir())
        except (FileNotFoundError, NotADirectoryError):
            return
    for path in paths:
        if depth:
            yield from _files(path, depth - 1)
        else:
            yield path


def _make(folder: Path) -> None:
    """Make a folder, and let it survive a power cut."""
    if folder.is_dir():
        return
    _make(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
    _sync(folder.parent)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _delete(path: Path) -> None:
    with _reached():
        path.unlink(missing_ok=True)


def _modified(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, timezone.utc)
