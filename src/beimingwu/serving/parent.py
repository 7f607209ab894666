"""A server of several processes: this one listens and hands connections over, the others answer."""

from __future__ import annotations

import itertools
import os
import selectors
import socket
import subprocess
import sys
import threading
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING

import structlog
from prometheus_client.multiprocess import mark_process_dead

from beimingwu.errors import ServiceError
from beimingwu.processes import ProcessPool
from beimingwu.serving.child import Part, Report
from beimingwu.serving.listening import address_of, listen, with_web_address
from beimingwu.worker.scratch import private_folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from beimingwu.orders import Orders
    from beimingwu.settings import Settings

__all__ = ["ServerProcesses", "serve_with_processes"]

# Where every handle is in use, or no process is there to take a connection, it may be otherwise soon.
_SOON = 0.1
_log = structlog.get_logger(__name__)


class ServerProcesses(ProcessPool):
    """The processes that answer a server's requests.

    Parameters
    ----------
    settings : Settings
    count : int
        How many.
    metrics : Path
        Folder that they count in.
    migrate : bool
        Whether they bring the database up to date, also where that is for the operator.
    """

    def __init__(self, settings: Settings, count: int, metrics: Path, *, migrate: bool) -> None:
        super().__init__(settings, [str(number) for number in range(1, count + 1)], kind="server_process")
        # The library looks for it when it is imported.
        self._environment["PROMETHEUS_MULTIPROC_DIR"] = str(metrics)
        self._metrics = metrics
        self._count = count
        self._migrate = migrate
        self._sources = settings.sources
        self._answer = threading.Condition()
        # Of each process, the socket that connections go through.
        self._channels: dict[str, socket.socket] = {}
        # Those that answer, in the order of their turns.
        self._answering: list[str] = []
        self._failure: str | None = None
        self._began = False
        self._turns = itertools.count()

    def start(self) -> None:
        """Start the first process; it brings the database up to date, and no other takes its time meanwhile."""
        self._threads[0].start()

    def start_others(self) -> None:
        """Start the others, as soon as the first one answers. What keeps one of them from it is in the log."""
        for thread in self._threads[1:]:
            thread.start()

    def wait_until_ready(self, seconds: float) -> bool:
        """Wait until the first process answers, for so long at most; return whether it does.

        Raises
        ------
        ServiceError
            If it cannot.
        """
        with self._answer:
            self._answer.wait_for(lambda: self._failure is not None or self._began, timeout=seconds)
            if self._failure is not None:
                raise ServiceError(self._failure)
            return self._began

    def take(self, connection: socket.socket) -> bool:
        """Hand a connection to a process, the next one that answers and has room; return whether one has."""
        with self._answer:
            turn, answering = next(self._turns), list(self._answering)
            for i in range(len(answering)):
                channel = self._channels[answering[(turn + i) % len(answering)]]
                # One that has just ended, or has not taken what it got before.
                with suppress(OSError):
                    socket.send_fds(channel, [b"."], [connection.fileno()], socket.MSG_DONTWAIT)
                    return True
        return False

    def _spawn(self, name: str) -> subprocess.Popen[bytes]:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        with theirs:
            process = subprocess.Popen(
                [sys.executable, "-m", "beimingwu.serving.child"],
                env=self._environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                pass_fds=(theirs.fileno(),),
                # An interrupt at the terminal is for this process, which ends the others.
                start_new_session=True,
            )
            part = Part(int(name), self._count, theirs.fileno(), self._migrate, str(self._metrics), self._sources)
        if process.stdin is not None:
            # One that has ended already reads nothing.
            with suppress(BrokenPipeError):
                os.write(process.stdin.fileno(), part.to_line())
        with self._answer:
            self._channels[name] = ours
        return process

    def _begun(self, name: str, process: subprocess.Popen[bytes]) -> None:
        line = b"" if process.stdout is None else process.stdout.readline()
        report = Report.from_line(line) if line else None
        with self._answer:
            if report is not None and report.error is None:
                self._answering.append(name)
                self._began = True
            elif not self._began:
                told = report.error if report is not None else None
                self._failure = told or "a process of the server ended before it answered; the log says why"
            elif report is not None:
                _log.error("server_process_not_started", server_process=name, error=report.error)
            self._answer.notify_all()

    def _ended(self, name: str, process: subprocess.Popen[bytes], code: int) -> bool:  # noqa: ARG002  # as declared
        with self._answer:
            if name in self._answering:
                self._answering.remove(name)
            self._channels.pop(name).close()
        if process.stdout is not None:
            process.stdout.close()
        mark_process_dead(process.pid, str(self._metrics))  # type: ignore[no-untyped-call]  # the library has none
        return self._failure is None


def serve_with_processes(
    settings: Settings, count: int, orders: Orders, *, migrate: bool = False, started: Callable[[str], None]
) -> None:
    """Serve a dock with several processes until this one is told to stop; requests that are running then are finished.

    Parameters
    ----------
    settings : Settings
    count : int
        How many processes answer.
    orders : Orders
        Entered; they tell when to stop.
    migrate : bool, default=False
        Whether to bring the database up to date first, also where that is for the operator.
    started : callable
        Told the address once the first of them answers; the others follow.

    Raises
    ------
    SettingsError
        If another program listens there.
    ServiceError
        If the first of the processes cannot answer.
    OSError
        If the address cannot be listened on.
    """
    with ExitStack() as stack:
        listening = stack.enter_context(listen(settings))
        settings = with_web_address(settings, listening)
        metrics = stack.enter_context(private_folder(settings.data_dir / "servers", "server"))
        processes = ServerProcesses(settings, count, metrics, migrate=migrate)
        orders.follow()
        orders.at_once(processes.kill)
        stack.callback(processes.stop)
        processes.start()
        while not processes.wait_until_ready(_SOON):
            if orders.told:
                return
        started(address_of(settings, listening))
        processes.start_others()
        _hand_over(listening, processes, orders)
        # Who comes now is refused; who is here already is answered.
        listening.close()


def _hand_over(listening: socket.socket, processes: ServerProcesses, orders: Orders) -> None:
    """Take connections until this process is told to stop."""
    listening.setblocking(False)
    with selectors.DefaultSelector() as selector:
        selector.register(listening, selectors.EVENT_READ)
        selector.register(orders, selectors.EVENT_READ)
        while not orders.told:
            selector.select()
            try:
                connection, _ = listening.accept()
            except (BlockingIOError, ConnectionAbortedError):
                # It went away again.
                continue
            except OSError:
                _log.exception("connection_not_taken")
                orders.wait(_SOON)
                continue
            with connection:
                while not processes.take(connection) and not orders.wait(_SOON):
                    continue
