"""The texts of the dock's mails, in the languages of those who get them, and their way out."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

import structlog

from beimingwu.messages import translated
from beimingwu.services.mail import Mail
from learnware.texts import text

if TYPE_CHECKING:
    from collections.abc import Callable

    from beimingwu.services.background import Background
    from beimingwu.services.mail import MailTransport
    from beimingwu.settings import Settings
    from learnware.texts import Text

__all__ = ["Letters"]

_ATTEMPTS = 3
_log = structlog.get_logger(__name__)


class Letters:
    """Writes mails and has them sent in the background.

    `to` is an address everywhere, `language` one of `beimingwu.messages.LANGUAGES`.

    Parameters
    ----------
    settings : Settings
    transport : MailTransport
    background : Background
    count : callable
        Told ``"sent"`` or ``"failed"`` for every mail.
    """

    def __init__(
        self, settings: Settings, transport: MailTransport, background: Background, count: Callable[[str], None]
    ) -> None:
        self._settings = settings
        self._transport = transport
        self._background = background
        self._count = count

    def confirm(self, to: str, language: str, username: str, code: str) -> None:
        """Ask to confirm an address."""
        span = _span(self._settings.confirmation_seconds)
        self._send(
            to,
            language,
            text("Confirm your e-mail address"),
            text(
                "Somebody, probably you, has registered as {name!r} with this address at our learnware dock.",
                name=username,
            ),
            *self._way("confirm-email", code),
            text(
                "The code works once and for {span}. If it was not you, do nothing; nobody can use the account then.",
                span=span,
            ),
        )

    def already_registered(self, to: str, language: str) -> None:
        """Tell the owner of an account that somebody tried to register with their address."""
        self._send(
            to,
            language,
            text("You have an account"),
            text(
                "Somebody, probably you, wanted to register with this address at our learnware dock. There is an "
                "account of this address already. If you have forgotten its password, ask for a code to choose a new "
                "one."
            ),
        )

    def email_in_use(self, to: str, language: str) -> None:
        """Tell the owner of an account that another account was to have their address."""
        self._send(
            to,
            language,
            text("You have an account"),
            text(
                "Somebody, probably you, wanted another account at our learnware dock to have this address. There is "
                "an account of this address already, so nothing was changed."
            ),
        )

    def change_email(self, to: str, language: str, username: str, code: str) -> None:
        """Ask to confirm the address that an account is to have."""
        span = _span(self._settings.confirmation_seconds)
        self._send(
            to,
            language,
            text("Confirm your new e-mail address"),
            text(
                "Somebody, probably you, wants the account {name!r} at our learnware dock to have this address.",
                name=username,
            ),
            *self._way("change-email", code),
            text(
                "The code works once, for {span}, and for who is logged into the account. If it was not you, do "
                "nothing; the account keeps the address that it has.",
                span=span,
            ),
        )

    def email_change_asked(self, to: str, language: str, username: str) -> None:
        """Tell the address of an account that it is to have another one."""
        self._send(
            to,
            language,
            text("Your e-mail address is to change"),
            text(
                "Somebody who knows its password, probably you, wants the account {name!r} at our learnware dock to "
                "have another e-mail address. If it was not you, choose a new password at once.",
                name=username,
            ),
        )

    def email_changed(self, to: str, language: str, username: str) -> None:
        """Tell the address that an account had that it has another one now."""
        self._send(
            to,
            language,
            text("Your e-mail address was changed"),
            text(
                "The account {name!r} at our learnware dock has another e-mail address now, and mails about it go "
                "there. If it was not you, write to the administrators of the dock.",
                name=username,
            ),
        )

    def reset(self, to: str, language: str, username: str, user_id: int, code: str) -> None:
        """Give what a new password can be chosen with."""
        span = _span(self._settings.reset_seconds)
        self._send(
            to,
            language,
            text("Choose a new password"),
            text(
                "Somebody, probably you, wants to choose a new password for the account {name!r} at our learnware "
                "dock.",
                name=username,
            ),
            *self._way("reset-password", code, user_id),
            text(
                "The code works once and for {span}. If it was not you, do nothing; the password stays what it is.",
                span=span,
            ),
        )

    def password_changed(self, to: str, language: str, username: str) -> None:
        """Tell that the password is another one now."""
        self._send(
            to,
            language,
            text("Your password was changed"),
            text(
                "The password of the account {name!r} at our learnware dock was changed; other sessions were ended. "
                "API tokens go on working. If it was not you, choose a new password and revoke the tokens.",
                name=username,
            ),
        )

    def _way(self, page: str, code: str, user_id: int | None = None) -> tuple[str, ...]:
        """Return the paragraphs that tell where to go, and with what."""
        said = text("Your code: {code}", code=code)
        if self._settings.web_url is not None:
            query = {"code": code} if user_id is None else {"code": code, "user_id": user_id}
            return f"{self._settings.web_url.rstrip('/')}/{page}?{urlencode(query)}", said
        if user_id is None:
            return (said,)
        return (text("Your code: {code}\nYour user id: {user_id}", code=code, user_id=user_id),)

    def _send(self, to: str, language: str, subject: str, *paragraphs: str) -> None:
        words = "\n\n".join(translated(one, language) for one in paragraphs)
        mail = Mail(to, translated(subject, language), words + "\n", language)
        self._background.do("mail", lambda: self._try(mail))

    def _try(self, mail: Mail) -> None:
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                self._transport.send(mail)
            except OSError as error:  # noqa: PERF203  # the next attempt is after it
                # Not its text: servers quote the mail in it.
                _log.warning("mail_not_sent", subject=mail.subject, attempt=attempt, error=type(error).__name__)
            else:
                self._count("sent")
                return
        self._count("failed")
        _log.error("mail_given_up", subject=mail.subject)


def _span(seconds: int) -> Text:
    if seconds % 86400 == 0:
        return text("1 day") if seconds == 86400 else text("{count} days", count=seconds // 86400)
    if seconds % 3600 == 0:
        return text("1 hour") if seconds == 3600 else text("{count} hours", count=seconds // 3600)
    if seconds % 60 == 0:
        return text("1 minute") if seconds == 60 else text("{count} minutes", count=seconds // 60)
    return text("{count} seconds", count=seconds)
