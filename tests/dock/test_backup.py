"""Backups: everything of one moment, between databases and stores, whole or not at all."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import shutil
import stat
import tarfile
import threading
from contextlib import closing, suppress
from datetime import datetime, timedelta, timezone
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import JSON, String, Text, cast, func, insert, null, select, text
from typer.testing import CliRunner

from beimingwu.cli._app import app
from beimingwu.db.base import Table
from beimingwu.db.engine import Database
from beimingwu.db.migrate import migrate
from beimingwu.db.models import AuditEvent, Blob, Learnware, User, UserSession, Version
from beimingwu.errors import BackupError
from beimingwu.services.backups import make_backup, restore_backup, verify_backup
from beimingwu.services.backups.backup import LEFT_OUT
from beimingwu.services.blobs import collect, keep_blob
from beimingwu.settings import Settings
from beimingwu.storage import FileStore, open_store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from beimingwu.storage import BlobStore

NOW = datetime(2026, 11, 21, 12, 0, 0, 123456, tzinfo=timezone.utc)
# What no database and no JSON may change.
WORDS = 'Übung "ж" \\ \u2028 😀'


@pytest.fixture
def store(storage: dict[str, Any], tmp_path: Path) -> BlobStore:
    return open_store(Settings(data_dir=tmp_path, **storage))


@pytest.fixture
def source(address: str, tmp_path: Path) -> Iterator[Database]:
    with closing(Database(address)) as database:
        yield database


@pytest.fixture(params=["sqlite", "postgresql"])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    if request.param == "sqlite":
        with closing(Database(f"sqlite:///{tmp_path / 'target' / 'dock.sqlite3'}")) as database:
            yield database
        return
    server = request.getfixturevalue("postgres")
    created = server.create()
    with closing(Database(created)) as database:
        yield database
    server.drop(created)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "secrets.json").write_text('{"a": "secret"}')
    return Settings(data_dir=folder)


def clock() -> datetime:
    return NOW


def row_of(table: Any, number: int, blob: str) -> dict[str, Any]:
    kinds: dict[str, Any] = {
        "UtcDateTime": NOW + timedelta(days=number, microseconds=number),
        "Date": NOW.date(),
        "JSON": {"words": WORDS, "number": number, "float": 0.1, "null": None},
        "LargeBinary": bytes(range(256)),
        "Float": 1 / 3 + number,
    }
    named = {"state": "WAITING", "sha256": blob, "role": 1, "purpose": "reset", "event": "used"}
    values = {}
    for column in table.columns:
        values[column.name] = named.get(column.name, kinds.get(type(column.type).__name__, number))
        if isinstance(column.type, String) and column.name not in named:
            values[column.name] = f"{number} {WORDS}"[: column.type.length]
    return values


def fill(database: Database, store: BlobStore, n: int = 3) -> list[str]:
    """Put rows into every table, numbered so that what refers to each other fits."""
    blobs = [store.put([bytes([number]) * 100_000]).sha256 for number in range(n)]
    with database.write() as session:
        for table in Table.metadata.sorted_tables:
            if table.name == "blobs":
                rows = [{"sha256": blob, "size": 100_000, "stored_at": NOW} for blob in blobs]
            else:
                rows = [row_of(table, number + 1, blobs[number]) for number in range(n)]
            session.execute(table.insert(), rows)
        # NULL and JSON's null are two things; so are a number that was given and one that is left.
        reports = Table.metadata.tables["verifications"]
        session.execute(reports.update().where(reports.c.id == 1).values(report=null()))
        session.execute(reports.update().where(reports.c.id == 2).values(report=JSON.NULL))
        if not database.is_sqlite:
            for table in Table.metadata.sorted_tables:
                if table.dialect_options["sqlite"]["autoincrement"]:
                    session.execute(text(f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), {n})"))
        events = Table.metadata.tables["audit_events"]
        session.execute(events.delete().where(events.c.id == n))
    return blobs


def content_of(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    found = {}
    with database.read() as session:
        for table in Table.metadata.sorted_tables:
            columns = [cast(one, Text) if isinstance(one.type, JSON) else one for one in table.columns]
            rows = [list(row) for row in session.execute(select(*columns).order_by(*table.primary_key))]
            for row in rows:
                for place, column in enumerate(table.columns):
                    if isinstance(column.type, JSON) and row[place] is not None:
                        row[place] = ("json", json.loads(row[place]))
            found[table.name] = [tuple(row) for row in rows]
    return found


def test_everything_comes_back_on_either_database(
    source: Database, target: Database, store: BlobStore, settings: Settings, tmp_path: Path
) -> None:
    blobs = fill(source, store)
    before = content_of(source)
    name = "backup.tar" if isinstance(store, FileStore) else "backup"
    file = tmp_path / "backups" / name
    manifest = make_backup(settings, source, store, clock, file)
    assert stat.S_IMODE(file.stat().st_mode) == (0o600 if name.endswith(".tar") else 0o700)
    assert verify_backup(file) == manifest
    assert list(manifest.blobs) == sorted(blobs)

    elsewhere, moved = FileStore(tmp_path / "elsewhere"), Settings(data_dir=tmp_path / "moved")
    steps: list[str] = []
    restore_backup(moved, target, elsewhere, clock, file, progress=steps.append)
    after = content_of(target)
    assert steps
    for table, rows in before.items():
        if table in LEFT_OUT:
            assert after[table] == []
        elif table == "audit_events":
            assert after[table][:-1] == rows
        elif table != "blobs":
            assert after[table] == rows, table
    # NULL stays NULL, and JSON's null stays that.
    assert [row[-1] for row in after["verifications"]][:2] == [None, ("json", None)]
    for blob in blobs:
        with store.open(blob) as left, elsewhere.open(blob) as right:
            assert b"".join(left) == b"".join(right)
    restored = tmp_path / "moved" / "secrets.json"
    assert restored.read_text() == '{"a": "secret"}'
    assert stat.S_IMODE(restored.stat().st_mode) == 0o600
    with target.read() as session:
        event = session.scalars(select(AuditEvent).order_by(AuditEvent.id.desc())).first()
        assert event is not None
        # Number 3 had been given, though it was deleted: it is not given again.
        assert (event.action, event.id) == ("dock.restore", 4)


def test_a_dock_that_is_not_empty(source: Database, settings: Settings, tmp_path: Path) -> None:
    store = FileStore(tmp_path / "store")
    fill(source, store)
    file = tmp_path / "backup.tar"
    make_backup(settings, source, store, clock, file)
    with source.write() as session:
        session.execute(text("DELETE FROM versions WHERE number = 2"))
    changed = content_of(source)
    with pytest.raises(BackupError, match="not empty: its table users"):
        restore_backup(settings, source, store, clock, file)
    assert content_of(source) == changed
    restore_backup(settings, source, store, clock, file, force=True)
    assert len(content_of(source)["versions"]) == 3
    with source.write() as session:
        session.add(UserSession(**{**row_of(UserSession.__table__, 1, ""), "id": None}))
    with pytest.raises(BackupError, match="already"):
        make_backup(settings, source, store, clock, file)


def test_a_restore_that_fails_changes_nothing(
    source: Database, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = FileStore(tmp_path / "store")
    blobs = fill(source, store)
    file = tmp_path / "backup"
    make_backup(settings, source, store, clock, file)
    with source.write() as session:
        session.execute(text("UPDATE users SET username = 'later' WHERE id = 1"))
    store.delete(blobs[0])
    before = content_of(source)
    # The last table's rows do not fit: everything before was done by then.
    from beimingwu.services.backups import restore

    def fail(*_: object) -> None:
        raise BackupError("no room")

    monkeypatch.setattr(restore, "_restore_secrets", fail)
    with pytest.raises(BackupError, match="no room"):
        restore_backup(settings, source, store, clock, file, force=True)
    assert content_of(source) == before
    assert sorted(store.list()) == sorted(blobs[1:])


def test_damage_is_found(source: Database, settings: Settings, tmp_path: Path) -> None:
    store = FileStore(tmp_path / "store")
    blobs = fill(source, store)
    whole = tmp_path / "whole"
    make_backup(settings, source, store, clock, whole)

    def damaged(change: Callable[[Path], object]) -> Path:
        copy = tmp_path / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(whole, copy)
        change(copy)
        return copy

    blob = f"blobs/{blobs[0][:2]}/{blobs[0]}"
    fresh = f"sqlite:///{tmp_path / 'fresh.sqlite3'}"
    faults: list[tuple[Callable[[Path], object], str]] = [
        (lambda folder: (folder / blob).unlink(), blob),
        (lambda folder: (folder / blob).write_bytes(b"x" * 100_000), blob),
        (lambda folder: (folder / "tables/users.jsonl.gz").write_bytes(gzip.compress(b"[]\n")), "users.jsonl.gz"),
        (lambda folder: (folder / "manifest.json").write_text("{}"), "manifest is damaged"),
        (lambda folder: (folder / "manifest.json").unlink(), "manifest.json is missing"),
        (lambda folder: (folder / "secrets.json").write_text("{}"), "secrets.json"),
    ]
    for change, words in faults:
        copy = damaged(change)
        with pytest.raises(BackupError, match=words):
            verify_backup(copy)
        with closing(Database(fresh)) as database, pytest.raises(BackupError, match=words):
            restore_backup(settings, database, store, clock, copy)
    tar = tmp_path / "cut.tar"
    make_backup(settings, source, store, clock, tar)
    tar.write_bytes(tar.read_bytes()[:150_000])
    with pytest.raises(BackupError):
        verify_backup(tar)
    (tmp_path / "no.tar").write_bytes(b"nonsense")
    with pytest.raises(BackupError, match="cannot be read as a backup"):
        verify_backup(tmp_path / "no.tar")


def test_a_backup_that_somebody_made_up(source: Database, settings: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "backup"
    make_backup(settings, source, FileStore(tmp_path / "store"), clock, folder)
    document = json.loads((folder / "manifest.json").read_text())
    outside = tmp_path / "outside"
    outside.write_bytes(b"secret")
    entry = {"size": 6, "sha256": hashlib.sha256(b"secret").hexdigest()}
    (folder / "link").symlink_to(outside)
    faults: list[tuple[object, str]] = [
        ({}, "none of a dock"),
        ([], "none of a dock"),
        ({**document, "tables": [{"name": "users"}]}, "none of a dock"),
        ({**document, "members": 5}, "none of a dock"),
        *(({**document, "members": {name: entry}}, "missing") for name in ("../outside", str(outside), "link", "a\0b")),
    ]
    for made_up, words in faults:
        text = json.dumps(made_up)
        (folder / "manifest.json").write_text(text)
        (folder / "manifest.sha256").write_text(hashlib.sha256(text.encode()).hexdigest())
        with pytest.raises(BackupError, match=words):
            verify_backup(folder)


def test_what_the_store_lost_is_named_and_nothing_is_left(source: Database, settings: Settings, tmp_path: Path) -> None:
    store = FileStore(tmp_path / "store")
    blobs = fill(source, store)
    store.delete(blobs[1])
    with pytest.raises(BackupError, match=blobs[1]):
        make_backup(settings, source, store, clock, tmp_path / "to" / "backup.tar")
    with pytest.raises(BackupError, match=blobs[1]):
        make_backup(settings, source, store, clock, tmp_path / "to" / "backup")
    assert list((tmp_path / "to").iterdir()) == []


def test_a_backup_of_a_newer_version_is_refused(source: Database, settings: Settings, tmp_path: Path) -> None:
    store = FileStore(tmp_path / "store")
    folder = tmp_path / "backup"
    make_backup(settings, source, store, clock, folder)
    document = json.loads((folder / "manifest.json").read_text())
    for name, value, words in (("revision", "9999", "revision 9999"), ("format", 9, "format 9")):
        changed = json.dumps({**document, name: value})
        (folder / "manifest.json").write_text(changed)
        (folder / "manifest.sha256").write_text(hashlib.sha256(changed.encode()).hexdigest())
        with (
            closing(Database(f"sqlite:///{tmp_path / 'a.sqlite3'}")) as database,
            pytest.raises(BackupError, match=words),
        ):
            restore_backup(settings, database, store, clock, folder)


def test_it_is_the_state_of_one_moment(source: Database, target: Database, settings: Settings, tmp_path: Path) -> None:
    """Learnwares with their version and content are added and deleted all the time."""
    store = FileStore(tmp_path / "store")
    numbers, stop = count(1), threading.Event()
    with source.write() as session:
        session.execute(insert(User), row_of(User.__table__, 1, ""))
    one_done = threading.Event()

    def submit() -> None:
        while not stop.is_set():
            number = next(numbers)
            blob = keep_blob(source, store, clock, b"%d" % number)
            with source.write() as session:
                learnware = {**row_of(Learnware.__table__, number, ""), "owner_id": 1}
                session.execute(insert(Learnware), learnware)
                session.execute(
                    insert(Version), {**row_of(Version.__table__, number, blob.sha256), "learnware_id": number}
                )
                if number > 5:
                    session.execute(text("DELETE FROM learnwares WHERE id = :id"), {"id": number - 5})
            # More than a day later: what is not referred to any more may go at once.
            collect(source, store, lambda: NOW + timedelta(days=1, seconds=-1))
            one_done.set()

    thread = threading.Thread(target=submit)
    thread.start()
    try:
        assert one_done.wait(60)
        manifests = [make_backup(settings, source, store, clock, tmp_path / f"{name}.tar") for name in "abc"]
    finally:
        stop.set()
        thread.join()
    assert all(manifest.blobs for manifest in manifests)
    elsewhere = FileStore(tmp_path / "elsewhere")
    for name in "abc":
        restore_backup(settings, target, elsewhere, clock, tmp_path / f"{name}.tar", force=True)
        with target.read() as session:
            learnwares = set(session.scalars(select(Learnware.id)))
            versions = session.execute(select(Version.learnware_id, Version.sha256)).all()
            assert learnwares == {row.learnware_id for row in versions}
            assert session.scalar(select(func.count()).select_from(Blob)) == len(versions)
        assert all(elsewhere.exists(row.sha256) for row in versions)


def test_contents_of_a_backup_that_takes_long_are_kept(source: Database, settings: Settings, tmp_path: Path) -> None:
    store = FileStore(tmp_path / "store")
    blobs = fill(source, store)
    hours = count()

    def slow_clock() -> datetime:
        return NOW + timedelta(hours=13 * next(hours))

    def delete_and_collect(step: str) -> None:
        if step.startswith("content 1 "):
            with source.write() as session:
                for table in ("versions", "datasets"):
                    session.execute(text(f"DELETE FROM {table}"))
        if step.startswith("content"):
            now = slow_clock()
            collect(source, store, lambda: now)

    manifest = make_backup(settings, source, store, slow_clock, tmp_path / "a.tar", progress=delete_and_collect)
    assert sorted(manifest.blobs) == sorted(blobs)


def test_the_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BEIMINGWU_DATA_DIR", str(tmp_path / "dock"))
    monkeypatch.setenv("BEIMINGWU_ARGON2_MEMORY_KIB", "32")
    monkeypatch.setenv("COLUMNS", "500")

    def shell(*arguments: str, code: int = 0) -> str:
        done = CliRunner().invoke(app, list(arguments))
        assert done.exit_code == code, done.output
        return done.stdout if code == 0 else done.stderr

    shell("user", "create", "ada@example.org", "--username", "ada", "--password", "correct horse", "--verified")
    token = shell("token", "create", "ada@example.org").strip()
    file = str(tmp_path / "backup.tar")
    assert json.loads(shell("backup", file, "--json"))["rows"]["users"] == 1
    assert "is whole: 1 account," in shell("backup", "--verify", file)
    assert "already" in shell("backup", file, code=1)
    assert "not empty" in shell("restore", file, code=1)
    elsewhere = str(tmp_path / "elsewhere")
    assert "was restored" in shell("restore", file, "--data-dir", elsewhere)
    listed = json.loads(shell("token", "list", "ada", "--json", "--data-dir", elsewhere))
    assert listed["tokens"][0]["shown"].startswith(token[:8])
    assert shell("restore", str(tmp_path / "none"), code=2)
    with tarfile.open(tmp_path / "evil.tar", "w") as archive:
        archive.addfile(tarfile.TarInfo("../manifest.json"), io.BytesIO())
    assert "manifest.json is missing" in shell("restore", str(tmp_path / "evil.tar"), code=1)


def without(folder: Path, document: dict[str, Any], table: str, column: str) -> None:
    """Take a column from a table of a backup that did not have it then."""
    dump = next(one for one in document["tables"] if one["name"] == table)
    place = [name for name, _ in dump["columns"]].index(column)
    del dump["columns"][place]
    file = folder / dump["member"]
    rows = [json.loads(line) for line in gzip.decompress(file.read_bytes()).splitlines()]
    lines = [json.dumps(row[:place] + row[place + 1 :]) for row in rows]
    content = gzip.compress("".join(f"{line}\n" for line in lines).encode())
    file.write_bytes(content)
    document["members"][dump["member"]] = {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def test_an_older_backup_is_brought_up_to_date(source: Database, settings: Settings, tmp_path: Path) -> None:
    """One of the tables before learnwares: they are there, and empty, afterwards."""
    store = FileStore(tmp_path / "store")
    fill(source, store)
    folder = tmp_path / "backup"
    make_backup(settings, source, store, clock, folder)
    document = json.loads((folder / "manifest.json").read_text())
    document["tables"] = [one for one in document["tables"] if one["name"] in {"users", "api_tokens", "audit_events"}]
    document["revision"], document["blobs"] = "0001", {}
    without(folder, document, "users", "language")
    changed = json.dumps(document)
    (folder / "manifest.json").write_text(changed)
    (folder / "manifest.sha256").write_text(hashlib.sha256(changed.encode()).hexdigest())
    with closing(Database(f"sqlite:///{tmp_path / 'new.sqlite3'}")) as database:
        with suppress(BackupError):
            migrate(database, "0001")
        restore_backup(settings, database, store, clock, folder)
        after = content_of(database)
    assert (len(after["users"]), after["learnwares"]) == (3, [])
