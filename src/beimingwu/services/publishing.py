"""What becomes of a version: it serves, it is refused, it is withdrawn, it is gone.

These functions are called inside a write transaction. Whoever changes a learnware or one of its versions locks the
learnware's row first (`lock_learnware`) and the index last, so that transactions wait for each other in one order.

A version that was verified serves from then on, unless a newer one serves already. A version that is verified once more
goes on serving until the outcome is there; if it is refused then, nothing serves: its owner had replaced what was
before it.

Owners are told of every verdict, except that a version was refused because a newer one has taken its place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import delete, select

from beimingwu.db.models import Learnware, Version
from beimingwu.services.index import put_in_index, take_from_index
from beimingwu.services.learnware_ids import no_learnware
from beimingwu.services.notifications import notify

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

__all__ = [
    "Withdrawer",
    "describe",
    "lock_learnware",
    "newest_of",
    "publish",
    "reject",
    "remove",
    "restore_rows",
    "serving_of",
    "withdraw_rows",
]

_LONGEST_TAG = 64

Withdrawer = Literal["owner", "administrator"]


def lock_learnware(session: Session, learnware_id: int) -> Learnware:
    """Return a learnware's row and keep others from changing it until the transaction ends.

    Raises
    ------
    NotFoundError
        If there is none.
    """
    query = select(Learnware).where(Learnware.id == learnware_id).with_for_update()
    learnware = session.scalar(query.execution_options(populate_existing=True))
    if learnware is None:
        raise no_learnware()
    return learnware


def publish(session: Session, version: Version, now: datetime) -> None:
    """Note that a version was verified; it serves from now on, unless a newer one does."""
    learnware = lock_learnware(session, version.learnware_id)
    _decide(version, "SUCCESS", now)
    notify(session, "verified", learnware, now, version=version.number)
    if learnware.serving_version is not None and learnware.serving_version > version.number:
        return
    learnware.serving_version = version.number
    learnware.updated_at = now
    describe(learnware, version.semantic_spec)
    session.flush()
    if learnware.withdrawn_at is None:
        put_in_index(session, learnware, version)


def reject(session: Session, version: Version, now: datetime) -> None:
    """Note that a version was refused; it serves no longer if it did."""
    learnware = lock_learnware(session, version.learnware_id)
    _decide(version, "FAIL", now)
    if learnware.serving_version == version.number or not _is_replaced(session, learnware, version):
        notify(session, "failed", learnware, now, version=version.number)
    if learnware.serving_version != version.number:
        return
    learnware.serving_version = None
    learnware.updated_at = now
    describe(learnware, newest_of(session, learnware).semantic_spec)
    session.flush()
    if learnware.withdrawn_at is None:
        take_from_index(session, learnware, removed=False)


def withdraw_rows(session: Session, learnware: Learnware, now: datetime, by: Withdrawer) -> None:
    """Take a learnware that was locked from what others find and download; an owner is told of what others did."""
    if by == "administrator" and learnware.withdrawn_by != by:
        notify(session, "withdrawn", learnware, now)
    learnware.withdrawn_by = by
    if learnware.withdrawn_at is not None:
        session.flush()
        return
    learnware.withdrawn_at = now
    session.flush()
    if learnware.serving_version is not None:
        take_from_index(session, learnware, removed=False)


def restore_rows(session: Session, learnware: Learnware) -> None:
    """Let others find and download a learnware again that was withdrawn; it was locked by the caller."""
    if learnware.withdrawn_at is None:
        return
    learnware.withdrawn_at = None
    learnware.withdrawn_by = None
    session.flush()
    version = serving_of(session, learnware)
    if version is not None:
        put_in_index(session, learnware, version)


def remove(session: Session, learnware: Learnware) -> None:
    """Delete a learnware that was locked, with its versions; packages go when nothing refers to them."""
    take_from_index(session, learnware, removed=True)
    session.flush()
    # Versions, specifications and verifications go with it.
    session.execute(delete(Learnware).where(Learnware.id == learnware.id))
    session.expunge(learnware)


def serving_of(session: Session, learnware: Learnware) -> Version | None:
    """Return the version that serves."""
    return None if learnware.serving_version is None else _version(session, learnware, learnware.serving_version)


def newest_of(session: Session, learnware: Learnware) -> Version:
    """Return the newest version."""
    return _version(session, learnware, learnware.newest_version)


def describe(learnware: Learnware, semantic_spec: dict[str, Any]) -> None:
    """Write what lists filter and sort by into the learnware's own columns."""
    learnware.name = _text(semantic_spec, "Name")
    learnware.data_type = _tag(semantic_spec, "Data")
    learnware.task_type = _tag(semantic_spec, "Task")
    learnware.library_type = _tag(semantic_spec, "Library")
    learnware.license = _tag(semantic_spec, "License")
    learnware.scenarios = list(semantic_spec["Scenario"]["Values"])
    learnware.search_text = f"{learnware.name}\n{_text(semantic_spec, 'Description')}".casefold()


def _decide(version: Version, state: str, now: datetime) -> None:
    version.state = state
    version.decided_at = now
    version.worker = None


def _is_replaced(session: Session, learnware: Learnware, version: Version) -> bool:
    newer = (Version.learnware_id == learnware.id) & (Version.number > version.number) & (Version.state != "FAIL")
    return session.scalar(select(Version.id).where(newer).limit(1)) is not None


def _version(session: Session, learnware: Learnware, number: int) -> Version:
    return session.scalars(select(Version).where(Version.learnware_id == learnware.id, Version.number == number)).one()


def _text(semantic_spec: dict[str, Any], key: str) -> str:
    return str(semantic_spec[key]["Values"])


def _tag(semantic_spec: dict[str, Any], key: str) -> str:
    return str(semantic_spec[key]["Values"][0])[:_LONGEST_TAG]
