"""The real server process: starts, answers, logs without secrets, and stops when told."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from beimingwu.db.revision import newest_revision
from beimingwu.serving.listening import listen, with_web_address
from beimingwu.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ADA = "ada@example.org"
PASSWORD = "correct horse"
COMMAND = [sys.executable, "-W", "error", "-m", "beimingwu"]


class Server:
    """A server process on a free port of the loopback address."""

    def __init__(self, folder: Path, address: str, **variables: str) -> None:
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("BEIMINGWU_", "COV_"))},
            "BEIMINGWU_DATA_DIR": str(folder / "data"),
            "BEIMINGWU_DATABASE_URL": address,
            "BEIMINGWU_ARGON2_MEMORY_KIB": "32",
            "BEIMINGWU_LOG_FORMAT": "json",
            **variables,
        }
        self.process = subprocess.Popen(
            [*COMMAND, "serve", "--port", "0", "--json"],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.log: list[str] = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        lines = []
        # The document ends with a line of its own.
        for line in self.process.stdout:
            lines.append(line)
            if line == "}\n":
                break
        assert lines, "".join(self.log)
        self.url = json.loads("".join(lines))["address"]

    def _read(self) -> None:
        self.log.extend(self.process.stderr)

    def run(self, *arguments: str) -> str:
        done = subprocess.run([*COMMAND, *arguments], env=self.environment, capture_output=True, text=True, check=True)
        return done.stdout

    def stop(self, how: int = signal.SIGTERM) -> int:
        if self.process.poll() is None:
            self.process.send_signal(how)
        code = self.process.wait(timeout=60)
        self._reader.join()
        self.process.stdout.close()
        self.process.stderr.close()
        return code


@pytest.fixture
def server(address: str, tmp_path: Path) -> Iterator[Server]:
    running = Server(tmp_path, address)
    yield running
    running.stop()


def events(server: Server) -> list[dict[str, Any]]:
    return [json.loads(line) for line in server.log]


def test_the_server_process(server: Server) -> None:
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/api", server.url)
    root = server.url.removesuffix("/api")
    with httpx2.Client(timeout=60) as client:
        assert client.get(f"{root}/readyz").text == "OK"
        assert client.get(f"{root}/healthz").headers.get("server") is None
        # Accounts made by the command while the server runs are there at once.
        server.run("user", "create", ADA, "--username", "Ada", "--password", PASSWORD, "--verified")
        token = server.run("token", "create", ADA).strip()
        assert re.fullmatch("[0-9a-f]{32}", token)
        answer = client.post(f"{server.url}/auth/login_by_token", json={"email": ADA, "token": token})
        session = answer.json()["data"]["token"]
        headers = {"Authorization": f"Bearer {session}", "X-Request-ID": "mine-1"}
        assert client.post(f"{server.url}/user/profile", headers=headers).json()["data"]["email"] == ADA
        client.post(f"{server.url}/auth/email_confirm", params={"code": "c0de" * 8})
        client.post(f"{server.url}/v1/accounts/reset-mails", json={"email": ADA})
        wrong = {"email": ADA, "password": "wrong-wrong"}
        assert client.post(f"{server.url}/v1/sessions", json=wrong).status_code == 401
        # What a proxy on this machine says of the client is believed.
        client.get(f"{root}/healthz", headers={"X-Forwarded-For": "203.0.113.7"})
    assert server.stop() == 0
    logged = events(server)
    requests = [event for event in logged if event["event"] == "request"]
    profile = next(event for event in requests if event["route"] == "/api/user/profile")
    assert (profile["request_id"], profile["status"], profile["user_id"]) == ("mine-1", 200, 1)
    assert requests[-1]["address"] == "203.0.113.7"
    # The mail itself waited for nothing: it was sent before the server ended.
    (mail,) = [event for event in logged if event["event"] == "mail"]
    assert mail["to"] == ADA
    # On one's own machine it leads to the web app without a setting.
    assert f"{root}/reset-password?code=" in mail["text"]
    text = "".join(line for line in server.log if '"event": "mail"' not in line)
    for secret in (token, session, PASSWORD, "wrong-wrong", "c0de", ADA):
        assert secret not in text
    assert "Traceback" not in text


def test_an_interrupt_ends_it(server: Server) -> None:
    assert server.stop(signal.SIGINT) == 0
    assert not any("Traceback" in line for line in server.log)


@pytest.mark.parametrize(
    ("host", "values", "expected"),
    [
        ("127.0.0.1", {}, "http://127.0.0.1:{port}"),
        ("::1", {}, "http://[::1]:{port}"),
        ("localhost", {}, "http://localhost:{port}"),
        # Somebody else's address is not known from here.
        ("0.0.0.0", {}, None),
        ("127.0.0.1", {"web_app": False}, None),
        ("127.0.0.1", {"mode": "production"}, None),
        ("127.0.0.1", {"web_url": "https://dock.example.org"}, "https://dock.example.org"),
    ],
)
def test_the_address_that_links_in_mails_lead_to(host: str, values: dict[str, Any], expected: str | None) -> None:
    settings = Settings(host=host, port=0, **values)
    with listen(settings) as listening:
        found = with_web_address(settings, listening)
        assert found.web_url == (expected and expected.format(port=listening.getsockname()[1]))


def test_what_keeps_a_server_from_starting(tmp_path: Path) -> None:
    def serve(*arguments: str, **variables: str) -> str:
        environment = {**os.environ, "BEIMINGWU_DATA_DIR": str(tmp_path), **variables}
        done = subprocess.run(
            [*COMMAND, "serve", *arguments], env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 1, done.stderr
        assert "Traceback" not in done.stderr
        return done.stderr

    assert "mails must go to a server" in serve("--mode", "production")
    assert "error: setting port" in serve(BEIMINGWU_PORT="x")
    assert "database cannot be reached" in serve("--database-url", "postgresql://nobody@127.0.0.1:1/none")
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert "in use" in serve("--port", str(taken.getsockname()[1]))


def test_a_postgresql_database_is_migrated_when_the_operator_says_so(postgres: Any, tmp_path: Path) -> None:
    created = postgres.create()
    environment = {**os.environ, "BEIMINGWU_DATA_DIR": str(tmp_path), "BEIMINGWU_DATABASE_URL": created}

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*COMMAND, *arguments], env=environment, capture_output=True, text=True, check=False)

    refused = run("user", "list")
    assert refused.returncode == 1
    assert "beimingwu migrate" in refused.stderr
    assert json.loads(run("migrate", "--json").stdout) == {"before": None, "revision": newest_revision()}
    assert json.loads(run("user", "list", "--json").stdout) == {"users": []}
    assert f"it was at {newest_revision()}" in run("migrate", "--to", "base").stdout
    assert run("migrate", "--to", "nix").returncode == 1
    postgres.drop(created)
