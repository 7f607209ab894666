"""What services tell of learnwares: values, not rows."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import Text, bindparam, cast, func, select

from beimingwu.db.models import Learnware, StatSpec, User, Version
from beimingwu.services.access import may_manage
from beimingwu.services.learnware_ids import format_id, no_learnware

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sqlalchemy import Connection, FromClause, Row, Select
    from sqlalchemy.orm import Session

    from beimingwu.services.identity import Identity

__all__ = [
    "Detail",
    "StatSpecView",
    "Summary",
    "VersionView",
    "detail",
    "summaries",
    "summary_of",
    "summary_query",
    "text_value",
    "version_view",
]

# Characters of a specification that is kept parsed.
_LONGEST_KEPT = 2**14


@dataclass(frozen=True, slots=True)
class Summary:
    """A learnware in a list.

    What it says of name, specification and size is what the serving version says, or the newest where none serves.

    Attributes
    ----------
    learnware_id : str
        Eight digits.
    name, description : str
    semantic_specification : dict
    owner_id : int
    username : str
        Whose it is.
    status : str
        State of the newest version.
    verified : bool
        Whether a version serves.
    withdrawn : bool
    created_at, updated_at : datetime
    downloads : int
    size : int
        Bytes of the package.
    sha256 : str
        Of the package.
    """

    learnware_id: str
    name: str
    description: str
    semantic_specification: dict[str, Any]
    owner_id: int
    username: str
    status: str
    verified: bool
    withdrawn: bool
    created_at: datetime
    updated_at: datetime
    downloads: int
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class VersionView:
    """A version of a learnware.

    Attributes
    ----------
    number : int
        1 for the first.
    status : str
    size : int
    sha256 : str
        Of the package.
    semantic_specification : dict
    created_at : datetime
    decided_at : datetime or None
        When it was verified or refused.
    attempts : int
        How often workers tried to verify it.
    serving : bool
        Whether it is what is found and downloaded.
    """

    number: int
    status: str
    size: int
    sha256: str
    semantic_specification: dict[str, Any]
    created_at: datetime
    decided_at: datetime | None
    attempts: int
    serving: bool


@dataclass(frozen=True, slots=True)
class StatSpecView:
    """A statistical specification in a few words.

    Attributes
    ----------
    type : str
    n_points : int or None
        Points of the reduced set; None for a kind that has none.
    n_features : int or None
        Numbers of each point.
    point_shape : tuple of int or None
        How they are arranged: (4,) for a row of a table, (3, 32, 32) for an image.
    languages : tuple of str or None
        Of texts, as far as they are known; None for other data.
    encoder : str or None
        What has made numbers of texts.
    """

    type: str
    n_points: int | None = None
    n_features: int | None = None
    point_shape: tuple[int, ...] | None = None
    languages: tuple[str, ...] | None = None
    encoder: str | None = None


@dataclass(frozen=True, slots=True)
class Detail:
    """A learnware on its page.

    Attributes
    ----------
    summary : Summary
    versions_count : int
    serving_version : int or None
    newest_version : VersionView
        For those who may not see what is not verified, the serving one.
    statistical_specifications : tuple of StatSpecView
        Of the version that the summary speaks of.
    mine : bool
        Whether it belongs to the account that asks.
    """

    summary: Summary
    versions_count: int
    serving_version: int | None
    newest_version: VersionView
    statistical_specifications: tuple[StatSpecView, ...]
    mine: bool


@cache
def summary_query() -> Select[Any]:
    """Return a SELECT of what `summary_of` reads, to be narrowed and sorted by columns of `Learnware`."""
    one, shown, newest = _tables()
    return (
        select(
            one.c.id,
            one.c.name,
            one.c.owner_id,
            User.__table__.c.username,
            one.c.serving_version,
            one.c.withdrawn_at,
            one.c.created_at,
            one.c.updated_at,
            one.c.downloads,
            # As text: see `_parsed`.
            cast(shown.c.semantic_spec, Text).label("semantic_spec"),
            shown.c.size,
            shown.c.sha256,
            newest.c.state,
        )
        .select_from(one)
        .join(User.__table__, User.__table__.c.id == one.c.owner_id)
        .join(
            shown,
            (shown.c.learnware_id == one.c.id)
            & (shown.c.number == func.coalesce(one.c.serving_version, one.c.newest_version)),
        )
        .join(newest, (newest.c.learnware_id == one.c.id) & (newest.c.number == one.c.newest_version))
    )


@cache
def _some_query() -> Select[Any]:
    return summary_query().where(_tables()[0].c.id.in_(bindparam("ids", expanding=True)))


@cache
def _tables() -> tuple[FromClause, FromClause, FromClause]:
    """Return learnwares, and versions twice: the one that is shown, and the newest, whose state is told."""
    return Learnware.__table__, Version.__table__.alias("shown"), Version.__table__.alias("newest")


@cache
def _detail_query() -> Select[Any]:
    """Return a SELECT of what `detail` reads: a row for each statistical specification, or one if there is none."""
    one, shown, newest = _tables()
    versions, specs = Version.__table__, StatSpec.__table__
    count = select(func.count()).where(versions.c.learnware_id == one.c.id).scalar_subquery()
    columns = [
        table.c[name].label(f"{prefix}_{name}")
        for prefix, table in (("shown", shown), ("newest", newest))
        for name in ("number", "state", "size", "sha256", "created_at", "decided_at", "attempts")
    ]
    return (
        summary_query()
        .add_columns(
            *columns,
            cast(newest.c.semantic_spec, Text).label("newest_spec"),
            count.label("versions_count"),
            specs.c.type,
            specs.c.header,
        )
        .outerjoin(specs, specs.c.version_id == shown.c.id)
        .where(one.c.id == bindparam("learnware_id"))
        .order_by(specs.c.type)
    )


def summary_of(row: Row[Any]) -> Summary:
    """Return the value of a row of `summary_query`."""
    semantic_spec = _parsed(row.semantic_spec)
    return Summary(
        learnware_id=format_id(row.id),
        name=row.name,
        description=text_value(semantic_spec, "Description"),
        semantic_specification=semantic_spec,
        owner_id=row.owner_id,
        username=row.username,
        status=row.state,
        verified=row.serving_version is not None,
        withdrawn=row.withdrawn_at is not None,
        created_at=row.created_at,
        updated_at=row.updated_at,
        downloads=row.downloads,
        size=row.size,
        sha256=row.sha256,
    )


def summaries(session: Session | Connection, ids: Iterable[int]) -> dict[int, Summary]:
    """Return the learnwares of some ids, in one query and in the order of the ids; unknown ones are left out."""
    wanted = list(dict.fromkeys(ids))
    if not wanted:
        return {}
    rows = session.execute(_some_query(), {"ids": wanted})
    found = {row.id: summary_of(row) for row in rows}
    return {one: found[one] for one in wanted if one in found}


def version_view(version: Version, learnware: Learnware) -> VersionView:
    """Return the value of a version's row."""
    return VersionView(
        version.number,
        version.state,
        version.size,
        version.sha256,
        version.semantic_spec,
        version.created_at,
        version.decided_at,
        version.attempts,
        version.number == learnware.serving_version,
    )


def detail(session: Session | Connection, identity: Identity | None, learnware_id: int) -> Detail:
    """Return a learnware as somebody may see it.

    Parameters
    ----------
    session : Session or Connection
    identity : Identity or None
        Who asks; None for somebody who is not logged in.
    learnware_id : int

    Raises
    ------
    NotFoundError
        If there is none, or it is not verified or withdrawn and belongs to somebody else.
    """
    rows = session.execute(_detail_query(), {"learnware_id": learnware_id}).all()
    row = rows[0] if rows else None
    manages = row is not None and may_manage(identity, row.owner_id)
    if row is None or not (manages or (row.serving_version is not None and row.withdrawn_at is None)):
        raise no_learnware()
    return Detail(
        summary_of(row),
        row.versions_count,
        row.serving_version,
        _version_of(row, "newest", row.newest_spec) if manages else _version_of(row, "shown", row.semantic_spec),
        tuple(_stat_spec(one.type, one.header) for one in rows if one.type is not None),
        identity is not None and identity.user_id == row.owner_id,
    )


def _version_of(row: Row[Any], prefix: str, spec: str) -> VersionView:
    values = row._mapping  # SQLAlchemy's name for columns by their names; it is public
    return VersionView(
        number=values[f"{prefix}_number"],
        status=values[f"{prefix}_state"],
        size=values[f"{prefix}_size"],
        sha256=values[f"{prefix}_sha256"],
        semantic_specification=_parsed(spec),
        created_at=values[f"{prefix}_created_at"],
        decided_at=values[f"{prefix}_decided_at"],
        attempts=values[f"{prefix}_attempts"],
        serving=values[f"{prefix}_number"] == row.serving_version,
    )


def text_value(semantic_spec: dict[str, Any], key: str) -> str:
    """Return the text that a semantic specification has under a key; empty if it has none."""
    entry = semantic_spec.get(key)
    values = entry.get("Values") if isinstance(entry, dict) else None
    return values if isinstance(values, str) else ""


# Reading the specifications of a list anew takes longer than all else of it, and they hardly change. What is returned
# is shared: nobody may change it.
@lru_cache(maxsize=2048)
def _parsed_once(text: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(text)
    return found


def _parsed(text: str) -> dict[str, Any]:
    # Thousands of long ones would fill the memory.
    return _parsed_once(text) if len(text) <= _LONGEST_KEPT else json.loads(text)


@lru_cache(maxsize=2048)
def _stat_spec(type_name: str, header: str) -> StatSpecView:
    # The header tells the shapes; the arrays themselves are not read.
    layout = json.loads(header)
    values = layout["values"]
    language, encoder = values.get("language"), values.get("encoder")
    shape = next((shape for name, _, shape in layout["arrays"] if name == "z"), None)
    return StatSpecView(
        type_name,
        n_points=None if shape is None else shape[0],
        n_features=None if shape is None else math.prod(shape[1:]),
        point_shape=None if shape is None else tuple(shape[1:]),
        languages=None if language is None else tuple(language),
        encoder=encoder,
    )
