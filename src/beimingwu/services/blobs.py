"""Contents in the store and their rows in the database: how one comes to be kept, and when it goes.

A content is in the store before its row is there. The row says when it was last stored. What nothing refers to is
deleted a day after that, so whoever has just stored something has a day to refer to it. Its row is deleted in one
transaction with the content itself: somebody who stores the same content again waits for that, and looks afterwards
whether it is still there.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import ColumnElement, delete, exists, select
from sqlalchemy.exc import IntegrityError

from beimingwu.db.models import Blob, Dataset, Upload, UploadPart, Version
from beimingwu.errors import UnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from beimingwu.db.engine import Database
    from beimingwu.services.clock import Clock
    from beimingwu.storage import BlobStore, StoredBlob

__all__ = ["collect", "keep_blob"]

# How long what nothing refers to is kept.
_UNUSED = timedelta(days=1)
_TRIES = 3
_BATCH = 500
_log = structlog.get_logger(__name__)


def keep_blob(
    database: Database, store: BlobStore, clock: Clock, source: Path | bytes | Callable[[], Iterable[bytes]]
) -> StoredBlob:
    """Store a content and its row. Refer to it within a day.

    Parameters
    ----------
    database : Database
    store : BlobStore
    clock : callable
    source : Path, bytes or callable
        A file, the content itself, or what returns its chunks; it may be read more than once.

    Raises
    ------
    UnavailableError
        If the database or the store cannot be reached.
    """
    for _ in range(_TRIES):
        stored = _put(store, source)
        with database.write() as session:
            insert = database.insert(Blob).values(sha256=stored.sha256, size=stored.size, stored_at=clock())
            newest = {"size": insert.excluded.size, "stored_at": insert.excluded.stored_at}
            session.execute(insert.on_conflict_do_update(index_elements=["sha256"], set_=newest))
        # It may have been collected between both. Now that its row is new, it will not be any more.
        if store.exists(stored.sha256):
            return stored
    raise UnavailableError("the store does not keep what is put into it")


def collect(database: Database, store: BlobStore, clock: Clock) -> None:
    """Delete what nothing refers to: contents, parts of uploads, half-written files; several servers may do it at once.

    Raises
    ------
    UnavailableError
        If the database or the store cannot be reached.
    """
    before = clock() - _UNUSED
    with database.read() as session:
        unused = session.scalars(select(Blob.sha256).where(Blob.stored_at < before, _unused())).all()
    for sha256 in unused:
        _collect_one(database, store, clock, sha256)
    _adopt(database, store, clock)
    _collect_parts(database, store, clock)
    store.discard_leftovers(before)


def _collect_one(database: Database, store: BlobStore, clock: Clock, sha256: str) -> None:
    doomed = delete(Blob).where(Blob.sha256 == sha256, Blob.stored_at < clock() - _UNUSED, _unused())
    try:
        with database.write() as session:
            if session.execute(doomed.returning(Blob.sha256)).first() is not None:
                # Within the transaction, though it is not a matter of the database: see above. It is one short request.
                store.delete(sha256)
                _log.info("blob_collected", sha256=sha256)
    except IntegrityError:
        # Somebody refers to it since we looked.
        _log.info("blob_in_use", sha256=sha256)


def _adopt(database: Database, store: BlobStore, clock: Clock) -> None:
    """Give rows to contents that have none, because their writer was killed; a day later they are collected."""
    batch: list[str] = []
    for sha256 in store.list():
        batch.append(sha256)
        if len(batch) == _BATCH:
            _adopt_batch(database, store, clock, batch)
            batch = []
    _adopt_batch(database, store, clock, batch)


def _adopt_batch(database: Database, store: BlobStore, clock: Clock, batch: list[str]) -> None:
    with database.read() as session:
        known = set(session.scalars(select(Blob.sha256).where(Blob.sha256.in_(batch))))
    found = [{"sha256": one, "size": store.size(one), "stored_at": clock()} for one in batch if one not in known]
    values = [one for one in found if one["size"] is not None]
    if values:
        with database.write() as session:
            session.execute(database.insert(Blob).values(values).on_conflict_do_nothing())


def _collect_parts(database: Database, store: BlobStore, clock: Clock) -> None:
    """Delete parts that no upload knows: of uploads that are over, and of writers that were killed."""
    before = clock() - _UNUSED
    old = [part.name for part in store.list_parts() if part.modified_at < before]
    for begin in range(0, len(old), _BATCH):
        batch = old[begin : begin + _BATCH]
        with database.read() as session:
            known = set(session.scalars(select(UploadPart.name).where(UploadPart.name.in_(batch))))
        # Names are never used again, so none of them can come to be known now.
        for name in batch:
            if name not in known:
                store.delete_part(name)


def _unused() -> ColumnElement[bool]:
    return ~(
        exists().where(Version.sha256 == Blob.sha256)
        | exists().where(Dataset.sha256 == Blob.sha256)
        | exists().where(Upload.sha256 == Blob.sha256)
    )


def _put(store: BlobStore, source: Path | bytes | Callable[[], Iterable[bytes]]) -> StoredBlob:
    if isinstance(source, Path):
        return store.put_file(source)
    if isinstance(source, bytes):
        return store.put([source])
    return store.put(source())
