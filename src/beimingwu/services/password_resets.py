"""A new password for who has forgotten the old one, by a code that comes by mail."""

from __future__ import annotations

from typing import TYPE_CHECKING

from beimingwu.errors import InvalidCodeError, NotFoundError
from beimingwu.services.audit import audit
from beimingwu.services.find_users import user_by_email, user_by_id
from beimingwu.services.passwords import GeneratedPassword, digest_of, generate_password
from beimingwu.services.sessions import end_sessions

if TYPE_CHECKING:
    from collections.abc import Callable

    from beimingwu.db.engine import Database
    from beimingwu.db.models import User
    from beimingwu.services.background import Background
    from beimingwu.services.clock import Clock
    from beimingwu.services.codes import Codes
    from beimingwu.services.identity import Origin
    from beimingwu.services.letters import Letters
    from beimingwu.services.passwords import Passwords

__all__ = ["PasswordResets"]


class PasswordResets:
    """Sends codes and sets passwords for them."""

    def __init__(
        self,
        database: Database,
        passwords: Passwords,
        codes: Codes,
        letters: Letters,
        background: Background,
        clock: Clock,
    ) -> None:
        self._database = database
        self._passwords = passwords
        self._codes = codes
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
        self._codes.count_mail(email, origin)
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
        self._codes.count_mail(email, origin)
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

        generated = generate_password()
        self._reset(code, generated.digest, origin, check)
        return generated

    def _reset(self, code: str, digest: str, origin: Origin, check: Callable[[User], None]) -> None:
        self._codes.count_try(origin)
        password_hash = self._passwords.hash(digest)
        now = self._clock()
        with self._database.write() as session:
            user = user_by_id(session, self._codes.use(session, code, "reset").user_id, lock=True)
            # An error takes the use of the code back.
            check(user)
            user.password_hash = password_hash
            user.password_changed_at = now
            user.confirmed_at = user.confirmed_at or now
            end_sessions(session, user.id)
            audit(session, "user.reset-password", at=now, actor_id=user.id, subject=("user", user.id), origin=origin)
        self._letters.password_changed(user.email, user.language, user.username)

    def _send_code(self, email: str) -> bool:
        with self._database.write() as session:
            user = user_by_email(session, email, lock=True)
            if user is None:
                return False
            code = self._codes.issue(session, user.id, "reset")
        self._letters.reset(user.email, user.language, user.username, user.id, code)
        return True
