"""Which user names and e-mail addresses there can be, and how they are compared."""

from __future__ import annotations

import re
import unicodedata
from fnmatch import fnmatchcase

from beimingwu.errors import EmailNotPermittedError, InvalidInputError
from learnware.texts import text

__all__ = [
    "clean_email",
    "clean_username",
    "email_key",
    "is_email",
    "is_username",
    "require_permitted",
    "username_key",
]

_NAME_LENGTH = 64
_NAME_KEY_LENGTH = 192
_EMAIL_LENGTH = 254
# What browsers take as an address (WHATWG HTML), which is what mail servers take without the SMTPUTF8 extension.
_EMAIL = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
    r"(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*"
)
# Letters, digits and marks of every script, and these.
_NAME_PUNCTUATION = frozenset(" ._-'")


def clean_username(given: str) -> str:
    """Return a user name in its normal form (NFKC).

    Raises
    ------
    InvalidInputError
        If it is no name: 1 to 64 letters, digits, single spaces and ``. _ - '``, the first a letter or digit.
    """
    name = unicodedata.normalize("NFKC", given)
    if not is_username(name):
        rule = text(
            "must be 1 to {most} letters, digits, single spaces and . _ - ', the first a letter or digit",
            most=_NAME_LENGTH,
        )
        raise InvalidInputError(text("a user name {rule}", rule=rule), fields=(("/username", rule),))
    return name


def is_username(name: str) -> bool:
    """Return whether a text can be a user name."""
    return (
        1 <= len(name) <= _NAME_LENGTH
        and len(username_key(name)) <= _NAME_KEY_LENGTH
        and name[0].isalnum()
        and name[-1] != " "
        and "  " not in name
        and all(unicodedata.category(one)[0] in "LNM" or one in _NAME_PUNCTUATION for one in name)
    )


def username_key(name: str) -> str:
    """Return the form of a name that no two accounts share."""
    return unicodedata.normalize("NFKC", name).casefold()


def clean_email(given: str) -> str:
    """Return an e-mail address.

    Raises
    ------
    InvalidInputError
        If it is none.
    """
    if not is_email(given):
        raise InvalidInputError("this is no e-mail address", fields=(("/email", "must be an e-mail address"),))
    return given


def is_email(given: str) -> bool:
    """Return whether a text can be an e-mail address."""
    return len(given) <= _EMAIL_LENGTH and _EMAIL.fullmatch(given) is not None


def email_key(email: str) -> str:
    """Return the form of an address that no two accounts share."""
    return email.lower()


def require_permitted(email: str, patterns: tuple[str, ...]) -> None:
    """Refuse addresses that the settings do not allow.

    Raises
    ------
    EmailNotPermittedError
        If no pattern fits.
    """
    if not any(fnmatchcase(email.lower(), pattern.lower()) for pattern in patterns):
        raise EmailNotPermittedError(
            "this dock takes no accounts of this e-mail address", fields=(("/email", "is not allowed here"),)
        )
