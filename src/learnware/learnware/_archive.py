"""Looking at a learnware zip or folder without trusting it: everything is checked before anything is unpacked.

Refused, each with an `InvalidPackageError` that names the member: names that leave the folder or mean different files
on different systems, links and other special files, names that are equal or differ only in case, a name that is a file
and a folder at once, encrypted members, any compression but none and deflate, overlapping members, more members or
bytes than the limits, bytes that grow too much when unpacked, damaged data, and archives inside the archive.

Rules that need no zip are in `_archive_rules.py`.
"""

from __future__ import annotations

import io
import stat
import struct
import zipfile
import zlib
from contextlib import contextmanager, suppress
from datetime import date, datetime
from typing import TYPE_CHECKING, Protocol

from learnware.errors import InvalidPackageError
from learnware.findings import message_of
from learnware.learnware._archive_rules import (
    Member,
    PackageLimits,
    check_head,
    check_name,
    check_names,
    check_sizes,
    find_top_folder,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

__all__ = ["FolderSource", "Source", "ZipSource", "open_source", "read_member"]

HEAD_BYTES = 512
_CHUNK = 1 << 20
# No learnware is older; tools that write equal zips for equal files date all of them 1980.
_FIRST_YEAR = 2015
# What stands before a member, ending with the lengths of its name and of its extra fields, which follow.
_LOCAL_HEADER = struct.Struct("<4s5H3I2H")
_FORBIDDEN_FLAGS = 0x1 | 0x40 | 0x2000  # encrypted, strongly encrypted, headers masked
# Bytes of a zip's directory for each member; longer names and extra fields are nobody's.
_DIRECTORY_BYTES = 1024
# What the standard library raises, besides BadZipFile, for zips that somebody has damaged.
_BROKEN_ZIP = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    OverflowError,
    RuntimeError,
    ValueError,  # UnicodeDecodeError and struct errors of some versions among them
)


class Source(Protocol):
    """A zip or a folder that holds a package."""

    members: tuple[Member, ...]
    top_folder: str | None
    made: date | None

    def chunks(self, name: str) -> Iterator[bytes]:
        """Yield the content of a member, checked while it is read."""


def read_member(source: Source, name: str, limit: int) -> bytes:
    """Return the content of a member of at most `limit` bytes."""
    size = next(member.size for member in source.members if member.name == name)
    if size > limit:
        raise InvalidPackageError(message_of("member-size", name=name, size=size, most=limit), member=name)
    return b"".join(source.chunks(name))


class _BoundedReader(io.BufferedReader):
    """A file that refuses to give more at once than a zip of few members needs.

    The standard library reads a zip's directory in one piece, as large as the zip says, and makes an object for every
    entry of it before anybody can count them.
    """

    def __init__(self, path: Path, most: int) -> None:
        super().__init__(io.FileIO(path))
        self._path, self._most = path, most

    def read(self, size: int | None = -1, /) -> bytes:
        """Return at most `size` bytes."""
        if size is not None and size > self._most:
            raise InvalidPackageError(message_of("zip-directory", package=repr(self._path.name), size=size))
        return super().read(size)


def _newest(infos: Iterable[zipfile.ZipInfo]) -> date | None:
    """Return the newest date of a zip's files that can be true, None where there is none."""
    today = datetime.now().astimezone().date()
    dates = []
    for info in infos:
        with suppress(ValueError):  # a month 0, a 31 February
            dates.append(date(*info.date_time[:3]))
    return max((one for one in dates if one.year >= _FIRST_YEAR and one <= today), default=None)


class ZipSource:
    """A package in a zip file, checked when it is opened.

    Parameters
    ----------
    path : Path
        The zip.
    limits : PackageLimits
        What it may hold.

    Raises
    ------
    InvalidPackageError
        If it is no zip, is damaged, or breaks a rule of this module.
    """

    def __init__(self, path: Path, limits: PackageLimits) -> None:
        self._limits = limits
        self._file = _BoundedReader(path, max(limits.members * _DIRECTORY_BYTES, _CHUNK))
        try:
            with self._broken("zip-unreadable", path.name):
                self._zip = zipfile.ZipFile(self._file)
            self._infos = self._check(path)
            self.top_folder = None if "learnware.yaml" in self._infos else find_top_folder(self._infos)
            if self.top_folder is not None:
                cut = len(self.top_folder) + 1
                self._infos = {name[cut:]: info for name, info in self._infos.items()}
            self.members = tuple(Member(name, info.file_size) for name, info in sorted(self._infos.items()))
            self.made = _newest(self._infos.values())
        except BaseException:
            self._file.close()
            raise

    def close(self) -> None:
        """Close the file."""
        self._zip.close()
        self._file.close()

    def chunks(self, name: str) -> Iterator[bytes]:
        """Yield the content of a member; its size and its checksum are checked on the way."""
        info = self._infos[name]
        done = 0
        with self._broken("member-damaged", name):
            with self._zip.open(info) as stream:
                while chunk := stream.read(_CHUNK):
                    done += len(chunk)
                    if done > info.file_size:
                        raise zipfile.BadZipFile("more bytes than the directory says")
                    yield chunk
            if done != info.file_size:
                raise zipfile.BadZipFile("fewer bytes than the directory says")

    def head(self, name: str) -> bytes:
        """Return the first bytes of a member."""
        with self._broken("member-damaged", name), self._zip.open(self._infos[name]) as stream:
            return stream.read(HEAD_BYTES)

    def info(self, name: str) -> zipfile.ZipInfo:
        """Return what the zip's directory says of a member."""
        return self._infos[name]

    def packed(self, name: str) -> Iterator[bytes]:
        """Yield a member's bytes as they are in the zip, compressed or not, unchecked."""
        info = self._infos[name]
        with self._broken("member-damaged", name):
            self._file.seek(info.header_offset)
            header = self._file.read(_LOCAL_HEADER.size)
            if len(header) != _LOCAL_HEADER.size or not header.startswith(b"PK\x03\x04"):
                raise zipfile.BadZipFile("there is no header where the directory says")
            begin = info.header_offset + _LOCAL_HEADER.size + sum(_LOCAL_HEADER.unpack(header)[-2:])
            end = begin + info.compress_size
            while begin < end:
                # Sought anew each time: others read the same file.
                self._file.seek(begin)
                chunk = self._file.read(min(_CHUNK, end - begin))
                if not chunk:
                    raise zipfile.BadZipFile("fewer bytes than the directory says")
                begin += len(chunk)
                yield chunk

    @staticmethod
    @contextmanager
    def _broken(code: str, name: str) -> Iterator[None]:
        try:
            yield
        except _BROKEN_ZIP as error:
            reason = str(error) or type(error).__name__
            raise InvalidPackageError(
                message_of(code, name=name, package=repr(name), reason=reason), member=name
            ) from error

    def _check(self, path: Path) -> dict[str, zipfile.ZipInfo]:
        infos = self._zip.infolist()
        named = [(self._name(info), info) for info in infos]
        for name, info in named:
            check_name(name)
            self._check_info(name, info)
        named = [(name, info) for name, info in named if name.split("/")[0] != "__MACOSX"]  # written by the Finder
        folders = [name.rstrip("/") for name, info in named if name.endswith("/")]
        files = [(name, info) for name, info in named if not name.endswith("/")]
        check_names((name for name, _ in files), folders, self._limits.members)
        members = [Member(name, info.file_size) for name, info in files]
        check_sizes(members, len(infos), self._limits)
        total, packed = sum(member.size for member in members), path.stat().st_size
        if total > self._limits.ratio_from and total > self._limits.ratio * packed:
            raise InvalidPackageError(
                message_of("zip-ratio", package=repr(path.name), packed=packed, size=total, ratio=self._limits.ratio)
            )
        self._check_overlap(infos)
        return dict(files)

    @staticmethod
    def _name(info: zipfile.ZipInfo) -> str:
        """Return a member's name: ASCII or UTF-8, also where the writer forgot to say so."""
        name = info.orig_filename
        if info.flag_bits & 0x800 or name.isascii():
            return name
        try:
            return name.encode("cp437").decode("utf-8")
        except UnicodeError:
            raise InvalidPackageError(message_of("name-encoding", name=name), member=name) from None

    def _check_info(self, name: str, info: zipfile.ZipInfo) -> None:
        kind = stat.S_IFMT(info.external_attr >> 16)
        expected = stat.S_IFDIR if name.endswith("/") else stat.S_IFREG
        if kind not in (0, expected):
            what = "member-link" if kind == stat.S_IFLNK else "member-special"
            raise InvalidPackageError(message_of(what, name=name), member=name)
        if info.flag_bits & _FORBIDDEN_FLAGS:
            raise InvalidPackageError(message_of("member-encrypted", name=name), member=name)
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise InvalidPackageError(
                message_of("member-compression", name=name, method=info.compress_type), member=name
            )
        if name.endswith("/") and info.file_size:
            raise InvalidPackageError(message_of("folder-content", name=name), member=name)
        if info.file_size > self._limits.ratio_from and info.file_size > self._limits.ratio * info.compress_size:
            raise InvalidPackageError(
                message_of(
                    "member-ratio",
                    name=name,
                    packed=info.compress_size,
                    size=info.file_size,
                    ratio=self._limits.ratio,
                ),
                member=name,
            )

    def _check_overlap(self, infos: list[zipfile.ZipInfo]) -> None:
        # Members that share bytes are how a small zip holds terabytes at a modest ratio each.
        end = 0
        for info in sorted(infos, key=lambda info: info.header_offset):
            if info.header_offset < end:
                raise InvalidPackageError(message_of("member-overlap", name=info.filename), member=info.filename)
            end = info.header_offset + 30 + info.compress_size
        if end > self._zip.start_dir:
            raise InvalidPackageError(message_of("member-in-directory", name=info.filename), member=info.filename)


class FolderSource:
    """A package in a folder, under the same rules as a zip; bytecode caches are left out.

    Parameters
    ----------
    path : Path
        The folder.
    limits : PackageLimits
        What it may hold.

    Raises
    ------
    InvalidPackageError
        If it breaks a rule of this module.
    """

    top_folder: str | None = None
    # Copies of files are as old as the copying.
    made: date | None = None

    def __init__(self, path: Path, limits: PackageLimits) -> None:
        self._path = path
        members, folders = [], []
        entries = sorted(entry for entry in path.rglob("*") if "__pycache__" not in entry.parts[len(path.parts) :])
        for entry in entries:
            name = entry.relative_to(path).as_posix()
            check_name(name)
            mode = entry.lstat().st_mode
            if stat.S_ISDIR(mode):
                folders.append(name)
            elif stat.S_ISREG(mode):
                members.append(Member(name, entry.stat().st_size))
            else:
                raise InvalidPackageError(message_of("member-no-file", name=name), member=name)
        check_names((member.name for member in members), folders, limits.members)
        check_sizes(members, len(entries), limits)
        self.members = tuple(sorted(members, key=lambda member: member.name))

    def close(self) -> None:
        """Do nothing; a zip has a file to close."""

    def chunks(self, name: str) -> Iterator[bytes]:
        """Yield the content of a file."""
        with (self._path / name).open("rb") as stream:
            while chunk := stream.read(_CHUNK):
                yield chunk

    def head(self, name: str) -> bytes:
        """Return the first bytes of a file."""
        with (self._path / name).open("rb") as stream:
            return stream.read(HEAD_BYTES)


@contextmanager
def open_source(path: Path, limits: PackageLimits) -> Iterator[ZipSource | FolderSource]:
    """Open a zip or a folder, check its members' names, kinds, sizes and first bytes, and close it afterwards."""
    if not path.exists():
        raise InvalidPackageError(message_of("package-missing", package=repr(str(path))))
    source = FolderSource(path, limits) if path.is_dir() else ZipSource(path, limits)
    try:
        for member in source.members:
            check_head(member.name, source.head(member.name))
        yield source
    finally:
        source.close()
