# ruff: noqa: INP001  # a program beside the tests that start it, no package
"""A dock for the tests in the browser: ``python frontend/e2e/dock.py FOLDER [PORT]``.

It is the real one, ``beimingwu up`` with a worker and the sandbox, on a port of the loopback address, with a few
people and learnwares, which are submitted and verified like any other. Mails go to the log, where the tests read them.
When all is there, one line of JSON tells the tests what they need to know. It ends with its standard input.

SIGUSR1 stops the dock, SIGUSR2 starts it again, on the same address and with the same data.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

from packages import write_files, write_market

from beimingwu.demo import Filling, Person, Shipment, train_packages
from beimingwu.demo.fill import packages_in
from beimingwu.services.dock import Dock, open_database
from beimingwu.services.identity import SCOPES, Role
from beimingwu.settings import Settings

PASSWORD = "correct horse battery"  # noqa: S105  # of people who are gone when the tests end
PEOPLE = (("root", Role.SUPER_ADMIN), ("dora", Role.USER), ("dino", Role.USER), ("uma", Role.USER))
# Enough for a combination, and for tables of several kinds.
_LEFT_OUT = ("Digits, above all 3, 4, 5", "Digits, above all 6, 7", "Digits, above all 8, 9")


class Running:
    """`beimingwu up`, which can be stopped and started again."""

    def __init__(self, folder: Path, port: int) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self.port = port

    def start(self) -> None:
        """Start it, where it was before."""
        with self._lock:
            if self._process is not None:
                return
            command = [sys.executable, "-m", "beimingwu", "up", "--port", str(self.port)]
            with (self._folder / "log").open("ab") as log:
                self._process = subprocess.Popen(  # noqa: S603  # this interpreter
                    [*command, "--workers", "1", "--processes", "1", "--json"], stdout=subprocess.PIPE, stderr=log
                )
            told = b""
            for line in self._process.stdout or ():
                told += line
                if line == b"}\n":
                    break
            if not told:
                raise SystemExit(f"the dock did not start; its log: {(self._folder / 'log').read_text()}")
            self.port = int(json.loads(told)["address"].removesuffix("/api").rpartition(":")[2])

    def stop(self) -> None:
        """End it in an orderly way."""
        with self._lock:
            if self._process is None:
                return
            self._process.terminate()
            self._process.wait()
            if self._process.stdout is not None:
                self._process.stdout.close()
            self._process = None

    @property
    def address(self) -> str:
        """Where the web app is."""
        return f"http://127.0.0.1:{self.port}"


def main() -> None:
    """Run a dock until the standard input ends."""
    folder = Path(sys.argv[1]).absolute()
    _set_up(folder)
    people = _people()
    # Any that is free, where none is asked for.
    dock = Running(folder, int(sys.argv[2]) if len(sys.argv) > 2 else 0)
    # A signal must not wait for what it interrupts.
    signal.signal(signal.SIGUSR1, lambda *_: threading.Thread(target=dock.stop).start())
    signal.signal(signal.SIGUSR2, lambda *_: threading.Thread(target=dock.start).start())
    dock.start()
    try:
        write_files(folder / "files")
        _fill(dock.address, people, folder / "market")
        told = {
            "address": dock.address,
            "pid": os.getpid(),
            "log": str(folder / "log"),
            "files": str(folder / "files"),
            "password": PASSWORD,
        }
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()
        sys.stdin.buffer.read()
    finally:
        dock.stop()


def _set_up(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in [name for name in os.environ if name.startswith("BEIMINGWU_")]:
        del os.environ[name]
    os.environ.update(
        {
            "BEIMINGWU_DATA_DIR": str(folder / "data"),
            "BEIMINGWU_LOG_FORMAT": "json",
            # No package index is needed.
            "BEIMINGWU_VERIFY_IN": "current",
            "BEIMINGWU_VERIFY_RETRY_SECONDS": "0",
            "BEIMINGWU_ARGON2_TIME_COST": "1",
            "BEIMINGWU_ARGON2_MEMORY_KIB": "8",
            "BEIMINGWU_ARGON2_PARALLELISM": "1",
            "BEIMINGWU_LIMIT_LOGIN_ADDRESS": "1000/1m",
            "BEIMINGWU_LIMIT_MAIL_ADDRESS": "1000/1m",
        }
    )


def _people() -> dict[str, Person]:
    settings = Settings()
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    people = {}
    with closing(Dock(settings, open_database(settings, migrated=True))) as dock:
        for name, role in PEOPLE:
            email = f"{name}@example.org"
            account = dock.users.create(email, name, PASSWORD, role=role, verified=True)
            scopes = SCOPES if role is not Role.USER else tuple(one for one in SCOPES if one != "admin")
            token = dock.tokens.create_for(account.user_id, "tests", scopes, expires_in_days=None).token
            people[name] = Person(str(role), email, name, PASSWORD, token)
    return people


def _fill(address: str, people: dict[str, Person], folder: Path) -> None:
    api = f"{address}/api"
    filling = Filling(api, [people["dora"], people["dino"]], say=_tell, stop=threading.Event())
    # The newest are those that everybody may see.
    filling.submit(_own(folder / "own"))
    filling.submit(train_packages(folder, _LEFT_OUT))
    outcome = filling.wait()
    if len(outcome.refused) != 1:
        raise SystemExit(f"refused: {outcome.refused}; the log: {folder.parent / 'log'}")
    filling.close()


def _own(folder: Path) -> list[Shipment]:
    write_market(folder)
    return list(packages_in(folder))


def _tell(words: str) -> None:
    sys.stderr.write(words + "\n")


if __name__ == "__main__":
    main()
