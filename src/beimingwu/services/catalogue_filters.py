"""Which learnwares a list holds: who may see them, and what narrows it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, and_, exists, or_, select, true

from beimingwu.db.models import Learnware, User, Version
from beimingwu.errors import InvalidInputError, NotAuthenticatedError
from beimingwu.services.access import public_condition
from beimingwu.services.favourites import favourite_condition
from beimingwu.services.names import username_key
from beimingwu.services.texts import storable
from beimingwu.services.version_states import STATES
from learnware.texts import text

if TYPE_CHECKING:
    from beimingwu.db.engine import Database
    from beimingwu.services.identity import Identity
    from learnware.texts import Text

__all__ = ["FACETS", "Filters", "condition"]

# The facet's name, which is the key of semantic specifications, and the filter that it counts the values of.
FACETS = {
    "Data": "data_type",
    "Task": "task_type",
    "Library": "library_type",
    "Scenario": "scenario",
    "License": "license",
}
_ESCAPE = "\\"
_MOST_VALUES = 32
_MOST_WORDS = 16
_LONGEST_TEXT = 256
_LONGEST_TAG = 64


@dataclass(frozen=True, slots=True)
class Filters:
    """What narrows a list. Of several values of one filter any will do; all filters that are given must hold.

    Attributes
    ----------
    text : str
        Words that name and description must have, whatever their case.
    data_type, task_type, library_type, license, scenario : tuple of str
    owner : str or None
        Name of a user.
    owner_id : int or None
        Number of a user.
    mine : bool
        Only those of the account that asks.
    favourite : bool
        Only those that the account that asks has marked.
    status : tuple of str
        States of the newest version.
    verified : bool or None
        Whether a version serves.
    withdrawn : bool or None

    Notes
    -----
    Without any of `mine`, `favourite`, `status`, `verified` and `withdrawn`, a list holds what everybody may find. With
    one of them it holds all that the account may see: also its own learnwares in every state, and for administrators
    all.
    """

    text: str = ""
    data_type: tuple[str, ...] = ()
    task_type: tuple[str, ...] = ()
    library_type: tuple[str, ...] = ()
    license: tuple[str, ...] = ()
    scenario: tuple[str, ...] = ()
    owner: str | None = None
    owner_id: int | None = None
    mine: bool = False
    favourite: bool = False
    status: tuple[str, ...] = ()
    verified: bool | None = None
    withdrawn: bool | None = None

    @property
    def public(self) -> bool:
        """Whether the list is the same for everybody."""
        by_state = self.status or self.verified is not None or self.withdrawn is not None
        return not (self.mine or self.favourite or by_state)

    def without(self, name: str) -> Filters:
        """Return all filters but one."""
        nothing: dict[str, Any] = {name: ()}
        return replace(self, **nothing)


def condition(database: Database, filters: Filters, identity: Identity | None) -> ColumnElement[bool]:
    """Return the condition on `Learnware` of a list for somebody.

    Raises
    ------
    InvalidInputError
        If a filter is not as it must be.
    NotAuthenticatedError
        If somebody who is not logged in asks for their own.
    """
    _require(filters)
    parts = [_visible(filters, identity), *_tags(database, filters), *_words(filters.text)]
    if filters.owner is not None:
        owner = select(User.id).where(User.username_key == username_key(filters.owner)).scalar_subquery()
        parts.append(Learnware.owner_id == owner)
    if filters.owner_id is not None:
        parts.append(Learnware.owner_id == filters.owner_id)
    if filters.status:
        newest = (Version.learnware_id == Learnware.id) & (Version.number == Learnware.newest_version)
        parts.append(exists().where(newest, Version.state.in_(filters.status)))
    if filters.verified is not None:
        serves = Learnware.serving_version.is_not(None)
        parts.append(serves if filters.verified else ~serves)
    if filters.withdrawn is not None:
        withdrawn = Learnware.withdrawn_at.is_not(None)
        parts.append(withdrawn if filters.withdrawn else ~withdrawn)
    if filters.favourite:
        if identity is None:
            raise NotAuthenticatedError(text("log in to list your favourites"))
        parts.append(favourite_condition(identity.user_id))
    return and_(*parts)


def _visible(filters: Filters, identity: Identity | None) -> ColumnElement[bool]:
    public = public_condition()
    if filters.mine:
        if identity is None:
            raise NotAuthenticatedError("log in to list your own learnwares")
        return Learnware.owner_id == identity.user_id
    if filters.public or identity is None:
        return public
    if identity.administers:
        return true()
    return or_(public, Learnware.owner_id == identity.user_id)


def _tags(database: Database, filters: Filters) -> list[ColumnElement[bool]]:
    columns = {
        Learnware.data_type: filters.data_type,
        Learnware.task_type: filters.task_type,
        Learnware.library_type: filters.library_type,
        Learnware.license: filters.license,
    }
    parts: list[ColumnElement[bool]] = [column.in_(values) for column, values in columns.items() if values]
    if filters.scenario:
        value = database.elements(Learnware.scenarios)
        parts.append(exists(select(value).where(value.in_(filters.scenario))))
    return parts


def _words(text: str) -> list[ColumnElement[bool]]:
    words = text.casefold().split()
    # Longest first: it is in the fewest, and the others need not be looked for then.
    return [
        Learnware.search_text.contains(word, autoescape=True, escape=_ESCAPE)
        for word in sorted(set(words), key=lambda word: (-len(word), word))
    ]


def _require(filters: Filters) -> None:
    given = filters.text
    if len(given) > _LONGEST_TEXT or len(given.split()) > _MOST_WORDS or not storable(given):
        raise _wrong(
            "text",
            text("must be at most {most} characters and {words} words", most=_LONGEST_TEXT, words=_MOST_WORDS),
        )
    for name in FACETS.values():
        values = getattr(filters, name)
        if len(values) > _MOST_VALUES or any(len(one) > _LONGEST_TAG or not storable(one) for one in values):
            raise _wrong(
                name,
                text(
                    "must be at most {count} values of at most {most} characters", count=_MOST_VALUES, most=_LONGEST_TAG
                ),
            )
    if filters.owner is not None and (len(filters.owner) > _LONGEST_TAG or not storable(filters.owner)):
        raise _wrong("owner", text("must be the name of a user"))
    if not set(filters.status) <= set(STATES):
        raise _wrong("status", text("must be of {allowed}", allowed=", ".join(STATES)))


def _wrong(name: str, rule: Text) -> InvalidInputError:
    return InvalidInputError(text("{field} {rule}", field=name, rule=rule), fields=((f"query {name}", rule),))
