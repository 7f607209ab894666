"""Who may see a learnware, and who may manage it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from beimingwu.db.models import Learnware
from beimingwu.errors import NotAllowedError
from beimingwu.services.identity import Role
from beimingwu.services.learnware_ids import no_learnware

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

    from beimingwu.services.identity import Identity

__all__ = ["is_public", "managed", "may_manage", "public_condition", "require_managed"]


def is_public(learnware: Learnware) -> bool:
    """Return whether everybody may see and download a learnware."""
    return learnware.serving_version is not None and learnware.withdrawn_at is None


def public_condition() -> ColumnElement[bool]:
    """Return `is_public` as a condition of a query."""
    return Learnware.serving_version.is_not(None) & Learnware.withdrawn_at.is_(None)


def may_manage(identity: Identity | None, owner_id: int) -> bool:
    """Return whether an account is the owner's or an administrator's: such see all versions in all states."""
    return identity is not None and (identity.user_id == owner_id or identity.administers)


def managed(session: Session, identity: Identity, number: int, *, scope: str = "submit") -> Learnware:
    """Return a learnware to whoever may manage it.

    Raises
    ------
    NotFoundError, NotAllowedError
        If there is none, or it is somebody else's.
    """
    learnware = session.get(Learnware, number)
    if learnware is None:
        raise no_learnware()
    require_managed(identity, learnware, scope=scope)
    return learnware


def require_managed(identity: Identity, learnware: Learnware, *, scope: str = "submit") -> None:
    """Refuse whoever is neither the owner nor an administrator.

    Raises
    ------
    NotFoundError, NotAllowedError
        As `managed`; that somebody else's learnware is there is told of those only that everybody sees.
    """
    if identity.user_id == learnware.owner_id:
        identity.require(scope)
    elif identity.role >= Role.ADMIN:
        identity.require("admin")
    elif is_public(learnware):
        raise NotAllowedError("this learnware belongs to somebody else")
    else:
        raise no_learnware()
