"""API tokens: keys for programs, with a name, scopes and an end.

A token is 32 hex digits, as the published client expects. It is shown once. Lists show its first eight digits and
stars: enough to tell one's own tokens apart, and what `revoke_listed` takes; the other 96 bits stay secret.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, select

from beimingwu.db.models import ApiToken
from beimingwu.errors import ConflictError, InvalidInputError, NotFoundError
from beimingwu.services.audit import audit
from beimingwu.services.codes import hash_secret
from beimingwu.services.find_users import user_by_id
from beimingwu.services.identity import ACCOUNT_SCOPE, SCOPES, Role
from beimingwu.services.texts import clean_text
from learnware.texts import text

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy.orm import Session

    from beimingwu.db.engine import Database
    from beimingwu.services.clock import Clock
    from beimingwu.services.identity import Identity, Origin

__all__ = ["NewToken", "TokenInfo", "Tokens", "find_token", "is_api_token"]

_MOST = 100
_LONGEST_DAYS = 3650
_PREFIX = 8
_FORM = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class TokenInfo:
    """An API token, for its owner.

    Attributes
    ----------
    token_id : int
    name : str
    shown : str
        Its first digits and stars.
    scopes : tuple of str
    created_at : datetime
    expires_at : datetime or None
        None: it works until it is revoked.
    last_used_at : datetime or None
        To a minute.
    """

    token_id: int
    name: str
    shown: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class NewToken:
    """An API token that was just made.

    Attributes
    ----------
    token : str
        Shown this once.
    info : TokenInfo
    """

    token: str
    info: TokenInfo


class Tokens:
    """Makes, lists and revokes API tokens."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def create(
        self,
        identity: Identity,
        name: str,
        scopes: Collection[str],
        origin: Origin,
        *,
        expires_in_days: int | None,
    ) -> NewToken:
        """Make a token for the account that asks.

        Raises
        ------
        NotAllowedError
            If it asks with an API token.
        InvalidInputError, ConflictError, NotFoundError
            As `create_for`.
        """
        identity.require(ACCOUNT_SCOPE)
        return self.create_for(
            identity.user_id, name, scopes, actor_id=identity.user_id, origin=origin, expires_in_days=expires_in_days
        )

    def create_for(
        self,
        user_id: int,
        name: str,
        scopes: Collection[str],
        *,
        expires_in_days: int | None,
        actor_id: int | None = None,
        origin: Origin | None = None,
    ) -> NewToken:
        """Make a token.

        Parameters
        ----------
        user_id : int
            Whose it will be.
        name : str
            What it is for.
        scopes : collection of str
            Of `SCOPES`; ``admin`` only for administrators.
        expires_in_days : int or None
            From 1 to 3650; None: it works until it is revoked.
        actor_id : int, optional
            Who makes it; None for the command line.
        origin : Origin, optional

        Raises
        ------
        InvalidInputError
            If something of it is not as it must be.
        ConflictError
            If the account has too many.
        NotFoundError
            If there is no such account.
        """
        name = clean_text(name, "name", longest=64)
        _require_scopes(scopes)
        if expires_in_days is not None and not 1 <= expires_in_days <= _LONGEST_DAYS:
            rule = text("must be 1 to {most} days", most=_LONGEST_DAYS)
            raise InvalidInputError(text("the life of a token {rule}", rule=rule), fields=(("/expires_in_days", rule),))
        now = self._clock()
        with self._database.write() as session:
            user = user_by_id(session, user_id, lock=True)
            if "admin" in scopes and user.role < Role.ADMIN:
                rule = text("may hold 'admin' for administrators only")
                raise InvalidInputError(text("the scopes of this token {rule}", rule=rule), fields=(("/scopes", rule),))
            mine = select(func.count()).select_from(ApiToken).where(ApiToken.user_id == user_id)
            if session.scalars(mine).one() >= _MOST:
                raise ConflictError(
                    text("an account has at most {most} tokens; revoke one that is not needed any more", most=_MOST)
                )
            token = _new_token(session, user_id)
            row = ApiToken(
                user_id=user_id,
                name=name,
                prefix=token[:_PREFIX],
                token_hash=hash_secret(token),
                scopes=[scope for scope in SCOPES if scope in scopes],
                created_at=now,
                expires_at=None if expires_in_days is None else now + timedelta(days=expires_in_days),
            )
            session.add(row)
            session.flush()
            audit(
                session,
                "token.create",
                at=now,
                actor_id=actor_id,
                subject=("user", user_id),
                origin=origin,
                token=row.id,
            )
            return NewToken(token, _info(row))

    def mine(self, identity: Identity) -> list[TokenInfo]:
        """Return the tokens of the account that asks, the oldest first."""
        identity.require(ACCOUNT_SCOPE)
        return self.of(identity.user_id)

    def of(self, user_id: int) -> list[TokenInfo]:
        """Return the tokens of an account, the oldest first."""
        with self._database.read() as session:
            return [
                _info(row)
                for row in session.scalars(select(ApiToken).where(ApiToken.user_id == user_id).order_by(ApiToken.id))
            ]

    def revoke(self, identity: Identity, token_id: int, origin: Origin) -> None:
        """End a token of the account that asks, and the sessions that began with it.

        Raises
        ------
        NotFoundError
            If it has no such token.
        """
        identity.require(ACCOUNT_SCOPE)
        self.revoke_of(identity.user_id, token_id, actor_id=identity.user_id, origin=origin)

    def revoke_of(
        self, user_id: int, token_id: int, *, actor_id: int | None = None, origin: Origin | None = None
    ) -> None:
        """End a token of an account.

        Raises
        ------
        NotFoundError
            If it has no such token.
        """
        with self._database.write() as session:
            one = (ApiToken.id == token_id) & (ApiToken.user_id == user_id)
            if session.execute(delete(ApiToken).where(one).returning(ApiToken.id)).one_or_none() is None:
                raise NotFoundError("there is no such token")
            now = self._clock()
            audit(
                session,
                "token.revoke",
                at=now,
                actor_id=actor_id,
                subject=("user", user_id),
                origin=origin,
                token=token_id,
            )

    def revoke_listed(self, identity: Identity, token: str, origin: Origin) -> None:
        """End the token that is given itself, or as a list shows it.

        Raises
        ------
        NotFoundError
            If the account has no such token.
        """
        identity.require(ACCOUNT_SCOPE)
        with self._database.read() as session:
            for row in session.scalars(select(ApiToken).where(ApiToken.user_id == identity.user_id)):
                if token == _shown(row.prefix) or hash_secret(token) == row.token_hash:
                    token_id = row.id
                    break
            else:
                raise NotFoundError("there is no such token")
        self.revoke(identity, token_id, origin)


def is_api_token(token: str) -> bool:
    """Return whether a text has the form of an API token; sessions have another."""
    return _FORM.fullmatch(token) is not None


def find_token(session: Session, token: str, now: datetime) -> ApiToken | None:
    """Return the row of a token that works now."""
    working = (ApiToken.expires_at.is_(None)) | (ApiToken.expires_at > now)
    return session.scalar(select(ApiToken).where(ApiToken.token_hash == hash_secret(token), working))


def _new_token(session: Session, user_id: int) -> str:
    """Return a token that differs from the account's others in what lists show."""
    used = set(session.scalars(select(ApiToken.prefix).where(ApiToken.user_id == user_id)))
    while (token := secrets.token_hex(16))[:_PREFIX] in used:
        continue
    return token


def _require_scopes(scopes: Collection[str]) -> None:
    unknown = sorted(set(scopes) - set(SCOPES))
    if not scopes or unknown:
        rule = text("must be one or more of {allowed}", allowed=", ".join(SCOPES))
        raise InvalidInputError(text("the scopes of a token {rule}", rule=rule), fields=(("/scopes", rule),))


def _shown(prefix: str) -> str:
    return prefix + "*" * (32 - _PREFIX)


def _info(row: ApiToken) -> TokenInfo:
    return TokenInfo(
        row.id,
        row.name,
        _shown(row.prefix),
        tuple(row.scopes),
        row.created_at,
        row.expires_at,
        row.last_used_at,
    )
