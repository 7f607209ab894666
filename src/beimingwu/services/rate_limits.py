"""How often something may be done, counted in the database for all servers together.

A limit counts in windows of its length that begin at fixed times. Subjects (addresses, accounts) are kept as keyed
hashes.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import math
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from sqlalchemy import update

from beimingwu.db.models import RateWindow
from beimingwu.errors import TooManyRequestsError
from learnware.texts import text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from beimingwu.db.engine import Database
    from beimingwu.rates import Rate
    from beimingwu.services.clock import Clock
    from beimingwu.services.identity import Origin

__all__ = ["Limit", "RateLimits", "Standing", "network_of", "standing_of", "too_many", "window_of"]


@dataclass(frozen=True, slots=True)
class Limit:
    """How often a subject may do something.

    Attributes
    ----------
    name : str
        What is limited.
    rate : Rate
        How often.
    subject : str
        Who.
    """

    name: str
    rate: Rate
    subject: str


@dataclass(frozen=True, slots=True)
class Standing:
    """What is left of a limit.

    Attributes
    ----------
    name : str
        What is limited.
    rate : Rate
        How often.
    remaining : int
        How often it may still be done in this window.
    reset : int
        Seconds until the next window.
    """

    name: str
    rate: Rate
    remaining: int
    reset: int


class RateLimits:
    """Counts and refuses.

    Parameters
    ----------
    database : Database
    key : bytes
        What subjects are hashed with; the same for every server of the database.
    clock : Clock
    """

    def __init__(self, database: Database, key: bytes, clock: Clock) -> None:
        self._database = database
        self._key = key
        self._clock = clock

    def count(self, limits: Sequence[Limit], origin: Origin) -> None:
        """Count once in each limit.

        Raises
        ------
        TooManyRequestsError
            If one of them was used up; all are counted nevertheless.
        """
        now = self._clock()
        used_up = None
        with self._database.write() as session:
            for limit in limits:
                begins_at, ends_at = window_of(limit.rate, now)
                done = self.add(session, limit, begins_at)
                standing = standing_of(limit, done, ends_at, now)
                origin.standings.append(standing)
                if done > limit.rate.count and (used_up is None or standing.reset > used_up.reset):
                    used_up = standing
        if used_up is not None:
            raise too_many(used_up)

    def forgive(self, limits: Sequence[Limit], session: Session) -> None:
        """Take back one count in each limit: what succeeds is no guess."""
        now = self._clock()
        for limit in limits:
            begins_at, _ = window_of(limit.rate, now)
            session.execute(
                update(RateWindow)
                .where(RateWindow.subject == self._subject(limit), RateWindow.begins_at == begins_at)
                .where(RateWindow.count > 0)
                .values(count=RateWindow.count - 1)
            )

    def add(self, session: Session, limit: Limit, begins_at: datetime, n: int = 1) -> int:
        """Add to the count of a limit in the window that begins at a time; return the count."""
        ends_at = begins_at + timedelta(seconds=limit.rate.seconds)
        new = self._database.insert(RateWindow).values(
            subject=self._subject(limit), begins_at=begins_at, ends_at=ends_at, count=n
        )
        counted = new.on_conflict_do_update(
            index_elements=[RateWindow.subject, RateWindow.begins_at], set_={"count": RateWindow.count + n}
        ).returning(RateWindow.count)
        return int(session.execute(counted).scalar_one())

    def _subject(self, limit: Limit) -> str:
        return hmac.new(
            self._key, f"{limit.name}\0{limit.subject}".encode("utf-8", "surrogatepass"), hashlib.sha256
        ).hexdigest()


def standing_of(limit: Limit, done: int, ends_at: datetime, now: datetime) -> Standing:
    """Return what is left of a limit of which so much was used."""
    reset = max(1, math.ceil((ends_at - now).total_seconds()))
    return Standing(limit.name, limit.rate, max(0, limit.rate.count - done), reset)


def too_many(standing: Standing) -> TooManyRequestsError:
    """Return the refusal of who has used up a limit."""
    return TooManyRequestsError(
        text(
            "this was tried more than {count} times; try again in {seconds} seconds",
            count=standing.rate.count,
            seconds=standing.reset,
        ),
        policy=standing.name,
        retry_after=standing.reset,
    )


def window_of(rate: Rate, now: datetime) -> tuple[datetime, datetime]:
    """Return when the window of a rate that it is now begins and ends."""
    begins = int(now.timestamp()) // rate.seconds * rate.seconds
    begins_at = datetime.fromtimestamp(begins, timezone.utc)
    return begins_at, begins_at + timedelta(seconds=rate.seconds)


def network_of(address: str) -> str:
    """Return what counts as one client: an IPv4 address, or an IPv6 network of 64 bits, which one household has."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return address
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.IPv6Network((int(parsed) >> 64 << 64, 64)).network_address) + "/64"
