"""Real workers: killed at any moment, told to stop, left alone by the process that started them."""

from __future__ import annotations

import json
import os
import select as selecting
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from benchmarks.dock.kills import kill_often
from benchmarks.dock.rig import BenchDock
from sqlalchemy import select
from tests.dock.learnwares import files, identity_of, semantic, store, submit_learnware

from beimingwu.db.models import Verification, Version
from beimingwu.settings import Settings, environment_of
from beimingwu.worker.pool import WorkerPool
from beimingwu.worker.scratch import scratch_folder
from learnware.learnware import write_package

if TYPE_CHECKING:
    from collections.abc import Callable

PATIENCE = 90.0
SLEEPS = b"__import__('time').sleep(600)"


def eventually(met: Callable[[], bool], what: str) -> None:
    """Wait for other processes."""
    give_up = time.monotonic() + PATIENCE
    while not met():
        assert time.monotonic() < give_up, what
        time.sleep(0.05)


def gone(pid: int) -> None:
    """Wait for the end of a process that is nobody's child here."""
    try:
        watched = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        ready, _, _ = selecting.select([watched], [], [], PATIENCE)
        assert ready, f"process {pid} goes on"
    finally:
        os.close(watched)


def children(pid: int) -> list[int]:
    """Return the processes that the threads of a process have started."""
    found: list[int] = []
    for file in Path(f"/proc/{pid}/task").glob("*/children"):
        # Threads end meanwhile; those that start processes do not.
        with suppress(OSError):
            found += [int(one) for one in file.read_text().split()]
    return found


def states(rig: Any) -> list[str]:
    with rig.dock.database.read() as session:
        return list(session.scalars(select(Version.state).order_by(Version.id)))


def submit_sleeper(rig: Any, folder: Path) -> str:
    """Submit a learnware whose model takes its time."""
    made = files(name="iris that sleeps")
    made["__init__.py"] += b"\n" + SLEEPS + b"\n"
    blob = store(rig, write_package(made, folder / "sleeper.zip"))
    spec = semantic(name="iris that sleeps")
    return rig.dock.submissions.submit(identity_of(rig), blob, spec, rig.origin()).learnware_id


@pytest.fixture
def lasting(make_rig: Any) -> Any:
    return make_rig(verify_in="current", verify_attempts=100, verify_retry_seconds=0, log_level="error")


def worker(rig: Any, *arguments: str, **options: Any) -> subprocess.Popen[bytes]:
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("BEIMINGWU_", "COV_"))},
        **environment_of(rig.dock.settings),
    }
    return subprocess.Popen([sys.executable, "-m", "beimingwu", "worker", *arguments], env=environment, **options)


def test_servers_and_workers_are_killed_at_any_moment(address: str, tmp_path: Path) -> None:
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("BEIMINGWU_", "COV_"))},
        "BEIMINGWU_DATA_DIR": str(tmp_path / "data"),
        "BEIMINGWU_DATABASE_URL": address,
        "BEIMINGWU_VERIFY_IN": "current",
        "BEIMINGWU_LOG_LEVEL": "error",
    }
    found = kill_often(BenchDock(tmp_path, environment), 5, submitters=1, workers=1, backlog=1)
    assert found.faults == []
    assert (found.server_kills, found.worker_kills) == (3, 2)
    assert found.acknowledged >= 3


def test_told_to_stop_while_at_work(lasting: Any, tmp_path: Path) -> None:
    submit_sleeper(lasting, tmp_path)
    process = worker(lasting, "--name", "w1")
    try:
        eventually(lambda: states(lasting) == ["PROCESSING"], "nobody took it")
        # Asked again while it ends, it goes on with that; one that has ended is asked nothing.
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=PATIENCE) == 0
    finally:
        process.kill()
        process.wait()
    with lasting.dock.database.read() as session:
        version = session.scalars(select(Version)).one()
        assert (version.state, version.worker, version.attempts) == ("WAITING", None, 0)
        assert session.scalars(select(Verification)).all() == []


def test_workers_end_with_the_process_that_started_them(lasting: Any, tmp_path: Path) -> None:
    submit_sleeper(lasting, tmp_path)
    parent = worker(lasting, "--concurrency", "2")
    try:
        eventually(lambda: len(children(parent.pid)) == 2, "there are not two workers")
        eventually(lambda: states(lasting) == ["PROCESSING"], "nobody took it")
        workers = children(parent.pid)
        parent.kill()
        parent.wait()
        for pid in workers:
            gone(pid)
    finally:
        parent.kill()
        parent.wait()
    # They ended in an orderly way all the same.
    assert states(lasting) == ["WAITING"]


def test_what_killed_workers_leave_is_removed(tmp_path: Path) -> None:
    code = """
import os, sys, tempfile
from pathlib import Path
from beimingwu.worker.scratch import scratch_folder
with scratch_folder(Path(sys.argv[1])):
    Path(tempfile.mkdtemp(), "large").write_bytes(b"x")
    print(os.environ["TMPDIR"], flush=True)
    sys.stdin.read()
"""
    command = [sys.executable, "-c", code, str(tmp_path)]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **pipes) as killed, subprocess.Popen(command, **pipes) as living:
        folders = [Path(process.stdout.readline().strip()) for process in (killed, living)]
        killed.kill()
        killed.wait()
        before = tempfile.gettempdir()
        with scratch_folder(tmp_path) as mine:
            assert [folder.exists() for folder in folders] == [False, True]
            assert tempfile.gettempdir() == os.environ["TMPDIR"] == str(mine)
        assert tempfile.gettempdir() == before
        living.communicate("")
    with scratch_folder(tmp_path) as mine:
        assert {path.name for path in tmp_path.iterdir()} == {mine.name, f"{mine.name}.lock"}


def test_once(lasting: Any) -> None:
    for number in range(3):
        submit_learnware(lasting, name=f"iris number {number}", seed=number)
    process = worker(lasting, "--once", "--concurrency", "2", stderr=subprocess.PIPE)
    _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, said.decode()
    assert states(lasting) == ["SUCCESS"] * 3


def test_a_pool_gives_workers_that_die_a_break(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("beimingwu.processes._SHORTEST_BREAK", 0.01)
    # They cannot even start: there is no such database.
    settings = Settings(data_dir=tmp_path, database_url="postgresql://nobody@127.0.0.1:1/none", log_level="error")
    started = []
    begin = WorkerPool._start

    def noted(pool: WorkerPool, name: str) -> Any:
        started.append(name)
        return begin(pool, name)

    monkeypatch.setattr(WorkerPool, "_start", noted)
    pool = WorkerPool(settings, 1, name="w")
    pool.start()
    try:
        eventually(lambda: len(started) >= 2, "it was not started again")
    finally:
        pool.stop()
    assert set(started) == {"w-1"}
    assert pool.pids == []


def test_what_other_processes_are_told_of_the_settings(tmp_path: Path) -> None:
    settings = Settings(
        data_dir=tmp_path,
        database_url="postgresql://ada:s3cret@127.0.0.1/dock",
        limit_login="3/7m",
        allowed_emails="*@a.org,*@b.org",
        verify_in="current",
    )
    variables = environment_of(settings)
    assert variables["BEIMINGWU_DATABASE_URL"] == "postgresql://ada:s3cret@127.0.0.1/dock"
    done = subprocess.run(
        [sys.executable, "-c", "from beimingwu.settings import *; print(load_settings().model_dump_json())"],
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), **variables},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout) == json.loads(settings.model_dump_json())
