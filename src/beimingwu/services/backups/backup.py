"""Making a backup while the dock goes on."""

from __future__ import annotations

import gzip
import tempfile
from datetime import timedelta
from importlib.metadata import version as version_of
from typing import IO, TYPE_CHECKING

from sqlalchemy import select, text, union, update

from beimingwu.db.base import Table
from beimingwu.db.models import Blob
from beimingwu.db.revision import current_revision
from beimingwu.errors import BackupError
from beimingwu.secrets_file import secrets_path
from beimingwu.services.backups.archive import CHUNK, new_archive
from beimingwu.services.backups.manifest import Manifest, TableDump, blob_name, write_manifest
from beimingwu.services.backups.rows import columns_of, line_of, selected
from beimingwu.services.backups.verify import verify_backup

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from sqlalchemy import CompoundSelect
    from sqlalchemy import Table as SqlTable
    from sqlalchemy.orm import Session

    from beimingwu.db.engine import Database
    from beimingwu.services.backups.archive import ArchiveWriter, Entry
    from beimingwu.services.clock import Clock
    from beimingwu.settings import Settings
    from beimingwu.storage import BlobStore

__all__ = ["LEFT_OUT", "make_backup"]

# What is over soon. Restored, sessions that were ended and codes that were used since would work again.
LEFT_OUT = frozenset({"sessions", "mail_codes", "rate_windows", "download_links", "uploads", "upload_parts", "trials"})
_SECRETS = "secrets.json"
_ROWS = 500
# Contents that nothing refers to are collected a day after they were stored; those of the backup must not be.
_KEEP_EVERY = timedelta(hours=1)
_BATCH = 500


def make_backup(
    settings: Settings,
    database: Database,
    store: BlobStore,
    clock: Clock,
    target: Path,
    *,
    progress: Callable[[str], None] = lambda _: None,
) -> Manifest:
    """Write a backup of one moment, and read it again to see that it is right. The dock may be in use meanwhile.

    Sessions, codes from mails, unfinished uploads and download links are left out: everybody logs in again.

    Parameters
    ----------
    settings : Settings
    database : Database
        Of this version.
    store : BlobStore
    clock : callable
    target : Path
        A file if the name ends in ``.tar``, else a folder; must not exist.
    progress : callable, optional
        Told what comes next.

    Raises
    ------
    BackupError
        If there is something at `target`, a content is missing or damaged, or what was written cannot be read back.
    UnavailableError
        If the database or the store cannot be reached.
    """
    with new_archive(target) as archive:
        with database.write() as session:
            session.execute(update(Blob).where(Blob.sha256.in_(_referenced())).values(stored_at=clock()))
        members: dict[str, Entry] = {}
        tables: list[TableDump] = []
        with database.snapshot() as session:
            # The first read: what comes after sees the same state.
            blobs = _blobs(session)
            made_at = clock()
            revision = current_revision(database)
            for source in Table.metadata.sorted_tables:
                if source.name not in LEFT_OUT:
                    progress(f"table {source.name}")
                    tables.append(_dump(session, source, archive, members, target.parent))
        _copy_blobs(database, store, clock, archive, members, blobs, progress)
        secrets = secrets_path(settings)
        if secrets.exists():
            content = secrets.read_bytes()
            members[_SECRETS] = archive.add(_SECRETS, len(content), [content])
        manifest = Manifest(
            made_at=made_at.isoformat(),
            version=version_of("learnware"),
            revision=str(revision),
            database=database.url.get_backend_name(),
            tables=tables,
            blobs=blobs,
            members=members,
        )
        write_manifest(archive, manifest)
    verify_backup(target, progress=progress)
    return manifest


def _referenced() -> CompoundSelect[tuple[str]]:
    """Return the hashes that rows of the backup refer to."""
    columns = (
        column
        for source in Table.metadata.sorted_tables
        if source.name not in LEFT_OUT
        for column in source.columns
        if any(key.column is Blob.__table__.c.sha256 for key in column.foreign_keys)
    )
    return union(*(select(column) for column in columns))


def _blobs(session: Session) -> dict[str, int]:
    statement = select(Blob.sha256, Blob.size).where(Blob.sha256.in_(_referenced())).order_by(Blob.sha256)
    return {row.sha256: row.size for row in session.execute(statement)}


def _dump(
    session: Session, source: SqlTable, archive: ArchiveWriter, members: dict[str, Entry], folder: Path
) -> TableDump:
    columns, name, rows = columns_of(source), f"tables/{source.name}.jsonl.gz", 0
    statement = select(*selected(source)).order_by(*source.primary_key)
    if source is Blob.__table__:
        statement = statement.where(Blob.sha256.in_(_referenced()))
    # Beside the backup: there is room for it.
    with tempfile.TemporaryFile(dir=folder) as spool:
        with gzip.GzipFile(fileobj=spool, mode="wb", compresslevel=5, mtime=0) as stream:
            for row in session.execute(statement, execution_options={"yield_per": _ROWS}):
                stream.write(line_of(columns, row))
                rows += 1
        size = spool.tell()
        spool.seek(0)
        members[name] = archive.add(name, size, _chunks(spool))
    return TableDump(source.name, name, columns, rows, _last_id(session, source))


def _last_id(session: Session, source: SqlTable) -> int | None:
    if not source.dialect_options["sqlite"]["autoincrement"]:
        return None
    if session.get_bind().dialect.name == "sqlite":
        found = session.scalar(text("SELECT seq FROM sqlite_sequence WHERE name = :name"), {"name": source.name})
        return int(found or 0)
    sequence = session.scalar(text("SELECT pg_get_serial_sequence(:name, 'id')"), {"name": source.name})
    # The name is the database's own, quoted.
    last, used = session.execute(text(f"SELECT last_value, is_called FROM {sequence}")).one()  # noqa: S608  # see above
    return int(last) if used else 0


def _copy_blobs(
    database: Database,
    store: BlobStore,
    clock: Clock,
    archive: ArchiveWriter,
    members: dict[str, Entry],
    blobs: dict[str, int],
    progress: Callable[[str], None],
) -> None:
    kept_until = clock() + _KEEP_EVERY
    for number, (sha256, size) in enumerate(blobs.items(), 1):
        progress(f"content {number} of {len(blobs)}")
        if clock() >= kept_until:
            _keep(database, clock, list(blobs))
            kept_until = clock() + _KEEP_EVERY
        name = blob_name(sha256)
        if store.size(sha256) != size:
            raise BackupError(
                f"the store does not have the content {sha256} of {size} bytes; what needs it: beimingwu doctor --all"
            )
        with store.open(sha256) as chunks:
            entry = archive.add(name, size, chunks)
        if entry.sha256 != sha256:
            raise BackupError(f"the content {sha256} in the store is damaged; what needs it: beimingwu doctor --all")
        members[name] = entry


def _keep(database: Database, clock: Clock, blobs: Sequence[str]) -> None:
    for begin in range(0, len(blobs), _BATCH):
        with database.write() as session:
            some = blobs[begin : begin + _BATCH]
            session.execute(update(Blob).where(Blob.sha256.in_(some)).values(stored_at=clock()))


def _chunks(stream: IO[bytes]) -> Iterator[bytes]:
    while part := stream.read(CHUNK):
        yield part
