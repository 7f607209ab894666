"""Reading forward through bytes of strangers, under limits of size and time."""

from __future__ import annotations

import bz2
import lzma
import time
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

__all__ = ["Budget", "BudgetSpentError", "MalformedError", "Stream", "compression_of", "decompressed"]

_CHUNK = 1 << 18
_LONGEST_LINE = 1 << 20


class MalformedError(Exception):
    """The bytes are not what they should be."""


class BudgetSpentError(Exception):
    """The look took all the time or bytes that it may."""


class Budget:
    """Time and bytes that a look may take altogether.

    Parameters
    ----------
    seconds : float
        Time.
    size : int
        Bytes to go through, unpacked.
    cancelled : callable, optional
        Asked now and then; true ends the look.
    """

    def __init__(self, seconds: float, size: int, cancelled: Callable[[], bool] | None = None) -> None:
        self._seconds = seconds
        self._end = time.monotonic() + seconds
        self._size = self._left = size
        self._cancelled = cancelled

    def spend(self, size: int = 0) -> None:
        """Take note of bytes that were read.

        Raises
        ------
        BudgetSpentError
            If it is enough.
        """
        self._left -= size
        if self._left < 0:
            raise BudgetSpentError(f"more than {self._size:,} bytes")
        if time.monotonic() > self._end:
            raise BudgetSpentError(f"more than {self._seconds:g} seconds")
        if self._cancelled is not None and self._cancelled():
            raise BudgetSpentError("the check was cancelled")


class Stream:
    """Bytes that come in chunks, read forward.

    Attributes
    ----------
    position : int
        Bytes read so far.
    """

    def __init__(self, chunks: Iterable[bytes], budget: Budget) -> None:
        self.budget = budget
        self._chunks = iter(chunks)
        self._buffer = b""
        self._at = 0
        self._before = 0

    @property
    def position(self) -> int:
        return self._before + self._at

    def _more(self) -> bool:
        """Add a chunk to what is left of the buffer; False at the end."""
        chunk = next(self._chunks, b"")
        if not chunk:
            return False
        self.budget.spend(len(chunk))
        self._before += self._at
        self._buffer = self._buffer[self._at :] + chunk
        self._at = 0
        return True

    def read(self, size: int) -> bytes:
        """Return the next `size` bytes.

        Raises
        ------
        MalformedError
            If there are fewer.
        """
        end = self._at + size
        if end <= len(self._buffer):
            data = self._buffer[self._at : end]
            self._at = end
            return data
        parts = [self._buffer[self._at :]]
        missing = size - len(parts[0])
        self._at = len(self._buffer)
        while missing > 0:
            if not self._more():
                raise MalformedError("it ends in the middle")
            parts.append(self._buffer[:missing])
            self._at = len(parts[-1])
            missing -= self._at
        return b"".join(parts)

    def skip(self, size: int) -> None:
        """Go on by `size` bytes, keeping none of them.

        Raises
        ------
        MalformedError
            If there are fewer.
        """
        while size > len(self._buffer) - self._at:
            size -= len(self._buffer) - self._at
            self._at = len(self._buffer)
            if not self._more():
                raise MalformedError("it ends in the middle")
        self._at += size

    def peek(self, size: int) -> bytes:
        """Return the next `size` bytes, or fewer at the end, without going on."""
        while len(self._buffer) - self._at < size:
            if not self._more():
                break
        return self._buffer[self._at : self._at + size]

    def line(self) -> bytes:
        """Return the bytes up to the next line feed, and that.

        Raises
        ------
        MalformedError
            If there is none for long.
        """
        while (found := self._buffer.find(b"\n", self._at)) < 0:
            if len(self._buffer) - self._at > _LONGEST_LINE or not self._more():
                raise MalformedError("a line has no end")
        data = self._buffer[self._at : found + 1]
        self._at = found + 1
        return data

    def rest(self) -> Iterator[bytes]:
        """Yield what is left."""
        while self._at < len(self._buffer) or self._more():
            data = self._buffer[self._at :]
            self._at = len(self._buffer)
            yield data


def compression_of(head: bytes) -> str | None:
    """Return the kind of compression that first bytes tell of: zlib, gzip, bz2, xz, lzma, lz4; or None."""
    for magic, kind in ((b"\x1f\x8b", "gzip"), (b"BZh", "bz2"), (b"\xfd7zXZ\x00", "xz"), (b"\x5d\x00\x00", "lzma")):
        if head.startswith(magic):
            return kind
    if head.startswith(b"\x04\x22\x4d\x18"):
        return "lz4"
    if len(head) > 1 and head[0] == 0x78 and int.from_bytes(head[:2], "big") % 31 == 0:
        return "zlib"
    return None


def decompressed(chunks: Iterable[bytes], kind: str) -> Iterator[bytes]:
    """Yield the content of compressed bytes, a bounded piece at a time.

    Raises
    ------
    MalformedError
        If they are damaged.
    """
    try:
        if kind in {"zlib", "gzip"}:
            yield from _inflated(chunks)
        else:
            yield from _unpacked(chunks, bz2.BZ2Decompressor() if kind == "bz2" else lzma.LZMADecompressor())
    except (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError) as error:
        raise MalformedError(f"its {kind} compression is damaged: {error}") from error


def _inflated(chunks: Iterable[bytes]) -> Iterator[bytes]:
    inflater = zlib.decompressobj(zlib.MAX_WBITS | 32)  # with the header of zlib or of gzip
    for chunk in chunks:
        left = chunk
        while True:
            data = inflater.decompress(left, _CHUNK)
            left = inflater.unconsumed_tail
            if data:
                yield data
            elif not left:
                break
        if inflater.eof:
            return
    raise MalformedError("its compressed data end in the middle")


def _unpacked(chunks: Iterable[bytes], unpacker: bz2.BZ2Decompressor | lzma.LZMADecompressor) -> Iterator[bytes]:
    for chunk in chunks:
        left = chunk
        while not unpacker.eof:
            data = unpacker.decompress(left, _CHUNK)
            left = b""
            if data:
                yield data
            if unpacker.needs_input:
                break
        if unpacker.eof:
            return
    raise MalformedError("its compressed data end in the middle")
