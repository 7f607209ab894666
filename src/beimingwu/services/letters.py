"""The texts of the dock's mails, and their way out."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

import structlog

from beimingwu.services.mail import Mail

if TYPE_CHECKING:
    from collections.abc import Callable

    from beimingwu.services.background import Background
    from beimingwu.services.mail import MailTransport
    from beimingwu.settings import Settings

__all__ = ["Letters"]

_ATTEMPTS = 3
_log = structlog.get_logger(__name__)


class Letters:
    """Writes mails and has them sent in the background.

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

    def confirm(self, to: str, username: str, code: str) -> None:
        """Ask to confirm an address."""
        self._send(
            to,
            "Confirm your e-mail address",
            f"Somebody, probably you, has registered as {username!r} with this address at our learnware dock.\n\n"
            f"{self._way('confirm-email', code)}\n\n"
            f"The code works once and for {_span(self._settings.confirmation_seconds)}. "
            "If it was not you, do nothing; nobody can use the account then.",
        )

    def already_registered(self, to: str) -> None:
        """Tell the owner of an account that somebody tried to register with their address."""
        self._send(
            to,
            "You have an account",
            "Somebody, probably you, wanted to register with this address at our learnware dock. There is an account "
            "of this address already. If you have forgotten its password, ask for a code to choose a new one.",
        )

    def email_in_use(self, to: str) -> None:
        """Tell the owner of an account that another account was to have their address."""
        self._send(
            to,
            "You have an account",
            "Somebody, probably you, wanted another account at our learnware dock to have this address. There is an "
            "account of this address already, so nothing was changed.",
        )

    def change_email(self, to: str, username: str, code: str) -> None:
        """Ask to confirm the address that an account is to have."""
        self._send(
            to,
            "Confirm your new e-mail address",
            f"Somebody, probably you, wants the account {username!r} at our learnware dock to have this address.\n\n"
            f"{self._way('change-email', code)}\n\n"
            f"The code works once, for {_span(self._settings.confirmation_seconds)}, and for who is logged into the "
            "account. If it was not you, do nothing; the account keeps the address that it has.",
        )

    def email_change_asked(self, to: str, username: str) -> None:
        """Tell the address of an account that it is to have another one."""
        self._send(
            to,
            "Your e-mail address is to change",
            f"Somebody who knows its password, probably you, wants the account {username!r} at our learnware dock to "
            "have another e-mail address. If it was not you, choose a new password at once.",
        )

    def email_changed(self, to: str, username: str) -> None:
        """Tell the address that an account had that it has another one now."""
        self._send(
            to,
            "Your e-mail address was changed",
            f"The account {username!r} at our learnware dock has another e-mail address now, and mails about it go "
            "there. If it was not you, write to the administrators of the dock.",
        )

    def reset(self, to: str, username: str, user_id: int, code: str) -> None:
        """Give what a new password can be chosen with."""
        self._send(
            to,
            "Choose a new password",
            f"Somebody, probably you, wants to choose a new password for the account {username!r} at our learnware "
            f"dock.\n\n{self._way('reset-password', code, user_id=user_id)}\n\n"
            f"The code works once and for {_span(self._settings.reset_seconds)}. "
            "If it was not you, do nothing; the password stays what it is.",
        )

    def password_changed(self, to: str, username: str) -> None:
        """Tell that the password is another one now."""
        self._send(
            to,
            "Your password was changed",
            f"The password of the account {username!r} at our learnware dock was changed; other sessions were ended. "
            "API tokens go on working. If it was not you, choose a new password and revoke the tokens.",
        )

    def _way(self, page: str, code: str, **more: int) -> str:
        if self._settings.web_url is None:
            return f"Your code: {code}" + "".join(f"\nYour {name.replace('_', ' ')}: {more[name]}" for name in more)
        return f"{self._settings.web_url.rstrip('/')}/{page}?{urlencode({'code': code, **more})}\n\nYour code: {code}"

    def _send(self, to: str, subject: str, text: str) -> None:
        self._background.do("mail", lambda: self._try(Mail(to, subject, text + "\n")))

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


def _span(seconds: int) -> str:
    for unit, length in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= length and seconds % length == 0:
            n = seconds // length
            return f"{n} {unit}{'' if n == 1 else 's'}"
    return f"{seconds} seconds"
