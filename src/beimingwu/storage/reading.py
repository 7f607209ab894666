"""A content as a file that can be read anywhere, for who needs little of much: a zip's directory, a member of it."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from beimingwu.errors import NotFoundError, UnavailableError
from learnware.texts import text

if TYPE_CHECKING:
    from typing_extensions import Buffer

    from beimingwu.storage.store import BlobStore

__all__ = ["open_stored"]

# What is asked of the store at once, at least: an S3 server answers each time anew.
_BUFFER = 2**16


def open_stored(store: BlobStore, sha256: str, size: int) -> io.BufferedReader:
    """Return a file of a content, of which only the parts are fetched that are read.

    The hash of the content is not checked, since not all of it is read.

    Parameters
    ----------
    store : BlobStore
    sha256 : str
    size : int
        Bytes of the content.

    Notes
    -----
    Reading raises `UnavailableError` if the store cannot be reached, or does not have the content.
    """
    return io.BufferedReader(_StoredFile(store, sha256, size), _BUFFER)


class _StoredFile(io.RawIOBase):
    def __init__(self, store: BlobStore, sha256: str, size: int) -> None:
        super().__init__()
        self._store = store
        self._sha256 = sha256
        self._size = size
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        begin = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        if begin + offset < 0:
            # What zipfile catches, and takes for a file that is no zip.
            raise OSError("no place of the file is before its beginning")
        self._position = begin + offset
        return self._position

    def readinto(self, buffer: Buffer, /) -> int:
        target = memoryview(buffer).cast("B")
        stop = min(self._position + len(target), self._size)
        if stop <= self._position:
            return 0
        done = 0
        try:
            with self._store.open(self._sha256, self._position, stop) as chunks:
                for chunk in chunks:
                    target[done : done + len(chunk)] = chunk
                    done += len(chunk)
        except NotFoundError as error:
            # The database knows it, so it is there or something is wrong with the store.
            raise UnavailableError(text("the content cannot be read at the moment; try again")) from error
        self._position += done
        return done
