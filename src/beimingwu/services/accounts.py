"""One's own account: profile, password, export, deletion."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from beimingwu.db.models import User
from beimingwu.errors import ConflictError, InvalidCredentialsError, NotFoundError
from beimingwu.services.audit import audit
from beimingwu.services.find_users import taken_names, user_by_id
from beimingwu.services.identity import ACCOUNT_SCOPE, Role
from beimingwu.services.names import clean_username, username_key
from beimingwu.services.passwords import digest_of
from beimingwu.services.sessions import end_sessions
from beimingwu.services.views import Account, account_of

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from beimingwu.db.engine import Database
    from beimingwu.services.clock import Clock
    from beimingwu.services.identity import Identity, Origin
    from beimingwu.services.letters import Letters
    from beimingwu.services.passwords import Passwords
    from beimingwu.services.personal_data import PersonalData
    from beimingwu.services.sessions import Sessions

__all__ = ["Accounts", "delete_account", "lock_account"]


class Accounts:
    """What people do with their own accounts."""

    def __init__(
        self,
        database: Database,
        passwords: Passwords,
        sessions: Sessions,
        letters: Letters,
        personal_data: tuple[PersonalData, ...],
        clock: Clock,
    ) -> None:
        self._database = database
        self._passwords = passwords
        self._sessions = sessions
        self._letters = letters
        self._personal_data = personal_data
        self._clock = clock

    def profile(self, identity: Identity) -> Account:
        """Return the account that asks."""
        identity.require("read")
        with self._database.read() as session:
            return account_of(user_by_id(session, identity.user_id))

    def change(self, identity: Identity, *, username: str | None = None, language: str | None = None) -> Account:
        """Give the account another user name, its mails another language, or both.

        Parameters
        ----------
        identity : Identity
        username, language : str, optional
            What is not given stays.

        Raises
        ------
        InvalidInputError
            If it is no name.
        UsernameTakenError
            If another account has it.
        """
        identity.require(ACCOUNT_SCOPE)
        if username is not None:
            username = clean_username(username)
        with taken_names(username or identity.username), self._database.write() as session:
            user = user_by_id(session, identity.user_id, lock=True)
            if username is not None:
                user.username, user.username_key = username, username_key(username)
            if language is not None:
                user.language = language
            session.flush()
            return account_of(user)

    def change_password(self, identity: Identity, old: str, new: str, origin: Origin) -> None:
        """Set another password and end the other sessions.

        Parameters
        ----------
        identity : Identity
        old, new : str
            The passwords.
        origin : Origin

        Raises
        ------
        InvalidInputError
            If the new one breaks a rule.
        InvalidCredentialsError
            If the old one is not the account's.
        TooManyRequestsError
            If it was tried too often.
        """
        self._passwords.require_good(new, username=identity.username, email=identity.email, field="new_password")
        self.change_password_digest(identity, digest_of(old), digest_of(new), origin)

    def change_password_digest(self, identity: Identity, old: str, new: str, origin: Origin) -> None:
        """Do as `change_password`, with the MD5s of the passwords."""
        stored = self._sessions.confirm_password(identity, old, origin)
        password_hash = self._passwords.hash(new)
        now = self._clock()
        with self._database.write() as session:
            user = user_by_id(session, identity.user_id, lock=True)
            if user.password_hash != stored:
                raise InvalidCredentialsError("the password was changed by another request meanwhile")
            user.password_hash = password_hash
            user.password_changed_at = now
            end_sessions(session, user.id, but=identity.session_id)
            audit(session, "user.change-password", at=now, actor_id=user.id, subject=("user", user.id), origin=origin)
        self._letters.password_changed(user.email, user.language, user.username)

    def export(self, identity: Identity) -> dict[str, Any]:
        """Return all that the dock keeps of the account, by the names of the parts."""
        identity.require(ACCOUNT_SCOPE)
        with self._database.read() as session:
            exported: dict[str, Any] = {}
            for part in self._personal_data:
                exported.update(part.export(session, identity.user_id))
            return exported

    def delete(self, identity: Identity, password: str, origin: Origin) -> None:
        """Delete the account that asks, with all that the dock keeps of it.

        Raises
        ------
        InvalidCredentialsError
            If the password is not the account's.
        ConflictError
            If it is the last super administrator, or something of it must go first.
        TooManyRequestsError
            If passwords were tried too often.
        """
        self._sessions.confirm_password(identity, digest_of(password), origin)
        with self._database.write() as session:
            delete_account(session, identity.user_id, self._personal_data)
            audit(
                session,
                "user.delete",
                at=self._clock(),
                actor_id=identity.user_id,
                subject=("user", identity.user_id),
                origin=origin,
            )


def delete_account(session: Session, user_id: int, personal_data: tuple[PersonalData, ...]) -> None:
    """Delete an account and what is kept of it.

    Raises
    ------
    ConflictError
        If it is the last super administrator, or something of it must go first.
    NotFoundError
        If there is no such account.
    """
    user, is_last = lock_account(session, user_id)
    if is_last:
        raise ConflictError("this is the last super administrator; give somebody else the role first")
    for part in personal_data:
        part.erase(session, user_id)
    session.delete(user)
    session.flush()


def lock_account(session: Session, user_id: int) -> tuple[User, bool]:
    """Return an account's row, locked, and whether it is the last super administrator that can be used.

    Raises
    ------
    NotFoundError
        If there is no such account.
    """
    # All of them locked, in one order: two super administrators cannot go at once, each counting on the other.
    concerned = (User.id == user_id) | (User.role == int(Role.SUPER_ADMIN))
    locked = {
        user.id: user for user in session.scalars(select(User).where(concerned).order_by(User.id).with_for_update())
    }
    user = locked.get(user_id)
    if user is None:
        raise NotFoundError("there is no such account")
    usable = [one for one in locked.values() if one is not user and one.disabled_at is None and one.confirmed_at]
    return user, user.role == Role.SUPER_ADMIN and not usable
