"""Looking at a learnware zip or folder without trusting it: everything is checked before anything is unpacked.

Refused, each with an `InvalidPackageError` that names the member: names that leave the folder or mean different files
on different systems, links and other special files, names that are equal or differ only in case, a name that is a file
and a folder at once, encrypted members, any compression but none and deflate, overlapping members, more members or
bytes than the limits, bytes that grow too much when unpacked, damaged data, and archives inside the archive.

An archive inside is told by its name (``.zip``, ``.tar``, ``.tar.gz``, ``.7z`` …) and by its first bytes. Files of
models that happen to be zips (``.npz``, ``.pt``, ``.skops`` … in `MODEL_ZIP_SUFFIXES`) and single compressed files
(``.gz``, ``.xz``) are no archives here.
"""

from __future__ import annotations

import io
import re
import stat
import struct
import unicodedata
import zipfile
import zlib
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from learnware.errors import InvalidPackageError
from learnware.findings import message_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["FolderSource", "Member", "PackageLimits", "Source", "ZipSource", "open_source"]

MODEL_ZIP_SUFFIXES = frozenset(
    {
        ".npz",
        ".pt",
        ".pth",
        ".pts",
        ".ptl",
        ".ckpt",
        ".bin",
        ".model",
        ".params",
        ".torchscript",
        ".skops",
        ".keras",
        ".onnx",
        ".jar",
        ".xlsx",
    }
)
_ARCHIVE_NAME = re.compile(
    r"\.(zip|tar|tar\.\w+|tgz|tbz2?|txz|tzst|7z|rar|whl|egg|iso|cab|cpio|ar|deb|rpm|dmg)$", re.IGNORECASE
)
_ARCHIVE_HEADS = {b"7z\xbc\xaf\x27\x1c": "7z", b"Rar!\x1a\x07": "rar", b"MSCF": "cab"}
HEAD_BYTES = 512
_CHUNK = 1 << 20
_MAX_NAME_BYTES = 1024
_MAX_COMPONENT_BYTES = 255
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


@dataclass(frozen=True)
class PackageLimits:
    """What a learnware package may hold.

    Attributes
    ----------
    members : int
        Files and folders; so many folders at most, too, where only the names of files tell of them.
    member_bytes, total_bytes : int
        Size of one file and of all files, unpacked.
    text_bytes : int
        Size of a file that is read as text (the semantic and the statistical specifications).
    manifest_bytes : int
        Size of ``learnware.yaml``.
    ratio : float
        Unpacked bytes to a packed byte, of every member of more than `ratio_from` bytes and of all together.
    ratio_from : int
        Size from which the ratio counts; a short text may compress very well.
    """

    members: int = 10_000
    member_bytes: int = 8 << 30
    total_bytes: int = 16 << 30
    text_bytes: int = 256 << 20
    manifest_bytes: int = 256 << 10
    ratio: float = 200.0
    ratio_from: int = 1 << 20


@dataclass(frozen=True)
class Member:
    """A file of a package: its name with forward slashes, relative to the package, and its size in bytes."""

    name: str
    size: int


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


def check_head(name: str, head: bytes) -> None:
    """Refuse a member whose name or first bytes say that it is an archive."""
    if _ARCHIVE_NAME.search(name):
        raise InvalidPackageError(message_of("member-archive-name", name=name), member=name)
    if head[257:262] == b"ustar":
        kind = "tar"
    elif head.startswith(b"PK\x03\x04") and Path(name).suffix.lower() not in MODEL_ZIP_SUFFIXES:
        kind = "zip"
    else:
        kind = next((label for magic, label in _ARCHIVE_HEADS.items() if head.startswith(magic)), "")
    if kind:
        raise InvalidPackageError(message_of("member-archive", name=name, kind=kind), member=name)


def _check_name(name: str) -> None:
    """Refuse a name that could leave the folder or be read differently on another system."""
    problem, most = None, 0
    parts = name.rstrip("/").split("/")
    if not name or len(name.encode("utf-8", "surrogatepass")) > _MAX_NAME_BYTES:
        problem, most = "name-length", _MAX_NAME_BYTES
    elif "\\" in name:
        problem = "name-backslash"
    elif name.startswith("/"):
        problem = "name-absolute"
    elif ".." in parts:
        problem = "name-leaves"
    elif "" in parts or "." in parts:
        problem = "name-empty-part"
    elif ":" in name:
        problem = "name-colon"
    elif any(unicodedata.category(char) in ("Cc", "Cs") for char in name):
        problem = "name-control"
    elif any(part[-1] in " ." for part in parts):
        problem = "name-end"
    elif any(len(part.encode()) > _MAX_COMPONENT_BYTES for part in parts):
        problem, most = "name-part", _MAX_COMPONENT_BYTES
    if problem:
        raise InvalidPackageError(message_of(problem, name=name, most=most), member=name)


def check_names(files: Iterable[str], folders: Iterable[str], most_folders: int) -> None:
    """Refuse names that are one file on a system that ignores case, or a file and a folder, and too many folders."""

    def key(name: str) -> str:
        return unicodedata.normalize("NFC", name).casefold()

    seen: dict[str, str] = {}
    for name in files:
        other = seen.setdefault(key(name), name)
        if other is not name:
            how = "name-twice" if other == name else "name-case"
            raise InvalidPackageError(message_of(how, name=name, other=other), member=name)
    spelling: dict[str, str] = {}
    known: set[str] = set()
    for folder in _folders(seen.values(), folders, known):
        if key(folder) in seen:
            raise InvalidPackageError(message_of("name-file-and-folder", name=folder), member=folder)
        other = spelling.setdefault(key(folder), folder)
        if other != folder:
            raise InvalidPackageError(message_of("name-case", name=folder, other=other), member=folder)
        if len(known) > most_folders:
            raise InvalidPackageError(message_of("folders-count", most=most_folders))


def _folders(files: Iterable[str], folders: Iterable[str], known: set[str]) -> Iterator[str]:
    """Yield every folder once, those first that others are in; a few long names can stand for millions of folders."""
    for name in chain((_parent_of(name) for name in files), folders):
        new, folder = [], name
        while folder and folder not in known:
            known.add(folder)
            new.append(folder)
            folder = _parent_of(folder)
        yield from reversed(new)


def _parent_of(name: str) -> str:
    """Return the folder that something is in, empty for the package itself."""
    return name.rpartition("/")[0]


def _check_sizes(members: Iterable[Member], count: int, limits: PackageLimits) -> None:
    if count > limits.members:
        raise InvalidPackageError(message_of("members-count", count=count, most=limits.members))
    total = 0
    for member in members:
        if member.size > limits.member_bytes:
            raise InvalidPackageError(
                message_of("member-size", name=member.name, size=member.size, most=limits.member_bytes),
                member=member.name,
            )
        total += member.size
        if total > limits.total_bytes:
            raise InvalidPackageError(
                message_of("members-size", most=limits.total_bytes, name=member.name), member=member.name
            )


def _find_top_folder(names: Iterable[str]) -> str | None:
    """Return the one folder that holds everything, None if there is none."""
    tops = {name.split("/")[0]: name for name in names}
    if len(tops) != 1:
        return None
    top, name = next(iter(tops.items()))
    return top if "/" in name else None


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
            self.top_folder = None if "learnware.yaml" in self._infos else _find_top_folder(self._infos)
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
            _check_name(name)
            self._check_info(name, info)
        named = [(name, info) for name, info in named if name.split("/")[0] != "__MACOSX"]  # written by the Finder
        folders = [name.rstrip("/") for name, info in named if name.endswith("/")]
        files = [(name, info) for name, info in named if not name.endswith("/")]
        check_names((name for name, _ in files), folders, self._limits.members)
        members = [Member(name, info.file_size) for name, info in files]
        _check_sizes(members, len(infos), self._limits)
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
            _check_name(name)
            mode = entry.lstat().st_mode
            if stat.S_ISDIR(mode):
                folders.append(name)
            elif stat.S_ISREG(mode):
                members.append(Member(name, entry.stat().st_size))
            else:
                raise InvalidPackageError(message_of("member-no-file", name=name), member=name)
        check_names((member.name for member in members), folders, limits.members)
        _check_sizes(members, len(entries), limits)
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
