"""Bytes on their way into an upload.

They are cut into parts. A part is put into the store, and then, in one transaction, its row is written and the upload
moves on; so whatever is killed, what the upload says it has received is in the store. Of several writers at the same
place, the first one that gets there wins, and the others are refused.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select, update

from beimingwu.db.models import Upload, UploadPart
from beimingwu.errors import ChecksumMismatchError, ConflictError, NotFoundError, TooLargeError, UnavailableError
from beimingwu.services.upload_values import moved_on, no_upload

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy.orm import Session

    from beimingwu.db.engine import Database
    from beimingwu.services.clock import Clock
    from beimingwu.settings import Settings
    from beimingwu.storage import BlobStore, PartWriter

__all__ = ["Appending", "Checksum", "UploadGround"]

# A kill loses no more than this. Fewer, larger parts would be quicker by little.
PART_SIZE = 8 * 2**20


@dataclass(frozen=True, slots=True)
class UploadGround:
    """What everything about uploads stands on."""

    database: Database
    settings: Settings
    store: BlobStore
    clock: Clock

    @property
    def life(self) -> timedelta:
        """How long an upload waits for more."""
        return timedelta(seconds=self.settings.upload_seconds)

    def delete_parts(self, names: Iterable[str]) -> None:
        """Delete parts whose rows are gone; what cannot be deleted now is collected later."""
        with suppress(UnavailableError):
            for name in names:
                self.store.delete_part(name)


@dataclass(frozen=True, slots=True)
class Checksum:
    """What the sender says that the hash of the bytes is.

    Attributes
    ----------
    algorithm : str
        ``sha1`` or ``sha256``.
    digest : bytes
    """

    algorithm: str
    digest: bytes


@dataclass(frozen=True, slots=True)
class _Part:
    name: str
    begins_at: int
    size: int


class Appending:
    """Adds bytes to one upload, from one place on. `finish` or `discard` ends it.

    Parameters
    ----------
    ground : UploadGround
    upload_id : str
    offset : int
        Where the bytes belong.
    most : int
        Bytes that may be added.
    checksum : Checksum, optional
        With it, or with `together`, either all bytes count in the end, or none.
    together : bool, default=False
    """

    def __init__(
        self,
        ground: UploadGround,
        upload_id: str,
        offset: int,
        most: int,
        *,
        checksum: Checksum | None = None,
        together: bool = False,
    ) -> None:
        self._ground = ground
        self._upload_id = upload_id
        self._end = offset
        self._recorded = offset
        self._room = most
        self._together = together or checksum is not None
        self._checksum = checksum
        self._hash = hashlib.new(checksum.algorithm, usedforsecurity=False) if checksum else None
        self._writer: PartWriter | None = None
        self._name = ""
        self._waiting: list[_Part] = []

    def write(self, data: bytes) -> None:
        """Add bytes.

        Raises
        ------
        TooLargeError
            If there is no room for them.
        ConflictError
            If another writer was quicker.
        UnavailableError
            If the store or the database cannot be reached.
        """
        if len(data) > self._room:
            raise TooLargeError("these are more bytes than the upload takes")
        self._room -= len(data)
        if self._hash is not None:
            self._hash.update(data)
        rest = memoryview(data)
        while rest:
            if self._writer is None:
                self._name = secrets.token_hex(16)
                self._writer = self._ground.store.new_part(self._name)
            now, rest = rest[: PART_SIZE - self._writer.size], rest[PART_SIZE - self._writer.size :]
            self._writer.write(bytes(now))
            if self._writer.size == PART_SIZE:
                self._end_part(self._writer)

    def finish(self) -> int:
        """Let what was written count, and return how much the upload has received.

        Raises
        ------
        ChecksumMismatchError
            If the bytes have another hash; none of them counts then.
        ConflictError, UnavailableError
            As `write`.
        """
        if self._checksum and self._hash and not hmac.compare_digest(self._hash.digest(), self._checksum.digest):
            self.discard()
            raise ChecksumMismatchError("the bytes were damaged on their way; send them again")
        if self._writer is not None:
            self._end_part(self._writer)
        if self._waiting:
            self._record()
        return self._recorded

    def keep(self, data: bytes) -> None:
        """Let what has arrived count where no more will come, unless it only counts in whole.

        Parameters
        ----------
        data : bytes
            What has arrived since the last `write`.
        """
        if self._together:
            self.discard()
            return
        self.write(data)
        self.finish()

    def discard(self) -> None:
        """Forget what does not count yet."""
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.discard()
        waiting, self._waiting = self._waiting, []
        self._ground.delete_parts(part.name for part in waiting)

    def _end_part(self, writer: PartWriter) -> None:
        self._writer = None
        try:
            writer.commit()
        except BaseException:
            writer.discard()
            raise
        self._waiting.append(_Part(self._name, self._end, writer.size))
        self._end += writer.size
        if not self._together:
            self._record()

    def _record(self) -> None:
        try:
            with self._ground.database.write() as session:
                self._move(session)
                session.add_all(
                    UploadPart(upload_id=self._upload_id, begins_at=one.begins_at, size=one.size, name=one.name)
                    for one in self._waiting
                )
        except (ConflictError, NotFoundError):
            self.discard()
            raise
        except BaseException:
            # It may have been committed after all. If not, the parts are collected later.
            self._waiting = []
            raise
        self._waiting = []
        self._recorded = self._end

    def _move(self, session: Session) -> None:
        mine = Upload.id == self._upload_id
        here = mine & (Upload.received == self._recorded) & Upload.sha256.is_(None)
        until = self._ground.clock() + self._ground.life
        moved = update(Upload).where(here).values(received=self._end, expires_at=until).returning(Upload.id)
        if session.scalar(moved) is None:
            row = session.scalar(select(Upload).where(mine))
            if row is None:
                raise no_upload()
            raise moved_on(row.received)
