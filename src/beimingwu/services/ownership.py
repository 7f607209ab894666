"""What owners and administrators do with learnwares that are there: list one's own, withdraw, restore, delete."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from beimingwu.db.models import Learnware, Version
from beimingwu.errors import NotAllowedError
from beimingwu.services.access import managed, require_managed
from beimingwu.services.audit import audit_learnware
from beimingwu.services.learnware_ids import format_id, parse_id
from beimingwu.services.learnware_views import Detail, detail
from beimingwu.services.publishing import lock_learnware, remove, restore_rows, withdraw_rows

if TYPE_CHECKING:
    from datetime import datetime

    from beimingwu.db.engine import Database
    from beimingwu.services.clock import Clock
    from beimingwu.services.identity import Identity, Origin
    from beimingwu.services.publishing import Withdrawer

__all__ = ["OwnLearnware", "Ownership"]


@dataclass(frozen=True, slots=True)
class OwnLearnware:
    """One of somebody's own learnwares, with what its newest version says.

    Attributes
    ----------
    learnware_id : str
    status : str
    semantic_specification : dict
    changed_at : datetime
        When a version was submitted or began to serve last.
    """

    learnware_id: str
    status: str
    semantic_specification: dict[str, Any]
    changed_at: datetime


class Ownership:
    """What is done with learnwares that are there. An administrator may do it with anybody's."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def mine(
        self, identity: Identity, *, offset: int, limit: int, verified: bool | None = None
    ) -> tuple[list[OwnLearnware], int]:
        """Return some of one's own learnwares, the newest first, and how many there are.

        Parameters
        ----------
        identity : Identity
        offset, limit : int
            How many to leave out, and how many to return.
        verified : bool, optional
            Only those whose newest version is verified, or only the others.
        """
        identity.require("read")
        newest = (Version.learnware_id == Learnware.id) & (Version.number == Learnware.newest_version)
        query = (
            select(Learnware.id, Learnware.updated_at, Version.state, Version.semantic_spec, Version.created_at)
            .join(Version, newest)
            .where(Learnware.owner_id == identity.user_id)
        )
        if verified is not None:
            query = query.where((Version.state == "SUCCESS") if verified else (Version.state != "SUCCESS"))
        with self._database.read() as session:
            total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
            rows = session.execute(query.order_by(Learnware.id.desc()).offset(offset).limit(limit)).all()
        found = [
            OwnLearnware(format_id(row.id), row.state, row.semantic_spec, max(row.updated_at, row.created_at))
            for row in rows
        ]
        return found, total

    def withdraw(self, identity: Identity, learnware_id: str, origin: Origin) -> None:
        """Let nobody else find or download a learnware, until it is restored; one that is withdrawn stays so.

        Raises
        ------
        NotFoundError, NotAllowedError
            If there is no such learnware, or it is somebody else's.
        """
        with self._database.write() as session:
            learnware = lock_learnware(session, parse_id(learnware_id))
            require_managed(identity, learnware)
            by: Withdrawer = "owner" if identity.user_id == learnware.owner_id else "administrator"
            # An administrator's word goes before the owner's.
            if learnware.withdrawn_at is not None and by in {"owner", learnware.withdrawn_by}:
                return
            now = self._clock()
            withdraw_rows(session, learnware, now, by)
            audit_learnware(session, "learnware.withdraw", identity, learnware.id, origin, now, by=by)

    def restore(self, identity: Identity, learnware_id: str, origin: Origin) -> None:
        """Let others find and download a learnware again that was withdrawn; one that was not stays as it is.

        Raises
        ------
        NotFoundError, NotAllowedError
            If there is no such learnware, it is somebody else's, or an administrator has withdrawn it.
        """
        with self._database.write() as session:
            learnware = lock_learnware(session, parse_id(learnware_id))
            require_managed(identity, learnware)
            if learnware.withdrawn_at is None:
                return
            if not identity.administers and learnware.withdrawn_by == "administrator":
                raise NotAllowedError("an administrator has withdrawn this learnware; ask them to restore it")
            restore_rows(session, learnware)
            audit_learnware(session, "learnware.restore", identity, learnware.id, origin, self._clock())

    def delete(self, identity: Identity, learnware_id: str, origin: Origin) -> None:
        """Delete a learnware with all of its versions. Its id is never given again.

        Raises
        ------
        NotFoundError, NotAllowedError
            If there is no such learnware, or it is somebody else's.
        """
        with self._database.write() as session:
            learnware = lock_learnware(session, parse_id(learnware_id))
            require_managed(identity, learnware)
            audit_learnware(
                session, "learnware.delete", identity, learnware.id, origin, self._clock(), owner_id=learnware.owner_id
            )
            remove(session, learnware)

    def submitted(self, identity: Identity, learnware_id: str) -> Detail:
        """Return what has become of a submission, to whoever has just made it: a token that only submits may see it.

        Raises
        ------
        NotFoundError, NotAllowedError
            If there is no such learnware, or it is somebody else's.
        """
        with self._database.read() as session:
            return detail(session, identity, managed(session, identity, parse_id(learnware_id)).id)
