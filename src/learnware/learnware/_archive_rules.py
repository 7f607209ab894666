"""Rules for the files of a package, whether it is a zip or a folder: their names, sizes and first bytes.

An archive inside is told by its name (``.zip``, ``.tar``, ``.tar.gz``, ``.7z`` …) and by its first bytes. Files of
models that happen to be zips (``.npz``, ``.pt``, ``.skops`` … in `MODEL_ZIP_SUFFIXES`) and single compressed files
(``.gz``, ``.xz``) are no archives here.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from learnware.errors import InvalidPackageError
from learnware.findings import message_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["Member", "PackageLimits", "check_head", "check_name", "check_names", "check_sizes", "find_top_folder"]

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
_MAX_NAME_BYTES = 1024
_MAX_COMPONENT_BYTES = 255


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


def check_name(name: str) -> None:
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


def check_sizes(members: Iterable[Member], count: int, limits: PackageLimits) -> None:
    """Refuse members that are too many, too large, or too large together; folders count as members, too."""
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


def find_top_folder(names: Iterable[str]) -> str | None:
    """Return the one folder that holds everything, None if there is none."""
    tops = {name.split("/")[0]: name for name in names}
    if len(tops) != 1:
        return None
    top, name = next(iter(tops.items()))
    return top if "/" in name else None
