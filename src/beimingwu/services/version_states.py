"""The states of a version, which the published contract names."""

from __future__ import annotations

__all__ = ["DECIDED", "STATES", "UNDECIDED"]

UNDECIDED = ("WAITING", "QUEUE", "PROCESSING")
DECIDED = ("SUCCESS", "FAIL")
STATES = (*UNDECIDED, *DECIDED)
