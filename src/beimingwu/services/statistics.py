"""Statistics of a dock: how many there are of what, and what happened when.

What happened is read from the tables, so submissions and accounts that were deleted are not in it; searches and
downloads are counted when they happen.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import func, select, true

from beimingwu.db.models import Blob, DailyCount, Dataset, Learnware, User, Version
from beimingwu.errors import InvalidInputError
from beimingwu.services.usage import DOWNLOAD, SEARCH
from beimingwu.services.version_states import STATES, UNDECIDED
from learnware.specification import semantic_vocabulary
from learnware.texts import text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

    from beimingwu.db.engine import Database
    from beimingwu.services.clock import Clock
    from beimingwu.services.identity import Identity
    from learnware.texts import Text

__all__ = ["KINDS", "Series", "Span", "Statistics", "Totals"]

Step = Literal["day", "week", "month"]
KINDS = ("submissions", "verified", "failed", "searches", "downloads", "users")
_MOST_SPANS = 1000
_FACETS = {"Data": "data_type", "Task": "task_type", "Library": "library_type", "License": "license"}


@dataclass(frozen=True, slots=True)
class Totals:
    """How many there are of what.

    Attributes
    ----------
    verified_users, unverified_users, disabled_users : int
        Accounts with and without a confirmed e-mail address; those that are disabled, of both.
    verified_learnwares, unverified_learnwares, withdrawn_learnwares : int
        Learnwares with and without a version that serves; those that are withdrawn, of both.
    versions : mapping of str to int
        Versions in each state.
    searches, downloads : int
    datasets : int
    stored_bytes : int
        Contents in the store.
    values : mapping of mappings
        For ``Data``, ``Task``, ``Library``, ``Scenario`` and ``License``, how many verified learnwares have each value.
    """

    verified_users: int
    unverified_users: int
    disabled_users: int
    verified_learnwares: int
    unverified_learnwares: int
    withdrawn_learnwares: int
    versions: Mapping[str, int]
    searches: int
    downloads: int
    datasets: int
    stored_bytes: int
    values: Mapping[str, Mapping[str, int]]

    @property
    def queued(self) -> int:
        """Versions that are not decided yet."""
        return sum(self.versions[state] for state in UNDECIDED)


@dataclass(frozen=True, slots=True)
class Span:
    """What happened in a day, week or month.

    Attributes
    ----------
    begins : date
        Its first day (UTC).
    counts : mapping of str to int
        For each of `KINDS`.
    """

    begins: date
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Series:
    """What happened in a window.

    Attributes
    ----------
    since, until : date
        Its first and its last day (UTC).
    step : str
    spans : tuple of Span
        Without gaps, the earliest first; the first and the last may reach beyond the window, what they count does not.
    """

    since: date
    until: date
    step: Step
    spans: tuple[Span, ...]


class Statistics:
    """Counts, for administrators."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def totals(self, identity: Identity) -> Totals:
        """Return how many there are of what.

        Raises
        ------
        NotAllowedError
            If the one who asks is no administrator.
        """
        identity.require_role()
        with self._database.read() as session:

            def n(table: Any, *wanted: ColumnElement[bool]) -> int:
                return session.scalar(select(func.count()).select_from(table).where(true(), *wanted)) or 0

            by_state = session.execute(select(Version.state, func.count()).group_by(Version.state))
            states = {str(state): int(count) for state, count in by_state}
            by_kind = session.execute(select(DailyCount.kind, func.sum(DailyCount.count)).group_by(DailyCount.kind))
            used = {str(kind): int(count) for kind, count in by_kind}
            return Totals(
                verified_users=n(User, User.confirmed_at.is_not(None)),
                unverified_users=n(User, User.confirmed_at.is_(None)),
                disabled_users=n(User, User.disabled_at.is_not(None)),
                verified_learnwares=n(Learnware, Learnware.serving_version.is_not(None)),
                unverified_learnwares=n(Learnware, Learnware.serving_version.is_(None)),
                withdrawn_learnwares=n(Learnware, Learnware.withdrawn_at.is_not(None)),
                versions={state: states.get(state, 0) for state in STATES},
                searches=used.get(SEARCH, 0),
                downloads=used.get(DOWNLOAD, 0),
                datasets=n(Dataset),
                stored_bytes=int(session.scalar(select(func.coalesce(func.sum(Blob.size), 0))) or 0),
                values=self._values(session),
            )

    def over_time(
        self, identity: Identity, *, since: date | None = None, until: date | None = None, step: Step = "day"
    ) -> Series:
        """Return what happened in a window.

        Parameters
        ----------
        identity : Identity
        since, until : date, optional
            First and last day (UTC); the last 30 days, if not given.
        step : {"day", "week", "month"}
            Weeks begin on Mondays.

        Raises
        ------
        NotAllowedError
            If the one who asks is no administrator.
        InvalidInputError
            If the window ends before it begins, or has more than 1000 days, weeks or months.
        """
        identity.require_role()
        try:
            until = until or max(self._clock().date(), since or date.min)
            since = since or until - timedelta(days=29)
            begins = _begins(since, until, step)
            after = until + timedelta(days=1)
        except OverflowError:
            raise _no_window(text("must be a window that the calendar has")) from None
        counts = {one: dict.fromkeys(KINDS, 0) for one in begins}
        with self._database.read() as session:
            for kind, days in self._days(session, since, after).items():
                for day, n in days.items():
                    counts[_begin(day, step)][kind] += n
        return Series(since, until, step, tuple(Span(one, counts[one]) for one in begins))

    def _days(self, session: Session, since: date, after: date) -> dict[str, dict[date, int]]:
        def by_day(column: Any, *wanted: ColumnElement[bool]) -> dict[date, int]:
            # SQLite gives a text, PostgreSQL a date; sessions of both are in UTC.
            day = func.date(column)
            window = (column >= _midnight(since)) & (column < _midnight(after))
            rows = session.execute(select(day, func.count()).where(window, *wanted).group_by(day))
            return {date.fromisoformat(str(one)): int(n) for one, n in rows}

        def used(kind: str) -> dict[date, int]:
            window = (DailyCount.day >= since) & (DailyCount.day < after)
            rows = session.execute(select(DailyCount.day, DailyCount.count).where(window, DailyCount.kind == kind))
            return {day: int(n) for day, n in rows}

        return {
            "submissions": by_day(Version.created_at),
            "verified": by_day(Version.decided_at, Version.state == "SUCCESS"),
            "failed": by_day(Version.decided_at, Version.state == "FAIL"),
            "searches": used(SEARCH),
            "downloads": used(DOWNLOAD),
            "users": by_day(User.created_at),
        }

    def _values(self, session: Session) -> dict[str, dict[str, int]]:
        serves = Learnware.serving_version.is_not(None)
        found: dict[str, dict[str, int]] = {}
        for facet, name in _FACETS.items():
            column = getattr(Learnware, name)
            rows = session.execute(select(column, func.count()).where(serves).group_by(column))
            found[facet] = _in_order(facet, {str(value): int(n) for value, n in rows})
        value = self._database.elements(Learnware.scenarios)
        rows = session.execute(
            select(value, func.count(Learnware.id.distinct()))
            .select_from(Learnware)
            .join(value.table, true())
            .where(serves)
            .group_by(value)
        )
        found["Scenario"] = _in_order("Scenario", {str(one): int(n) for one, n in rows})
        return found


def _in_order(facet: str, counts: dict[str, int]) -> dict[str, int]:
    """Return counts of all values of the vocabulary, and of others that there are."""
    known = semantic_vocabulary()[facet]["Values"]
    return {value: counts.get(value, 0) for value in (*known, *sorted(set(counts) - set(known)))}


def _begins(since: date, until: date, step: Step) -> list[date]:
    if since > until:
        raise _no_window(text("must not be after the last day"))
    found = [_begin(since, step)]
    while (following := _next(found[-1], step)) <= until:
        found.append(following)
        if len(found) > _MOST_SPANS:
            raise _no_window(
                text("must be so that there are at most {most} spans ({step})", most=_MOST_SPANS, step=step)
            )
    return found


def _begin(day: date, step: Step) -> date:
    if step == "week":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if step == "month" else day


def _next(begin: date, step: Step) -> date:
    if step == "month":
        return _begin(begin + timedelta(days=31), step)
    return begin + timedelta(days=7 if step == "week" else 1)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), timezone.utc)


def _no_window(rule: Text) -> InvalidInputError:
    return InvalidInputError(text("the first day {rule}", rule=rule), fields=(("query since", rule),))
