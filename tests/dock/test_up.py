"""`beimingwu up`: a whole dock in one process and its workers."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

COMMAND = [sys.executable, "-W", "error", "-m", "beimingwu"]


def eventually(met: Callable[[], Any]) -> Any:
    """Wait for something that another process does."""
    give_up = time.monotonic() + 120
    while time.monotonic() < give_up:
        if found := met():
            return found
        time.sleep(0.02)
    raise AssertionError("it did not happen")


def alive(pid: int) -> bool:
    with suppress(OSError):
        # A process that ended and was not waited for yet is none.
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


class Up:
    """A dock that was started by the command."""

    def __init__(self, folder: Path, address: str, *arguments: str) -> None:
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("BEIMINGWU_", "COV_"))},
            "BEIMINGWU_DATA_DIR": str(folder / "data"),
            "BEIMINGWU_DATABASE_URL": address,
            "BEIMINGWU_LOG_FORMAT": "json",
        }
        self.log = folder / "log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [*COMMAND, "up", "--port", "0", "--json", *arguments],
                env=self.environment,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        lines = []
        for line in self.process.stdout:
            lines.append(line)
            if line == "}\n":
                break
        assert lines, self.log.read_text()
        self.document = json.loads("".join(lines))

    def events(self, name: str) -> list[dict[str, Any]]:
        # The last line may not be whole yet.
        lines = [line for line in self.log.read_text().splitlines(keepends=True) if line.endswith("}\n")]
        return [event for line in lines if (event := json.loads(line)).get("event") == name]

    def workers(self) -> list[int]:
        """Return the workers that this one started and that run."""
        return [pid for pid in self.children() if b"worker" in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")]

    def children(self) -> list[int]:
        """Return the processes that this one started and that run."""
        found: list[int] = []
        for task in Path(f"/proc/{self.process.pid}/task").iterdir():
            # Threads end meanwhile; those that start processes do not.
            with suppress(OSError):
                found += [int(pid) for pid in (task / "children").read_text().split()]
        return [pid for pid in found if alive(pid)]

    def stop(self, how: int) -> int:
        if self.process.poll() is None:
            self.process.send_signal(how)
        code = self.process.wait(timeout=60)
        self.process.stdout.close()
        return code


@pytest.fixture
def up(empty_address: str, tmp_path: Path) -> Iterator[Up]:
    running = Up(tmp_path, empty_address, "--workers", "2", "--processes", "2")
    yield running
    running.stop(signal.SIGKILL)


def test_it_migrates_serves_watches_its_workers_and_ends(up: Up) -> None:
    assert up.document["workers"] == 2
    root = up.document["address"].removesuffix("/api")
    assert httpx2.get(f"{root}/readyz", timeout=60).text == "OK"
    first = eventually(lambda: len(up.events("worker_started")) == 2 and up.workers())
    assert len(first) == 2
    os.kill(first[0], signal.SIGKILL)
    eventually(lambda: len(up.events("worker_started")) == 3)
    workers = up.workers()
    assert first[1] in workers
    everybody = up.children()
    assert {*workers} < {*everybody}
    # Asked again while it ends, it goes on with that.
    up.process.send_signal(signal.SIGTERM)
    assert up.stop(signal.SIGTERM) == 0
    assert not any(alive(pid) for pid in everybody)
    # Both that were there in the end gave back what they had.
    assert len(up.events("worker_ended")) == 2
    assert "Traceback" not in up.log.read_text()


def test_an_interrupt_ends_it(tmp_path: Path) -> None:
    up = Up(tmp_path, f"sqlite:///{tmp_path / 'dock.sqlite3'}", "--workers", "1")
    eventually(lambda: up.events("worker_started"))
    assert up.stop(signal.SIGINT) == 0
    assert len(up.events("worker_ended")) == 1
    assert "Traceback" not in up.log.read_text()


def test_all_end_with_it_when_it_is_killed(tmp_path: Path) -> None:
    up = Up(tmp_path, f"sqlite:///{tmp_path / 'dock.sqlite3'}", "--workers", "1", "--processes", "2")
    eventually(lambda: up.events("worker_started"))
    everybody = up.children()
    up.stop(signal.SIGKILL)
    eventually(lambda: not any(alive(pid) for pid in everybody))


def test_an_address_that_is_taken(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = subprocess.run(
            [*COMMAND, "up", "--data-dir", str(tmp_path), "--port", str(taken.getsockname()[1])],
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert "in use" in done.stderr
    assert "Traceback" not in done.stderr
