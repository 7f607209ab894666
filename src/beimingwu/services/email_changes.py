"""Another e-mail address for an account, by a code that comes to that address."""

from __future__ import annotations

from datetime import timedelta
from secrets import token_hex
from typing import TYPE_CHECKING

from sqlalchemy import delete

from beimingwu.db.models import EmailChange, User
from beimingwu.errors import EmailTakenError, InvalidCodeError, InvalidInputError
from beimingwu.services.audit import audit
from beimingwu.services.codes import hash_secret
from beimingwu.services.find_users import taken_names, user_by_email, user_by_id
from beimingwu.services.identity import ACCOUNT_SCOPE, Role
from beimingwu.services.names import clean_email, email_key, require_permitted
from beimingwu.services.passwords import digest_of
from beimingwu.services.views import Account, account_of
from learnware.texts import text

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from beimingwu.db.engine import Database
    from beimingwu.services.clock import Clock
    from beimingwu.services.codes import Codes
    from beimingwu.services.identity import Identity, Origin
    from beimingwu.services.letters import Letters
    from beimingwu.services.sessions import Sessions
    from beimingwu.settings import Settings

__all__ = ["EmailChanges"]


class EmailChanges:
    """Changes the addresses of accounts, for their owners."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        sessions: Sessions,
        codes: Codes,
        letters: Letters,
        clock: Clock,
    ) -> None:
        self._database = database
        self._settings = settings
        self._sessions = sessions
        self._codes = codes
        self._letters = letters
        self._clock = clock

    def ask(self, identity: Identity, email: str, password: str, origin: Origin) -> None:
        """Send a code to the address that the account is to have, and a notice to the one that it has.

        Whether another account has the address is not told: its owner gets a mail then, and no code.

        Raises
        ------
        InvalidInputError
            If it is no address, is not allowed, or is the one that the account has.
        InvalidCredentialsError
            If the password is not the account's.
        NotAllowedError
            If it was asked with an API token.
        TooManyRequestsError
            If it was asked too often.
        """
        identity.require(ACCOUNT_SCOPE)
        email = clean_email(email)
        require_permitted(email, self._settings.allowed_emails)
        if email == identity.email:
            rule = text("must be another address than the account has")
            raise InvalidInputError(text("the e-mail address {rule}", rule=rule), fields=(("/email", rule),))
        self._codes.count_mail(email, origin)
        self._sessions.confirm_password(identity, digest_of(password), origin)
        now = self._clock()
        code = token_hex(16)
        with self._database.write() as session:
            user = user_by_id(session, identity.user_id, lock=True)
            session.execute(delete(EmailChange).where(EmailChange.user_id == user.id))
            session.add(
                EmailChange(
                    user_id=user.id,
                    email=email,
                    code_hash=hash_secret(code),
                    created_at=now,
                    expires_at=now + timedelta(seconds=self._settings.confirmation_seconds),
                )
            )
            taken = _owner_of(session, email, user.id)
            language = user.language if taken is None else taken.language
            audit(session, "user.ask-email", at=now, actor_id=user.id, subject=("user", user.id), origin=origin)
        # One mail to the new address in both cases, so that the time does not tell either.
        if taken is not None:
            self._letters.email_in_use(email, language)
        else:
            self._letters.change_email(email, language, user.username, code)
        self._letters.email_change_asked(user.email, user.language, user.username)

    def confirm(self, identity: Identity, code: str, origin: Origin) -> Account:
        """Give the account the address that the code was sent to. Sessions and API tokens go on.

        A code is good for who is logged into the account only: somebody who gets it by mistake cannot have the account
        moved to their address.

        Raises
        ------
        InvalidCodeError
            If the code is wrong, was used, is too old, or is that of another account.
        EmailTakenError
            If another account got the address meanwhile.
        NotAllowedError
            If it was asked with an API token.
        TooManyRequestsError
            If codes were tried too often.
        """
        identity.require(ACCOUNT_SCOPE)
        self._codes.count_try(origin)
        now = self._clock()
        with taken_names(identity.username), self._database.write() as session:
            email = session.execute(
                delete(EmailChange)
                .where(EmailChange.user_id == identity.user_id, EmailChange.code_hash == hash_secret(code))
                .where(EmailChange.expires_at > now)
                .returning(EmailChange.email)
            ).scalar_one_or_none()
            if email is None:
                raise InvalidCodeError("the code is wrong, was used, or is too old; ask for a new one")
            if _owner_of(session, email, identity.user_id) is not None:
                raise EmailTakenError("there is an account of this e-mail address")
            # Nobody has confirmed it, so nobody has used it; who answers the address's mails is here.
            unconfirmed = user_by_email(session, email)
            if unconfirmed is not None and unconfirmed.id != identity.user_id:
                session.delete(unconfirmed)
                session.flush()
            user = user_by_id(session, identity.user_id, lock=True)
            before, user.email, user.email_key = user.email, email, email_key(email)
            session.flush()
            audit(session, "user.change-email", at=now, actor_id=user.id, subject=("user", user.id), origin=origin)
        self._letters.email_changed(before, user.language, user.username)
        return account_of(user)


def _owner_of(session: Session, email: str, user_id: int) -> User | None:
    """Return the other account that has an address, confirmed or made by an administrator with a role."""
    user = user_by_email(session, email, lock=True)
    if user is None or user.id == user_id:
        return None
    return user if user.confirmed_at is not None or user.role != int(Role.USER) else None
