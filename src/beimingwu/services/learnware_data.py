"""What the dock keeps of a person's learnwares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from beimingwu.db.models import Learnware, Version
from beimingwu.errors import LearnwaresLeftError
from beimingwu.services.learnware_ids import format_id

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

__all__ = ["LearnwareData"]


class LearnwareData:
    """The learnwares of an account. They do not go with it silently: others may rely on them."""

    def export(self, session: Session, user_id: int) -> dict[str, Any]:
        """Return them with their versions; the packages themselves can be downloaded."""
        rows = session.scalars(select(Learnware).where(Learnware.owner_id == user_id).order_by(Learnware.id)).all()
        mine = select(Learnware.id).where(Learnware.owner_id == user_id)
        versions: dict[int, list[dict[str, Any]]] = {row.id: [] for row in rows}
        of_mine = select(Version).where(Version.learnware_id.in_(mine)).order_by(Version.number)
        for version in session.scalars(of_mine):
            versions[version.learnware_id].append(
                {
                    "number": version.number,
                    "status": version.state,
                    "sha256": version.sha256,
                    "size": version.size,
                    "semantic_specification": version.semantic_spec,
                    "created_at": version.created_at,
                    "decided_at": version.decided_at,
                }
            )
        return {
            "learnwares": [
                {
                    "learnware_id": format_id(row.id),
                    "created_at": row.created_at,
                    "updated_at": row.updated_at,
                    "withdrawn_at": row.withdrawn_at,
                    "serving_version": row.serving_version,
                    "downloads": row.downloads,
                    "versions": versions[row.id],
                }
                for row in rows
            ]
        }

    def erase(self, session: Session, user_id: int) -> None:
        """Refuse as long as there are any.

        Raises
        ------
        LearnwaresLeftError
            If there are: they must be deleted, or given to somebody else, first.
        """
        mine = select(Learnware.id).where(Learnware.owner_id == user_id).order_by(Learnware.id)
        found = tuple(format_id(number) for number in session.scalars(mine))
        if found:
            raise LearnwaresLeftError(found)
