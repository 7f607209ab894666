"""What is wrong with a dock, and what to do about it."""

from __future__ import annotations

from beimingwu.services.doctor.examine import examine
from beimingwu.services.doctor.finding import Finding, Level

__all__ = ["Finding", "Level", "examine"]
