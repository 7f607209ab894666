"""A server of several processes: all of them answer, one that dies is replaced, and they end together."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from benchmarks.dock.kills_submitter import Submitter
from benchmarks.dock.rig import bench_dock

from beimingwu.serving.run import process_count
from beimingwu.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

COMMAND = [sys.executable, "-W", "error", "-m", "beimingwu"]


def eventually(met: Callable[[], Any]) -> Any:
    """Wait for something that another process does."""
    give_up = time.monotonic() + 120
    while time.monotonic() < give_up:
        if found := met():
            return found
        time.sleep(0.02)
    raise AssertionError("it did not happen")


@pytest.fixture(params=["sqlite", "postgresql"])
def dock(request: pytest.FixtureRequest) -> Iterator[Any]:
    database = None if request.param == "sqlite" else request.getfixturevalue("postgres").create()
    variables = {"BEIMINGWU_LOG_LEVEL": "info", "BEIMINGWU_LOG_FORMAT": "json"}
    with bench_dock(database=database, **variables) as dock:
        yield dock
    if database is not None:
        request.getfixturevalue("postgres").drop(database)


def events(dock: Any) -> list[dict[str, Any]]:
    """Return the log; its last line may not be whole yet."""
    lines = (dock.folder / "server.log").read_text().splitlines(keepends=True)
    return [json.loads(line) for line in lines if line.endswith("\n")]


def answering(dock: Any, request_ids: list[str]) -> list[int]:
    """Return the process that answered each request."""
    by_id = {one["request_id"]: one["process"] for one in events(dock) if one["event"] == "request"}
    return [by_id[one] for one in request_ids] if set(request_ids) <= by_id.keys() else []


def running(root: str) -> float:
    """Return how many requests the server says it is answering."""
    text = httpx2.get(f"{root}/metrics", timeout=60).text
    return float(re.findall("^beimingwu_http_requests_running (.*)$", text, re.MULTILINE)[0])


def test_all_answer_and_one_that_dies_is_replaced(dock: Any, tmp_path: Path) -> None:
    ada = dock.somebody("ada")
    with dock.server("--processes", "2") as server, httpx2.Client(timeout=60) as kept:
        root = server.url.removesuffix("/api")
        first = server.pids[1:]
        assert len(first) == 2
        # Each connection goes to the next one.
        asked = [httpx2.get(f"{root}/readyz", timeout=60).headers["X-Request-ID"] for _ in range(4)]
        assert sorted(eventually(lambda: answering(dock, asked))) == [1, 1, 2, 2]
        asked = [kept.get(f"{root}/healthz").headers["X-Request-ID"] for _ in range(3)]
        assert len(set(eventually(lambda: answering(dock, asked)))) == 1

        submitter = Submitter(0, ada, lambda: server.url, tmp_path, backlog=1000)
        submitter.start()
        try:
            for victim in first:
                before = len(submitter.acknowledged)
                eventually(lambda before=before: len(submitter.acknowledged) > before or submitter.faults)
                os.kill(victim, signal.SIGKILL)
                eventually(lambda victim=victim: len(server.pids) == 3 and victim not in server.pids)
            before = len(submitter.acknowledged)
            eventually(lambda: len(submitter.acknowledged) > before or submitter.faults)
        finally:
            submitter.stop.set()
            submitter.join()
        assert submitter.faults == []
        # Both are there again, and everything that was acknowledged is there once.
        eventually(lambda: len([one for one in events(dock) if one["event"] == "Application startup complete."]) == 4)
        asked = [httpx2.get(f"{root}/healthz", timeout=60).headers["X-Request-ID"] for _ in range(4)]
        eventually(lambda: len({*answering(dock, asked)}) == 2)
        names, page = [], {"mine": "true", "limit": "100"}
        while "cursor" not in page or page["cursor"] is not None:
            listed = httpx2.get(f"{server.url}/v1/learnwares", params=page, headers=ada.headers, timeout=60).json()
            names += [one["name"] for one in listed["items"]]
            page["cursor"] = listed["next_cursor"]
        assert listed["total"] == len(names) == len({*names})
        assert {*submitter.acknowledged} <= {*names}
        # Whoever is asked tells what all have counted, those that are gone included.
        told = [httpx2.get(f"{root}/metrics", timeout=60).text for _ in range(2)]
        route = 'beimingwu_http_requests_total{method="GET",route="/readyz",status="200"} 4.0'
        assert all(route in text for text in told)
        # An answer may be there a moment before it is counted as given; this request is one that runs.
        eventually(lambda: {running(root), running(root)} == {1.0})
        assert all("beimingwu_versions{" in text for text in told)
        last = server.pids
    assert server.stop() == 0
    assert not any(os.path.exists(f"/proc/{pid}") for pid in last)  # noqa: PTH110  # a name in /proc
    logged = events(dock)
    died = [one for one in logged if one["event"] == "server_process_died"]
    assert [(one["server_process"], one["code"]) for one in died] == [("1", -9), ("2", -9)]
    assert not any("Traceback" in json.dumps(one) for one in logged)
    # Nothing is left of the counts.
    assert list((dock.folder / "data" / "servers").iterdir()) == []


def test_what_runs_is_finished_and_who_comes_later_is_refused(dock: Any) -> None:
    ada = dock.somebody("ada")
    with dock.server("--processes", "2") as server:
        host, port = httpx2.URL(server.url).host, httpx2.URL(server.url).port
        body = b"{}" + b" " * 10
        head = (
            f"POST /api/v1/searches HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {ada.token}\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        )
        with socket.create_connection((host, port), timeout=60) as half:
            half.sendall(head.encode() + body[:2])
            started = len([one for one in events(dock) if one["event"] == "request"])
            # It is one of the requests that run; the other one asks.
            eventually(lambda: running(server.url.removesuffix("/api")) == 2.0)
            eventually(lambda: len([one for one in events(dock) if one["event"] == "request"]) > started)
            os.kill(server.pid, signal.SIGTERM)
            eventually(lambda: any(one["event"] == "Shutting down" for one in events(dock)))
            with pytest.raises(httpx2.ConnectError):
                httpx2.get(server.url.removesuffix("/api") + "/healthz")
            half.sendall(body[2:])
            answer = b"".join(iter(lambda: half.recv(65536), b""))
        assert answer.startswith(b"HTTP/1.1 200")
        assert server.stop() == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--mode", "production"), "mails must go to a server"),
        (("--database-url", "postgresql://nobody@127.0.0.1:1/none"), "database cannot be reached"),
    ],
)
def test_what_keeps_one_from_starting_ends_all(tmp_path: Path, arguments: tuple[str, ...], words: str) -> None:
    done = subprocess.run(
        [*COMMAND, "serve", "--data-dir", str(tmp_path), "--port", "0", "--processes", "2", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_how_many_processes_there_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for cores, count in ((1, 1), (2, 2), (64, 4)):
        monkeypatch.setattr("beimingwu.serving.run.available_cores", lambda cores=cores: cores)
        assert process_count(Settings(data_dir=tmp_path)) == count
    assert process_count(Settings(data_dir=tmp_path, server_processes=7)) == 7
    monkeypatch.delattr("socket.send_fds")
    assert process_count(Settings(data_dir=tmp_path, server_processes=7)) == 1


def test_a_process_knows_where_settings_come_from(dock: Any) -> None:
    root = dock.somebody("root", "super-admin")
    with dock.server("--processes", "2", BEIMINGWU_LIMIT_LINK_ADDRESS="7/1h") as server:
        answer = httpx2.get(f"{server.url}/v1/admin/settings", headers=root.headers, timeout=60)
    shown = {one["name"]: (one["value"], one["source"]) for one in answer.json()["settings"]}
    assert shown["server_processes"] == (2, "option")
    assert shown["limit_link_address"][1] == "variable"
    assert shown["shutdown_seconds"][1] == "default"
