"""Lists of learnwares, and what their pages show."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, func, select, true

from beimingwu.db.models import IndexState, Learnware, StatSpec, Version
from beimingwu.errors import NotFoundError
from beimingwu.services.access import is_public, may_manage
from beimingwu.services.catalogue_filters import FACETS, Filters, condition
from beimingwu.services.catalogue_order import order_of
from beimingwu.services.learnware_ids import no_learnware, parse_id
from beimingwu.services.learnware_views import (
    Detail,
    Summary,
    detail,
    summaries,
    summary_of,
    summary_query,
)
from beimingwu.services.stat_spec_json import StatSpecContent

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection, Select

    from beimingwu.db.engine import Database
    from beimingwu.services.catalogue_order import Order
    from beimingwu.services.identity import Identity

__all__ = ["Catalogue", "Counts", "Page"]

_KEPT_COUNTS = 512
_KEPT_QUERIES = 512


@dataclass(frozen=True, slots=True)
class Counts:
    """How many learnwares a list holds.

    Attributes
    ----------
    total : int
    facets : mapping of mappings or None
        For each facet, how many there would be of each value if only it were asked for; the other filters hold.
    """

    total: int
    facets: Mapping[str, Mapping[str, int]] | None


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a list.

    Attributes
    ----------
    items : tuple of Summary
    next_cursor : str or None
        Where the next page begins; None if this is the last.
    counts : Counts
        Of the whole list.
    """

    items: tuple[Summary, ...]
    next_cursor: str | None
    counts: Counts


class Catalogue:
    """Lists and shows learnwares to whoever may see them.

    Parameters
    ----------
    database : Database
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._kept = _KeptCounts()
        # To put such a statement together takes longer than to execute it.
        self._query = lru_cache(maxsize=_KEPT_QUERIES)(self._make_query)

    def list(
        self,
        identity: Identity | None,
        filters: Filters | None = None,
        *,
        sort: str = "newest",
        cursor: str | None = None,
        offset: int = 0,
        limit: int = 20,
        facets: bool = False,
    ) -> Page:
        """Return a page of a list.

        Parameters
        ----------
        identity : Identity or None
            Who asks; None for somebody who is not logged in.
        filters : Filters, optional
        sort : str, default="newest"
            Of `SORTS`.
        cursor : str, optional
            `Page.next_cursor` of the page before.
        offset : int, default=0
            How many to leave out, for who counts pages; a cursor is better.
        limit : int, default=20
            How many, at most.
        facets : bool, default=False
            Whether to count the values of filters.

        Raises
        ------
        InvalidInputError
            If a filter, `sort` or `cursor` is not as it must be.
        NotAllowedError
            If the token is not good for reading.
        NotAuthenticatedError
            If somebody who is not logged in asks for their own.
        """
        if identity is not None:
            identity.require("read")
        filters = filters or Filters()
        # A list that is the same for everybody does not depend on who asks.
        viewer = None if filters.public else identity
        query, order = self._query(filters, sort, viewer, continued=cursor is not None)
        # One more than is shown tells whether there is a next page.
        given = {"most": limit + 1, "skipped": offset, **(order.place(cursor) if cursor is not None else {})}
        with self._database.rows() as connection:
            rows = connection.execute(query, given).all()
            revision = rows[0].revision if rows else connection.scalar(_revision())
            counts = self._counts(connection, revision or 0, filters, viewer, facets=facets)
        shown = rows[:limit]
        more = len(rows) > limit and bool(shown)
        return Page(
            tuple(summary_of(row) for row in shown),
            order.cursor(shown[-1].sort_key, shown[-1].id) if more else None,
            counts,
        )

    def detail(self, identity: Identity | None, learnware_id: str) -> Detail:
        """Return what a learnware's page shows.

        Raises
        ------
        NotFoundError
            If there is none that may be seen.
        NotAllowedError
            If the token is not good for reading.
        """
        if identity is not None:
            identity.require("read")
        number = parse_id(learnware_id)
        with self._database.rows() as connection:
            return detail(connection, identity, number)

    def announced(self, identity: Identity | None, learnware_id: str) -> Summary:
        """Return what a learnware is, also if it is not verified, as the published contract tells everybody.

        Raises
        ------
        NotFoundError
            If there is none, or it is withdrawn and belongs to somebody else.
        NotAllowedError
            If the token is not good for reading.
        """
        if identity is not None:
            identity.require("read")
        number = parse_id(learnware_id)
        with self._database.read() as session:
            found = summaries(session, [number]).get(number)
        if found is None or (found.withdrawn and not may_manage(identity, found.owner_id)):
            raise no_learnware()
        return found

    def statistical_specification(
        self, identity: Identity | None, learnware_id: str, type_name: str
    ) -> StatSpecContent:
        """Return a statistical specification.

        It is that of the serving version, or of the newest where none serves.

        Raises
        ------
        NotFoundError
            If there is none that may be seen.
        NotAllowedError
            If the token is not good for reading.
        """
        if identity is not None:
            identity.require("read")
        number = parse_id(learnware_id)
        shown = func.coalesce(Learnware.serving_version, Learnware.newest_version)
        query = (
            select(Learnware, Version.sha256, StatSpec.header, StatSpec.arrays)
            .join(Version, (Version.learnware_id == Learnware.id) & (Version.number == shown))
            .join(StatSpec, StatSpec.version_id == Version.id)
            .where(Learnware.id == number)
        )
        if "\0" not in type_name:
            query = query.where(StatSpec.type == type_name)
            with self._database.read() as session:
                row = session.execute(query).one_or_none()
            if row is not None and (is_public(row[0]) or may_manage(identity, row[0].owner_id)):
                return StatSpecContent(type_name, *row[1:])
        raise NotFoundError("there is no such learnware, or it has no such specification")

    def _make_query(
        self, filters: Filters, sort: str, viewer: Identity | None, *, continued: bool
    ) -> tuple[Select[Any], Order]:
        order = order_of(self._database, sort)
        rows = select(Learnware.id, order.key.label("sort_key")).where(condition(self._database, filters, viewer))
        if continued:
            rows = rows.where(order.after)
        # First which ones, of learnwares alone; then what is told of these few, from all tables.
        few = rows.order_by(*order.clauses).limit(bindparam("most")).offset(bindparam("skipped")).subquery()
        revision = _revision().scalar_subquery().label("revision")
        query = summary_query().add_columns(few.c.sort_key, revision).join(few, few.c.id == Learnware.id)
        return query.order_by(*order.clauses), order

    def _counts(
        self, connection: Connection, revision: int, filters: Filters, identity: Identity | None, *, facets: bool
    ) -> Counts:
        # What everybody finds changes with the index only, and counting it takes longer than reading a page.
        if not filters.public or filters.owner is not None or filters.owner_id is not None:
            return self._count(connection, filters, identity, facets=facets)
        kept = self._kept.get(revision, (filters, facets))
        if kept is None:
            kept = self._count(connection, filters, None, facets=facets)
            self._kept.put(revision, (filters, facets), kept)
        return kept

    def _count(self, connection: Connection, filters: Filters, identity: Identity | None, *, facets: bool) -> Counts:
        wanted = condition(self._database, filters, identity)
        total = connection.scalar(select(func.count()).select_from(Learnware).where(wanted)) or 0
        if not facets:
            return Counts(total, None)
        found: dict[str, dict[str, int]] = {}
        for facet, name in FACETS.items():
            others = condition(self._database, filters.without(name), identity)
            value = self._database.elements(Learnware.scenarios) if name == "scenario" else getattr(Learnware, name)
            # A list may name a scenario twice.
            n = func.count(Learnware.id.distinct())
            query = select(value, n).select_from(Learnware)
            if name == "scenario":
                query = query.join(value.table, true())
            rows = connection.execute(query.where(others).group_by(value)).all()
            found[facet] = {str(one): int(count) for one, count in sorted(rows, key=lambda row: (-row[1], row[0]))}
        return Counts(total, found)


@cache
def _revision() -> Select[Any]:
    index = IndexState.__table__
    return select(index.c.revision).where(index.c.id == 1)


class _KeptCounts:
    """Counts of one revision of the index, for all threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._revision = -1
        self._counts: OrderedDict[Any, Counts] = OrderedDict()

    def get(self, revision: int, key: Any) -> Counts | None:
        with self._lock:
            return self._counts.get(key) if revision == self._revision else None

    def put(self, revision: int, key: Any, counts: Counts) -> None:
        with self._lock:
            if revision < self._revision:
                return
            if revision > self._revision:
                self._revision = revision
                self._counts.clear()
            self._counts[key] = counts
            while len(self._counts) > _KEPT_COUNTS:
                self._counts.popitem(last=False)
