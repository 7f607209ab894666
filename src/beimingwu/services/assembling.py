"""Putting the parts of an upload together."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import delete, select, update

from beimingwu.db.models import Upload, UploadPart
from beimingwu.errors import ConflictError, ContentMismatchError, NotFoundError
from beimingwu.services.blobs import keep_blob
from beimingwu.services.upload_values import moved_on, no_upload
from beimingwu.storage import StoredBlob
from learnware.texts import text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import ColumnElement

    from beimingwu.services.appending import UploadGround

__all__ = ["drop", "put_together"]

_log = structlog.get_logger(__name__)


def put_together(ground: UploadGround, upload_id: str) -> StoredBlob:
    """Make a content of an upload whose bytes are all here; one that has been made already is returned.

    It is as long as the upload says that it has received, since the published contract knows no size.

    Raises
    ------
    ContentMismatchError
        If it is not what was announced; the upload is gone then.
    ConflictError
        If something is added meanwhile, or a part was lost; in the latter case, the upload is gone.
    NotFoundError
        If there is no such upload, or it is cancelled meanwhile.
    UnavailableError
        If the store or the database cannot be reached.
    """
    with ground.database.read() as session:
        row = session.get(Upload, upload_id)
        if row is None:
            raise no_upload()
        if row.sha256 is not None:
            return StoredBlob(row.sha256, row.received)
        in_order = select(UploadPart.name).where(UploadPart.upload_id == upload_id).order_by(UploadPart.begins_at)
        parts = session.scalars(in_order).all()
    announced = {"sha256": row.expected_sha256, "md5": row.contract_hash}
    try:
        stored = keep_blob(ground.database, ground.store, ground.clock, lambda: _checked(ground, parts, announced))
    except ContentMismatchError:
        drop(ground, Upload.id == upload_id)
        raise
    except NotFoundError:
        made = _made(ground, upload_id)
        if made is None:
            _log.error("upload_part_lost", upload_id=upload_id)
            drop(ground, Upload.id == upload_id)
            raise ConflictError("a part of the upload was lost in the store; begin it again") from None
        return made
    with ground.database.write() as session:
        here = (Upload.id == upload_id) & (Upload.received == row.received) & Upload.sha256.is_(None)
        until = ground.clock() + ground.life
        made_now = update(Upload).where(here).values(sha256=stored.sha256, expires_at=until).returning(Upload.id)
        mine = session.scalar(made_now) is not None
        if mine:
            session.execute(delete(UploadPart).where(UploadPart.upload_id == upload_id))
    if mine:
        ground.delete_parts(parts)
        return stored
    made = _made(ground, upload_id)
    if made is None:
        raise moved_on(None)
    return made


def drop(ground: UploadGround, which: ColumnElement[bool]) -> int:
    """Delete uploads and their parts, and return how many they were."""
    with ground.database.write() as session:
        of_them = UploadPart.upload_id.in_(select(Upload.id).where(which))
        parts = session.scalars(select(UploadPart.name).where(of_them)).all()
        # The rows of parts go with them.
        dropped = session.scalars(delete(Upload).where(which).returning(Upload.id)).all()
    ground.delete_parts(parts)
    return len(dropped)


def _made(ground: UploadGround, upload_id: str) -> StoredBlob | None:
    """Return what somebody else has made of an upload meanwhile, if so."""
    with ground.database.read() as session:
        row = session.get(Upload, upload_id)
        if row is None:
            raise no_upload()
        return None if row.sha256 is None else StoredBlob(row.sha256, row.received)


def _checked(ground: UploadGround, parts: Sequence[str], announced: dict[str, str | None]) -> Iterator[bytes]:
    """Give the content, and refuse to end if it has another hash than was announced."""
    hashes = {name: hashlib.new(name, usedforsecurity=False) for name, value in announced.items() if value is not None}
    for part in parts:
        with ground.store.open_part(part) as chunks:
            for chunk in chunks:
                for one in hashes.values():
                    one.update(chunk)
                yield chunk
    for name, one in hashes.items():
        if one.hexdigest() != announced[name]:
            raise ContentMismatchError(
                text(
                    "the content has the {kind} {found}, not {announced}; upload it again",
                    kind=name.upper(),
                    found=one.hexdigest(),
                    announced=announced[name],
                )
            )
