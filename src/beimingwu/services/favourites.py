"""The learnwares that somebody has marked to find them again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, delete, exists, func, or_, select

from beimingwu.db.models import Favourite, Learnware
from beimingwu.errors import QuotaExceededError
from beimingwu.services.access import is_public, may_manage, public_condition
from beimingwu.services.find_users import user_by_id
from beimingwu.services.learnware_ids import format_id, no_learnware, parse_id
from learnware.texts import text

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from beimingwu.db.engine import Database
    from beimingwu.services.clock import Clock
    from beimingwu.services.identity import Identity

__all__ = ["MOST_FAVOURITES", "FavouriteData", "Favourites", "favourite_condition"]

MOST_FAVOURITES = 2000


class Favourites:
    """The favourites of whoever asks. What is withdrawn is none meanwhile, and is one again when it comes back."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def list(self, identity: Identity) -> tuple[str, ...]:
        """Return the ids of one's favourites that one may see, the last that was marked first.

        Raises
        ------
        NotAllowedError
            If the token is not good for reading.
        """
        identity.require("read")
        query = (
            select(Favourite.learnware_id)
            .join(Learnware, Learnware.id == Favourite.learnware_id)
            .where(Favourite.user_id == identity.user_id)
            .order_by(Favourite.added_at.desc(), Favourite.learnware_id.desc())
        )
        if not identity.administers:
            query = query.where(or_(public_condition(), Learnware.owner_id == identity.user_id))
        with self._database.read() as session:
            return tuple(format_id(number) for number in session.scalars(query))

    def add(self, identity: Identity, learnware_id: str) -> None:
        """Mark a learnware; one that is marked stays so.

        Raises
        ------
        NotFoundError
            If there is none that may be seen.
        NotAllowedError
            If the token is not good for reading.
        QuotaExceededError
            If the account has marked as many as it may.
        """
        identity.require("read")
        number = parse_id(learnware_id)
        with self._database.write() as session:
            # Locked, so that the account does not go meanwhile, and others do not count at the same time. Before the
            # learnware, as everywhere.
            user_by_id(session, identity.user_id, lock=True)
            query = select(Learnware).where(Learnware.id == number).with_for_update(read=True, key_share=True)
            learnware = session.scalar(query)
            if learnware is None or not (is_public(learnware) or may_manage(identity, learnware.owner_id)):
                raise no_learnware()
            if session.get(Favourite, (identity.user_id, number)) is not None:
                return
            mine = select(func.count()).select_from(Favourite).where(Favourite.user_id == identity.user_id)
            if (session.scalar(mine) or 0) >= MOST_FAVOURITES:
                raise QuotaExceededError(text("an account has at most {most} favourites", most=MOST_FAVOURITES))
            session.add(Favourite(user_id=identity.user_id, learnware_id=number, added_at=self._clock()))

    def remove(self, identity: Identity, learnware_id: str) -> None:
        """Take the mark from a learnware; one that has none stays so.

        Raises
        ------
        NotFoundError
            If no learnware can have such an id.
        NotAllowedError
            If the token is not good for reading.
        """
        identity.require("read")
        one = (Favourite.user_id == identity.user_id) & (Favourite.learnware_id == parse_id(learnware_id))
        with self._database.write() as session:
            session.execute(delete(Favourite).where(one))


class FavouriteData:
    """What is kept of favourites of a person."""

    def export(self, session: Session, user_id: int) -> dict[str, Any]:
        """Return them, also those that are withdrawn."""
        rows = session.scalars(
            select(Favourite).where(Favourite.user_id == user_id).order_by(Favourite.added_at, Favourite.learnware_id)
        )
        return {"favourites": [{"learnware_id": format_id(row.learnware_id), "added_at": row.added_at} for row in rows]}

    def erase(self, session: Session, user_id: int) -> None:
        """Do nothing: they go with the account."""


def favourite_condition(user_id: int) -> ColumnElement[bool]:
    """Return whether `Learnware` is marked by an account, as a condition of a query."""
    return exists().where(Favourite.learnware_id == Learnware.id, Favourite.user_id == user_id)
