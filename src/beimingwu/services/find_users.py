"""Finding accounts inside a transaction; shared by the services that change them."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from beimingwu.db.models import User
from beimingwu.errors import EmailTakenError, NotFoundError, UsernameTakenError
from beimingwu.services.names import email_key, is_email, is_username, username_key
from learnware.texts import text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.orm import Session

__all__ = ["taken_names", "user_by_email", "user_by_id", "user_by_username", "username_taken"]


def user_by_email(session: Session, email: str, *, lock: bool = False) -> User | None:
    """Return the account of an address; `lock` keeps others from changing it until the transaction ends."""
    if not is_email(email):
        return None
    query = select(User).where(User.email_key == email_key(email))
    return session.scalar(query.with_for_update() if lock else query)


def user_by_username(session: Session, username: str) -> User | None:
    """Return the account of a name."""
    if not is_username(username):
        return None
    return session.scalar(select(User).where(User.username_key == username_key(username)))


def user_by_id(session: Session, user_id: int, *, lock: bool = False) -> User:
    """Return an account.

    Raises
    ------
    NotFoundError
        If there is none of this number.
    """
    query = select(User).where(User.id == user_id)
    user = session.scalar(query.with_for_update() if lock else query)
    if user is None:
        raise NotFoundError("there is no such account")
    return user


def username_taken(username: str) -> UsernameTakenError:
    """Return the error of a name that is taken."""
    return UsernameTakenError(text("the user name {name!r} is taken; choose another one", name=username))


@contextmanager
def taken_names(username: str) -> Iterator[None]:
    """Say what is taken where another transaction was faster.

    Raises
    ------
    EmailTakenError, UsernameTakenError
        If the database refused a row for that.
    """
    try:
        yield
    except IntegrityError as error:
        # Both databases name the column or its constraint.
        if "email_key" in str(error.orig):
            raise EmailTakenError("there is an account of this e-mail address") from None
        if "username_key" in str(error.orig):
            raise username_taken(username) from None
        raise
