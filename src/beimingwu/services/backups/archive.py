"""The container of a backup: a tar file or a folder, with the same members in both."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import tarfile
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Protocol

from beimingwu.errors import BackupError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

__all__ = ["CHUNK", "ArchiveReader", "ArchiveWriter", "Entry", "new_archive", "open_archive"]

CHUNK = 2**20


@dataclass(frozen=True, slots=True)
class Entry:
    """A member: its size in bytes and the SHA-256 of its content."""

    size: int
    sha256: str


class ArchiveWriter(Protocol):
    """Writes members one after the other."""

    def add(self, name: str, size: int, chunks: Iterable[bytes]) -> Entry:
        """Write a member.

        Raises
        ------
        BackupError
            If the chunks are not of this size together.
        """


class ArchiveReader(Protocol):
    """Reads members in any order."""

    def names(self) -> list[str]:
        """Return the names of all members."""

    def open(self, name: str) -> AbstractContextManager[IO[bytes]]:
        """Give a member's content.

        Raises
        ------
        BackupError
            If there is none of this name.
        """


@contextmanager
def new_archive(target: Path) -> Iterator[ArchiveWriter]:
    """Give a writer of a new backup, which appears whole or not at all; only its owner can read it.

    Parameters
    ----------
    target : Path
        A tar file where the name ends in ``.tar``, else a folder; must not exist.

    Raises
    ------
    BackupError
        If there is something already.
    """
    if target.exists() or target.is_symlink():
        raise BackupError(f"there is something at {str(target)!r} already; a backup replaces nothing")
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_name(f".{target.name}.unfinished-{os.getpid()}")
    try:
        if target.suffix == ".tar":
            handle = os.open(unfinished, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as stream:
                with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as archive:
                    yield _TarWriter(archive)
                stream.flush()
                os.fsync(stream.fileno())
        else:
            unfinished.mkdir(mode=0o700)
            yield _FolderWriter(unfinished)
        unfinished.rename(target)
        _flush_folder(target.parent)
    except BaseException:
        if unfinished.is_dir():
            shutil.rmtree(unfinished)
        else:
            unfinished.unlink(missing_ok=True)
        raise


@contextmanager
def open_archive(source: Path) -> Iterator[ArchiveReader]:
    """Give a reader of a backup.

    Raises
    ------
    BackupError
        If there is none, or it is no tar file.
    """
    if source.is_dir():
        yield _FolderReader(source)
        return
    try:
        archive = tarfile.open(source, mode="r:")  # noqa: SIM115  # closed below
    except FileNotFoundError:
        raise BackupError(f"there is no backup {str(source)!r}") from None
    except (tarfile.TarError, OSError) as error:
        raise BackupError(f"{str(source)!r} cannot be read as a backup: {error}") from None
    with archive:
        yield _TarReader(archive)


class _Hashing(io.RawIOBase):
    """A stream of chunks that counts and hashes what is read from it."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._rest = b""
        self._hash = hashlib.sha256()
        self.size = 0

    def read(self, size: int = -1) -> bytes:
        while not self._rest:
            chunk = next(self._chunks, None)
            if chunk is None:
                return b""
            self._rest = chunk
        given = self._rest if size < 0 else self._rest[:size]
        self._rest = self._rest[len(given) :]
        self._hash.update(given)
        self.size += len(given)
        return given

    def read_exactly(self, size: int) -> bytes:
        parts = []
        while size and (part := self.read(size)):
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def entry(self) -> Entry:
        return Entry(self.size, self._hash.hexdigest())


class _Exact(io.RawIOBase):
    """What tarfile reads from: it takes a short answer for the end."""

    def __init__(self, source: _Hashing) -> None:
        self._source = source

    def read(self, size: int = -1) -> bytes:
        return self._source.read_exactly(size)


class _TarWriter:
    def __init__(self, archive: tarfile.TarFile) -> None:
        self._archive = archive

    def add(self, name: str, size: int, chunks: Iterable[bytes]) -> Entry:
        member = tarfile.TarInfo(name)
        member.size, member.mode = size, 0o600
        source = _Hashing(chunks)
        try:
            self._archive.addfile(member, _Exact(source))
        except OSError as error:
            if source.size == size or error.errno is not None:
                raise
            raise _wrong_size(name, size) from None
        if source.read(1):
            raise _wrong_size(name, size)
        return source.entry()


class _FolderWriter:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def add(self, name: str, size: int, chunks: Iterable[bytes]) -> Entry:
        file = self._folder / name
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        source = _Hashing(chunks)
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as stream:
            while part := source.read(CHUNK):
                stream.write(part)
            stream.flush()
            os.fsync(stream.fileno())
        _flush_folder(file.parent)
        if source.size != size:
            raise _wrong_size(name, size)
        return source.entry()


class _TarReader:
    def __init__(self, archive: tarfile.TarFile) -> None:
        self._archive = archive
        try:
            self._members = {member.name: member for member in archive if member.isfile()}
        except tarfile.TarError as error:
            raise BackupError(f"the backup is cut off or damaged: {error}") from None

    def names(self) -> list[str]:
        return list(self._members)

    @contextmanager
    def open(self, name: str) -> Iterator[IO[bytes]]:
        member = self._members.get(name)
        stream = None if member is None else self._archive.extractfile(member)
        if stream is None:
            raise _missing(name)
        with stream:
            yield stream


class _FolderReader:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def names(self) -> list[str]:
        return [file.relative_to(self._folder).as_posix() for file in self._folder.rglob("*") if file.is_file()]

    @contextmanager
    def open(self, name: str) -> Iterator[IO[bytes]]:
        try:
            # A manifest may name anything: other files of the machine, too.
            file = (self._folder / name).resolve(strict=True)
            if not (file.is_file() and file.is_relative_to(self._folder.resolve())):
                raise _missing(name)
            stream = file.open("rb")
        except (OSError, ValueError):
            raise _missing(name) from None
        with stream:
            yield stream


def _missing(name: str) -> BackupError:
    return BackupError(f"the backup is not whole, or is none: {name} is missing or cannot be read")


def _wrong_size(name: str, size: int) -> BackupError:
    return BackupError(f"{name} does not have its {size} bytes")


def _flush_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
