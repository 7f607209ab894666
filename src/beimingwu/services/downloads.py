"""Which package somebody gets, and links that download without a login."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, select

from beimingwu.db.models import DownloadLink, Learnware, User, Version
from beimingwu.errors import InvalidInputError, NotFoundError
from beimingwu.services.access import may_manage
from beimingwu.services.codes import hash_secret
from beimingwu.services.identity import Identity, Origin, Role
from beimingwu.services.learnware_ids import format_id, parse_id
from beimingwu.services.rate_limits import Limit, RateLimits, network_of
from learnware.texts import text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from beimingwu.db.engine import Database
    from beimingwu.services.client_limits import ClientLimits
    from beimingwu.services.clock import Clock
    from beimingwu.settings import Settings

__all__ = ["MOST_PACKAGES", "DownloadData", "Downloads", "NewLink", "Package"]

MOST_PACKAGES = 100
_LINK_WORKS = timedelta(minutes=30)
# What a link is good for at most: to read, and to read what administrators see.
_OF_LINKS = ("read", "admin")


@dataclass(frozen=True, slots=True)
class Package:
    """A package that somebody may download.

    Attributes
    ----------
    number : int
        Of the learnware.
    learnware_id : str
    sha256 : str
        Its name in the store.
    size : int
    own : bool
        Whether its owner asks for it.
    """

    number: int
    learnware_id: str
    sha256: str
    size: int
    own: bool

    @property
    def filename(self) -> str:
        """What it is saved as."""
        return f"{self.learnware_id}.zip"


@dataclass(frozen=True, slots=True)
class NewLink:
    """A link that was just made.

    Attributes
    ----------
    token : str
        Shown this once.
    expires_at : datetime
    """

    token: str
    expires_at: datetime


class Downloads:
    """Finds packages for those who may have them.

    Parameters
    ----------
    database : Database
    settings : Settings
    limits : RateLimits
        Of links.
    client_limits : ClientLimits
        Of downloads.
    clock : Clock
    """

    def __init__(
        self, database: Database, settings: Settings, limits: RateLimits, client_limits: ClientLimits, clock: Clock
    ) -> None:
        self._database = database
        self._settings = settings
        self._limits = limits
        self._client_limits = client_limits
        self._clock = clock

    def package(self, identity: Identity | None, learnware_id: str, *, version: int | None = None) -> Package:
        """Return the package of the version that serves.

        Owners and administrators get the newest where none serves, and any that they ask for.

        Raises
        ------
        NotFoundError
            If there is none that may be downloaded.
        NotAllowedError
            If the token is not good for reading.
        """
        return self.packages(identity, [learnware_id], version=version)[0]

    def packages(
        self, identity: Identity | None, learnware_ids: Sequence[str], *, version: int | None = None
    ) -> list[Package]:
        """Return the packages of several learnwares, each once.

        Raises
        ------
        NotFoundError
            If one of them may not be downloaded.
        NotAllowedError
            If the token is not good for reading.
        InvalidInputError
            If it is none, or too many.
        """
        _read_allowed(identity)
        numbers = _numbers(learnware_ids)
        with self._database.read() as session:
            return _find(session, identity, numbers, version)

    def begin(self, user_id: int | None, origin: Origin) -> None:
        """Count a request for packages.

        Raises
        ------
        TooManyRequestsError
            If this account, or this address where nobody is logged in, has made too many.
        """
        self._client_limits.count("downloads", self._settings.limit_downloads, user_id, origin)

    def is_unverified(self, learnware_id: str) -> bool:
        """Return whether there is a learnware of which no version was verified yet."""
        query = select(Learnware.id).where(
            Learnware.id == parse_id(learnware_id),
            Learnware.serving_version.is_(None),
            Learnware.withdrawn_at.is_(None),
        )
        with self._database.read() as session:
            return session.scalar(query) is not None

    def make_link(self, identity: Identity | None, learnware_ids: Sequence[str], origin: Origin) -> NewLink:
        """Return a link to packages that works for half an hour, as often as it is used.

        It gives what whoever made it may download when it is used, with the session or token that it was made with: one
        that is made without the scope of administrators never gives what only they see.

        Raises
        ------
        NotFoundError
            If one of them may not be downloaded.
        InvalidInputError
            If it is none, or too many.
        NotAllowedError
            If the token is not good for reading.
        TooManyRequestsError
            If too many links were made.
        """
        packages = self.packages(identity, learnware_ids)
        network = network_of(origin.address)
        self._limits.count([Limit("links-address", self._settings.limit_link_address, network)], origin)
        token = secrets.token_hex(16)
        expires_at = self._clock() + _LINK_WORKS
        with self._database.write() as session:
            session.add(
                DownloadLink(
                    token_hash=hash_secret(token),
                    learnware_ids=[one.number for one in packages],
                    user_id=None if identity is None else identity.user_id,
                    scopes=" ".join(one for one in _OF_LINKS if identity is not None and one in identity.scopes),
                    expires_at=expires_at,
                )
            )
        return NewLink(token, expires_at)

    def linked(self, token: str) -> list[Package]:
        """Return the packages of a link.

        Raises
        ------
        NotFoundError
            If there is no such link, it is over, or who made it may not download one of them any more.
        """
        with self._database.read() as session:
            link = session.get(DownloadLink, hash_secret(token))
            if link is None or link.expires_at <= self._clock():
                raise NotFoundError("there is no such link, or it is over")
            return _find(session, _maker(session, link), link.learnware_ids, None)


class DownloadData:
    """What links keep of people: who made them, for half an hour."""

    def export(self, session: Session, user_id: int) -> dict[str, Any]:
        """Return the links without their tokens, which are not kept."""
        links = session.scalars(
            select(DownloadLink).where(DownloadLink.user_id == user_id).order_by(DownloadLink.expires_at)
        )
        return {
            "download_links": [
                {"learnware_ids": [format_id(one) for one in link.learnware_ids], "expires_at": link.expires_at}
                for link in links
            ]
        }

    def erase(self, session: Session, user_id: int) -> None:
        """Delete them."""
        session.execute(delete(DownloadLink).where(DownloadLink.user_id == user_id))


def _find(session: Session, identity: Identity | None, numbers: Sequence[int], version: int | None) -> list[Package]:
    served = func.coalesce(Learnware.serving_version, Learnware.newest_version) if version is None else version
    query = (
        select(
            Learnware.id,
            Learnware.owner_id,
            Learnware.serving_version,
            Learnware.withdrawn_at,
            Version.number,
            Version.sha256,
            Version.size,
        )
        .join(Version, (Version.learnware_id == Learnware.id) & (Version.number == served))
        .where(Learnware.id.in_(numbers))
    )
    found: dict[int, Package] = {}
    for row in session.execute(query):
        public = row.withdrawn_at is None and row.serving_version == row.number
        if public or may_manage(identity, row.owner_id):
            own = identity is not None and identity.user_id == row.owner_id
            found[row.id] = Package(row.id, format_id(row.id), row.sha256, row.size, own)
    for number in numbers:
        if number not in found:
            raise NotFoundError(
                text("there is no learnware {learnware_id} that you may download", learnware_id=format_id(number))
            )
    return [found[number] for number in numbers]


def _maker(session: Session, link: DownloadLink) -> Identity | None:
    if link.user_id is None:
        return None
    user = session.get(User, link.user_id)
    if user is None or user.disabled_at is not None or user.confirmed_at is None:
        raise NotFoundError("there is no such link, or it is over")
    scopes = frozenset(link.scopes.split()).intersection(_OF_LINKS)
    return Identity(user.id, user.username, user.email, Role(user.role), scopes, None, None)


def _numbers(learnware_ids: Sequence[str]) -> list[int]:
    if not 1 <= len(learnware_ids) <= MOST_PACKAGES:
        rule = text("must be 1 to {most} ids", most=MOST_PACKAGES)
        raise InvalidInputError(text("learnware_ids {rule}", rule=rule), fields=(("/learnware_ids", rule),))
    return [parse_id(one) for one in dict.fromkeys(learnware_ids)]


def _read_allowed(identity: Identity | None) -> None:
    if identity is not None:
        identity.require("read")
