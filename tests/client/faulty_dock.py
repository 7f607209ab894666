"""A server that speaks as much of a dock's API as transfers need, and fails as a test tells it to."""

from __future__ import annotations

import base64
import hashlib
import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    Fault = Callable[["Handler"], bool]


class Seen(NamedTuple):
    """A request that came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class _Server(ThreadingHTTPServer):
    """Says nothing of clients that went away: some of the tests kill theirs."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class FaultyDock:
    """A dock with one package; `faults` are what goes wrong with the next requests of a method, one after another."""

    def __init__(self) -> None:
        self.package = b"PK-" + bytes(range(256)) * 4000
        self.named_hash: str | None = None
        self.uploads: dict[str, bytearray] = {}
        self.lengths: dict[str, int] = {}
        self.faults: list[tuple[str, Fault]] = []
        self.answers: dict[tuple[str, str], Any] = {}
        self.seen: list[Seen] = []
        self.released = threading.Event()
        handler = type("BoundHandler", (Handler,), {"dock": self})
        self._server = _Server(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        self.url = f"{self.address}/api"

    def fail(self, method: str, *faults: Fault) -> None:
        """Let the next requests of a method end as told; None is a request that goes well."""
        self.faults += [(method, fault) for fault in faults]

    def of(self, method: str) -> list[Seen]:
        return [one for one in self.seen if one.method == method]

    def stop(self) -> None:
        self.released.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class Handler(BaseHTTPRequestHandler):
    """Answers a request."""

    dock: FaultyDock
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments: Any) -> None:
        """Say nothing."""

    def _do(self) -> None:
        dock = self.dock
        self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        dock.seen.append(Seen(self.command, self.path, dict(self.headers.items()), self.body))
        for number, (method, fault) in enumerate(dock.faults):
            if method == self.command:
                del dock.faults[number]
                if fault(self):
                    return
                break
        path = self.path.partition("/api/v1")[2].partition("?")[0]
        if (self.command, path) in dock.answers:
            answer = dock.answers[self.command, path]
            self.send_json(200, answer() if callable(answer) else answer)
        elif path.startswith("/uploads"):
            self._upload(path)
        elif path.endswith("/package"):
            self.send_package(dock.package)
        else:
            self.send_problem(404, "not-found", "there is no such thing")

    do_GET = do_POST = do_HEAD = do_PATCH = do_PUT = do_DELETE = _do  # noqa: N815  # names of http.server

    def _upload(self, path: str) -> None:
        dock, upload_id = self.dock, path.rpartition("/")[2]
        if self.command == "POST":
            upload_id = f"upload{len(dock.lengths) + 1}"
            dock.uploads[upload_id] = bytearray()
            dock.lengths[upload_id] = int(self.headers["Upload-Length"])
            # What a dock behind a proxy believes of its address.
            self.send(201, {"Location": f"http://inside:8088/api/v1/uploads/{upload_id}"})
            return
        if upload_id not in dock.uploads:
            self.send_problem(404, "not-found", "there is no such upload")
            return
        content = dock.uploads[upload_id]
        if self.command == "PATCH":
            if int(self.headers["Upload-Offset"]) != len(content):
                self.send_problem(409, "conflict", "the upload stands elsewhere")
                return
            algorithm, _, digest = self.headers["Upload-Checksum"].partition(" ")
            assert algorithm == "sha256"
            assert base64.b64decode(digest) == hashlib.sha256(self.body).digest()
            content += self.body
        self.send(204 if self.command == "PATCH" else 200, {"Upload-Offset": str(len(content))})

    def send_package(self, content: bytes, *, cut: int | None = None) -> None:
        """Send a package, whole or a range of it; with `cut`, break off after so many bytes."""
        digest = self.dock.named_hash or hashlib.sha256(content).hexdigest()
        tag = f'"{digest}"'
        headers = {"ETag": tag, "Repr-Digest": f"sha-256=:{base64.b64encode(bytes.fromhex(digest)).decode()}:"}
        if self.headers.get("If-None-Match") == tag:
            self.send(304, headers)
            return
        start, status = 0, 200
        if self.headers.get("Range") and self.headers.get("If-Range") == tag:
            start, status = int(self.headers["Range"].removeprefix("bytes=").rstrip("-")), 206
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
            if start >= len(content):
                self.send_problem(416, "invalid-range", "there is no such range")
                return
        self.send(status, headers, content[start:], cut=cut)

    def send_json(self, status: int, document: Any) -> None:
        self.send(status, {"Content-Type": "application/json"}, json.dumps(document).encode())

    def send_problem(
        self, status: int, name: str, detail: str, *, headers: dict[str, str] | None = None, **more: Any
    ) -> None:
        document = {"type": f"/api/v1/problems/{name}", "title": name, "status": status, "detail": detail, **more}
        content = json.dumps(document).encode()
        self.send(status, {"Content-Type": "application/problem+json", **(headers or {})}, content)

    def send(self, status: int, headers: dict[str, str], content: bytes = b"", *, cut: int | None = None) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status not in {204, 304}:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content[:cut])
        if cut is not None:
            self.wfile.flush()
            self.close_connection = True


def dropped(handler: Handler) -> bool:
    """Close the connection without an answer."""
    handler.close_connection = True
    return True


def well(handler: Handler) -> bool:
    """Go well."""
    return False


def status(code: int, **headers: str) -> Fault:
    """Answer with a problem of a status."""

    def fault(handler: Handler) -> bool:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        handler.send_problem(code, "made-up", f"status {code}", headers=named)
        return True

    return fault


def answer(code: int, content: bytes, **headers: str) -> Fault:
    """Answer with a content."""

    def fault(handler: Handler) -> bool:
        handler.send(code, {name.replace("_", "-"): value for name, value in headers.items()}, content)
        return True

    return fault


def package(content: bytes, *, cut: int | None = None) -> Fault:
    """Send another package, or break off."""

    def fault(handler: Handler) -> bool:
        handler.send_package(content, cut=cut)
        return True

    return fault


def swallowed(size: int) -> Fault:
    """Keep so many bytes of an upload's piece, and close the connection without an answer."""

    def fault(handler: Handler) -> bool:
        content = handler.dock.uploads[handler.path.rpartition("/")[2]]
        content += handler.body[:size]
        handler.close_connection = True
        return True

    return fault


def stuck(handler: Handler) -> bool:
    """Answer nothing until the test is over."""
    handler.dock.released.wait()
    handler.close_connection = True
    return True
