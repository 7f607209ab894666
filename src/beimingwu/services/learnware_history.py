"""What has become of a learnware: its versions with what changed in each, and how often it was downloaded."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import or_, select

from beimingwu.db.models import Learnware, LearnwareDay, Version
from beimingwu.errors import InvalidInputError
from beimingwu.services.access import is_public, may_manage
from beimingwu.services.learnware_ids import no_learnware, parse_id
from beimingwu.services.learnware_views import VersionView, version_view
from learnware.texts import text

if TYPE_CHECKING:
    from datetime import date

    from sqlalchemy.orm import Session

    from beimingwu.db.engine import Database
    from beimingwu.services.clock import Clock
    from beimingwu.services.identity import Identity

__all__ = ["MOST_DAYS", "Changes", "LearnwareHistory", "LearnwareUsage", "VersionEntry"]

MOST_DAYS = 366
# In which order changes are told; keys that are not here come after.
_KEYS = ("Name", "Description", "Data", "Task", "Library", "Scenario", "License", "Input", "Output")


@dataclass(frozen=True, slots=True)
class Changes:
    """What a version has changed.

    Attributes
    ----------
    package : bool
        Whether its files are others, apart from the semantic specification.
    semantic : tuple of str
        Keys of the semantic specification that say something else.
    """

    package: bool
    semantic: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class VersionEntry:
    """A version in the history of a learnware.

    Attributes
    ----------
    version : VersionView
    changes : Changes or None
        Since the version before it that is told of; None for the first.
    """

    version: VersionView
    changes: Changes | None


@dataclass(frozen=True, slots=True)
class LearnwareUsage:
    """How often a learnware was downloaded in a window of days.

    Attributes
    ----------
    total : int
        In the whole window.
    days : tuple of (date, int)
        Each day (UTC) until today, without gaps, the earliest first.
    """

    total: int
    days: tuple[tuple[date, int], ...]


class LearnwareHistory:
    """Tells whoever may see a learnware what has become of it."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def versions(self, identity: Identity | None, learnware_id: str) -> list[VersionEntry]:
        """Return the versions of a learnware, the newest first.

        Owners and administrators see all of them; others see those that were verified, which serve or have served.

        Raises
        ------
        NotFoundError
            If there is no such learnware that may be seen.
        NotAllowedError
            If the token is not good for reading.
        """
        with self._database.read() as session:
            learnware = _seen(session, identity, learnware_id)
            query = select(Version).where(Version.learnware_id == learnware.id).order_by(Version.number)
            if not may_manage(identity, learnware.owner_id):
                # One that serves and is verified once more is neither accepted nor refused for a while.
                query = query.where(or_(Version.state == "SUCCESS", Version.number == learnware.serving_version))
            rows = session.scalars(query).all()
            entries = [
                VersionEntry(version_view(row, learnware), None if before is None else _changes(before, row))
                for before, row in zip((None, *rows), rows, strict=False)
            ]
        return entries[::-1]

    def usage(self, identity: Identity | None, learnware_id: str, *, days: int = 90) -> LearnwareUsage:
        """Return how often a learnware was downloaded lately.

        Parameters
        ----------
        identity : Identity or None
        learnware_id : str
        days : int, default=90
            How many, today included; 1 to 366.

        Raises
        ------
        NotFoundError
            If there is no such learnware that may be seen.
        NotAllowedError
            If the token is not good for reading.
        InvalidInputError
            If `days` is not as it must be.
        """
        if not 1 <= days <= MOST_DAYS:
            rule = text("must be 1 to {most}", most=MOST_DAYS)
            raise InvalidInputError(text("{field} {rule}", field="days", rule=rule), fields=(("query days", rule),))
        first = self._clock().date() - timedelta(days=days - 1)
        with self._database.read() as session:
            learnware = _seen(session, identity, learnware_id)
            mine = (LearnwareDay.learnware_id == learnware.id) & (LearnwareDay.day >= first)
            rows = session.execute(select(LearnwareDay.day, LearnwareDay.downloads).where(mine))
            counts = {day: int(n) for day, n in rows}
        window = tuple((day, counts.get(day, 0)) for day in (first + timedelta(days=i) for i in range(days)))
        return LearnwareUsage(sum(n for _, n in window), window)


def _seen(session: Session, identity: Identity | None, learnware_id: str) -> Learnware:
    """Return a learnware to whoever may see it."""
    if identity is not None:
        identity.require("read")
    learnware = session.get(Learnware, parse_id(learnware_id))
    if learnware is None or not (is_public(learnware) or may_manage(identity, learnware.owner_id)):
        raise no_learnware()
    return learnware


def _changes(before: Version, after: Version) -> Changes:
    old: dict[str, Any] = before.semantic_spec
    new: dict[str, Any] = after.semantic_spec
    known = dict.fromkeys((*_KEYS, *sorted({*old, *new})))
    changed = tuple(key for key in known if new.get(key) != old.get(key))
    return Changes(before.content_hash != after.content_hash, changed)
