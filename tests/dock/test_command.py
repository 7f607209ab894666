"""The `beimingwu` command."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from beimingwu.cli._app import app
from beimingwu.db.revision import newest_revision

if TYPE_CHECKING:
    from pathlib import Path

ADA = "ada@example.org"
PASSWORD = "correct horse"


class Shell:
    """Runs the command on a dock of its own."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        monkeypatch.setenv("BEIMINGWU_DATA_DIR", str(folder))
        monkeypatch.setenv("BEIMINGWU_ARGON2_MEMORY_KIB", "32")
        monkeypatch.setenv("COLUMNS", "120")

    def __call__(self, *arguments: str, code: int = 0, text: str | None = None) -> str:
        done = CliRunner().invoke(app, list(arguments), input=text)
        assert done.exit_code == code, done.output + str(done.exception)
        return done.stdout if code == 0 else done.stderr

    def json(self, *arguments: str) -> Any:
        return json.loads(self(*arguments, "--json"))


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    return Shell(tmp_path / "dock", monkeypatch)


def create(shell: Shell, email: str = ADA, name: str = "ada", *more: str) -> Any:
    return shell.json("user", "create", email, "--username", name, "--password", PASSWORD, *more)


def test_accounts(shell: Shell) -> None:
    made = create(shell, ADA, "ada", "--verified", "--role", "admin")
    assert (made["user_id"], made["role"], made["state"]) == (1, "admin", "active")
    assert create(shell, "bea@example.org", "bea")["state"] == "not confirmed"
    assert shell.json("user", "role", "ada", "super-admin")["role"] == "super-admin"
    assert shell.json("user", "disable", ADA)["state"] == "disabled"
    assert [one["state"] for one in shell.json("user", "list")["users"]] == ["disabled", "not confirmed"]
    assert shell.json("user", "enable", ADA)["state"] == "active"
    listed = shell("user", "list")
    assert "super-admin" in listed
    assert "not confirmed" in listed


def test_a_password_is_read_from_standard_input(shell: Shell) -> None:
    shell("user", "create", ADA, "--username", "ada", "--verified", text=PASSWORD + "\n")
    from beimingwu.services.dock import Dock, open_database
    from beimingwu.services.identity import Origin
    from beimingwu.services.passwords import digest_of
    from beimingwu.settings import load_settings

    settings = load_settings()
    dock = Dock(settings, open_database(settings))
    assert dock.sessions.login(ADA, digest_of(PASSWORD), Origin("192.0.2.1")).token
    dock.close()


def test_tokens(shell: Shell) -> None:
    create(shell, ADA, "ada", "--verified", "--role", "admin")
    token = shell("token", "create", ADA)
    assert len(token) == 33
    assert bytes.fromhex(token)
    limited = shell.json("token", "create", "ada", "--scope", "admin", "--days", "30", "--name", "robot")
    assert (limited["scopes"], limited["name"], bool(limited["expires_at"])) == (["admin"], "robot", True)
    assert token[:8] + "…" in shell("token", "list", ADA)
    assert [one["token_id"] for one in shell.json("token", "list", ADA)["tokens"]] == [1, 2]
    assert shell.json("token", "revoke", ADA, "1") == {"revoked": 1}
    assert [one["name"] for one in shell.json("token", "list", ADA)["tokens"]] == ["robot"]


def test_what_is_refused(shell: Shell) -> None:
    create(shell)
    assert "there is an account of the e-mail address" in shell(
        "user", "create", ADA, "--username", "x", "--password", PASSWORD, code=1
    )
    assert "there is no account of" in shell("user", "role", "nobody", "admin", code=1)
    assert "there is no role 'king'" in shell("user", "role", ADA, "king", code=2)
    assert "there is no role 'king'" in shell("user", "create", "b@c.d", "--username", "x", "--role", "king", code=2)
    assert "at least 8 characters" in shell("user", "create", "b@c.d", "--username", "x", code=1, text="short\n")
    assert "there is no such token" in shell("token", "revoke", ADA, "99", code=1)
    assert "must be one or more of" in shell("token", "create", ADA, "--scope", "everything", code=1)
    assert "administrators only" in shell("token", "create", ADA, "--scope", "admin", code=1)
    error = json.loads(shell("user", "disable", "nobody", "--json", code=1))
    assert error["error"]["type"] == "NotFoundError"


def test_where_the_dock_is(shell: Shell, tmp_path: Path) -> None:
    create(shell)
    elsewhere = tmp_path / "elsewhere"
    assert shell.json("user", "list", "--data-dir", str(elsewhere)) == {"users": []}
    made = (elsewhere / "beimingwu.sqlite3").stat()
    assert os.name != "posix" or stat.S_IMODE(made.st_mode) == 0o600
    file = tmp_path / "settings.yaml"
    file.write_text(f"database_url: sqlite:///{tmp_path / 'third.sqlite3'}\n")
    assert shell.json("user", "list", "--settings", str(file)) == {"users": []}
    url = f"sqlite:///{shell.folder / 'beimingwu.sqlite3'}"
    assert len(shell.json("user", "list", "--settings", str(file), "--database-url", url)["users"]) == 1


def test_migrate(shell: Shell) -> None:
    newest = newest_revision()
    assert shell.json("migrate") == {"before": None, "revision": newest}
    assert shell("migrate") == f"The database is at revision {newest}.\n"
    assert shell("migrate", "--to", "base") == f"The database is at revision none; it was at {newest}.\n"


def test_help_and_version(shell: Shell) -> None:
    for command in ((), ("serve",), ("migrate",), ("user", "create"), ("token", "create")):
        assert "--help" in shell(*command, "--help")
    assert shell("--version").startswith("beimingwu ")


def test_without_the_extra_it_says_what_to_install(tmp_path: Path) -> None:
    program = (
        "import sys\n"
        "sys.modules.update(dict.fromkeys(('fastapi', 'sqlalchemy', 'structlog')))\n"
        "from beimingwu.cli import main\n"
        "main()\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "error: fastapi is needed to run a learnware dock; install it with: pip install 'learnware[server]'"
    ]


def test_importing_the_server_has_no_effect(tmp_path: Path) -> None:
    program = "import beimingwu, beimingwu.app, beimingwu.cli._app, logging; assert not logging.getLogger().handlers"
    subprocess.run(
        [sys.executable, "-W", "error", "-c", program], check=True, cwd=tmp_path, env={"HOME": str(tmp_path)}
    )
    assert list(tmp_path.iterdir()) == []


def test_errors_of_usage_are_json_where_that_was_asked_for() -> None:
    command = [sys.executable, "-m", "beimingwu", "user", "create", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert json.loads(done.stderr)["error"]["type"] == "UsageError"
