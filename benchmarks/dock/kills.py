"""Kill servers and workers at random moments while people submit; then see that nothing is lost, doubled or stuck.

``python -m benchmarks.dock.kills [MOMENTS] [sqlite|postgresql]``.

The settings are those of every dock, with verifications in the worker's own Python. So a version may be tried three
times, and one whose workers were killed three times would rightly be refused. That would hide faults; so a worker is
stopped first (SIGSTOP), and goes on if it is seen to hold a version that was hit twice. A kill of a stopped process
finds the dock as a kill at that moment would have.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from beimingwu.db.models import Version
from beimingwu.services.version_states import UNDECIDED
from benchmarks._table import Row, machine, print_rows
from benchmarks.dock.kills_check import faults_of
from benchmarks.dock.kills_submitter import Submitter
from benchmarks.dock.rig import bench_dock, postgresql

if TYPE_CHECKING:
    from collections.abc import Callable

    from typing_extensions import Self

    from beimingwu.services.dock import Dock
    from benchmarks.dock.rig import BenchDock, Process, Server

__all__ = ["Outcome", "kill_often", "run"]

_LONGEST_PAUSE = 0.6
_PATIENCE = 120.0
_MOST_HITS = 2
_MOST_SECONDS = 900.0
# Characters of a log that are shown where something is wrong.
_MUCH = 20_000


@dataclass
class Outcome:
    """What was acknowledged, what was killed meanwhile, and what is wrong with what is there afterwards.

    Attributes
    ----------
    acknowledged : int
        Submissions that were acknowledged.
    server_kills, worker_kills : int
    hits : Counter of int
        How often the workers of which version were killed.
    broken : int
        Requests that ended without an answer.
    faults : list of str
        What is not as it should be.
    """

    acknowledged: int = 0
    server_kills: int = 0
    worker_kills: int = 0
    hits: Counter[int] = field(default_factory=Counter)
    broken: int = 0
    faults: list[str] = field(default_factory=list)


def kill_often(
    dock: BenchDock,
    moments: int,
    *,
    submitters: int = 2,
    workers: int = 2,
    backlog: int = 8,
    seed: int = 0,
    most_seconds: float = _MOST_SECONDS,
) -> Outcome:
    """Kill a server or a worker so many times while learnwares are submitted, and tell what became of them.

    Parameters
    ----------
    dock : BenchDock
        Without accounts.
    moments : int
        Kills, every other one of the server.
    submitters, workers : int, optional
    backlog : int, optional
        Submitters wait while more than so many learnwares do.
    seed : int, optional
        Seed of the moments.
    most_seconds : float, optional
        There are fewer kills if they take longer.
    """
    somebody = dock.somebody("ada")
    with ExitStack() as stack:
        services = stack.enter_context(dock.services())
        victims = stack.enter_context(_Victims(dock, services, workers, random.Random(seed)))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="dock-kills-")))
        people = [Submitter(number, somebody, victims.url, folder, backlog) for number in range(submitters)]
        outcome = victims.outcome
        try:
            for person in people:
                person.start()
            give_up = time.monotonic() + most_seconds
            for moment in range(moments):
                if time.monotonic() > give_up or outcome.faults:
                    break
                if moment % 2:
                    victims.kill_worker()
                else:
                    victims.kill_server(people)
        finally:
            for person in people:
                person.stop.set()
            for person in people:
                person.join()
        sent = {name: package for person in people for name, package in person.acknowledged.items()}
        outcome.acknowledged = len(sent)
        outcome.broken = sum(person.broken for person in people)
        outcome.faults += [fault for person in people for fault in person.faults]
        outcome.faults += faults_of(services, victims.url(), somebody, sent)
        return outcome


class _Victims:
    """The processes of a dock, each of which is started again when it was killed."""

    def __init__(self, dock: BenchDock, services: Dock, workers: int, chance: random.Random) -> None:
        self.outcome = Outcome()
        self._dock = dock
        self._services = services
        self._chance = chance
        self._lock = threading.Lock()
        self._server: Server = dock.server(whole=False)
        self._workers: dict[str, Process] = {}
        for number in range(workers):
            self._start(f"worker-{number}")

    def url(self) -> str:
        """Return the address of the server that runs."""
        with self._lock:
            return self._server.url

    def kill_server(self, people: list[Submitter]) -> None:
        """Kill the server some time after it has acknowledged something."""
        before = sum(len(person.acknowledged) for person in people)
        if not self._eventually(lambda: sum(len(person.acknowledged) for person in people) > before):
            self.outcome.faults.append(f"nothing was acknowledged for {_PATIENCE:g} seconds")
            return
        self._pause()
        self._server.kill()
        server = self._dock.server(whole=False)
        with self._lock:
            self._server = server
        self.outcome.server_kills += 1

    def kill_worker(self) -> None:
        """Kill a worker some time after it has begun with something."""
        name = self._chance.choice(sorted(self._workers))
        worker = self._workers[name]
        while True:
            if not self._eventually(lambda: self._held_by(name) is not None):
                self.outcome.faults.append(f"a worker had nothing to do for {_PATIENCE:g} seconds")
                return
            self._pause()
            os.kill(worker.pid, signal.SIGSTOP)
            held = self._held_by(name)
            if held is None or self.outcome.hits[held] < _MOST_HITS:
                break
            os.kill(worker.pid, signal.SIGCONT)
        worker.kill()
        if held is not None:
            self.outcome.hits[held] += 1
        self.outcome.worker_kills += 1
        self._start(name)

    def _start(self, name: str) -> None:
        # Started again by the same name, as services of a machine are, it takes over at once what it had.
        self._workers[name] = self._dock.worker("--name", name)

    def _held_by(self, name: str) -> int | None:
        mine = Version.state.in_(UNDECIDED) & Version.worker.startswith(f"{name}#")
        with self._services.database.read() as session:
            return session.scalar(select(Version.id).where(mine))

    def _pause(self) -> None:
        # At whatever moment of a request or a verification it happens to be.
        time.sleep(self._chance.uniform(0.0, _LONGEST_PAUSE))

    def _eventually(self, met: Callable[[], bool]) -> bool:
        give_up = time.monotonic() + _PATIENCE
        while not met():
            if time.monotonic() > give_up:
                return False
            time.sleep(0.02)
        return True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for process in (self._server, *self._workers.values()):
            process.stop()


def _measure(kind: str, moments: int) -> list[Row]:
    with ExitStack() as stack:
        database = stack.enter_context(postgresql()) if kind == "postgresql" else None
        variables: dict[str, Any] = {
            "BEIMINGWU_VERIFY_IN": "current",
            "LEARNWARE_RUN_IN": "current",
            "BEIMINGWU_LIMIT_SUBMISSIONS": "1000000/1m",
        }
        dock = stack.enter_context(bench_dock(0, database=database, **variables))
        found = kill_often(dock, moments)
        if found.faults:
            logs = [f"{file.name}: {file.read_text(encoding='utf-8')[-_MUCH:]}" for file in dock.folder.glob("*.log")]
            print(*found.faults, *logs, sep="\n", file=sys.stderr)
    kills = found.server_kills + found.worker_kills
    note = (
        f"{found.server_kills} of servers, {found.worker_kills} of workers; {found.acknowledged} submissions "
        f"acknowledged, {found.broken} requests broken off, {sum(found.hits.values())} verifications"
    )
    return [
        Row(f"{kind}: kills", kills, moments, "", note, higher_is_better=True),
        Row(f"{kind}: submissions lost, doubled, stuck or wrong", len(found.faults), 0),
    ]


def run(moments: int = 100, kinds: tuple[str, ...] = ("sqlite", "postgresql")) -> list[Row]:
    """Measure and return all figures."""
    return [row for kind in kinds for row in _measure(kind, moments)]


if __name__ == "__main__":
    print(machine())
    given = sys.argv[1:]
    print_rows(
        "Killing servers and workers",
        run(int(given[0]) if given else 100, tuple(given[1:]) or ("sqlite", "postgresql")),
    )
