"""Sessions of the web app: what its pages show of who is logged in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import delete, select

from beimingwu.db.models import User, UserSession
from beimingwu.errors import NotAuthenticatedError
from beimingwu.services.codes import hash_secret
from beimingwu.services.views import Account, account_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sqlalchemy.orm import Session

    from beimingwu.db.engine import Database
    from beimingwu.services.identity import Origin
    from beimingwu.services.sessions import NewSession, Sessions

__all__ = ["WebSession", "WebSessions"]


@dataclass(frozen=True, slots=True)
class WebSession:
    """Who is logged in.

    Attributes
    ----------
    account : Account
    expires_at : datetime
        When the session ends if it is not used; every use moves it on.
    unread_notifications : int
    """

    account: Account
    expires_at: datetime
    unread_notifications: int


class WebSessions:
    """Begins, shows and ends sessions whose token is in a cookie.

    Parameters
    ----------
    database : Database
    sessions : Sessions
    unread : callable
        Counts the notifications of a user that were not read.
    """

    def __init__(self, database: Database, sessions: Sessions, unread: Callable[[Session, int], int]) -> None:
        self._database = database
        self._sessions = sessions
        self._unread = unread

    def begin(self, email: str, digest: str, origin: Origin, *, replaces: str | None) -> NewSession:
        """Begin a session with e-mail address and password.

        Parameters
        ----------
        email : str
        digest : str
            MD5 of the password.
        origin : Origin
        replaces : str or None
            Token of a session that ends with this, since the browser forgets it.

        Raises
        ------
        InvalidCredentialsError, EmailNotConfirmedError, AccountDisabledError, TooManyRequestsError
            As `Sessions.login`.
        """
        begun = self._sessions.login(email, digest, origin)
        if replaces is not None:
            self.end(replaces)
        return begun

    def look(self, token: str) -> WebSession | None:
        """Return whose session this is, and write its use down; None if it is none, or over."""
        try:
            identity = self._sessions.authenticate(token, api_tokens=False)
        except NotAuthenticatedError:
            return None
        query = select(User, UserSession.expires_at).join(User, User.id == UserSession.user_id)
        with self._database.read() as session:
            row = session.execute(query.where(UserSession.id == identity.session_id)).one_or_none()
            if row is None:
                # It has ended since.
                return None
            user, expires_at = row
            return WebSession(account_of(user), expires_at, self._unread(session, user.id))

    def end(self, token: str) -> None:
        """End a session, if it is one."""
        with self._database.write() as session:
            session.execute(delete(UserSession).where(UserSession.token_hash == hash_secret(token)))
