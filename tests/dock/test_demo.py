"""The demo dock, and the two programs that find and use learnwares of it."""

from __future__ import annotations

import json
import os
import re
import socket
import stat
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from beimingwu.cli._app import app

if TYPE_CHECKING:
    from learnware.runtime.environment import EnvironmentStore

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.index
@pytest.mark.usefixtures("package_index")
def test_both_programs_run_as_they_are_printed(
    tmp_path: Path, shared: Path, environment_store: EnvironmentStore
) -> None:
    """It begins from nothing: accounts, training, submitting, verifying; then it starts again and is used."""
    printed = re.findall(r"```python\n(.*?)```", (shared / "contract" / "EXAMPLES.md").read_text("utf-8"), re.DOTALL)
    for program, name in zip(printed, ("one_learnware", "several_learnwares"), strict=True):
        ours = (ROOT / "examples" / "dock" / f"{name}.py").read_text("utf-8")
        assert [line for line in program.splitlines() if line and line not in ours.splitlines()] == []
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("BEIMINGWU_", "COV_"))},
        # The programs ask for an environment; workers do without, as that is not what is looked at here.
        "BEIMINGWU_VERIFY_IN": "current",
        "LEARNWARE_RUN_IN": "current",
        "LEARNWARE_ENVIRONMENTS": str(environment_store.root),
        "HOME": str(tmp_path),
    }
    folder = tmp_path / "demo"
    done = subprocess.run(
        [sys.executable, "examples/dock/run.py", str(folder), str(port)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(re.findall(r"accuracy 0\.9", done.stdout)) == 2
    # Nothing is submitted twice.
    assert done.stderr.count("submitted 0") == 15
    assert stat.S_IMODE((folder / "demo.json").stat().st_mode) == 0o600
    people = json.loads((folder / "demo.json").read_text())["people"]
    assert [one["part"] for one in people] == ["administrator", "developer", "developer", "user"]


def test_what_no_demo_is_made_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BEIMINGWU_VERIFY_IN", "current")
    monkeypatch.setenv("BEIMINGWU_ARGON2_MEMORY_KIB", "32")
    monkeypatch.setenv("COLUMNS", "500")

    def refused(*arguments: str) -> str:
        done = CliRunner().invoke(app, [*arguments, "--data-dir", str(tmp_path / "dock")])
        assert done.exit_code == 1, done.output
        return done.stderr

    made = ("user", "create", "ada@example.org", "--username", "ada", "--password", "correct horse")
    assert CliRunner().invoke(app, [*made, "--data-dir", str(tmp_path / "dock")]).exit_code == 0
    assert "is no demo" in refused("demo", "--port", "0")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = CliRunner().invoke(app, ["demo", "--port", port, "--data-dir", str(tmp_path / "another")])
    assert done.exit_code == 1
    assert f"{port} is in use" in done.stderr
    assert not (tmp_path / "another").exists()
    monkeypatch.setenv("BEIMINGWU_HOST", "0.0.0.0")
    assert "this machine only" in refused("demo", "--port", "0")
