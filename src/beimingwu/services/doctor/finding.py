"""What a check says."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

__all__ = ["Finding", "Level", "fine", "warning", "wrong"]


class Level(str, Enum):
    """How bad it is."""

    OK = "ok"
    WARNING = "warning"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """The outcome of a check.

    Attributes
    ----------
    check : str
        What was looked at.
    level : Level
    message : str
        How it is.
    remedy : str or None
        What to do about it.
    """

    check: str
    level: Level
    message: str
    remedy: str | None = None


def fine(check: str, message: str) -> Finding:
    """Return that all is well."""
    return Finding(check, Level.OK, message)


def warning(check: str, message: str, remedy: str) -> Finding:
    """Return what may be a problem, or will be one."""
    return Finding(check, Level.WARNING, message, remedy)


def wrong(check: str, message: str, remedy: str) -> Finding:
    """Return what keeps the dock from doing its work."""
    return Finding(check, Level.WRONG, message, remedy)
