"""A new password for who has forgotten the old one, by a code that comes by mail."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from beimingwu.errors import InvalidCodeError, NotFoundError
from beimingwu.services.audit import audit
from beimingwu.services.codes import issue_code, use_code
from beimingwu.services.find_users import user_by_email, user_by_id
from beimingwu.services.passwords import digest_of, generate_password
from beimingwu.services.registration import code_limit, mail_limits
from beimingwu.services.sessions import end_sessions

if TYPE_CHECKING:
    from collections.abc import Callable

    from beimingwu.db.engine import Database
    from beimingwu.db.models import User
    from beimingwu.services.background import Background
    from beimingwu.services.clock import Clock
    from beimingwu.services.identity import Origin
    from beimingwu.services.letters import Letters
    from beimingwu.services.passwords import Passwords
    from beimingwu.services.rate_limits import RateLimits
    from beimingwu.settings import Settings

__all__ = ["GeneratedPassword", "PasswordResets"]


@dataclass(frozen=True, slots=True, repr=False)
class GeneratedPassword:
    """A password that the dock has made.

    Attributes
    ----------
    password : str
    digest : str
        Its MD5.
    """

    password: str
    digest: str


class PasswordResets:
    """Sends codes and sets passwords for them."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        passwords: Passwords,
        limits: RateLimits,
        letters: Letters,
        background: Background,
        clock: Clock,
    ) -> None:
        self._database = database
        self._settings = settings
        self._passwords = passwords
        self._limits = limits
        self._letters = letters
        self._background = background
        self._clock = clock

    def send_code(self, email: str, origin: Origin) -> None:
        """Send a code to an address, if there is an account of it; do not tell whether.

        Raises
        ------
        TooManyRequestsError
            If it was asked too often.
        """
        self._limits.count(mail_limits(self._settings, email, origin), origin)
        # In the background: how long the answer takes does not tell, either.
        self._background.do("reset mail", lambda: self._send_code(email))

    def send_code_to_account(self, email: str, origin: Origin) -> None:
        """Send a code to an address.

        Raises
        ------
        NotFoundError
            If there is no account of it.
        TooManyRequestsError
            If it was asked too often.
        """
        self._limits.count(mail_limits(self._settings, email, origin), origin)
        if not self._send_code(email):
            raise NotFoundError("there is no account of this e-mail address")

    def reset(self, code: str, password: str, origin: Origin) -> None:
        """Set the password, confirm the address that the code was sent to, and end all sessions.

        Raises
        ------
        InvalidCodeError
            If the code is wrong, was used, or is too old.
        InvalidInputError
            If the password breaks a rule; the code still works then.
        TooManyRequestsError
            If codes were tried too often.
        """
        self._passwords.require_good(password)

        def check(user: User) -> None:
            self._passwords.require_good(password, username=user.username, email=user.email)

        self._reset(code, digest_of(password), origin, check)

    def reset_to_generated(self, code: str, user_id: int, origin: Origin) -> GeneratedPassword:
        """Do as `reset`, with a password that the dock makes, as the published contract has it.

        Raises
        ------
        InvalidCodeError
            If the code is wrong, was used, is too old, or is that of another account.
        TooManyRequestsError
            If codes were tried too often.
        """

        def check(user: User) -> None:
            if user.id != user_id:
                raise InvalidCodeError("the code is that of another account")

        password = generate_password()
        generated = GeneratedPassword(password, digest_of(password))
        self._reset(code, generated.digest, origin, check)
        return generated

    def _reset(self, code: str, digest: str, origin: Origin, check: Callable[[User], None]) -> None:
        self._limits.count([code_limit(self._settings, origin)], origin)
        password_hash = self._passwords.hash(digest)
        now = self._clock()
        with self._database.write() as session:
            user = user_by_id(session, use_code(session, code, "reset", now=now).user_id, lock=True)
            # An error takes the use of the code back.
            check(user)
            user.password_hash = password_hash
            user.password_changed_at = now
            user.confirmed_at = user.confirmed_at or now
            end_sessions(session, user.id)
            audit(session, "user.reset-password", at=now, actor_id=user.id, subject=("user", user.id), origin=origin)
        self._letters.password_changed(user.email, user.username)

    def _send_code(self, email: str) -> bool:
        with self._database.write() as session:
            user = user_by_email(session, email, lock=True)
            if user is None:
                return False
            code = issue_code(session, user.id, "reset", now=self._clock(), seconds=self._settings.reset_seconds)
        self._letters.reset(user.email, user.username, user.id, code)
        return True
