"""Checks of what the dock keeps: database, store, contents, index, the queue."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import exists, func, or_, select

from beimingwu.db.models import Blob, Dataset, Embedding, Learnware, StatSpec, Version
from beimingwu.db.revision import current_revision, newest_revision
from beimingwu.errors import NotFoundError, ServiceError
from beimingwu.services.access import public_condition
from beimingwu.services.doctor.finding import fine, warning, wrong
from beimingwu.services.index import put_in_index, take_from_index
from beimingwu.services.learnware_ids import format_id
from beimingwu.services.publishing import lock_learnware, serving_of
from beimingwu.services.version_states import UNDECIDED
from beimingwu.storage import Hashing
from learnware.errors import SpecificationError
from learnware.specification import RKMESpecification, stat_specification_class

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import ColumnElement

    from beimingwu.db.engine import Database
    from beimingwu.services.clock import Clock
    from beimingwu.services.doctor.finding import Finding
    from beimingwu.settings import Settings
    from beimingwu.storage import BlobStore

__all__ = ["check_contents", "check_database", "check_index_rows", "check_orphans", "check_queue", "check_store"]

_SAMPLE = 200
_NAMED = 5
# A worker looks for work four times a second; what has waited for so long has nobody.
_PATIENCE = timedelta(minutes=5)


def check_database(settings: Settings, database: Database) -> Finding:
    """Check that it can be reached and has the tables of this version."""
    check = "database"
    kind = "SQLite" if database.is_sqlite else f"PostgreSQL at {database.url.host or 'a local socket'}"
    try:
        current, newest = current_revision(database), newest_revision()
    except ServiceError as error:
        remedy = "start it, and see that BEIMINGWU_DATABASE_URL is right"
        return wrong(check, f"{kind} cannot be reached: {error.__cause__ or error}".splitlines()[0], remedy)
    if current != newest:
        return wrong(check, f"{kind} has the tables of revision {current or 'none'}, not {newest}", "beimingwu migrate")
    if settings.production and database.is_sqlite:
        return fine(check, f"{kind}, revision {newest}; good for one machine")
    return fine(check, f"{kind}, revision {newest}")


def check_store(store: BlobStore) -> Finding:
    """Check that it can be reached, written and read."""
    check, name = "store", f"doctor-{secrets.token_hex(8)}"
    content = secrets.token_bytes(32)
    try:
        store.require_ready()
        store.put_part(name, [content])
        with store.open_part(name) as chunks:
            found = b"".join(chunks)
        store.delete_part(name)
    except ServiceError as error:
        return wrong(check, str(error), "see that BEIMINGWU_STORAGE_URL is right, and that this user may write there")
    if found != content:
        return wrong(check, "it gives something else than it was given", "look for a fault of the disk or the storage")
    return fine(check, f"{type(store).__name__} takes and gives contents")


def check_contents(database: Database, store: BlobStore, *, everything: bool) -> Finding:
    """Check that every content in use is there; `everything` reads them all, else some are looked up."""
    check = "contents"
    used = exists().where(Version.sha256 == Blob.sha256) | exists().where(Dataset.sha256 == Blob.sha256)
    query = select(Blob.sha256, Blob.size).where(used)
    with database.read() as session:
        total = session.scalar(select(func.count()).select_from(Blob).where(used)) or 0
        rows = session.execute(query if everything else query.order_by(func.random()).limit(_SAMPLE)).all()
    try:
        bad = [row.sha256 for row in rows if not _whole(store, row.sha256, row.size, read=everything)]
    except ServiceError as error:
        return wrong(check, str(error), "see what the store has to say")
    if not bad:
        looked = "all were read" if everything else f"{len(rows)} were looked up; --all reads all"
        return fine(check, f"{total} are referred to; {looked}")
    with database.read() as session:
        owners = session.scalars(
            select(Version.learnware_id).where(Version.sha256.in_(bad[:1000])).order_by(Version.learnware_id).distinct()
        ).all()
        paths = session.scalars(select(Dataset.path).where(Dataset.sha256.in_(bad[:1000])).limit(_NAMED)).all()
    needed = _some([*(f"learnware {format_id(one)}" for one in owners), *(f"data set {path}" for path in paths)])
    remedy = "put them back from a backup: beimingwu restore (into another dock), then copy its store"
    return wrong(check, f"{len(bad)} of {len(rows)} are missing or damaged, which are needed by {needed}", remedy)


def check_orphans(database: Database, store: BlobStore) -> Finding:
    """Count what the store has that nothing refers to."""
    check = "unused contents"
    with database.read() as session:
        known = set(session.scalars(select(Blob.sha256)))
    strangers = sum(1 for sha256 in store.list() if sha256 not in known)
    if strangers:
        return fine(check, f"{strangers} that the database does not know; the server takes them away within two days")
    return fine(check, "none")


def check_index_rows(database: Database, *, repair: bool) -> Finding:
    """Check that searches find every version that serves, and nothing else."""
    check = "index"
    with database.read() as session:
        types = [one for one in session.scalars(select(StatSpec.type).distinct()) if _is_compared(one)]
        missing = session.scalars(
            select(Learnware.id).where(public_condition(), _unindexed(types)).order_by(Learnware.id)
        ).all()
        excess = session.scalars(
            select(Embedding.learnware_id)
            .join(Learnware, Learnware.id == Embedding.learnware_id)
            .join(Version, Version.id == Embedding.version_id)
            .where(or_(~public_condition(), Version.number != Learnware.serving_version))
            .distinct()
        ).all()
        count = session.scalar(select(func.count()).select_from(Learnware).where(public_condition()))
    bad = sorted({*missing, *excess})
    if not bad:
        return fine(check, f"{count} learnwares are found")
    words = f"it disagrees with the tables about {_some(format_id(one) for one in bad)}"
    if not repair:
        return wrong(check, words, "beimingwu doctor --repair")
    for learnware_id in bad:
        _repair(database, learnware_id)
    return warning(check, f"{words}; this was repaired", "nothing; look whether it comes back")


def check_queue(database: Database, clock: Clock) -> Finding:
    """Check that what waits to be verified is taken by somebody."""
    check, now = "workers", clock()
    waiting = Version.state.in_(UNDECIDED)
    with database.read() as session:
        total = session.scalar(select(func.count()).select_from(Version).where(waiting)) or 0
        at_work = session.scalar(
            select(func.count())
            .select_from(Version)
            .where(Version.state.in_(("QUEUE", "PROCESSING")), Version.due_at > now)
        )
        forgotten = session.scalar(
            select(func.count()).select_from(Version).where(waiting, Version.due_at < now - _PATIENCE)
        )
    if forgotten:
        message = f"{forgotten} versions have waited for more than {_PATIENCE.seconds // 60} minutes"
        if at_work:
            return warning(check, f"{message}; {at_work} are being verified", "start more workers: beimingwu worker")
        return wrong(check, f"{message}, and nobody verifies any", "start a worker: beimingwu worker (or up)")
    return fine(check, f"{total} versions wait; {at_work} of them are being verified")


def _whole(store: BlobStore, sha256: str, size: int, *, read: bool) -> bool:
    if store.size(sha256) != size:
        return False
    if not read:
        return True
    try:
        with store.open(sha256) as chunks:
            return Hashing(chunks).drained().sha256 == sha256
    except NotFoundError:
        return False


def _is_compared(type_name: str) -> bool:
    """Return whether specifications of a type have a place in the index."""
    try:
        return issubclass(stat_specification_class(type_name), RKMESpecification)
    except SpecificationError:
        # Of another version of this software.
        return False


def _unindexed(types: Sequence[str]) -> ColumnElement[bool]:
    """Whether a specification of the serving version, of one of these types, has no embedding."""
    embedded = exists().where(
        Embedding.learnware_id == Learnware.id, Embedding.version_id == Version.id, Embedding.type == StatSpec.type
    )
    return (
        exists()
        .where(
            Version.learnware_id == Learnware.id,
            Version.number == Learnware.serving_version,
            StatSpec.version_id == Version.id,
            StatSpec.type.in_(types),
            ~embedded,
        )
        .correlate(Learnware)
    )


def _repair(database: Database, learnware_id: int) -> None:
    with database.write() as session:
        try:
            learnware = lock_learnware(session, learnware_id)
        except NotFoundError:
            # It went meanwhile, and its rows with it.
            return
        version = None if learnware.withdrawn_at is not None else serving_of(session, learnware)
        if version is None:
            take_from_index(session, learnware, removed=False)
        else:
            put_in_index(session, learnware, version)


def _some(names: Iterable[str]) -> str:
    every = list(names)
    more = f" and {len(every) - _NAMED} more" if len(every) > _NAMED else ""
    return ", ".join(every[:_NAMED]) + more
