"""Registering: an account that can log in once its e-mail address is confirmed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from beimingwu.db.models import User
from beimingwu.errors import EmailTakenError
from beimingwu.services.find_users import taken_names, user_by_email, user_by_id, user_by_username, username_taken
from beimingwu.services.identity import Role
from beimingwu.services.names import clean_email, clean_username, email_key, require_permitted, username_key
from beimingwu.services.passwords import digest_of
from beimingwu.services.views import Account, account_of

if TYPE_CHECKING:
    from beimingwu.db.engine import Database
    from beimingwu.services.background import Background
    from beimingwu.services.clock import Clock
    from beimingwu.services.codes import Codes
    from beimingwu.services.identity import Origin
    from beimingwu.services.letters import Letters
    from beimingwu.services.passwords import Passwords
    from beimingwu.settings import Settings

__all__ = ["Registered", "Registration"]


@dataclass(frozen=True, slots=True)
class Registered:
    """What became of a registration.

    Attributes
    ----------
    user_id : int
    renewed : bool
        Whether there was an account of the address already, not confirmed yet.
    """

    user_id: int
    renewed: bool


class Registration:
    """Makes accounts and confirms their addresses."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        passwords: Passwords,
        codes: Codes,
        letters: Letters,
        background: Background,
        clock: Clock,
    ) -> None:
        self._database = database
        self._settings = settings
        self._passwords = passwords
        self._codes = codes
        self._letters = letters
        self._background = background
        self._clock = clock

    def register(
        self, username: str, email: str, digest: str, origin: Origin, *, language: str | None = None
    ) -> Registered:
        """Make an account and send the mail that confirms its address.

        An account of the address that is not confirmed yet gets the new name. Its password becomes that of the
        registration whose mail is answered: nobody gets their password confirmed by a mail to somebody else. A mail
        that is sent once more is of no registration; where these had several passwords, it confirms none of them, and
        the owner of the address chooses one with a mail for that.

        Parameters
        ----------
        username, email : str
        digest : str
            MD5 of the password.
        origin : Origin
        language : str, optional
            Of the account's mails; the one that is preferred where the request comes from, if not given.

        Raises
        ------
        InvalidInputError
            If name or address are none, or the address is not allowed.
        UsernameTakenError
            If another account has the name.
        EmailTakenError
            If there is a confirmed account of the address.
        TooManyRequestsError
            If it was asked too often.
        """
        username, email = clean_username(username), clean_email(email)
        language = language or origin.language
        require_permitted(email, self._settings.allowed_emails)
        self._codes.count_mail(email, origin)
        password_hash = self._passwords.hash(digest)
        with self._database.read() as session:
            user = user_by_email(session, email)
            earlier = None if user is None else user.password_hash
        # The hash of an earlier registration with the same password.
        same = earlier if self._passwords.verify(earlier, digest) else None
        try:
            registered, code = self._insert(username, email, password_hash, same, language)
        except EmailTakenError:
            # Or another request was faster by a moment: then its row is there now, not confirmed.
            registered, code = self._insert(username, email, password_hash, same, language)
        self._letters.confirm(email, language, username, code)
        return registered

    def register_quietly(
        self, username: str, email: str, password: str, origin: Origin, *, language: str | None = None
    ) -> None:
        """Do as `register`, and do not tell whether there is an account of the address: its owner gets a mail.

        Parameters
        ----------
        username, email, password : str
        origin : Origin
        language : str, optional
            As for `register`.

        Raises
        ------
        InvalidInputError
            As `register`, or if the password breaks a rule.
        UsernameTakenError, TooManyRequestsError
            As `register`.
        """
        self._passwords.require_good(password, username=username, email=email)
        try:
            self.register(username, email, digest_of(password), origin, language=language)
        except EmailTakenError:
            with self._database.read() as session:
                owner = user_by_email(session, email)
            # The account may have been deleted meanwhile.
            if owner is not None:
                self._letters.already_registered(owner.email, owner.language)

    def send_code(self, email: str, origin: Origin) -> None:
        """Send the mail that confirms an address once more, if an account waits for it; do not tell whether.

        Raises
        ------
        TooManyRequestsError
            If it was asked too often.
        """
        self._codes.count_mail(email, origin)
        # In the background: how long the answer takes does not tell, either.
        self._background.do("confirmation mail", lambda: self._send_code(email))

    def confirm(self, code: str, origin: Origin) -> Account:
        """Confirm the address that a code was sent to.

        Raises
        ------
        InvalidCodeError
            If the code is wrong, was used, or is too old.
        TooManyRequestsError
            If codes were tried too often.
        """
        self._codes.count_try(origin)
        now = self._clock()
        with self._database.write() as session:
            used = self._codes.use(session, code, "confirm")
            user = user_by_id(session, used.user_id, lock=True)
            if user.confirmed_at is None:
                user.confirmed_at = now
                user.password_hash = used.password_hash or user.password_hash
            return account_of(user)

    def _insert(
        self, username: str, email: str, password_hash: str, same: str | None, language: str
    ) -> tuple[Registered, str]:
        now = self._clock()
        with taken_names(username), self._database.write() as session:
            user = user_by_email(session, email, lock=True)
            namesake = user_by_username(session, username)
            if namesake is not None and (namesake.confirmed_at is not None or namesake is not user):
                raise username_taken(username)
            if user is not None and user.confirmed_at is not None:
                raise EmailTakenError("there is an account of this e-mail address")
            renewed = user is not None
            if user is None:
                user = User(role=int(Role.USER), password_changed_at=now, password_hash=password_hash)
                session.add(user)
            elif user.password_hash != same:
                user.password_hash = self._passwords.unusable()
            user.created_at = now
            user.language = language
            user.username, user.username_key = username, username_key(username)
            user.email, user.email_key = email, email_key(email)
            session.flush()
            return Registered(user.id, renewed), self._codes.issue(
                session, user.id, "confirm", password_hash=password_hash
            )

    def _send_code(self, email: str) -> None:
        with self._database.write() as session:
            user = user_by_email(session, email, lock=True)
            if user is None or user.confirmed_at is not None:
                return
            code = self._codes.issue(session, user.id, "confirm")
        self._letters.confirm(user.email, user.language, user.username, code)
