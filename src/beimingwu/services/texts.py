"""Texts from outside: which of them can be kept and looked for."""

from __future__ import annotations

from beimingwu.errors import InvalidInputError
from learnware.texts import text

__all__ = ["clean_text", "require_searchable", "storable"]


def clean_text(given: str, field: str, *, longest: int) -> str:
    """Return a line of text without blanks around it.

    Raises
    ------
    InvalidInputError
        If it is empty, too long, or holds characters that cannot be seen.
    """
    line = given.strip()
    if not 1 <= len(line) <= longest or not line.isprintable():
        rule = text("must be a line of 1 to {most} printable characters", most=longest)
        raise InvalidInputError(text("{field} {rule}", field=field, rule=rule), fields=((f"/{field}", rule),))
    return line


def require_searchable(given: str, parameter: str, *, longest: int) -> None:
    """Refuse a text of a query that no row can have in it.

    Raises
    ------
    InvalidInputError
        If it is too long, or no database takes it.
    """
    if len(given) > longest or not storable(given):
        rule = text("must be a text of at most {most} characters", most=longest)
        raise InvalidInputError(
            text("{field} {rule}", field=parameter, rule=rule), fields=((f"query {parameter}", rule),)
        )


def storable(given: str) -> bool:
    """Return whether databases take a text: PostgreSQL takes no NUL, and none takes half a character."""
    return "\0" not in given and not any("\ud800" <= one <= "\udfff" for one in given)
