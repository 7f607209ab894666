"""A large upload whose client and server are killed on the way; the server's memory with one client and with many.

``python -m benchmarks.dock.uploads`` runs it alone.
"""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import random
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from benchmarks._table import Row, print_rows
from benchmarks.dock.rig import bench_dock

if TYPE_CHECKING:
    from benchmarks.dock.rig import BenchDock, Server, Somebody

__all__ = ["run"]

_SIZE = 500 * 10**6
_MANY = 16
_MANY_SIZE = 32 * 2**20
_TUS = {"Tus-Resumable": "1.0.0"}
# Who is killed when so much has arrived.
_KILLS = (("client", 100 * 10**6), ("server", 220 * 10**6), ("server", 380 * 10**6))


def send(url: str, upload_id: str, token: str, file: Path) -> None:
    """Send what is missing of an upload in one request."""
    while not _sent(url, upload_id, token, file):
        # What the last connection left was still being written.
        continue


def _sent(url: str, upload_id: str, token: str, file: Path) -> bool:
    headers = {**_TUS, "Authorization": f"Bearer {token}"}
    address = urlsplit(url)
    path = f"{address.path}/v1/uploads/{upload_id}"
    with closing(http.client.HTTPConnection(str(address.hostname), address.port, timeout=120, blocksize=2**18)) as to:
        to.request("HEAD", path, headers=headers)
        answer = to.getresponse()
        answer.read()
        offset = int(answer.headers["Upload-Offset"])
        headers |= {
            "Upload-Offset": str(offset),
            "Content-Type": "application/offset+octet-stream",
            "Content-Length": str(file.stat().st_size - offset),
        }
        with file.open("rb", buffering=0) as content:
            content.seek(offset)
            to.request("PATCH", path, body=content, headers=headers)
        answer = to.getresponse()
        if answer.status not in {204, 409}:
            raise RuntimeError(f"{answer.status}: {answer.read().decode()}")
        return answer.status == 204


def run() -> list[Row]:
    """Return the figures."""
    with bench_dock(BEIMINGWU_UPLOAD_QUOTA_BYTES=str(2**33)) as dock:
        somebody = dock.somebody()
        file = dock.folder / "large.bin"
        file.write_bytes(random.Random(0).randbytes(10**6) * (_SIZE // 10**6))
        with dock.server() as server:
            once = _time_of_one(server, somebody, file)
            memory_once = server.memory
        killed, again, memory = _killed(dock, somebody, file)
        with dock.server() as server:
            before = server.memory
            many = _many(server, dock, somebody)
            memory_many = server.memory
    megabyte = 10**6
    return [
        Row("500 MB in one request", once, None, "s", f"{_SIZE / megabyte / once:.0f} MB/s, on the disk and checked"),
        Row("server's memory then, at most", memory_once / megabyte, 300, "MB"),
        Row("500 MB, client and server killed three times", killed, None, "s", f"{again / megabyte:.0f} MB sent again"),
        Row("server's memory then, at most", memory / megabyte, 300, "MB"),
        Row(
            f"{_MANY} clients at once, {_MANY_SIZE >> 20} MiB each",
            many,
            None,
            "s",
            f"{_MANY * _MANY_SIZE / megabyte / many:.0f} MB/s together",
        ),
        Row("server's memory then, at most", memory_many / megabyte, 300, "MB", f"{before / megabyte:.0f} MB at rest"),
    ]


def _time_of_one(server: Server, somebody: Somebody, file: Path) -> float:
    upload_id = _create(server, somebody, file)
    began = time.perf_counter()
    send(server.url, upload_id, somebody.token, file)
    took = time.perf_counter() - began
    _require_complete(server, somebody, upload_id, file)
    return took


def _killed(dock: BenchDock, somebody: Somebody, file: Path) -> tuple[float, int, int]:
    """Return the time it took with all restarts, the bytes sent in vain, and the most memory that a server had."""
    again = memory = 0
    server = dock.server()
    began = time.perf_counter()
    upload_id = _create(server, somebody, file)
    for who, when in _KILLS:
        client = _start(server, somebody, upload_id, file)
        while _shown(server, somebody, upload_id)["received"] < when:
            if client.poll() is not None:
                raise RuntimeError("the upload was through before anybody was killed")
        memory = max(memory, server.memory)
        seen = _shown(server, somebody, upload_id)["received"]
        sent = _position(client, file)
        if who == "client":
            client.kill()
        else:
            server.kill()
        client.wait()
        if who == "server":
            server = dock.server()
        # What was acknowledged is there.
        received = _shown(server, somebody, upload_id)["received"]
        if received < seen:
            raise RuntimeError(f"{seen} bytes were received, and {received} are there")
        again += max(0, sent - received)
    client = _start(server, somebody, upload_id, file)
    if client.wait() != 0:
        raise RuntimeError("the last client failed")
    took = time.perf_counter() - began
    _require_complete(server, somebody, upload_id, file)
    memory = max(memory, server.memory)
    server.stop()
    return took, again, memory


def _position(client: subprocess.Popen[bytes], file: Path) -> int:
    """Return how far a client has read its file."""
    for descriptor in Path(f"/proc/{client.pid}/fd").iterdir():
        if descriptor.resolve() == file.resolve():
            info = Path(f"/proc/{client.pid}/fdinfo/{descriptor.name}").read_text(encoding="ascii")
            return int(info.split()[1])
    raise RuntimeError("the client does not read its file")


def _many(server: Server, dock: BenchDock, somebody: Somebody) -> float:
    file = dock.folder / "small.bin"
    file.write_bytes(random.Random(1).randbytes(_MANY_SIZE))
    uploads = [_create(server, somebody, file) for _ in range(_MANY)]
    began = time.perf_counter()
    clients = [_start(server, somebody, upload_id, file) for upload_id in uploads]
    if any(client.wait() for client in clients):
        raise RuntimeError("a client failed")
    took = time.perf_counter() - began
    for upload_id in uploads:
        _require_complete(server, somebody, upload_id, file)
    return took


def _start(server: Server, somebody: Somebody, upload_id: str, file: Path) -> subprocess.Popen[bytes]:
    """Start a client as a process of its own."""
    command = [sys.executable, "-m", "benchmarks.dock.uploads", server.url, upload_id, somebody.token, str(file)]
    return subprocess.Popen(command, stderr=subprocess.DEVNULL)


def _create(server: Server, somebody: Somebody, file: Path) -> str:
    with file.open("rb") as content:
        sha256 = _sha256(content.read())
    metadata = f"filename {base64.b64encode(file.name.encode()).decode()},sha256 {base64.b64encode(sha256).decode()}"
    headers = {**_TUS, "Upload-Length": str(file.stat().st_size), "Upload-Metadata": metadata}
    answer = _ask(server, somebody, "POST", "/v1/uploads", headers)
    return str(answer.headers["Location"]).rpartition("/")[2]


def _sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).hexdigest().encode()


def _shown(server: Server, somebody: Somebody, upload_id: str) -> dict[str, int]:
    return dict(json.loads(_ask(server, somebody, "GET", f"/v1/uploads/{upload_id}", {}).read()))


def _require_complete(server: Server, somebody: Somebody, upload_id: str, file: Path) -> None:
    if not _shown(server, somebody, upload_id)["sha256"]:
        raise RuntimeError(f"the upload of {file.name} is not complete")
    _ask(server, somebody, "DELETE", f"/v1/uploads/{upload_id}", _TUS)


def _ask(
    server: Server, somebody: Somebody, method: str, path: str, headers: dict[str, str]
) -> http.client.HTTPResponse:
    address = urlsplit(server.url)
    connection = http.client.HTTPConnection(str(address.hostname), address.port, timeout=120)
    connection.request(method, address.path + path, headers={**headers, **somebody.headers})
    answer = connection.getresponse()
    if answer.status >= 400:
        raise RuntimeError(f"{method} {path}: {answer.status} {answer.read().decode()}")
    return answer


if __name__ == "__main__":
    if len(sys.argv) > 1:
        send(sys.argv[1], sys.argv[2], sys.argv[3], Path(sys.argv[4]))
    else:
        print_rows("uploads", run())
