"""Sending mails."""

from __future__ import annotations

import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from typing import TYPE_CHECKING, Protocol
from urllib.parse import unquote, urlsplit

import structlog

from beimingwu.errors import SettingsError
from beimingwu.messages import DEFAULT_LANGUAGE
from beimingwu.services.clock import utc_now

if TYPE_CHECKING:
    from beimingwu.settings import Settings

__all__ = ["LogTransport", "Mail", "MailTransport", "SmtpTransport", "mail_transport"]

_TIMEOUT = 30
_DEFAULT_PORTS = {"smtp": 587, "smtps": 465, "smtp+plain": 25}
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail.

    Attributes
    ----------
    to : str
        Address.
    subject : str
    text : str
    language : str
    """

    to: str
    subject: str
    text: str
    language: str = DEFAULT_LANGUAGE


class MailTransport(Protocol):
    """What sends mails."""

    def send(self, mail: Mail) -> None:
        """Send a mail.

        Raises
        ------
        OSError
            If it cannot be sent.
        """


class LogTransport:
    """Writes mails to the log, for development on one's own machine."""

    def send(self, mail: Mail) -> None:
        """Log the mail."""
        _log.info("mail", to=mail.to, subject=mail.subject, text=mail.text)


@dataclass(frozen=True, slots=True, repr=False)
class SmtpTransport:
    """Sends mails to a server.

    Attributes
    ----------
    scheme : str
        ``smtp`` (STARTTLS), ``smtps`` (TLS from the start), ``smtp+plain`` (neither).
    host : str
    port : int
    user, password : str or None
        For the server, where it asks for them.
    sender : str
    """

    scheme: str
    host: str
    port: int
    user: str | None
    password: str | None
    sender: str

    def send(self, mail: Mail) -> None:
        """Send the mail; an error is an OSError."""
        message = EmailMessage()
        message["From"] = self.sender
        message["To"] = mail.to
        message["Subject"] = mail.subject
        message["Date"] = format_datetime(utc_now())
        message["Message-ID"] = make_msgid(domain=self.sender.rpartition("@")[2])
        message["Auto-Submitted"] = "auto-generated"
        message["Content-Language"] = mail.language
        message.set_content(mail.text)
        with self._connect() as server:
            self._log_in(server)
            server.send_message(message)

    def check(self) -> None:
        """Log in and send nothing; an error is an OSError."""
        with self._connect() as server:
            self._log_in(server)
            server.noop()

    def _log_in(self, server: smtplib.SMTP) -> None:
        if self.scheme == "smtp":
            server.starttls(context=ssl.create_default_context())
        if self.user is not None:
            server.login(self.user, self.password or "")

    def _connect(self) -> smtplib.SMTP:
        if self.scheme == "smtps":
            return smtplib.SMTP_SSL(self.host, self.port, timeout=_TIMEOUT, context=ssl.create_default_context())
        return smtplib.SMTP(self.host, self.port, timeout=_TIMEOUT)


def mail_transport(settings: Settings) -> MailTransport:
    """Return what sends the mails of a dock.

    Raises
    ------
    SettingsError
        If the mail URL cannot be read.
    """
    parts = urlsplit(settings.mail_url.get_secret_value())
    if parts.scheme == "log":
        return LogTransport()
    try:
        port = parts.port or _DEFAULT_PORTS[parts.scheme]
    except (KeyError, ValueError):
        raise SettingsError(
            "the mail URL must begin with smtp://, smtps://, smtp+plain:// or log:, and its port must be a number"
        ) from None
    if not parts.hostname:
        raise SettingsError("the mail URL names no server; it looks like smtp://user:password@mail.example.org:587")
    user = unquote(parts.username) if parts.username else None
    password = unquote(parts.password) if parts.password else None
    return SmtpTransport(parts.scheme, parts.hostname, port, user, password, settings.mail_sender)
