"""Kill server or worker at random moments while people submit; then see that nothing is lost, doubled or stuck.

``python -m benchmarks.dock.kills [MOMENTS] [sqlite|postgresql]``.
"""

from __future__ import annotations

import random
import sys
import tempfile
import threading
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import urllib3

from benchmarks._table import Row, machine, print_rows
from benchmarks.dock.rig import bench_dock, postgresql
from benchmarks.market import semantic
from learnware.learnware import write_package
from learnware.specification import RKMETableSpecification

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.dock.rig import BenchDock, Process, Server, Somebody

__all__ = ["Outcome", "kill_often", "run"]

_MANIFEST = b"""\
model: {class_name: Model}
stat_specifications:
- {class_name: RKMETableSpecification, file_name: stat.json}
"""
_MODEL = """\
from learnware.model import BaseModel

NUMBER = {number}

class Model(BaseModel):
    def __init__(self):
        super().__init__(input_shape=(20,), output_shape=(1,))

    def predict(self, X):
        return X.sum(axis=1)
"""
_LONGEST_PAUSE = 0.6
_SETTLE_SECONDS = 600


class Outcome:
    """What was acknowledged, and what became of it."""

    def __init__(self, names: set[str], found: list[dict[str, Any]], kills: int) -> None:
        self.acknowledged = len(names)
        self.kills = kills
        there: list[str] = [one["name"] for one in found]
        self.lost = len(names - set(there))
        self.doubled = len(there) - len(set(there))
        self.stuck: int = sum(one["status"] not in {"SUCCESS", "FAIL"} for one in found)
        self.refused: int = sum(one["status"] == "FAIL" for one in found)

    @property
    def faults(self) -> int:
        """How many submissions did not fare as they should."""
        return self.lost + self.doubled + self.stuck + self.refused


def kill_often(dock: BenchDock, moments: int, *, submitters: int = 3, seed: int = 0) -> Outcome:
    """Kill a server or a worker so many times while learnwares are submitted, and tell what became of them."""
    somebody = dock.somebody("ada")
    chance = random.Random(seed)
    server, worker = dock.server(), dock.worker()
    processes: dict[str, Process | Server] = {"server": server, "worker": worker}
    address = [server.url]
    stop, names = threading.Event(), set[str]()
    threads = [
        threading.Thread(target=_submit, args=(number, somebody, address, stop, names)) for number in range(submitters)
    ]
    try:
        for thread in threads:
            thread.start()
        for _ in range(moments):
            before, give_up = len(names), time.monotonic() + _SETTLE_SECONDS
            while len(names) == before and time.monotonic() < give_up:
                time.sleep(0.01)
            # At whatever moment of a request or a verification it happens to be.
            time.sleep(chance.uniform(0.0, _LONGEST_PAUSE))
            which = chance.choice(["server", "worker"])
            processes[which].kill()
            if which == "server":
                processes["server"] = server = dock.server()
                address[0] = server.url
            else:
                processes["worker"] = dock.worker()
        stop.set()
        for thread in threads:
            thread.join()
        return Outcome(names, _settled(address[0], somebody), moments)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
        for process in processes.values():
            process.stop()


def _submit(number: int, somebody: Somebody, address: list[str], stop: threading.Event, names: set[str]) -> None:
    http = urllib3.PoolManager(timeout=30.0, retries=False)
    with tempfile.TemporaryDirectory(prefix="dock-kills-") as folder:
        count = 0
        while not stop.is_set():
            count += 1
            name = f"learnware {number} {count}"
            content = _package(Path(folder), 1_000_000 * number + count).read_bytes()
            # Somebody whose request broke off does not know what came of it, and makes another learnware.
            with suppress(urllib3.exceptions.HTTPError, _NotTakenError):
                _send(http, address[0], somebody, content, name)
                names.add(name)


class _NotTakenError(Exception):
    """The dock did not acknowledge a submission."""


def _send(http: urllib3.PoolManager, url: str, somebody: Somebody, content: bytes, name: str) -> None:
    tus = {**somebody.headers, "Tus-Resumable": "1.0.0"}
    made = http.request("POST", f"{url}/v1/uploads", headers={**tus, "Upload-Length": str(len(content))})
    _require(made, 201)
    upload = made.headers["Location"].rstrip("/").rpartition("/")[2]
    kind = {"Content-Type": "application/offset+octet-stream", "Upload-Offset": "0"}
    _require(http.request("PATCH", f"{url}/v1/uploads/{upload}", headers={**tus, **kind}, body=content), 204)
    described: dict[str, Any] = semantic()
    described["Name"]["Values"] = name
    body = {"upload_id": upload, "semantic_specification": described}
    _require(http.request("POST", f"{url}/v1/learnwares", headers=somebody.headers, json=body), 201)


def _require(answer: urllib3.BaseHTTPResponse, status: int) -> None:
    if answer.status != status:
        raise _NotTakenError(f"{answer.status}: {answer.data[:500]!r}")


def _package(folder: Path, number: int) -> Path:
    points = np.random.default_rng(number).normal(size=(5, 20))
    states = {"z": points.tolist(), "beta": [0.2] * 5, "gamma": 0.1, "num_points": 100}
    return write_package(
        {
            "__init__.py": _MODEL.format(number=number).encode(),
            "learnware.yaml": _MANIFEST,
            "requirements.txt": b"numpy\n",
            "stat.json": RKMETableSpecification.from_states(states).to_json().encode(),
        },
        folder / "package.zip",
    )


def _settled(url: str, somebody: Somebody) -> list[dict[str, Any]]:
    """Return all learnwares once each is decided, or when that takes too long."""
    give_up = time.monotonic() + _SETTLE_SECONDS
    while True:
        found: list[dict[str, Any]] = []
        cursor: str | None = None
        while True:
            fields = {"mine": "true", "limit": "100", **({"cursor": cursor} if cursor else {})}
            page = urllib3.request("GET", f"{url}/v1/learnwares", fields=fields, headers=somebody.headers).json()
            found += page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                break
        if all(one["status"] in {"SUCCESS", "FAIL"} for one in found) or time.monotonic() > give_up:
            return found
        time.sleep(0.5)


def _measure(kind: str, moments: int) -> list[Row]:
    with ExitStack() as stack:
        database = stack.enter_context(postgresql()) if kind == "postgresql" else None
        variables: dict[str, Any] = {
            "BEIMINGWU_VERIFY_IN": "current",
            "LEARNWARE_RUN_IN": "current",
            "BEIMINGWU_LIMIT_SUBMISSIONS": "1000000/1m",
            "BEIMINGWU_LEASE_SECONDS": "10",
            # Every kill of a worker costs a learnware a try, and there are many kills.
            "BEIMINGWU_VERIFY_ATTEMPTS": "10",
        }
        dock = stack.enter_context(bench_dock(0, database=database, **variables))
        found = kill_often(dock, moments)
    note = (
        f"{found.acknowledged} acknowledged; {found.lost} lost, {found.doubled} doubled, {found.stuck} stuck, "
        f"{found.refused} refused"
    )
    return [Row(f"{kind}: faults after {found.kills} kills", found.faults, 0, "", note)]


def run(moments: int = 100, kinds: tuple[str, ...] = ("sqlite", "postgresql")) -> list[Row]:
    """Measure and return all figures."""
    measure: Callable[[str, int], list[Row]] = _measure
    return [row for kind in kinds for row in measure(kind, moments)]


if __name__ == "__main__":
    print(machine())
    given = sys.argv[1:]
    print_rows(
        "Killing servers and workers",
        run(int(given[0]) if given else 100, tuple(given[1:]) or ("sqlite", "postgresql")),
    )
