"""Uploads as the published client makes them: in order, in chunks, each upload known by the MD5 of its content.

The client always begins at the beginning, and may send a chunk again. What comes for a place that has been passed
replaces everything from there on.
"""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING

from sqlalchemy import delete, exists, select, update

from beimingwu.db.models import Learnware, Upload, UploadPart, Version
from beimingwu.errors import InvalidInputError
from beimingwu.services.appending import Appending
from beimingwu.services.assembling import put_together
from beimingwu.services.find_users import user_by_id
from beimingwu.services.upload_quotas import require_one_more, room_of
from beimingwu.services.upload_values import UploadInfo, moved_on, no_upload, upload_info
from learnware.texts import text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from beimingwu.services.appending import UploadGround
    from beimingwu.services.identity import Identity
    from beimingwu.storage import StoredBlob

__all__ = ["ContractUploads"]

_MD5 = re.compile(r"[0-9a-f]{32}")
_FILENAME = "learnware.zip"


class ContractUploads:
    """Takes chunks by the published contract."""

    def __init__(self, ground: UploadGround) -> None:
        self._ground = ground

    def put_chunk(self, identity: Identity, file_hash: str, begin: int, chunks: Iterable[bytes]) -> int:
        """Add a chunk, in whole or not at all, and return how much has been received.

        Parameters
        ----------
        identity : Identity
        file_hash : str
            MD5 of the whole content, 32 hex digits.
        begin : int
            Where the chunk belongs; not beyond what has been received.
        chunks : iterable of bytes

        Raises
        ------
        NotAllowedError
            If the API token is not good for it.
        InvalidInputError
            If the hash is none, or the place negative.
        ConflictError
            If something is missing before the chunk, or another request adds to the upload at the same time.
        QuotaExceededError, TooLargeError
            If the account may not upload so much.
        UnavailableError
            If the store or the database cannot be reached.
        """
        identity.require("submit")
        file_hash = _hash(file_hash)
        if begin < 0:
            raise InvalidInputError("a chunk begins at 0 or later", fields=(("/chunk_begin", "must be 0 or more"),))
        upload, room = self._upload(identity.user_id, file_hash)
        if upload.sha256 is not None:
            # The content with this hash is here already, whatever this chunk of it is.
            return upload.received
        if begin > upload.received:
            raise moved_on(upload.received)
        if begin < upload.received:
            self._rewind(upload, begin)
        appending = Appending(self._ground, upload.upload_id, begin, room - begin, together=True)
        try:
            for chunk in chunks:
                appending.write(chunk)
            return appending.finish()
        except BaseException:
            appending.discard()
            raise

    def finished(self, identity: Identity, file_hash: str) -> StoredBlob:
        """Return the content of an upload, whose MD5 has been checked.

        Raises
        ------
        ContentMismatchError
            If the content has another MD5, or something is missing at its end, which is the same; the upload is gone.
        NotAllowedError, NotFoundError, ConflictError, UnavailableError
            As of `Uploads.finished`.
        """
        identity.require("submit")
        mine = (Upload.user_id == identity.user_id) & (Upload.contract_hash == _hash(file_hash))
        with self._ground.database.read() as session:
            upload_id = session.scalar(select(Upload.id).where(mine, Upload.expires_at > self._ground.clock()))
        if upload_id is None:
            raise no_upload()
        return put_together(self._ground, upload_id)

    def already_submitted(self, identity: Identity, file_hash: str) -> bool:
        """Return whether the account has a learnware of what it has uploaded under this hash."""
        uploaded = exists().where(
            Upload.user_id == identity.user_id,
            Upload.contract_hash == _hash(file_hash),
            Upload.sha256 == Version.uploaded_sha256,
            Learnware.id == Version.learnware_id,
            Learnware.owner_id == identity.user_id,
        )
        with self._ground.database.read() as session:
            return bool(session.scalar(select(uploaded)))

    def _upload(self, user_id: int, file_hash: str) -> tuple[UploadInfo, int]:
        """Return the upload, a new one if there is none, and how large it may become."""
        ground = self._ground
        now = ground.clock()
        with ground.database.write() as session:
            # Two first chunks at once make one upload.
            user_by_id(session, user_id, lock=True)
            mine = (Upload.user_id == user_id) & (Upload.contract_hash == file_hash)
            # Its parts are collected later.
            session.execute(delete(Upload).where(mine, Upload.expires_at <= now))
            row = session.scalar(select(Upload).where(mine))
            if row is None:
                require_one_more(session, ground.settings, user_id, now, 0)
                row = Upload(
                    id=secrets.token_hex(16),
                    user_id=user_id,
                    filename=_FILENAME,
                    received=0,
                    contract_hash=file_hash,
                    created_at=now,
                    expires_at=now + ground.life,
                )
                session.add(row)
                session.flush()
            room = room_of(session, ground.settings, user_id, now, besides=row.id)
            return upload_info(row), min(room, ground.settings.upload_max_bytes)

    def _rewind(self, upload: UploadInfo, begin: int) -> None:
        """Let an upload go on from a place that has been passed."""
        ground = self._ground
        of_it = UploadPart.upload_id == upload.upload_id
        around = of_it & (UploadPart.begins_at < begin) & (UploadPart.begins_at + UploadPart.size > begin)
        with ground.database.read() as session:
            cut = session.scalar(select(UploadPart).where(around))
        kept = None
        if cut is not None:
            kept = UploadPart(
                upload_id=upload.upload_id,
                begins_at=cut.begins_at,
                size=begin - cut.begins_at,
                name=secrets.token_hex(16),
            )
            with ground.store.open_part(cut.name) as chunks:
                ground.store.put_part(kept.name, _first(chunks, kept.size))
        with ground.database.write() as session:
            here = (Upload.id == upload.upload_id) & (Upload.received == upload.received) & Upload.sha256.is_(None)
            moved = update(Upload).where(here).values(received=begin).returning(Upload.id)
            if session.scalar(moved) is None:
                raise moved_on(None)
            passed = of_it & (UploadPart.begins_at + UploadPart.size > begin)
            names = session.scalars(delete(UploadPart).where(passed).returning(UploadPart.name)).all()
            if kept is not None:
                session.add(kept)
        ground.delete_parts(names)


def _hash(given: str) -> str:
    digits = given.lower()
    if _MD5.fullmatch(digits) is None:
        rule = text("must be an MD5 in 32 hex digits")
        raise InvalidInputError(text("the hash of the file {rule}", rule=rule), fields=(("/file_hash", rule),))
    return digits


def _first(chunks: Iterator[bytes], size: int) -> Iterator[bytes]:
    for chunk in chunks:
        if size <= 0:
            return
        yield chunk[:size]
        size -= len(chunk)
