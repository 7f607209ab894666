"""Uploads over HTTP: tus 1.0, and chunks by the published contract."""

from __future__ import annotations

import base64
import hashlib
import random
import signal
import socket
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import anyio
import httpx2
import pytest
from tests.dock.test_server import Server

from beimingwu.services.appending import PART_SIZE

if TYPE_CHECKING:
    from pathlib import Path

UPLOADS = "/api/v1/uploads"
DATA = random.Random(1).randbytes(300_000)
SHA256 = hashlib.sha256(DATA).hexdigest()
TUS = {"Tus-Resumable": "1.0.0"}
CONTENT = "application/offset+octet-stream"


def encoded(**values: str) -> str:
    return ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in values.items())


def checksum(data: bytes, algorithm: str = "sha256") -> str:
    return f"{algorithm} {base64.b64encode(hashlib.new(algorithm, data).digest()).decode()}"


class Tus:
    """What a client says."""

    def __init__(self, client: Any, token: str) -> None:
        self.client = client
        self.headers = {**TUS, "Authorization": f"Bearer {token}"}

    def create(self, size: object = len(DATA), content: Any = None, **more: str) -> Any:
        headers = {**self.headers, "Upload-Length": str(size), **more}
        if content is not None:
            headers.setdefault("Content-Type", CONTENT)
        return self.client.post(UPLOADS, headers=headers, content=content)

    def patch(self, location: str, offset: object, content: Any, **more: str) -> Any:
        headers = {**self.headers, "Upload-Offset": str(offset), "Content-Type": CONTENT, **more}
        return self.client.patch(location, headers=headers, content=content)

    def head(self, location: str) -> Any:
        return self.client.head(location, headers=self.headers)

    def show(self, location: str) -> Any:
        return self.client.get(location, headers=self.headers).json()


@pytest.fixture
def tus(both: Any) -> Tus:
    rig, client = both
    rig.user()
    return Tus(client, rig.session())


def refused(answer: Any, status: int, kind: str) -> str:
    assert (answer.status_code, answer.headers["tus-resumable"]) == (status, "1.0.0"), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["type"] == f"/api/v1/problems/{kind}", problem
    return str(problem["detail"])


def test_what_is_spoken(shared_client: Any) -> None:
    for path in (UPLOADS, f"{UPLOADS}/{'0' * 32}"):
        answer = shared_client.options(path)
        assert answer.status_code == 204
        assert {name: answer.headers[name] for name in answer.headers if name.startswith("tus-")} == {
            "tus-resumable": "1.0.0",
            "tus-version": "1.0.0",
            "tus-extension": "creation,creation-with-upload,expiration,checksum,termination",
            "tus-max-size": str(2 * 2**30),
            "tus-checksum-algorithm": "sha1,sha256",
        }


def test_browsers_may(shared_client: Any) -> None:
    wanted = {
        "Origin": "https://web.example.org",
        "Access-Control-Request-Method": "PATCH",
        "Access-Control-Request-Headers": "tus-resumable,upload-offset,content-type,authorization",
    }
    answer = shared_client.options(f"{UPLOADS}/{'0' * 32}", headers=wanted)
    assert answer.status_code == 200
    assert "PATCH" in answer.headers["access-control-allow-methods"]
    answer = shared_client.options(UPLOADS, headers={"Origin": "https://web.example.org"})
    exposed = answer.headers["access-control-expose-headers"]
    for name in ("Location", "Upload-Offset", "Upload-Length", "Upload-Expires", "Tus-Resumable", "Tus-Max-Size"):
        assert name in exposed


def test_an_upload(tus: Tus, both: Any) -> None:
    begun = tus.create(**{"Upload-Metadata": encoded(filename="Röschen.zip", sha256=SHA256, filetype="zip") + ",odd"})
    assert (begun.status_code, begun.headers["upload-offset"], begun.content) == (201, "0", b"")
    location = begun.headers["location"]
    assert location.startswith(f"{UPLOADS}/")
    assert parsedate_to_datetime(begun.headers["upload-expires"]) == both[0].clock.now.replace(day=22)
    half = tus.patch(location, 0, DATA[:1000])
    assert (half.status_code, half.headers["upload-offset"], half.content) == (204, "1000", b"")
    asked = tus.head(location)
    assert (asked.status_code, asked.headers["upload-offset"], asked.headers["upload-length"]) == (
        200,
        "1000",
        "300000",
    )
    assert (asked.headers["cache-control"], asked.headers["tus-resumable"]) == ("no-store", "1.0.0")
    # Without a length before: a body in pieces.
    rest = tus.patch(location, 1000, iter([DATA[1000:5000], DATA[5000:]]))
    assert (rest.status_code, rest.headers["upload-offset"]) == (204, "300000")
    shown = tus.show(location)
    assert shown["upload_id"] == location.removeprefix(f"{UPLOADS}/")
    assert (shown["filename"], shown["size"], shown["received"]) == ("Röschen.zip", 300_000, 300_000)
    assert (shown["complete"], shown["sha256"]) == (True, SHA256)
    ended = tus.client.delete(location, headers=tus.headers)
    assert (ended.status_code, ended.headers["tus-resumable"]) == (204, "1.0.0")
    assert tus.head(location).status_code == 404
    refused(tus.client.delete(location, headers=tus.headers), 404, "not-found")


def test_an_upload_that_begins_with_its_content(tus: Tus) -> None:
    for sent in (DATA, DATA[:10]):
        begun = tus.create(content=sent, **{"Upload-Checksum": checksum(sent)})
        assert (begun.status_code, begun.headers["upload-offset"]) == (201, str(len(sent)))
        assert tus.show(begun.headers["location"])["complete"] == (sent == DATA)
    empty = tus.create(0)
    assert tus.show(empty.headers["location"])["sha256"] == hashlib.sha256(b"").hexdigest()
    refused(tus.create(5, content=b"123456"), 413, "too-large")
    refused(tus.create(5, content=b"12345", **{"Content-Type": "text/plain"}), 415, "unsupported-media-type")


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_bytes_that_were_damaged(tus: Tus, algorithm: str) -> None:
    location = tus.create().headers["location"]
    damaged = tus.patch(location, 0, DATA[:9], **{"Upload-Checksum": checksum(DATA[1:10], algorithm)})
    refused(damaged, 460, "checksum-mismatch")
    assert tus.head(location).headers["upload-offset"] == "0"
    assert tus.patch(location, 0, DATA[:9], **{"Upload-Checksum": checksum(DATA[:9], algorithm)}).status_code == 204
    for bad in ("md5 AAAA", "sha1", f"{algorithm} AAAA", f"{algorithm} *", checksum(b"")[:-1]):
        refused(tus.patch(location, 9, b"x", **{"Upload-Checksum": bad}), 422, "invalid-input")
    assert tus.head(location).headers["upload-offset"] == "9"


def test_another_content_than_announced(tus: Tus) -> None:
    location = tus.create(**{"Upload-Metadata": encoded(sha256="0" * 64)}).headers["location"]
    assert SHA256 in refused(tus.patch(location, 0, DATA), 422, "content-mismatch")
    assert tus.head(location).status_code == 404


def test_what_does_not_fit(make_client: Any) -> None:
    rig, client = make_client(upload_max_bytes=2**20, max_body_bytes=2000)
    rig.user()
    tus = Tus(client, rig.session())
    refused(tus.create(2**20 + 1), 413, "too-large")
    location = tus.create(5000).headers["location"]
    for content in (b"x" * 5001, iter([b"x" * 3000, b"x" * 2001]), b"x" * (2**20 + 1), iter([b"x" * 2**19] * 3)):
        answer = tus.patch(location, 0, content)
        refused(answer, 413, "too-large")
        assert answer.headers["connection"] == "close"
        assert tus.head(location).headers["upload-offset"] == "0"
    for offset in (1, 4999, 5000, 2**62):
        assert "byte 0" in refused(tus.patch(location, offset, b"x"), 409, "conflict")
    # A body that is larger than those of other endpoints.
    assert tus.patch(location, 0, b"x" * 5000).status_code == 204


def test_what_is_asked_in_a_wrong_way(tus: Tus) -> None:
    location = tus.create().headers["location"]
    for version in (None, "0.2.2", "", "1.0.0, 1.0.0"):
        headers = {"Authorization": tus.headers["Authorization"], "Upload-Length": "3", "Upload-Offset": "0"}
        headers |= {"Content-Type": CONTENT} | ({} if version is None else {"Tus-Resumable": version})
        for method, path in (("POST", UPLOADS), ("PATCH", location), ("DELETE", location)):
            answer = tus.client.request(method, path, headers=headers)
            refused(answer, 412, "unsupported-version")
            assert answer.headers["tus-version"] == "1.0.0"
        assert tus.client.head(location, headers=headers).status_code == 412
    for size in ("", "x", "-1", "1.5", str(2**63), "9" * 5000):
        refused(tus.create(size), 422, "invalid-input")
        refused(tus.patch(location, size, b"x"), 422, "invalid-input")
    for metadata in ("filename", "filename *", encoded(filename=""), encoded(filename="a\nb"), "filename /w==",
                     encoded(sha256="x"), f"{encoded(a='b')},{encoded(a='c')}", "a" * 5000):  # fmt: skip
        refused(tus.create(**{"Upload-Metadata": metadata}), 422, "invalid-input")
    refused(tus.patch(location, 0, b"x", **{"Content-Type": "text/plain"}), 415, "unsupported-media-type")
    assert tus.head(location).headers["upload-offset"] == "0"


def test_uploads_of_others(tus: Tus, both: Any) -> None:
    rig, client = both
    location = tus.create().headers["location"]
    rig.user("eve")
    eve = Tus(client, rig.session("eve"))
    for path in (location, f"{UPLOADS}/{'0' * 32}", f"{UPLOADS}/x", f"{UPLOADS}/%00", f"{UPLOADS}/{'x' * 5000}"):
        refused(eve.patch(path, 0, b"x"), 404, "not-found")
        refused(client.get(path, headers=eve.headers), 404, "not-found")
        refused(client.delete(path, headers=eve.headers), 404, "not-found")
        assert eve.head(path).status_code == 404
    nobody = Tus(client, "0" * 32)
    refused(nobody.create(), 401, "not-authenticated")
    refused(nobody.patch(location, 0, b"x"), 401, "not-authenticated")
    assert nobody.head(location).status_code == 401
    token = rig.dock.tokens.create_for(1, "reader", ["read"], expires_in_days=1).token
    reader = Tus(client, token)
    refused(reader.create(), 403, "not-allowed")
    refused(reader.patch(location, 0, b"x"), 403, "not-allowed")
    assert tus.head(location).headers["upload-offset"] == "0"


@pytest.mark.parametrize("how", ["goes away", "falls silent"])
def test_what_came_before_counts_when_a_client(make_client: Any, how: str) -> None:
    rig, client = make_client(upload_idle_seconds=0.01)
    rig.user()
    tus = Tus(client, rig.session())
    location = tus.create().headers["location"]
    answers: list[Any] = []
    sent = iter([{"type": "http.request", "body": DATA[:100_000], "more_body": True}])

    async def receive() -> Any:
        if (message := next(sent, None)) is None:
            if how == "goes away":
                return {"type": "http.disconnect"}
            await anyio.sleep_forever()
        return message

    async def send(message: Any) -> None:
        answers.append(message.get("status"))

    headers = {**tus.headers, "Upload-Offset": "0", "Content-Type": CONTENT}
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "PATCH", "scheme": "http",
        "path": location, "raw_path": location.encode(), "query_string": b"", "root_path": "",
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        "client": ("192.0.2.9", 1), "server": ("testserver", 80),
    }  # fmt: skip
    client.portal.call(client.app, scope, receive, send)
    assert answers[:1] == ([] if how == "goes away" else [408])
    assert tus.head(location).headers["upload-offset"] == "100000"


def chunk(client: Any, headers: dict[str, str], begin: object, data: bytes, md5: str) -> Any:
    form = {"chunk_begin": str(begin), "file_hash": md5}
    return client.post("/api/user/chunked_upload", headers=headers, data=form, files={"chunk_file": ("x", data)})


def test_chunks_of_the_contract(both: Any) -> None:
    rig, client = both
    rig.user()
    headers = {"Authorization": f"Bearer {rig.session()}"}
    md5 = hashlib.md5(DATA).hexdigest()
    # One chunk comes twice, and then all of it again.
    for begin in (0, 100_000, 100_000, 200_000, 0, 100_000, 200_000):
        answer = chunk(client, headers, begin, DATA[begin : begin + 100_000], md5)
        assert answer.json() == {"code": 0, "msg": "success"}
    identity = rig.dock.sessions.authenticate(rig.session())
    assert rig.dock.contract_uploads.finished(identity, md5).sha256 == SHA256
    assert chunk(client, headers, 300_001, b"x", "0" * 32).json()["code"] == 31
    for begin, given in (("x", md5), ("-1", md5), ("9" * 30, md5), ("", md5), ("٣", md5), ("0", "x"), ("0", "\0" * 32)):
        assert chunk(client, headers, begin, b"x", given).json()["code"] == 21
    for form in ({}, {"chunk_begin": "0"}, {"chunk_begin": "0", "file_hash": md5}):
        for more in ({"data": form}, {"files": {name: (None, value) for name, value in form.items()} or {"a": b"b"}}):
            assert client.post("/api/user/chunked_upload", headers=headers, **more).json()["code"] == 21
    broken = {**headers, "Content-Type": "multipart/form-data; boundary=x"}
    for content in (b"", b"--x", b"--x\r\nbad", b"\xff" * 100, b"--x--"):
        assert client.post("/api/user/chunked_upload", headers=broken, content=content).json()["code"] == 21
    assert chunk(client, {}, 0, b"x", md5).json()["code"] == 11
    assert chunk(client, headers, 0, bytes(18 * 2**20), md5).status_code == 413


def test_the_client_is_told_that_it_has_submitted_a_content(both: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    rig, client = both
    rig.user()
    headers = {"Authorization": f"Bearer {rig.session()}"}
    monkeypatch.setattr(rig.dock.contract_uploads, "already_submitted", lambda identity, md5: md5 == "0" * 32)
    assert chunk(client, headers, 0, b"x", "0" * 32).json() == {"code": 51, "msg": "Learnware file already exist."}
    assert chunk(client, headers, 0, b"x", "1" * 32).json()["code"] == 0
    # Only at the beginning.
    assert chunk(client, headers, 1, b"x", "0" * 32).json()["code"] == 31


def test_a_server_that_is_killed_in_the_middle_of_a_request(rig: Any, address: str, tmp_path: Path) -> None:
    """The contents go on where they were, on another server."""
    data = random.Random(2).randbytes(PART_SIZE * 2 + 5000)
    metadata = encoded(sha256=hashlib.sha256(data).hexdigest())
    # The servers have the folder and the database of the rig.
    token = rig.dock.tokens.create_for(rig.user(), "tests", ["submit"], expires_in_days=None).token
    headers = {**TUS, "Authorization": f"Bearer {token}"}
    server = Server(tmp_path, address)
    try:
        with httpx2.Client(timeout=60, headers=headers) as client:
            begun = client.post(
                f"{server.url}/v1/uploads", headers={"Upload-Length": str(len(data)), "Upload-Metadata": metadata}
            )
            location = begun.headers["location"]
            with half_sent(server.url, location, headers, data[: PART_SIZE + 2**20], len(data)):
                # It has taken the first part when it says so, and keeps it.
                assert any(offset_of(client, server.url, location) == PART_SIZE for _ in range(10_000))
                server.stop(signal.SIGKILL)
        server = Server(tmp_path, address)
        with httpx2.Client(timeout=60, headers=headers) as client:
            assert offset_of(client, server.url, location) == PART_SIZE
            url = server.url.removesuffix("/api") + location
            more = {"Upload-Offset": str(PART_SIZE), "Content-Type": CONTENT}
            assert client.patch(url, headers=more, content=data[PART_SIZE:]).status_code == 204
            assert client.get(url).json()["complete"]
    finally:
        server.stop()
    (content,) = (path for path in (tmp_path / "data/store/contents").rglob("*") if path.is_file())
    assert content.read_bytes() == data
    assert not [path for path in (tmp_path / "data/store/parts").rglob("*") if path.is_file()]


def half_sent(url: str, location: str, headers: dict[str, str], data: bytes, length: int) -> socket.socket:
    """Send the head of a PATCH and not all of its body, on a connection that stays open."""
    address = urlsplit(url)
    connection = socket.create_connection((address.hostname, address.port), timeout=60)
    lines = {**headers, "Host": address.netloc, "Upload-Offset": "0", "Content-Type": CONTENT, "Content-Length": length}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    connection.sendall(f"PATCH {location} HTTP/1.1\r\n{head}\r\n".encode() + data)
    return connection


def offset_of(client: Any, url: str, location: str) -> int:
    return int(client.head(url.removesuffix("/api") + location).headers["upload-offset"])
