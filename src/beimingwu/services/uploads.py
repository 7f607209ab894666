"""Uploads: contents that arrive in parts, are put together, and wait for what they are meant for."""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, select

from beimingwu.db.models import Upload
from beimingwu.errors import ConflictError, InvalidInputError, ServiceError, TooLargeError
from beimingwu.services.appending import Appending, Checksum, UploadGround
from beimingwu.services.assembling import drop, put_together
from beimingwu.services.find_users import user_by_id
from beimingwu.services.texts import clean_text
from beimingwu.services.upload_quotas import require_one_more
from beimingwu.services.upload_values import UploadInfo, moved_on, no_upload, upload_info
from learnware.texts import text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy.orm import Session

    from beimingwu.services.identity import Identity
    from beimingwu.storage import StoredBlob

__all__ = ["UploadData", "Uploads"]

_ID = re.compile(r"[0-9a-f]{32}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


class Uploads:
    """Takes uploads. All of them need the scope ``submit``, and each is known to its owner only."""

    def __init__(self, ground: UploadGround) -> None:
        self._ground = ground

    def create(self, identity: Identity, *, size: int, filename: str, sha256: str | None = None) -> UploadInfo:
        """Begin an upload.

        Parameters
        ----------
        identity : Identity
        size : int
            In bytes, from 0 on.
        filename : str
            What the content is called where it comes from.
        sha256 : str, optional
            What the hash of the content will be, 64 hex digits; checked when all of it is here.

        Raises
        ------
        NotAllowedError
            If the API token is not good for it.
        InvalidInputError
            If something of it is not as it must be.
        TooLargeError
            If no upload may be so large.
        QuotaExceededError
            If the account has too many uploads, or too much in them.
        """
        identity.require("submit")
        ground = self._ground
        filename = clean_text(filename, "filename", longest=255)
        if size < 0:
            raise InvalidInputError("a size is 0 or more", fields=(("/size", "must be 0 or more"),))
        if size > ground.settings.upload_max_bytes:
            raise TooLargeError(text("an upload has at most {most} bytes", most=ground.settings.upload_max_bytes))
        if sha256 is not None and _SHA256.fullmatch(sha256 := sha256.lower()) is None:
            rule = text("must be 64 hex digits")
            raise InvalidInputError(text("a SHA-256 {rule}", rule=rule), fields=(("/sha256", rule),))
        now = ground.clock()
        with ground.database.write() as session:
            # Several at once count together.
            user_by_id(session, identity.user_id, lock=True)
            require_one_more(session, ground.settings, identity.user_id, now, size)
            row = Upload(
                id=secrets.token_hex(16),
                user_id=identity.user_id,
                filename=filename,
                size=size,
                received=0,
                expected_sha256=sha256,
                created_at=now,
                expires_at=now + ground.life,
            )
            session.add(row)
            session.flush()
            return upload_info(row)

    def info(self, identity: Identity, upload_id: str) -> UploadInfo:
        """Return an upload.

        Raises
        ------
        NotAllowedError
            If the API token is not good for it.
        NotFoundError
            If the account has none of this id, or it is over.
        """
        identity.require("submit")
        with self._ground.database.read() as session:
            row = session.scalar(select(Upload).where(self._mine(identity, upload_id)))
            if row is None:
                raise no_upload()
            return upload_info(row)

    def begin(
        self,
        identity: Identity,
        upload_id: str,
        offset: int,
        *,
        length: int | None = None,
        checksum: Checksum | None = None,
    ) -> Appending:
        """Begin to add bytes.

        Parameters
        ----------
        identity : Identity
        upload_id : str
        offset : int
            Where they belong: what the upload has received.
        length : int, optional
            How many they will be, if that is known.
        checksum : Checksum, optional
            With it, the bytes count only when all of them are here and have this hash.

        Raises
        ------
        NotAllowedError, NotFoundError
            As `info`.
        ConflictError
            If the upload goes on at another place.
        TooLargeError
            If they are more than the upload takes.
        """
        upload = self.info(identity, upload_id)
        if upload.size is None:
            # It belongs to the published contract.
            raise no_upload()
        if offset != upload.received:
            raise moved_on(upload.received)
        room = upload.size - upload.received
        if length is not None and length > room:
            raise TooLargeError(
                text("these are {length} bytes, and the upload takes {room} more", length=length, room=room)
            )
        return Appending(self._ground, upload_id, offset, room, checksum=checksum)

    def append(
        self,
        identity: Identity,
        upload_id: str,
        offset: int,
        chunks: Iterable[bytes],
        *,
        checksum: Checksum | None = None,
    ) -> UploadInfo:
        """Add bytes, and put the content together when all of it is here.

        If `chunks` raises, what was given before counts, unless there is a checksum.

        Raises
        ------
        NotAllowedError, NotFoundError, ConflictError, TooLargeError
            As `begin`.
        ChecksumMismatchError
            If the bytes have another checksum; none of them counts.
        ContentMismatchError
            If the content is not what was announced; the upload is gone then.
        UnavailableError
            If the store or the database cannot be reached.
        """
        appending = self.begin(identity, upload_id, offset, checksum=checksum)
        try:
            for chunk in chunks:
                appending.write(chunk)
        except ServiceError:
            appending.discard()
            raise
        except BaseException:
            appending.keep(b"")
            raise
        appending.finish()
        return self.complete(identity, upload_id)

    def complete(self, identity: Identity, upload_id: str) -> UploadInfo:
        """Put the content together if all of it is here, and return the upload.

        Raises
        ------
        NotAllowedError, NotFoundError
            As `info`.
        ContentMismatchError, ConflictError, UnavailableError
            As `append`.
        """
        upload = self.info(identity, upload_id)
        if upload.complete and upload.sha256 is None:
            put_together(self._ground, upload_id)
            upload = self.info(identity, upload_id)
        return upload

    def finished(self, identity: Identity, upload_id: str) -> StoredBlob:
        """Return the content of a complete upload.

        Raises
        ------
        NotAllowedError, NotFoundError
            As `info`.
        ConflictError
            If something is missing.
        ContentMismatchError, UnavailableError
            As `append`.
        """
        upload = self.info(identity, upload_id)
        if not upload.complete:
            raise ConflictError(
                text(
                    "the upload has {received} of {size} bytes; send the rest first",
                    received=upload.received,
                    size=upload.size,
                )
            )
        return put_together(self._ground, upload_id)

    def cancel(self, identity: Identity, upload_id: str) -> None:
        """Forget an upload, complete or not.

        Raises
        ------
        NotAllowedError, NotFoundError
            As `info`.
        """
        identity.require("submit")
        if not drop(self._ground, self._mine(identity, upload_id)):
            raise no_upload()

    def forget_expired(self) -> None:
        """Forget uploads to which nothing was added for too long."""
        drop(self._ground, Upload.expires_at <= self._ground.clock())

    def _mine(self, identity: Identity, upload_id: str) -> ColumnElement[bool]:
        # Databases do not take every text.
        if _ID.fullmatch(upload_id) is None:
            raise no_upload()
        whose = (Upload.id == upload_id) & (Upload.user_id == identity.user_id)
        return whose & (Upload.expires_at > self._ground.clock())


class UploadData:
    """What uploads keep of people: names of files, and contents on their way."""

    def export(self, session: Session, user_id: int) -> dict[str, Any]:
        """Return the uploads without their contents."""
        rows = session.scalars(select(Upload).where(Upload.user_id == user_id).order_by(Upload.created_at, Upload.id))
        names = ("id", "filename", "size", "received", "sha256", "created_at", "expires_at")
        return {"uploads": [{name: getattr(row, name) for name in names} for row in rows]}

    def erase(self, session: Session, user_id: int) -> None:
        """Do nothing: uploads go with the account, and their contents are collected within two days."""
