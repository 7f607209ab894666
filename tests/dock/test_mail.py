"""Mails: their texts, the way to a server, and what happens when there is none."""

from __future__ import annotations

import socketserver
import threading
from email import message_from_bytes
from email.policy import default
from typing import TYPE_CHECKING, Any

import pytest
from structlog.testing import capture_logs

from beimingwu.errors import SettingsError, UnavailableError
from beimingwu.services.background import Background
from beimingwu.services.letters import Letters
from beimingwu.services.mail import LogTransport, Mail, SmtpTransport, mail_transport
from beimingwu.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator


class Sink(socketserver.ThreadingTCPServer):
    """An SMTP server that keeps what it gets."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Talk)
        self.received: list[tuple[list[str], bytes]] = []


class Talk(socketserver.StreamRequestHandler):
    """As much of RFC 5321 as a client without extensions says."""

    def handle(self) -> None:
        self.say("220 sink")
        commands: list[str] = []
        while line := self.rfile.readline():
            command = line.decode().strip()
            commands.append(command)
            verb = command[:4].upper()
            if verb == "DATA":
                self.say("354 go on")
                lines = list(iter(self.rfile.readline, b".\r\n"))
                self.server.received.append((commands, b"".join(lines)))  # type: ignore[attr-defined]
            self.say("221 bye" if verb == "QUIT" else "250 ok")
            if verb == "QUIT":
                return

    def say(self, words: str) -> None:
        self.wfile.write(words.encode() + b"\r\n")


@pytest.fixture
def sink() -> Iterator[Sink]:
    with Sink() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_a_mail_reaches_the_server(sink: Sink) -> None:
    port = sink.server_address[1]
    settings = Settings(mail_url=f"smtp+plain://127.0.0.1:{port}", mail_sender="dock@example.org")
    mail_transport(settings).send(Mail("ada@example.org", "Grüße", "Ihr Code: 1\n.\nzwei\n"))
    (commands, data), *more = sink.received
    assert more == []
    assert "rcpt to:<ada@example.org>" in [command.lower() for command in commands]
    message = message_from_bytes(data, policy=default)
    assert (message["From"], message["To"], message["Subject"]) == ("dock@example.org", "ada@example.org", "Grüße")
    assert message["Date"]
    assert message["Message-ID"].endswith("@example.org>")
    assert message["Auto-Submitted"] == "auto-generated"
    assert "Ihr Code: 1" in message.get_content()


def test_a_server_without_encryption_gets_nothing_of_a_mail_that_asks_for_it(sink: Sink) -> None:
    settings = Settings(mail_url=f"smtp://127.0.0.1:{sink.server_address[1]}")
    with pytest.raises(OSError, match="STARTTLS"):
        mail_transport(settings).send(Mail("ada@example.org", "x", "secret"))
    assert sink.received == []


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("smtp://mail.example.org", SmtpTransport("smtp", "mail.example.org", 587, None, None, "dock@localhost")),
        ("smtps://u%40x:p%2Fw@mail", SmtpTransport("smtps", "mail", 465, "u@x", "p/w", "dock@localhost")),
        ("smtp+plain://mail:2525", SmtpTransport("smtp+plain", "mail", 2525, None, None, "dock@localhost")),
        ("log:", LogTransport()),
    ],
)
def test_mail_urls(url: str, wanted: Any) -> None:
    found = mail_transport(Settings(mail_url=url))
    assert found == wanted or isinstance(found, LogTransport)
    assert "p/w" not in repr(found)


@pytest.mark.parametrize("url", ["", "mail.example.org", "http://x", "smtp://", "smtp://x:port", "smtp://x:99999"])
def test_mail_urls_that_cannot_be(url: str) -> None:
    with pytest.raises(SettingsError, match="mail URL"):
        mail_transport(Settings(mail_url=url))


class Flaky:
    """Fails a number of times."""

    def __init__(self, failures: int) -> None:
        self.failures = failures
        self.mails: list[Mail] = []

    def send(self, mail: Mail) -> None:
        if self.failures:
            self.failures -= 1
            raise ConnectionResetError("secret words of the server")
        self.mails.append(mail)


def letters(transport: Any, **settings: Any) -> tuple[Letters, Background, list[str]]:
    outcomes: list[str] = []
    background = Background()
    return Letters(Settings(**settings), transport, background, outcomes.append), background, outcomes


@pytest.mark.parametrize(("failures", "outcome"), [(0, "sent"), (2, "sent"), (3, "failed")])
def test_a_mail_is_tried_a_few_times(failures: int, outcome: str) -> None:
    transport = Flaky(failures)
    writer, background, outcomes = letters(transport)
    with capture_logs() as logs:
        writer.confirm("ada@example.org", "en", "Ada", "c0de")
        background.close(timeout=30)
    assert outcomes == [outcome]
    assert len(transport.mails) == (outcome == "sent")
    assert not any("secret" in str(event) or "c0de" in str(event) for event in logs)


def test_links_lead_into_the_web_app() -> None:
    transport = Flaky(0)
    writer, background, _ = letters(transport, web_url="https://dock.example.org/")
    writer.confirm("ada@example.org", "en", "Ada", "c0de")
    writer.reset("ada@example.org", "en", "Ada", 7, "c0de")
    background.close(timeout=30)
    confirm, reset = (mail.text for mail in transport.mails)
    assert "https://dock.example.org/confirm-email?code=c0de\n" in confirm
    assert "works once and for 1 day" in confirm
    assert "https://dock.example.org/reset-password?code=c0de&user_id=7\n" in reset
    assert "works once and for 1 hour" in reset


def test_the_log_gets_the_mail_in_development() -> None:
    with capture_logs() as logs:
        LogTransport().send(Mail("ada@example.org", "x", "Your code: 1"))
    assert logs[0]["text"] == "Your code: 1"


def test_work_that_fails_is_logged_and_the_next_is_done() -> None:
    background = Background()
    done: list[int] = []
    with capture_logs() as logs:
        background.do("division", lambda: 1 // 0)
        background.do("work", lambda: done.append(1))
        assert background.drain(timeout=30)
    assert done == [1]
    assert [event["what"] for event in logs] == ["division"]
    background.close()


def test_there_is_an_end_to_waiting_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("beimingwu.services.background._MOST", 2)
    background = Background()
    go = threading.Event()
    background.do("wait", go.wait)
    background.do("wait", go.wait)
    with pytest.raises(UnavailableError):
        background.do("wait", go.wait)
    with capture_logs() as logs:
        background.close(timeout=0)
    assert logs[0]["event"] == "background_abandoned"
    go.set()
