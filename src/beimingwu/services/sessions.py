"""Sessions: log in with a password or an API token, be recognised, log out.

A session's token is random and means nothing; what it may do is looked up at every request, so that logout, a disabled
account and a revoked API token end it at once.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, select, update

from beimingwu.db.base import UtcDateTime
from beimingwu.db.models import ApiToken, User, UserSession
from beimingwu.errors import (
    AccountDisabledError,
    EmailNotConfirmedError,
    InvalidCredentialsError,
    NotAuthenticatedError,
    NotFoundError,
)
from beimingwu.services.codes import hash_secret
from beimingwu.services.find_users import user_by_email, user_by_id
from beimingwu.services.identity import ACCOUNT_SCOPE, SCOPES, Identity, Origin, Role
from beimingwu.services.names import email_key
from beimingwu.services.rate_limits import Limit, RateLimits, network_of
from beimingwu.services.tokens import find_token, is_api_token
from beimingwu.services.views import Account, account_of

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Row, Select
    from sqlalchemy.orm import Session

    from beimingwu.db.engine import Database
    from beimingwu.services.clock import Clock
    from beimingwu.services.passwords import Passwords
    from beimingwu.settings import Settings

__all__ = ["NewSession", "SessionInfo", "Sessions", "end_sessions"]

# A use is written down when the last one is so old: not every read of the API shall be a write to the database.
_USE_EVERY = timedelta(minutes=1)
_LONGEST_TOKEN = 128


@dataclass(frozen=True, slots=True)
class NewSession:
    """A session that has just begun.

    Attributes
    ----------
    token : str
        Shown this once.
    expires_at : datetime
        When it ends if it is not used.
    ends_at : datetime
        When it ends in any case.
    account : Account
    """

    token: str
    expires_at: datetime
    ends_at: datetime
    account: Account


@dataclass(frozen=True, slots=True)
class SessionInfo:
    """A session, for its owner.

    Attributes
    ----------
    session_id : int
    current : bool
        Whether it is the one that asks.
    created_at, last_used_at, expires_at : datetime
    address, user_agent : str
        Where it began.
    """

    session_id: int
    current: bool
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime
    address: str
    user_agent: str


class Sessions:
    """Begins, recognises and ends sessions."""

    def __init__(
        self, database: Database, settings: Settings, passwords: Passwords, limits: RateLimits, clock: Clock
    ) -> None:
        self._database = database
        self._settings = settings
        self._passwords = passwords
        self._limits = limits
        self._clock = clock

    def login(self, email: str, digest: str, origin: Origin) -> NewSession:
        """Begin a session.

        Parameters
        ----------
        email : str
        digest : str
            MD5 of the password.
        origin : Origin

        Raises
        ------
        InvalidCredentialsError
            If there is no such account or the password is another one.
        EmailNotConfirmedError, AccountDisabledError
            If the password is right.
        TooManyRequestsError
            If it was tried too often.
        """
        limits = self.password_limits(email, origin)
        self._limits.count(limits, origin)
        with self._database.read() as session:
            user = user_by_email(session, email)
            stored = user.password_hash if user else None
        if not self._passwords.verify(stored, digest) or stored is None:
            raise _wrong(account_exists=stored is not None)
        renewed = self._passwords.hash(digest) if self._passwords.outdated(stored) else None
        with self._database.write() as session:
            found = user_by_email(session, email, lock=True)
            if found is None or found.password_hash != stored:
                raise _wrong(account_exists=found is not None)
            _require_usable(found)
            found.password_hash = renewed or stored
            found.last_login_at = self._clock()
            self._limits.forgive(limits, session)
            return self._begin(session, found, (*SCOPES, ACCOUNT_SCOPE), origin)

    def login_by_token(self, email: str, token: str, origin: Origin) -> NewSession:
        """Begin a session that may do what an API token may, and ends with it.

        Raises
        ------
        InvalidCredentialsError
            If the token is not one of the account, or is over.
        EmailNotConfirmedError, AccountDisabledError
            If the account cannot be used.
        TooManyRequestsError
            If wrong tokens came too often.
        """
        limits = [self._address_limit(origin)]
        self._limits.count(limits, origin)
        now = self._clock()
        with self._database.write() as session:
            api_token = find_token(session, token, now)
            user = session.get(User, api_token.user_id) if api_token else None
            if api_token is None or user is None or user.email_key != email_key(email):
                raise InvalidCredentialsError("the e-mail address and the API token do not belong together")
            _require_usable(user)
            api_token.last_used_at = now
            user.last_login_at = now
            self._limits.forgive(limits, session)
            return self._begin(session, user, tuple(api_token.scopes), origin, api_token_id=api_token.id)

    def authenticate(self, token: str, *, api_tokens: bool = True) -> Identity:
        """Return who a session's token or, unless told otherwise, an API token stands for, and write its use down.

        Raises
        ------
        NotAuthenticatedError
            If it is none, or over.
        """
        now = self._clock()
        found = None
        if is_api_token(token):
            found = self._by_api_token(token, now) if api_tokens else None
        elif 0 < len(token) <= _LONGEST_TOKEN:
            found = self._by_session(token, now)
        if found is None:
            raise NotAuthenticatedError("the session or token is unknown or over; log in again")
        return found

    def stands(self, identity: Identity) -> bool:
        """Return whether the session or the token that somebody came with is still good; no use of it is noted.

        Raises
        ------
        UnavailableError
            If the database cannot be reached.
        """
        sessions, tokens = UserSession.__table__.c, ApiToken.__table__.c
        if identity.session_id is None:
            query = _good_tokens().where(tokens.id == identity.api_token_id)
        else:
            query = _good_sessions().where(sessions.id == identity.session_id)
        with self._database.rows() as connection:
            return connection.execute(query, {"now": self._clock()}).one_or_none() is not None

    def logout(self, identity: Identity) -> None:
        """End the session that asks; an API token given itself stays."""
        if identity.session_id is not None:
            with self._database.write() as session:
                session.execute(delete(UserSession).where(UserSession.id == identity.session_id))

    def mine(self, identity: Identity) -> list[SessionInfo]:
        """Return the sessions of the account, the latest used first."""
        identity.require("read")
        query = (
            select(UserSession)
            .where(UserSession.user_id == identity.user_id, UserSession.expires_at > self._clock())
            .order_by(UserSession.last_used_at.desc(), UserSession.id.desc())
        )
        with self._database.read() as session:
            return [_info(row, identity) for row in session.scalars(query)]

    def end(self, identity: Identity, session_id: int) -> None:
        """End a session of the account.

        Raises
        ------
        NotFoundError
            If it has no such session.
        """
        identity.require(ACCOUNT_SCOPE)
        one = (UserSession.id == session_id) & (UserSession.user_id == identity.user_id)
        with self._database.write() as session:
            if session.execute(delete(UserSession).where(one).returning(UserSession.id)).one_or_none() is None:
                raise NotFoundError("there is no such session")

    def password_limits(self, email: str, origin: Origin) -> list[Limit]:
        """Return the limits that trying a password counts in."""
        settings, key, network = self._settings, email_key(email), network_of(origin.address)
        return [
            Limit("login", settings.limit_login, f"{key} {network}"),
            Limit("login-account", settings.limit_login_account, key),
            self._address_limit(origin),
        ]

    def _address_limit(self, origin: Origin) -> Limit:
        return Limit("login-address", self._settings.limit_login_address, network_of(origin.address))

    def _begin(
        self,
        session: Session,
        user: User,
        scopes: tuple[str, ...],
        origin: Origin,
        *,
        api_token_id: int | None = None,
    ) -> NewSession:
        now = self._clock()
        token = secrets.token_urlsafe(32)
        ends_at = now + timedelta(seconds=self._settings.session_max_seconds)
        row = UserSession(
            user_id=user.id,
            api_token_id=api_token_id,
            token_hash=hash_secret(token),
            scopes=list(scopes),
            created_at=now,
            last_used_at=now,
            expires_at=min(ends_at, now + timedelta(seconds=self._settings.session_idle_seconds)),
            ends_at=ends_at,
            address=origin.address[:64],
            user_agent=origin.user_agent[:256],
        )
        session.add(row)
        return NewSession(token, row.expires_at, ends_at, account_of(user))

    def _by_session(self, token: str, now: datetime) -> Identity | None:
        row = self._look_up(_session_query(), token, now)
        if row is None:
            return None
        if now - row.last_used_at >= _USE_EVERY:
            expires_at = min(row.ends_at, now + timedelta(seconds=self._settings.session_idle_seconds))
            used = update(UserSession).where(UserSession.id == row.session_id)
            with self._database.write() as session:
                session.execute(used.values(last_used_at=now, expires_at=expires_at))
        return _identity_of(row, session_id=row.session_id)

    def _by_api_token(self, token: str, now: datetime) -> Identity | None:
        row = self._look_up(_token_query(), token, now)
        if row is None:
            return None
        if row.last_used_at is None or now - row.last_used_at >= _USE_EVERY:
            with self._database.write() as session:
                session.execute(update(ApiToken).where(ApiToken.id == row.api_token_id).values(last_used_at=now))
        return _identity_of(row, session_id=None)

    def _look_up(self, query: Select[Any], token: str, now: datetime) -> Row[Any] | None:
        with self._database.rows() as connection:
            return connection.execute(query, {"hash": hash_secret(token), "now": now}).one_or_none()

    def confirm_password(self, identity: Identity, digest: str, origin: Origin) -> str:
        """Return the stored hash of the account's password if `digest` is that password.

        Raises
        ------
        InvalidCredentialsError
            If it is not.
        TooManyRequestsError
            If it was tried too often.
        """
        identity.require(ACCOUNT_SCOPE)
        limits = self.password_limits(identity.email, origin)
        self._limits.count(limits, origin)
        with self._database.read() as session:
            stored = user_by_id(session, identity.user_id).password_hash
        if not self._passwords.verify(stored, digest):
            raise InvalidCredentialsError("this is not the password of the account")
        with self._database.write() as session:
            self._limits.forgive(limits, session)
        return stored


def end_sessions(session: Session, user_id: int, *, but: int | None = None) -> None:
    """End all sessions of an account, or all but one."""
    all_of_them = delete(UserSession).where(UserSession.user_id == user_id)
    session.execute(all_of_them if but is None else all_of_them.where(UserSession.id != but))


def _require_usable(user: User) -> None:
    if user.disabled_at is not None:
        raise AccountDisabledError("an administrator has disabled this account")
    if user.confirmed_at is None:
        raise EmailNotConfirmedError("confirm your e-mail address first; the code came by mail")


def _wrong(*, account_exists: bool) -> InvalidCredentialsError:
    return InvalidCredentialsError(
        "the e-mail address and the password do not belong together", account_exists=account_exists
    )


# Both are asked at nearly every request, so they are put together once, and no objects are made of what they find.
@cache
def _session_query() -> Select[Any]:
    return _good_sessions().where(UserSession.__table__.c.token_hash == bindparam("hash"))


@cache
def _token_query() -> Select[Any]:
    return _good_tokens().where(ApiToken.__table__.c.token_hash == bindparam("hash"))


def _good_sessions() -> Select[Any]:
    """Return a SELECT of the sessions that are good, for who they stand."""
    sessions, users, tokens = UserSession.__table__.c, User.__table__.c, ApiToken.__table__.c
    return (
        select(
            *_account_columns(),
            sessions.id.label("session_id"),
            sessions.api_token_id,
            sessions.scopes,
            sessions.last_used_at,
            sessions.ends_at,
        )
        .join(User.__table__, users.id == sessions.user_id)
        .outerjoin(ApiToken.__table__, tokens.id == sessions.api_token_id)
        .where(sessions.expires_at > bindparam("now", type_=UtcDateTime()))
        .where(users.disabled_at.is_(None), users.confirmed_at.is_not(None))
        .where(tokens.expires_at.is_(None) | (tokens.expires_at > bindparam("now", type_=UtcDateTime())))
    )


def _good_tokens() -> Select[Any]:
    """Return a SELECT of the API tokens that are good, for who they stand."""
    users, tokens = User.__table__.c, ApiToken.__table__.c
    return (
        select(*_account_columns(), tokens.id.label("api_token_id"), tokens.scopes, tokens.last_used_at)
        .join(User.__table__, users.id == tokens.user_id)
        .where(users.disabled_at.is_(None), users.confirmed_at.is_not(None))
        .where(tokens.expires_at.is_(None) | (tokens.expires_at > bindparam("now", type_=UtcDateTime())))
    )


def _account_columns() -> tuple[ColumnElement[Any], ...]:
    users = User.__table__.c
    return users.id.label("user_id"), users.username, users.email, users.role


def _identity_of(row: Row[Any], *, session_id: int | None) -> Identity:
    scopes = frozenset(row.scopes)
    return Identity(row.user_id, row.username, row.email, Role(row.role), scopes, session_id, row.api_token_id)


def _info(row: UserSession, identity: Identity) -> SessionInfo:
    return SessionInfo(
        row.id,
        row.id == identity.session_id,
        row.created_at,
        row.last_used_at,
        row.expires_at,
        row.address,
        row.user_agent,
    )
