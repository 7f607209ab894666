"""Downloads: one package, several, by links, by the published contract; and what is counted."""

from __future__ import annotations

import base64
import hashlib
import io
import os
import shutil
import signal
import socket
import time
import zipfile
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from sqlalchemy import func, select, update
from tests.dock import learnwares as some
from tests.dock.test_server import Server

from beimingwu.db.models import DailyCount, DownloadLink, Learnware, User, Version
from beimingwu.errors import UnavailableError
from beimingwu.services.blobs import keep_blob
from beimingwu.services.dock import Dock, open_database
from beimingwu.services.housekeeping import tidy
from beimingwu.services.identity import Origin, Role
from beimingwu.services.learnware_ids import parse_id
from beimingwu.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

V1 = "/api/v1"
PASSWORD = "correct horse"


@pytest.fixture
def market(both: Any) -> tuple[Any, Any, dict[str, str]]:
    """Two that everybody finds, one that waits, and one withdrawn."""
    rig, client = both
    return rig, client, fill(rig)


def fill(rig: Any) -> dict[str, str]:
    ids = {
        "one": some.publish_learnware(rig, "ada", name="one of these"),
        "two": some.publish_learnware(rig, "bob", name="two of these", seed=1),
        "waiting": some.submit_learnware(rig, "ada", name="waiting for it", seed=2),
        "withdrawn": some.publish_learnware(rig, "ada", name="withdrawn it is", seed=3),
    }
    rig.dock.ownership.withdraw(some.identity_of(rig, "ada"), ids["withdrawn"], rig.origin())
    return ids


def package_url(learnware_id: str) -> str:
    return f"{V1}/learnwares/{learnware_id}/package"


def downloads_of(rig: Any, learnware_id: str) -> int:
    rig.dock.usage.flush()
    with rig.dock.database.read() as session:
        return session.scalar(select(Learnware.downloads).where(Learnware.id == parse_id(learnware_id)))


def counted(rig: Any, kind: str = "download") -> int:
    rig.dock.usage.flush()
    with rig.dock.database.read() as session:
        return session.scalar(select(func.sum(DailyCount.count)).where(DailyCount.kind == kind)) or 0


def inside(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def test_a_package(market: Any) -> None:
    rig, client, ids = market
    answer = client.get(package_url(ids["one"]), headers={"Accept-Encoding": "gzip, br"})
    assert answer.status_code == 200
    digest = hashlib.sha256(answer.content)
    assert answer.headers["content-length"] == str(len(answer.content))
    assert answer.headers["etag"] == f'"{digest.hexdigest()}"'
    assert answer.headers["repr-digest"] == f"sha-256=:{base64.b64encode(digest.digest()).decode()}:"
    assert answer.headers["content-disposition"] == f'attachment; filename="{ids["one"]}.zip"'
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["accept-ranges"] == "bytes"
    assert "content-encoding" not in answer.headers
    assert "learnware.yaml" in inside(answer.content)
    page = client.get(f"{V1}/learnwares/{ids['one']}").json()
    assert (page["sha256"], page["size"]) == (digest.hexdigest(), len(answer.content))
    assert downloads_of(rig, ids["one"]) == counted(rig) == 1


def test_what_is_no_download_is_not_counted(market: Any) -> None:
    rig, client, ids = market
    url = package_url(ids["one"])
    head = client.head(url)
    etag, length = head.headers["etag"], int(head.headers["content-length"])
    assert (head.status_code, head.content) == (200, b"")
    for given in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        answer = client.get(url, headers={"If-None-Match": given})
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", etag)
        assert client.head(url, headers={"If-None-Match": given}).status_code == 304
    assert client.get(url, headers={"Range": f"bytes=10-{length}"}).status_code == 206
    assert client.get(url, headers={"Range": f"bytes={length}-"}).status_code == 416
    assert client.head(url, headers={"Range": "bytes=1-2"}).status_code == 200
    assert downloads_of(rig, ids["one"]) == 0
    assert client.get(url, headers={"If-None-Match": '"other"'}).status_code == 200
    assert client.get(url, headers={"Range": "bytes=0-3"}).status_code == 206
    assert downloads_of(rig, ids["one"]) == 2


def test_ranges(market: Any) -> None:
    _, client, ids = market
    url = package_url(ids["one"])
    whole = client.get(url)
    content, size = whole.content, len(whole.content)
    for text, begin, end in (
        ("bytes=0-0", 0, 1), ("bytes=5-9", 5, 10), (f"bytes=7-{size * 2}", 7, size), ("bytes=11-", 11, size),
        ("bytes=-4", size - 4, size), (f"bytes=-{size * 2}", 0, size), ("bytes = 1-2", 1, 3),
    ):  # fmt: skip
        answer = client.get(url, headers={"Range": text})
        assert (answer.status_code, answer.content) == (206, content[begin:end]), text
        assert answer.headers["content-range"] == f"bytes {begin}-{end - 1}/{size}"
        assert answer.headers["content-length"] == str(end - begin)
        assert answer.headers["etag"] == whole.headers["etag"]
    for text in (f"bytes={size}-", f"bytes={size}-{size + 5}", "bytes=-0", "bytes=" + "9" * 18 + "-"):
        answer = client.get(url, headers={"Range": text})
        assert answer.status_code == 416, text
        assert answer.headers["content-range"] == f"bytes */{size}"
        assert answer.json()["type"].endswith("invalid-range")
    # What cannot be read, or is more than one range, may be ignored.
    for text in ("bytes=5-2", "bytes=", "bytes=-", "items=0-1", "bytes=0-1,3-4", "x", "bytes=a-b", "bytes=" + "9" * 30):
        answer = client.get(url, headers={"Range": text})
        assert (answer.status_code, len(answer.content)) == (200, size), text
    going_on = {"Range": "bytes=5-"}
    assert client.get(url, headers={**going_on, "If-Range": whole.headers["etag"]}).content == content[5:]
    for other in ('"other"', f"W/{whole.headers['etag']}", "Sat, 21 Nov 2026 12:00:00 GMT"):
        assert client.get(url, headers={**going_on, "If-Range": other}).content == content


def test_who_may_download_what(market: Any, as_bearer: Any) -> None:
    rig, client, ids = market
    some.identity_of(rig, "eve", role=Role.ADMIN)
    ada, bob, eve = (as_bearer(rig.session(name)) for name in ("ada", "bob", "eve"))
    for hidden in ("waiting", "withdrawn"):
        for method in (client.get, client.head):
            assert [method(package_url(ids[hidden]), headers=h).status_code for h in ({}, bob, ada, eve)] == [
                404, 404, 200, 200,
            ]  # fmt: skip
    assert client.get(package_url(ids["one"]), headers=as_bearer("0" * 32)).status_code == 401
    token = rig.dock.tokens.create_for(some.identity_of(rig, "ada").user_id, "t", ["submit"], expires_in_days=1).token
    assert client.get(package_url(ids["one"]), headers=as_bearer(token)).status_code == 403
    assert client.get(package_url("99999999")).status_code == 404
    assert client.get(package_url("%00")).status_code == 404
    # Versions that do not serve are their owners'.
    spec = some.semantic(name="one of those")
    rig.dock.submissions.update(some.identity_of(rig, "ada"), ids["one"], rig.origin(), semantic_spec=spec)
    served = client.get(package_url(ids["one"])).content
    url = package_url(ids["one"]) + "?version="
    assert [client.get(f"{url}2", headers=h).status_code for h in ({}, bob, ada, eve)] == [404, 404, 200, 200]
    assert client.get(f"{url}2", headers=ada).content != served
    assert client.get(f"{url}1").content == served
    assert client.get(package_url(ids["one"]), headers=ada).content == served
    assert client.get(f"{url}3", headers=ada).status_code == 404
    for wrong in ("0", "x", "9" * 30):
        assert client.get(f"{url}{wrong}", headers=ada).status_code == 422


def test_several_in_one_zip(market: Any, as_bearer: Any) -> None:
    rig, client, ids = market
    wanted = [("learnware_id", ids["two"]), ("learnware_id", ids["one"]), ("learnware_id", ids["two"])]
    answer = client.get(f"{V1}/packages", params=wanted)
    assert answer.headers["content-length"] == str(len(answer.content))
    assert answer.headers["content-type"] == "application/zip"
    found = inside(answer.content)
    assert list(found) == [f"{ids['two']}.zip", f"{ids['one']}.zip"]
    for name in ("one", "two"):
        assert found[f"{ids[name]}.zip"] == client.get(package_url(ids[name])).content
    assert downloads_of(rig, ids["two"]) == 2
    hidden = [*wanted, ("learnware_id", ids["waiting"])]
    assert client.get(f"{V1}/packages", params=hidden).status_code == 404
    assert len(inside(client.get(f"{V1}/packages", params=hidden, headers=as_bearer(rig.session("ada"))).content)) == 3
    assert client.get(f"{V1}/packages").status_code == 422
    assert client.get(f"{V1}/packages", params=[("learnware_id", "00000001")] * 101).status_code == 422


def test_ranges_and_zips_from_every_store(make_client: Any, storage: dict[str, Any]) -> None:
    rig, client = make_client(**storage)
    ids = [some.publish_learnware(rig, name=f"number {number}", seed=number) for number in range(2)]
    whole = client.get(package_url(ids[0]))
    assert whole.headers["etag"] == f'"{hashlib.sha256(whole.content).hexdigest()}"'
    part = client.get(package_url(ids[0]), headers={"Range": "bytes=100-"})
    assert (part.status_code, part.content) == (206, whole.content[100:])
    answer = client.get(f"{V1}/packages", params=[("learnware_id", one) for one in ids])
    assert answer.headers["content-length"] == str(len(answer.content))
    assert inside(answer.content)[f"{ids[0]}.zip"] == whole.content


def test_a_package_that_the_store_lost(market: Any) -> None:
    rig, client, ids = market
    sha256 = client.head(package_url(ids["one"])).headers["etag"].strip('"')
    rig.dock.store.delete(sha256)
    for url in (package_url(ids["one"]), f"{V1}/packages?learnware_id={ids['two']}&learnware_id={ids['one']}"):
        answer = client.get(url)
        assert answer.status_code == 503
        assert answer.json()["type"].endswith("unavailable")
    answer = client.get("/api/engine/download_learnware", params={"learnware_id": ids["one"]})
    assert (answer.status_code, answer.json()["code"]) == (503, 31)


def test_links(market: Any, as_bearer: Any) -> None:
    rig, client, ids = market
    made = client.post(f"{V1}/download-links", json={"learnware_ids": [ids["one"]]})
    assert made.status_code == 201
    link = made.json()
    assert link["url"] == f"{V1}/download-links/{link['token']}/package"
    assert "RateLimit" in made.headers
    for _ in range(2):
        assert client.get(link["url"]).content == client.get(package_url(ids["one"])).content
    both_of_them = {"learnware_ids": [ids["one"], ids["waiting"]]}
    assert client.post(f"{V1}/download-links", json=both_of_them).status_code == 404
    theirs = client.post(f"{V1}/download-links", json=both_of_them, headers=as_bearer(rig.session("ada"))).json()
    assert set(inside(client.get(theirs["url"]).content)) == {f"{ids['one']}.zip", f"{ids['waiting']}.zip"}
    with rig.dock.database.read() as session:
        assert theirs["token"] not in str(session.scalars(select(DownloadLink.token_hash)).all())
    # A link gives what its maker may have now.
    rig.dock.ownership.withdraw(some.identity_of(rig, "ada"), ids["one"], rig.origin())
    assert client.get(link["url"]).status_code == 404
    assert client.get(theirs["url"]).status_code == 200
    rig.clock.forward(minutes=31)
    assert client.get(theirs["url"]).status_code == 404
    for unknown in ("x", "0" * 32, "%00", "%ff"):
        assert client.get(f"{V1}/download-links/{unknown}/package").status_code == 404
    tidy(rig.dock.database, rig.clock)
    with rig.dock.database.read() as session:
        assert session.scalars(select(DownloadLink)).all() == []


def test_links_are_good_for_no_more_than_the_token_they_were_made_with(market: Any, as_bearer: Any) -> None:
    rig, client, ids = market
    root = some.identity_of(rig, "root", role=Role.ADMIN)
    read, admin = (
        rig.dock.tokens.create_for(root.user_id, name, scopes, expires_in_days=1).token
        for name, scopes in (("reads", ["read"]), ("administers", ["read", "admin"]))
    )

    def link(token: str, one: str) -> Any:
        return client.post(f"{V1}/download-links", json={"learnware_ids": [ids[one]]}, headers=as_bearer(token))

    assert link(read, "withdrawn").status_code == 404
    assert client.get(link(admin, "withdrawn").json()["url"]).status_code == 200
    # Nor does the link of one that only reads become more when a learnware is hidden later.
    before, after = (link(token, "two").json()["url"] for token in (read, admin))
    assert client.get(before).status_code == 200
    rig.dock.ownership.withdraw(some.identity_of(rig, "bob"), ids["two"], rig.origin())
    assert [client.get(one).status_code for one in (before, after)] == [404, 200]
    # What makes it one is asked anew each time.
    with rig.dock.database.write() as session:
        session.get_one(User, root.user_id).role = Role.USER
    assert client.get(after).status_code == 404
    with rig.dock.database.read() as session:
        assert {*session.scalars(select(DownloadLink.scopes))} == {"read", "read admin"}


def test_links_of_an_account_go_with_it(market: Any) -> None:
    rig, client, ids = market
    eve = some.identity_of(rig, "eve")
    link = rig.dock.downloads.make_link(eve, [ids["one"]], rig.origin())
    exported = rig.dock.accounts.export(eve)
    assert exported["download_links"] == [{"learnware_ids": [ids["one"]], "expires_at": link.expires_at}]
    assert link.token not in str(exported)
    url = f"{V1}/download-links/{link.token}/package"
    assert client.get(url).status_code == 200
    rig.dock.users.disable(eve.user_id)
    assert client.get(url).status_code == 404
    rig.dock.users.enable(eve.user_id)
    assert client.get(url).status_code == 200
    rig.dock.accounts.delete(eve, PASSWORD, rig.origin())
    assert client.get(url).status_code == 404
    with rig.dock.database.read() as session:
        assert session.scalars(select(DownloadLink)).all() == []


def test_links_are_limited(make_client: Any) -> None:
    rig, client = make_client(limit_link_address="2/1h")
    learnware_id = some.publish_learnware(rig)
    body = {"learnware_ids": [learnware_id]}
    assert [client.post(f"{V1}/download-links", json=body).status_code for _ in range(3)] == [201, 201, 429]
    answer = client.post("/api/engine/generate_download_token", json=body)
    assert (answer.status_code, answer.json()["code"]) == (429, 29)


def test_the_contract(market: Any, as_bearer: Any) -> None:
    rig, client, ids = market
    engine = "/api/engine"
    one = client.get(package_url(ids["one"])).content
    answer = client.get(f"{engine}/download_learnware", params={"learnware_id": ids["one"]})
    assert (answer.status_code, answer.content) == (200, one)
    assert answer.headers["content-length"] == str(len(one))
    assert answer.headers["content-disposition"].endswith(f'filename="{ids["one"]}.zip"')
    several = [("learnware_ids", ids["one"]), ("learnware_ids", ids["two"])]
    answer = client.get(f"{engine}/download_multi_learnware", params=several)
    assert set(inside(answer.content)) == {f"{ids['one']}.zip", f"{ids['two']}.zip"}
    assert "multiple_learnwares.zip" in answer.headers["content-disposition"]
    answer = client.post(f"{engine}/generate_download_token", json={"learnware_ids": [ids["one"], ids["two"]]})
    body = answer.json()
    assert set(body) == {"code", "data"}
    token = {"token": body["data"]["token"]}
    assert len(token["token"]) == 32
    for _ in range(2):
        assert client.get(f"{engine}/download_by_token", params=token).content == one
    many = client.get(f"{engine}/download_multi_learnware_by_token", params=token)
    assert set(inside(many.content)) == {f"{ids['one']}.zip", f"{ids['two']}.zip"}
    ada = as_bearer(rig.session("ada"))
    waiting = {"learnware_id": ids["waiting"]}
    assert client.get(f"{engine}/download_learnware", params=waiting, headers=ada).status_code == 200
    rig.clock.forward(minutes=31)
    for path in ("download_by_token", "download_multi_learnware_by_token"):
        answer = client.get(f"{engine}/{path}", params=token)
        assert (answer.status_code, answer.json()["code"], answer.json()["msg"]) == (400, 21, "token not exist.")


def test_errors_of_the_contract_are_not_saved_as_files(market: Any, as_bearer: Any) -> None:
    rig, client, ids = market
    bob = as_bearer(rig.session("bob"))

    def asked(path: str, headers: dict[str, str] | None = None, **params: Any) -> tuple[int, int]:
        answer = client.get(f"/api/engine/{path}", params=params, headers=headers)
        assert answer.json()["msg"]
        return answer.status_code, answer.json()["code"]

    for path, name, value in (
        ("download_learnware", "learnware_id", str),
        ("download_multi_learnware", "learnware_ids", lambda one: [ids["one"], one]),
    ):
        assert asked(path) == (400, 21)
        assert asked(path, **{name: value("99999999")}) == (404, 41)
        assert asked(path, **{name: value("x")}) == (404, 41)
        assert asked(path, **{name: value(ids["withdrawn"])}) == (404, 41)
        assert asked(path, **{name: value(ids["waiting"])}) == (403, 61)
        assert asked(path, bob, **{name: value(ids["waiting"])}) == (403, 62)
        assert asked(path, as_bearer("0" * 32), **{name: value(ids["one"])}) == (401, 11)
    assert asked("download_multi_learnware", learnware_ids=[ids["one"]] * 11) == (400, 21)
    for path in ("download_by_token", "download_multi_learnware_by_token"):
        assert asked(path) == asked(path, token="x") == asked(path, token="\0") == (400, 21)
    for ids_wanted in (None, [], "x", [1], {}, [None]):
        answer = client.post("/api/engine/generate_download_token", json={"learnware_ids": ids_wanted})
        assert (answer.status_code, answer.json()["code"]) == (200, 21)
    answer = client.post("/api/engine/generate_download_token", json={"learnware_ids": [ids["waiting"]]})
    assert (answer.status_code, answer.json()["code"]) == (200, 61)


def test_counts_wait_for_the_database(rig: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    usage, database = rig.dock.usage, rig.dock.database
    learnware_id = some.publish_learnware(rig)

    def unreachable() -> Any:
        raise UnavailableError("away")

    monkeypatch.setattr(database, "write", unreachable)
    usage.count("search", 2)
    usage.downloaded([parse_id(learnware_id), parse_id("99999999")])
    with pytest.raises(UnavailableError):
        usage.flush()
    monkeypatch.undo()
    usage.count("search")
    rig.clock.forward(days=1)
    usage.count("search", 5)
    assert (counted(rig), counted(rig, "search")) == (2, 8)
    assert downloads_of(rig, learnware_id) == 1
    with database.read() as session:
        rows = session.execute(select(DailyCount.day, DailyCount.count).where(DailyCount.kind == "search")).all()
    assert sorted((day.day, count) for day, count in rows) == [(21, 3), (22, 5)]


def test_counts_are_written_when_the_dock_closes(make_rig: Any) -> None:
    first = make_rig()
    first.dock.usage.count("search", 3)
    first.dock.close()
    assert counted(make_rig(), "search") == 3


def test_a_server_that_stops_finishes_downloads(tmp_path: Path, sqlite_template: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data", argon2_memory_kib=32)
    settings.data_dir.mkdir()
    shutil.copyfile(sqlite_template, settings.data_dir / "beimingwu.sqlite3")
    content = os.urandom(2**20) * 24
    with closing(Dock(settings, open_database(settings))) as dock:
        learnware_id = some.publish_learnware(Served(dock))
        # More than what lies in buffers between both.
        stored = keep_blob(dock.database, dock.store, dock.clock, content)
        with dock.database.write() as session:
            session.execute(update(Version).values(sha256=stored.sha256, size=stored.size))
    server = Server(tmp_path, settings.database_address)
    try:
        where = urlsplit(server.url)
        with socket.create_connection((where.hostname, where.port), timeout=60) as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2**16)
            connection.sendall(f"GET {package_url(learnware_id)} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            received = bytearray(connection.recv(1000))
            assert b"200 OK" in received
            server.process.send_signal(signal.SIGTERM)
            while is_listened_on(where.hostname, where.port):
                # Who asks without a pause fills the queue of connections.
                time.sleep(0.02)
            while chunk := connection.recv(2**20):
                received += chunk
        assert received.partition(b"\r\n\r\n")[2] == content
        assert server.process.wait(timeout=60) == 0
    finally:
        server.stop()
    with closing(Dock(settings, open_database(settings))) as dock:
        assert counted(Served(dock)) == 1


def is_listened_on(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), timeout=60).close()
    except ConnectionError:
        return False
    return True


@dataclass
class Served:
    """What helpers need of a rig, around a dock that a server process has afterwards."""

    dock: Dock

    def user(self, name: str, **more: Any) -> int:
        return self.dock.users.create(f"{name}@example.org", name, PASSWORD, verified=True, **more).user_id

    def origin(self) -> Origin:
        return Origin("192.0.2.1")

    def clock(self) -> Any:
        return self.dock.clock()
