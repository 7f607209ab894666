"""Lists of accounts, for administrators."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import and_, func, or_, select, true

from beimingwu.db.models import Learnware, User
from beimingwu.services.names import username_key
from beimingwu.services.texts import require_searchable
from beimingwu.services.views import Account, account_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

    from beimingwu.services.identity import Role

__all__ = ["ManagedUser", "UserFilters", "UserPage", "condition", "managed"]

_LONGEST_TEXT = 254


@dataclass(frozen=True, slots=True)
class ManagedUser:
    """An account, for administrators.

    Attributes
    ----------
    account : Account
    verified_learnwares, unverified_learnwares : int
        How many it has with and without a version that serves.
    """

    account: Account
    verified_learnwares: int
    unverified_learnwares: int


@dataclass(frozen=True, slots=True)
class UserFilters:
    """What narrows a list of accounts; all that are given must hold.

    Attributes
    ----------
    text : str
        What user name or e-mail address must have in them.
    username, email : str
        What the one and what the other must have in it.
    role : Role or None
    verified : bool or None
        Whether the e-mail address is confirmed.
    disabled : bool or None
    """

    text: str = ""
    username: str = ""
    email: str = ""
    role: Role | None = None
    verified: bool | None = None
    disabled: bool | None = None


@dataclass(frozen=True, slots=True)
class UserPage:
    """A part of a list of accounts.

    Attributes
    ----------
    items : tuple of ManagedUser
        The newest account first.
    next_cursor : int or None
        Where the next page begins; None if this is the last.
    total : int
        Of the whole list.
    """

    items: tuple[ManagedUser, ...]
    next_cursor: int | None
    total: int


def condition(filters: UserFilters) -> ColumnElement[bool]:
    """Return the condition on `User` of a list.

    Raises
    ------
    InvalidInputError
        If a text cannot be looked for.
    """
    for name in ("text", "username", "email"):
        require_searchable(getattr(filters, name), name, longest=_LONGEST_TEXT)
    parts: list[ColumnElement[bool]] = [true()]
    if filters.text:
        parts.append(or_(_has_name(filters.text), _has_email(filters.text)))
    if filters.username:
        parts.append(_has_name(filters.username))
    if filters.email:
        parts.append(_has_email(filters.email))
    if filters.role is not None:
        parts.append(User.role == int(filters.role))
    for wanted, column in ((filters.verified, User.confirmed_at), (filters.disabled, User.disabled_at)):
        if wanted is not None:
            parts.append(column.is_not(None) if wanted else column.is_(None))
    return and_(*parts)


def _has_name(text: str) -> ColumnElement[bool]:
    return User.username_key.contains(username_key(text), autoescape=True)


def _has_email(text: str) -> ColumnElement[bool]:
    return User.email_key.contains(text.lower(), autoescape=True)


def managed(session: Session, rows: Iterable[User]) -> tuple[ManagedUser, ...]:
    """Return the values of rows, in their order."""
    accounts = [account_of(row) for row in rows]
    owner, serves = Learnware.owner_id, Learnware.serving_version
    counted = session.execute(
        select(owner, func.count(serves), func.count())
        .where(owner.in_([one.user_id for one in accounts]))
        .group_by(owner)
    )
    counts = {user_id: (verified, every - verified) for user_id, verified, every in counted}
    return tuple(ManagedUser(one, *counts.get(one.user_id, (0, 0))) for one in accounts)
