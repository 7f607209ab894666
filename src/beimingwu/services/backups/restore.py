"""Restoring a backup: all of it, or nothing."""

from __future__ import annotations

import gzip
import os
import tempfile
import zlib
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from sqlalchemy import insert, inspect, text
from sqlalchemy.exc import IntegrityError

from beimingwu.db.migrate import known_revisions, lock_migrations, migrate_connection
from beimingwu.errors import BackupError
from beimingwu.secrets_file import secrets_path
from beimingwu.services.audit import audit
from beimingwu.services.backups.archive import CHUNK, open_archive
from beimingwu.services.backups.manifest import blob_name, read_manifest
from beimingwu.services.backups.rows import target_table, values_of
from beimingwu.services.backups.verify import verify_members

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Connection

    from beimingwu.db.engine import Database
    from beimingwu.services.backups.archive import ArchiveReader
    from beimingwu.services.backups.manifest import Manifest, TableDump
    from beimingwu.services.clock import Clock
    from beimingwu.settings import Settings
    from beimingwu.storage import BlobStore

__all__ = ["restore_backup"]

_SECRETS = "secrets.json"
_ROWS = 500
# A row in one of these is somebody's work.
_PRECIOUS = ("users", "learnwares", "datasets", "sensitive_words", "audit_events")


def restore_backup(
    settings: Settings,
    database: Database,
    store: BlobStore,
    clock: Clock,
    source: Path,
    *,
    force: bool = False,
    progress: Callable[[str], None] = lambda _: None,
) -> Manifest:
    """Make a dock what it was when a backup was made. No server and no worker of the dock may run meanwhile.

    The backup is checked as a whole first. Contents come before the rows that need them, and all rows come in one
    transaction. A backup of an older version is brought to the tables of this one.

    Parameters
    ----------
    settings : Settings
    database : Database
        Empty, of any version, or forced.
    store : BlobStore
    clock : callable
    source : Path
        The backup.
    force : bool, default=False
        Whether a dock that is not empty may be replaced.
    progress : callable, optional
        Told what comes next.

    Raises
    ------
    BackupError
        If the backup is damaged or of a newer version, or the dock is not empty.
    UnavailableError
        If the database or the store cannot be reached.
    """
    with open_archive(source) as archive:
        manifest = read_manifest(archive)
        if manifest.revision not in known_revisions():
            raise BackupError(
                f"the backup has the tables of revision {manifest.revision}, which this version does not know; "
                f"restore it with version {manifest.version} or newer"
            )
        verify_members(archive, manifest, progress=progress)
        if not force:
            with database.connect() as connection:
                _require_empty(connection)
        with _contents(store, archive, manifest, progress), database.connect() as connection:
            lock_migrations(database, connection)
            if not force:
                _require_empty(connection)
            migrate_connection(connection, "base")
            migrate_connection(connection, manifest.revision)
            for dump in manifest.tables:
                progress(f"table {dump.name}")
                _fill(connection, archive, dump)
            migrate_connection(connection)
            _restore_secrets(settings, archive, manifest)
    with database.write() as session:
        audit(
            session,
            "dock.restore",
            at=clock(),
            actor_id=None,
            subject=("dock", 0),
            backup_made_at=manifest.made_at,
            forced=force,
        )
    return manifest


def _require_empty(connection: Connection) -> None:
    there = set(inspect(connection).get_table_names())
    for name in _PRECIOUS:
        # The names are those above.
        if name in there and connection.scalar(text(f"SELECT 1 FROM {name} LIMIT 1")):  # noqa: S608  # see above
            raise BackupError(
                f"this dock is not empty: its table {name} has rows. --force replaces all that it has by the backup"
            )


@contextmanager
def _contents(
    store: BlobStore, archive: ArchiveReader, manifest: Manifest, progress: Callable[[str], None]
) -> Iterator[None]:
    """Put the backup's contents into the store; those that were not there go again if something fails."""
    added: list[str] = []
    try:
        for number, (sha256, size) in enumerate(manifest.blobs.items(), 1):
            progress(f"content {number} of {len(manifest.blobs)}")
            if store.size(sha256) == size:
                continue
            with archive.open(blob_name(sha256)) as stream:
                added.append(sha256)
                # It was checked, and is again while it is written.
                store.put(_chunks(stream), expected_sha256=sha256)
        yield
    except BaseException:
        for sha256 in added:
            store.delete(sha256)
        raise


def _chunks(stream: IO[bytes]) -> Iterator[bytes]:
    while part := stream.read(CHUNK):
        yield part


def _fill(connection: Connection, archive: ArchiveReader, dump: TableDump) -> None:
    target = target_table(dump.name, dump.columns)
    rows: list[dict[str, Any]] = []
    count = 0

    def flush() -> None:
        if rows:
            connection.execute(insert(target), rows)
            rows.clear()

    try:
        with archive.open(dump.member) as stream, gzip.GzipFile(fileobj=stream) as lines:
            for line in lines:
                rows.append(values_of(dump.columns, line))
                count += 1
                if len(rows) == _ROWS:
                    flush()
            flush()
    except IntegrityError as error:
        raise BackupError(f"the rows of {dump.name} do not fit together: {error.orig}") from None
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise BackupError(f"{dump.member} cannot be read: {error}") from None
    if count != dump.rows:
        raise BackupError(f"{dump.member} has {count} rows instead of {dump.rows}")
    if dump.last_id:
        _go_on_counting(connection, dump.name, dump.last_id)


def _go_on_counting(connection: Connection, name: str, last_id: int) -> None:
    """Let the next row have a number that none has had."""
    values = {"name": name, "last": last_id}
    if connection.dialect.name == "sqlite":
        connection.execute(text("DELETE FROM sqlite_sequence WHERE name = :name"), values)
        connection.execute(text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :last)"), values)
    else:
        connection.execute(text("SELECT setval(pg_get_serial_sequence(:name, 'id'), :last)"), values)


def _restore_secrets(settings: Settings, archive: ArchiveReader, manifest: Manifest) -> None:
    if _SECRETS not in manifest.members:
        return
    target = secrets_path(settings)
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with archive.open(_SECRETS) as stream:
        content = stream.read()
    # mkstemp makes files that nobody else can read.
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=".secrets-")
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    Path(name).replace(target)
