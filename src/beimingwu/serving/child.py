"""A process that answers the requests of a server: ``python -m beimingwu.serving.child``.

The first line of its standard input tells it what it is (`Part`); it ends when the input does. It writes one line to
its standard output when it answers, or when it cannot (`Report`). Settings are in the variables.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import socket
import sys
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from beimingwu.errors import ServiceError
from beimingwu.processes import follow_input
from beimingwu.settings import load_settings

if TYPE_CHECKING:
    from beimingwu.settings import Settings

__all__ = ["Part", "Report", "main"]


@dataclass(frozen=True)
class Part:
    """What a process is among those of its server.

    Attributes
    ----------
    number : int
        From 1.
    processes : int
        How many there are.
    channel : int
        Handle of the socket that connections come through.
    migrate : bool
        Whether the database is brought up to date, also where that is for the operator.
    metrics : str
        Folder of the counts of all of them.
    sources : dict of str to str
        Where each setting comes from.
    """

    number: int
    processes: int
    channel: int
    migrate: bool
    metrics: str
    sources: dict[str, str]

    def to_line(self) -> bytes:
        """Return the line that `from_line` reads."""
        return json.dumps(asdict(self)).encode() + b"\n"

    @classmethod
    def from_line(cls, line: bytes) -> Part:
        """Read a line."""
        return cls(**json.loads(line))


@dataclass(frozen=True)
class Report:
    """What became of the start of a process.

    Attributes
    ----------
    error : str or None
        What keeps it from answering; None where it answers.
    """

    error: str | None = None

    def to_line(self) -> bytes:
        """Return the line that `from_line` reads."""
        return json.dumps(asdict(self)).encode() + b"\n"

    @classmethod
    def from_line(cls, line: bytes) -> Report:
        """Read a line."""
        return cls(**json.loads(line))


def _report(report: Report) -> None:
    os.write(1, report.to_line())


def _serve(part: Part, settings: Settings) -> None:
    from beimingwu.app import create_app
    from beimingwu.logs import configure_logs
    from beimingwu.metrics import Metrics
    from beimingwu.services.dock import Dock, open_database
    from beimingwu.serving.server import Server

    configure_logs(settings, process=part.number)
    # All of them together use no more connections than the settings allow.
    pool_size = max(2, -(-settings.database_pool_size // part.processes))
    database = open_database(settings, pool_size=pool_size, migrated=part.migrate)
    metrics = Metrics(folder=part.metrics)
    dock = Dock(settings, database, count_mail=metrics.count_mail)
    app = create_app(dock, metrics, processes=part.processes, housekeeping=part.number == 1)
    channel = socket.socket(fileno=part.channel)
    server = Server(app, settings, lambda: _report(Report()), channel)
    server.run(sockets=[])


def main() -> None:
    """Be one of the processes of a server."""
    # What a start makes stays, but for next to nothing; looking for that takes a fifth of the start. `Server` ends it.
    gc.disable()
    # No more than the line: what follows it is for `follow_input`.
    with open(0, "rb", buffering=0, closefd=False) as told:
        line = told.readline()
    if not line:
        # The one that has started this is gone already.
        return
    part = Part.from_line(line)
    # uvicorn passes on what has ended it; by default that would be no orderly end.
    signal.signal(signal.SIGTERM, _leave)
    try:
        settings = load_settings()
        follow_input(lambda: os.kill(os.getpid(), signal.SIGTERM), settings.shutdown_seconds)
        settings.note_sources(part.sources)
        _serve(part, settings)
    except (ServiceError, OSError) as error:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        _report(Report(str(error)))
        raise SystemExit(1) from None


def _leave(*_: object) -> None:
    # It is ending: told so once more, it must not break off that.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.exit()


if __name__ == "__main__":
    main()
