"""How often something may be done: "10/15m" is ten times in a quarter of an hour."""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["Rate"]

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_FORM = re.compile(r"(\d{1,9})/(\d{0,6})([smhd])", re.ASCII)


@dataclass(frozen=True, slots=True)
class Rate:
    """A number of times in a number of seconds.

    Attributes
    ----------
    count : int
        How often.
    seconds : int
        In which time.
    """

    count: int
    seconds: int

    @classmethod
    def parse(cls, text: str) -> Rate:
        """Read ``COUNT/TIME``, where the time is a number and a unit: ``10/15m``, ``100/h``.

        Raises
        ------
        ValueError
            If it is something else.
        """
        found = _FORM.fullmatch(text.strip())
        if found is None or int(found[1]) == 0 or found[2].strip("0") == "" != found[2]:
            raise ValueError(f"{text!r} is no rate; write for example 10/15m or 100/1h (units: s, m, h, d)")
        return cls(int(found[1]), int(found[2] or 1) * _UNITS[found[3]])

    def __str__(self) -> str:
        for unit, seconds in reversed(_UNITS.items()):
            if self.seconds % seconds == 0:
                return f"{self.count}/{self.seconds // seconds}{unit}"
        raise AssertionError  # every number of seconds is a multiple of one
