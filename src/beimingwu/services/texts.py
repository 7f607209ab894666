"""Texts from outside: which of them can be kept and looked for."""

from __future__ import annotations

from beimingwu.errors import InvalidInputError

__all__ = ["clean_text", "require_searchable", "storable"]


def clean_text(text: str, field: str, *, longest: int) -> str:
    """Return a line of text without blanks around it.

    Raises
    ------
    InvalidInputError
        If it is empty, too long, or holds characters that cannot be seen.
    """
    line = text.strip()
    if not 1 <= len(line) <= longest or not line.isprintable():
        words = f"must be a line of 1 to {longest} printable characters"
        raise InvalidInputError(f"{field} {words}", fields=((f"/{field}", words),))
    return line


def require_searchable(text: str, parameter: str, *, longest: int) -> None:
    """Refuse a text of a query that no row can have in it.

    Raises
    ------
    InvalidInputError
        If it is too long, or no database takes it.
    """
    if len(text) > longest or not storable(text):
        words = f"must be a text of at most {longest} characters"
        raise InvalidInputError(f"{parameter} {words}", fields=((f"query {parameter}", words),))


def storable(text: str) -> bool:
    """Return whether databases take a text: PostgreSQL takes no NUL, and none takes half a character."""
    return "\0" not in text and not any("\ud800" <= one <= "\udfff" for one in text)
