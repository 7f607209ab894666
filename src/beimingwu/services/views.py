"""What services tell of accounts: values, not rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from beimingwu.services.identity import Role

if TYPE_CHECKING:
    from datetime import datetime

    from beimingwu.db.models import User

__all__ = ["Account", "account_of"]


@dataclass(frozen=True, slots=True)
class Account:
    """An account.

    Attributes
    ----------
    user_id : int
    username : str
    email : str
    role : Role
    created_at : datetime
    confirmed_at : datetime or None
        When the e-mail address was confirmed.
    disabled_at : datetime or None
        When an administrator disabled it.
    last_login_at : datetime or None
    language : str
        Of its mails.
    """

    user_id: int
    username: str
    email: str
    role: Role
    created_at: datetime
    confirmed_at: datetime | None
    disabled_at: datetime | None
    last_login_at: datetime | None
    language: str


def account_of(user: User) -> Account:
    """Return the value of a row."""
    return Account(
        user.id,
        user.username,
        user.email,
        Role(user.role),
        user.created_at,
        user.confirmed_at,
        user.disabled_at,
        user.last_login_at,
        user.language,
    )
