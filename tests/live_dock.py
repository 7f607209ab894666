"""A dock on the loopback address: the real server in a thread, and a worker when a test wants one."""

from __future__ import annotations

import contextlib
import socket
import threading
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import structlog
import uvicorn
from sqlalchemy import event

from beimingwu.app import create_app
from beimingwu.db.engine import Database
from beimingwu.db.migrate import migrate
from beimingwu.metrics import Metrics
from beimingwu.services.dock import Dock
from beimingwu.services.identity import Origin
from beimingwu.settings import Settings
from beimingwu.worker.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from beimingwu.services.mail import Mail

CHEAP = {"argon2_time_cost": 1, "argon2_memory_kib": 8, "argon2_parallelism": 1}


class _NoMail:
    def send(self, mail: Mail) -> None:
        """Drop a mail."""


class LiveDock:
    """A server with an embedded database, and quick ways to what tests need of it."""

    def __init__(self, folder: Path) -> None:
        settings = Settings(data_dir=folder, verify_in="current", verify_retry_seconds=0, **CHEAP)
        database = Database(settings.database_address)
        event.listen(database.engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous = OFF"))
        migrate(database)
        self.dock = Dock(settings, database, transport=_NoMail())
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}/api"
        config = uvicorn.Config(create_app(self.dock, Metrics()), log_config=None, access_log=False)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._listening]})
        self._thread.start()

    def clock(self) -> datetime:
        return datetime.now(timezone.utc)

    def origin(self) -> Origin:
        return Origin("192.0.2.1", "tests")

    def user(self, name: str = "ada", **more: Any) -> int:
        """Make an account; its name for what tests of the server do with a rig."""
        return self.dock.users.create(f"{name}@example.org", name, "correct horse", verified=True, **more).user_id

    def token(self, name: str = "ada", scopes: tuple[str, ...] = ("read", "submit")) -> str:
        """Return an API token of an account, which is made if need be."""
        with contextlib.suppress(Exception):
            self.user(name)
        user_id = self.dock.users.find(f"{name}@example.org").user_id
        return self.dock.tokens.create_for(user_id, "tests", scopes, expires_in_days=1).token

    @contextlib.contextmanager
    def working(self) -> Iterator[None]:
        """Have a worker verify what is submitted."""
        worker = Worker(self.dock, "tests")
        thread = threading.Thread(target=worker.run)
        thread.start()
        try:
            yield
        finally:
            worker.stop.set()
            thread.join()

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join()
        self._listening.close()


@contextlib.contextmanager
def live_dock(folder: Path) -> Iterator[LiveDock]:
    """Give a dock that answers."""
    before = structlog.get_config()
    structlog.configure(processors=[_drop])
    dock = LiveDock(folder)
    try:
        yield dock
    finally:
        dock.stop()
        # Another fixture of the session may have set it.
        structlog.configure(**before)


def _drop(logger: Any, name: str, event: Any) -> Any:
    raise structlog.DropEvent
