"""Accounts in the hands of the operator, on the command line of the server's machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from beimingwu.db.models import User
from beimingwu.errors import EmailTakenError, NotFoundError
from beimingwu.messages import DEFAULT_LANGUAGE
from beimingwu.services.audit import audit
from beimingwu.services.find_users import taken_names, user_by_email, user_by_id, user_by_username, username_taken
from beimingwu.services.identity import Role
from beimingwu.services.names import clean_email, clean_username, email_key, username_key
from beimingwu.services.passwords import digest_of
from beimingwu.services.sessions import end_sessions
from beimingwu.services.views import Account, account_of
from learnware.texts import text

if TYPE_CHECKING:
    from beimingwu.db.engine import Database
    from beimingwu.services.clock import Clock
    from beimingwu.services.codes import Codes
    from beimingwu.services.letters import Letters
    from beimingwu.services.passwords import Passwords

__all__ = ["Users"]


class Users:
    """What the operator of the dock does with accounts. `UserAdministration` is what administrators do with them."""

    def __init__(self, database: Database, passwords: Passwords, codes: Codes, letters: Letters, clock: Clock) -> None:
        self._database = database
        self._passwords = passwords
        self._codes = codes
        self._letters = letters
        self._clock = clock

    def create(
        self,
        email: str,
        username: str,
        password: str,
        *,
        role: Role = Role.USER,
        verified: bool = False,
        language: str = DEFAULT_LANGUAGE,
    ) -> Account:
        """Make an account, whatever addresses the settings allow; a mail asks to confirm its address unless `verified`.

        Raises
        ------
        InvalidInputError
            If name or address are none, or the password breaks a rule.
        EmailTakenError, UsernameTakenError
            If there is an account of the address or the name.
        """
        email, username = clean_email(email), clean_username(username)
        self._passwords.require_good(password, username=username, email=email)
        password_hash = self._passwords.hash(digest_of(password))
        now = self._clock()
        with taken_names(username), self._database.write() as session:
            if user_by_email(session, email) is not None:
                raise EmailTakenError(text("there is an account of the e-mail address {email!r}", email=email))
            if user_by_username(session, username) is not None:
                raise username_taken(username)
            user = User(
                username=username,
                username_key=username_key(username),
                email=email,
                email_key=email_key(email),
                password_hash=password_hash,
                role=int(role),
                created_at=now,
                confirmed_at=now if verified else None,
                password_changed_at=now,
                language=language,
            )
            session.add(user)
            session.flush()
            audit(session, "user.create", at=now, actor_id=None, subject=("user", user.id), role=role.label)
            code = None
            if not verified:
                code = self._codes.issue(session, user.id, "confirm")
        if code is not None:
            self._letters.confirm(email, language, username, code)
        return account_of(user)

    def find(self, name: str) -> Account:
        """Return the account of an e-mail address or user name.

        Raises
        ------
        NotFoundError
            If there is none.
        """
        with self._database.read() as session:
            user = user_by_email(session, name) or user_by_username(session, name)
            if user is None:
                raise NotFoundError(text("there is no account of the e-mail address or user name {name!r}", name=name))
            return account_of(user)

    def all(self) -> list[Account]:
        """Return all accounts, the oldest first."""
        with self._database.read() as session:
            return [account_of(user) for user in session.scalars(select(User).order_by(User.id))]

    def set_role(self, user_id: int, role: Role) -> Account:
        """Give an account a role; it holds from its next request on.

        Raises
        ------
        NotFoundError
            If there is no such account.
        """
        with self._database.write() as session:
            user = user_by_id(session, user_id, lock=True)
            before, user.role = Role(user.role), int(role)
            audit(
                session,
                "user.role",
                at=self._clock(),
                actor_id=None,
                subject=("user", user_id),
                before=before.label,
                after=role.label,
            )
            return account_of(user)

    def disable(self, user_id: int) -> Account:
        """Keep an account from being used: its sessions end, its tokens do not work.

        Raises
        ------
        NotFoundError
            If there is no such account.
        """
        now = self._clock()
        with self._database.write() as session:
            user = user_by_id(session, user_id, lock=True)
            if user.disabled_at is None:
                user.disabled_at = now
                end_sessions(session, user_id)
                audit(session, "user.disable", at=now, actor_id=None, subject=("user", user_id))
            return account_of(user)

    def enable(self, user_id: int) -> Account:
        """Let a disabled account be used again.

        Raises
        ------
        NotFoundError
            If there is no such account.
        """
        with self._database.write() as session:
            user = user_by_id(session, user_id, lock=True)
            if user.disabled_at is not None:
                user.disabled_at = None
                audit(session, "user.enable", at=self._clock(), actor_id=None, subject=("user", user_id))
            return account_of(user)
