"""What every store does, and what they share.

A store has two areas. *Contents* are named by their SHA-256 and never change: a content that is there is whole.
*Parts* of uploads have names that whoever writes them makes up, each once.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from beimingwu.errors import NotFoundError, UnavailableError
from learnware.texts import text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from contextlib import AbstractContextManager
    from datetime import datetime
    from pathlib import Path

__all__ = [
    "CHUNK",
    "BlobStore",
    "Hashing",
    "PartInfo",
    "PartWriter",
    "StoredBlob",
    "damaged",
    "missing",
    "require_part_name",
    "require_sha256",
]

# Bytes that are read and written at once.
CHUNK = 2**18
_SHA256 = re.compile(r"[0-9a-f]{64}")
_PART = re.compile(r"[0-9a-z][0-9a-z-]{0,63}")


@dataclass(frozen=True, slots=True)
class StoredBlob:
    """A content in the store.

    Attributes
    ----------
    sha256 : str
        64 hex digits.
    size : int
        In bytes.
    """

    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class PartInfo:
    """A part in the store.

    Attributes
    ----------
    name : str
    modified_at : datetime
        When it was written, by the store's clock.
    """

    name: str
    modified_at: datetime


class PartWriter(Protocol):
    """A part that is being written; nobody sees it before `commit`."""

    @property
    def size(self) -> int:
        """Bytes written so far."""

    def write(self, data: bytes) -> None:
        """Add bytes.

        Raises
        ------
        UnavailableError
            If the store cannot take them.
        """

    def commit(self) -> None:
        """Put the part into the store; it survives a power cut then.

        Raises
        ------
        UnavailableError
            If the store cannot take it.
        """

    def discard(self) -> None:
        """Forget it; without effect after `commit`."""


class BlobStore(Protocol):
    """A store of contents and parts.

    Every method raises `UnavailableError` if the store cannot be reached or has no room, and `ValueError` for a name
    that is none.
    """

    def put(self, chunks: Iterable[bytes], *, expected_sha256: str | None = None) -> StoredBlob:
        """Store a content; that it is there already is fine.

        Parameters
        ----------
        chunks : iterable of bytes
            Read once. If it raises, nothing is stored.
        expected_sha256 : str, optional
            What the hash must be.

        Raises
        ------
        ValueError
            If the hash is another; nothing is stored then.
        """

    def put_file(self, path: Path) -> StoredBlob:
        """Store the content of a file, which stays where it is."""

    def open(self, sha256: str, start: int = 0, stop: int | None = None) -> AbstractContextManager[Iterator[bytes]]:
        """Give a content in chunks, or the bytes from `start` up to and without `stop`.

        Raises
        ------
        NotFoundError
            If it is not there.
        """

    def size(self, sha256: str) -> int | None:
        """Return the size of a content in bytes; None if it is not there."""

    def exists(self, sha256: str) -> bool:
        """Return whether a content is there."""

    def delete(self, sha256: str) -> None:
        """Delete a content; that it is not there is fine."""

    def list(self) -> Iterator[str]:
        """Give the hash of every content, in order."""

    def local(self, sha256: str) -> AbstractContextManager[Path]:
        """Give a file with a content, which must not be changed; its hash has been checked.

        Raises
        ------
        NotFoundError
            If it is not there.
        UnavailableError
            If it is damaged.
        """

    def new_part(self, name: str) -> PartWriter:
        """Begin a part."""

    def put_part(self, name: str, chunks: Iterable[bytes]) -> int:
        """Store a part and return its size."""

    def open_part(self, name: str) -> AbstractContextManager[Iterator[bytes]]:
        """Give a part in chunks.

        Raises
        ------
        NotFoundError
            If it is not there.
        """

    def delete_part(self, name: str) -> None:
        """Delete a part; that it is not there is fine."""

    def list_parts(self) -> Iterator[PartInfo]:
        """Give every part, in the order of names."""

    def discard_leftovers(self, before: datetime) -> None:
        """Delete what writers that were killed have left half-written before then."""

    def require_ready(self) -> None:
        """Refuse if contents could not be read and written."""


class Hashing:
    """Passes chunks on, and knows their hash and size in the end."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = chunks
        self._hash = hashlib.sha256()
        self._size = 0

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._chunks:
            self._hash.update(chunk)
            self._size += len(chunk)
            yield chunk

    def drained(self) -> StoredBlob:
        """Let through what is left, for nobody, and return what it was."""
        for _ in self:
            continue
        return self.stored()

    def stored(self, expected_sha256: str | None = None) -> StoredBlob:
        """Return what went through.

        Raises
        ------
        ValueError
            If it should have been something else.
        """
        sha256 = self._hash.hexdigest()
        if expected_sha256 not in {None, sha256}:
            raise ValueError(f"the content has the SHA-256 {sha256}, not {expected_sha256}")
        return StoredBlob(sha256, self._size)


def require_sha256(sha256: str) -> str:
    """Return a hash as it is.

    Raises
    ------
    ValueError
        If it is none, so that no name leads out of the store.
    """
    if _SHA256.fullmatch(sha256) is None:
        raise ValueError(f"a SHA-256 must be 64 hex digits in small letters, got {sha256!r}")
    return sha256


def require_part_name(name: str) -> str:
    """Return the name of a part as it is.

    Raises
    ------
    ValueError
        If it is none.
    """
    if _PART.fullmatch(name) is None:
        raise ValueError(f"the name of a part must be 1 to 64 small letters, digits and dashes, got {name!r}")
    return name


def missing(what: str) -> NotFoundError:
    """Return the error of what is not in the store."""
    return NotFoundError(text("the store does not hold {content}", content=what))


def damaged(sha256: str) -> UnavailableError:
    """Return the error of a content that is not what its name says."""
    return UnavailableError(text("the stored content {sha256} is damaged; restore it from a backup", sha256=sha256))
