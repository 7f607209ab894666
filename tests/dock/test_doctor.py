"""`beimingwu doctor`: every fault has a line that says what to do."""

from __future__ import annotations

import json
import socket
import socketserver
import threading
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import delete, select, text, update
from tests.dock.learnwares import publish_learnware, submit_learnware
from typer.testing import CliRunner

from beimingwu.cli._app import app
from beimingwu.db.models import Embedding, Version
from beimingwu.db.revision import newest_revision
from beimingwu.services.doctor import Level, examine, machine
from beimingwu.services.learnware_ids import parse_id
from beimingwu.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def no_index(monkeypatch: pytest.MonkeyPatch) -> None:
    """The package index is nobody's business but that of its own test."""
    monkeypatch.setattr(machine, "check_index", lambda settings: machine.fine("package index", "not asked"))


def findings(rig: Any, **more: Any) -> dict[str, Any]:
    return {one.check: one for one in examine(rig.dock.settings, clock=rig.clock, **more)}


def test_a_dock_that_is_well(rig: Any) -> None:
    publish_learnware(rig)
    (rig.dock.settings.data_dir).chmod(0o700)
    found = findings(rig, everything=True)
    assert [one.check for one in found.values() if one.level is Level.WRONG] == []
    assert "1 are referred to; all were read" in found["contents"].message
    assert found["index"].message == "1 learnwares are found"
    assert "0 versions wait" in found["workers"].message
    assert found["unused contents"].level is Level.OK
    # What it wrote to try the store is gone.
    assert list(rig.dock.store.list_parts()) == []


def test_contents_that_are_missing_or_damaged(rig: Any) -> None:
    first, second = publish_learnware(rig, name="first one"), publish_learnware(rig, name="second one", seed=2)
    with rig.dock.database.read() as session:
        hashes = dict(session.execute(select(Version.learnware_id, Version.sha256)).all())
    file = next(rig.dock.store.folder.rglob(hashes[parse_id(first)]))
    file.chmod(0o600)
    file.write_bytes(bytes(file.stat().st_size))
    assert findings(rig)["contents"].level is Level.OK
    found = findings(rig, everything=True)["contents"]
    assert found.level is Level.WRONG
    assert f"learnware {first}" in found.message
    rig.dock.store.delete(hashes[parse_id(second)])
    found = findings(rig)["contents"]
    assert found.level is Level.WRONG
    assert f"needed by learnware {second}" in found.message


def test_an_index_that_disagrees_is_repaired(rig: Any) -> None:
    ids = [publish_learnware(rig, name=f"number {number}", seed=number, centre=float(number)) for number in range(3)]
    with rig.dock.database.write() as session:
        session.execute(delete(Embedding).where(Embedding.learnware_id == parse_id(ids[0])))
        session.execute(text("UPDATE learnwares SET serving_version = NULL WHERE id = :id"), {"id": parse_id(ids[1])})
    found = findings(rig)["index"]
    assert found.level is Level.WRONG
    assert f"{ids[0]}, {ids[1]}" in found.message
    assert "--repair" in found.remedy
    assert "was repaired" in findings(rig, repair=True)["index"].message
    assert findings(rig)["index"].message == "2 learnwares are found"
    with rig.dock.database.read() as session:
        assert set(session.scalars(select(Embedding.learnware_id))) == {parse_id(ids[0]), parse_id(ids[2])}


def test_versions_that_nobody_takes(rig: Any) -> None:
    submit_learnware(rig, name="first one")
    assert findings(rig)["workers"].level is Level.OK
    rig.clock.forward(minutes=6)
    found = findings(rig)["workers"]
    assert (found.level, "start a worker" in found.remedy) == (Level.WRONG, True)
    submit_learnware(rig, name="second one", seed=3)
    with rig.dock.database.write() as session:
        at_work = {"state": "PROCESSING", "worker": "w#1", "due_at": rig.clock() + timedelta(minutes=1)}
        session.execute(update(Version).where(Version.learnware_id == 2).values(at_work))
    found = findings(rig)["workers"]
    assert (found.level, "more workers" in found.remedy) == (Level.WARNING, True)


def test_a_database_of_another_version(rig: Any) -> None:
    with rig.dock.database.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    found = findings(rig)
    # Other tests use the same database.
    with rig.dock.database.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = :newest"), {"newest": newest_revision()})
    assert (found["database"].level, found["database"].remedy) == (Level.WRONG, "beimingwu migrate")
    # What needs it is not asked for; all else is.
    assert "index" not in found
    assert {"store", "mail", "port", "sandbox"} <= set(found)


def test_a_database_and_a_store_that_are_away(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    settings = Settings(
        data_dir=tmp_path, database_url="postgresql://nobody@127.0.0.1:1/none", storage_url=f"file://{tmp_path}/file"
    )
    found = {one.check: one for one in examine(settings)}
    assert found["database"].level is Level.WRONG
    assert "cannot be reached" in found["database"].message
    assert found["store"].level is Level.WRONG


def test_nothing_is_made_by_looking(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "none")
    assert all(one.level is not Level.WRONG for one in examine(settings) if one.check not in {"port", "sandbox"})
    assert not (tmp_path / "none").exists()


def test_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tmp_path.chmod(0o755)
    assert machine.check_data_dir(Settings(data_dir=tmp_path)).level is Level.WARNING
    tmp_path.chmod(0o700)
    assert machine.check_data_dir(Settings(data_dir=tmp_path)).level is Level.OK
    (tmp_path / "file").touch()
    assert machine.check_data_dir(Settings(data_dir=tmp_path / "file")).level is Level.WRONG
    usage = machine.shutil.disk_usage(tmp_path)
    for free, level in ((2**29, Level.WRONG), (2**32, Level.WARNING), (2**40, Level.OK)):
        monkeypatch.setattr(machine.shutil, "disk_usage", lambda _, free=free: usage._replace(free=free))
        assert machine.check_room(Settings(data_dir=tmp_path / "new")).level is level


def test_settings(tmp_path: Path) -> None:
    production = {"data_dir": tmp_path, "mode": "production"}
    assert machine.check_settings(Settings(**production)).level is Level.WRONG
    mail = {"mail_url": "smtp://mail.example.org", "mail_sender": "dock@example.org"}
    assert machine.check_settings(Settings(**production, **mail)).level is Level.OK
    assert machine.check_settings(Settings(**production, **mail, secret_key="x")).level is Level.WRONG
    assert machine.check_settings(Settings(data_dir=tmp_path, host="0.0.0.0")).level is Level.WARNING


@contextmanager
def listening(answer: Callable[[Any], None]) -> Iterator[int]:
    """Give the port of something that answers each connection so."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            answer(self)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


def test_ports(tmp_path: Path) -> None:
    def port(number: int, host: str = "127.0.0.1") -> Any:
        return machine.check_port(Settings(data_dir=tmp_path, host=host, port=number))

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number = free.getsockname()[1]
    assert port(number).level is Level.WARNING
    assert port(0).level is Level.OK
    assert port(8088, "192.0.2.77").level is Level.WRONG

    def dock(request: Any) -> None:
        request.rfile.readline()
        request.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nOK")

    with listening(dock) as taken:
        assert port(taken).level is Level.OK
    with listening(lambda request: None) as taken:
        assert port(taken).level is Level.WRONG


def test_mail(tmp_path: Path) -> None:
    def mail(url: str) -> Any:
        return machine.check_mail(Settings(data_dir=tmp_path, mail_url=url))

    def smtp(request: Any) -> None:
        request.wfile.write(b"220 hello\r\n")
        answers = {b"EHLO": b"250-here\r\n250 AUTH PLAIN\r\n", b"AUTH": b"535 wrong\r\n", b"QUIT": b"221 bye\r\n"}
        while line := request.rfile.readline():
            request.wfile.write(answers.get(line[:4].upper(), b"250 fine\r\n"))

    assert mail("log:").level is Level.WARNING
    with listening(smtp) as port:
        assert mail(f"smtp+plain://127.0.0.1:{port}").level is Level.OK
        refused = mail(f"smtp+plain://ada:secret-word@127.0.0.1:{port}")
        assert refused.level is Level.WRONG
        assert "secret-word" not in refused.message
    assert mail("smtp+plain://127.0.0.1:1").level is Level.WRONG
    assert mail("mail.example.org").level is Level.WRONG


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BEIMINGWU_PORT", "0")
    monkeypatch.setattr(machine, "check_sandbox", lambda settings: machine.fine("sandbox", "not tried"))
    done = CliRunner().invoke(app, ["doctor", "--data-dir", str(tmp_path / "new"), "--json"])
    assert (done.exit_code, json.loads(done.stdout)["well"]) == (0, True)
    (tmp_path / "file").touch()
    done = CliRunner().invoke(app, ["doctor", "--data-dir", str(tmp_path / "file")])
    assert done.exit_code == 1
    line = next(line for line in done.stdout.splitlines() if line.startswith("wrong"))
    assert "is no folder -> " in line


def test_the_sandbox_of_this_machine(tmp_path: Path) -> None:
    from learnware.runtime.sandbox import sandbox_report

    found = machine.check_sandbox(Settings(data_dir=tmp_path))
    works = [level for level, reason in sandbox_report().items() if reason is None and level != "none"]
    expected = {"bubblewrap": Level.OK, "landlock": Level.WARNING}
    assert found.level is (expected[works[0]] if works else Level.WRONG)
    assert machine.check_sandbox(Settings(data_dir=tmp_path, verify_sandbox="none")).level is Level.WRONG
