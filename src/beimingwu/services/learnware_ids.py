"""Ids of learnwares: what people and programs know a learnware by, and the number of its row."""

from __future__ import annotations

import re

from beimingwu.errors import NotFoundError

__all__ = ["format_id", "no_learnware", "parse_id"]

_FORM = re.compile(r"[0-9]{8,19}")
_LARGEST = 2**63 - 1


def format_id(number: int) -> str:
    """Return the id of a row: its number in at least eight digits.

    Examples
    --------
    >>> format_id(17)
    '00000017'
    """
    return f"{number:08d}"


def parse_id(learnware_id: str) -> int:
    """Return the number of an id.

    Raises
    ------
    NotFoundError
        If no learnware can have such an id.

    Examples
    --------
    >>> parse_id("00000017")
    17
    """
    if _FORM.fullmatch(learnware_id) is not None:
        number = int(learnware_id)
        if 1 <= number <= _LARGEST and format_id(number) == learnware_id:
            return number
    raise no_learnware()


def no_learnware() -> NotFoundError:
    """Return the error of a learnware that is not there, or not for whoever asks to know of."""
    return NotFoundError("there is no such learnware")
