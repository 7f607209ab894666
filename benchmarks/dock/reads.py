"""Reads through HTTP: lists and pages of learnwares, with and without a token, and downloads."""

from __future__ import annotations

import multiprocessing
import socket
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from benchmarks._table import Row, machine, print_rows
from benchmarks.dock.rig import bench_dock, postgresql

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.dock.rig import Server

__all__ = ["run"]

CLIENTS = 8
# Requests of each client.
REQUESTS = 300
SIZE = 1000
BAR = 400


def client(url: str, requests: Sequence[tuple[str, dict[str, str]]], count: int) -> tuple[float, float, int]:
    """Ask again and again over one connection; return when it began and ended, and the bytes of the answers."""
    where = urlsplit(url)
    prepared = [
        f"GET {where.path}{path} HTTP/1.1\r\nHost: {where.netloc}\r\n".encode()
        + b"".join(f"{name}: {value}\r\n".encode() for name, value in headers.items())
        + b"\r\n"
        for path, headers in requests
    ]
    received = 0
    with socket.create_connection((where.hostname or "", where.port or 80), timeout=60) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        began = time.time()
        for i in range(count):
            connection.sendall(prepared[i % len(prepared)])
            received += _answer(connection)
        return began, time.time(), received


def _answer(connection: socket.socket) -> int:
    """Read an answer and return the size of its body. A library would cost more than the server."""
    data = bytearray()
    while (end := data.find(b"\r\n\r\n")) < 0:
        data += connection.recv(65536)
    head = bytes(data[:end]).lower()
    assert head.startswith(b"http/1.1 200"), bytes(data)
    begin = head.index(b"content-length:") + 15
    size = int(head[begin : (head.find(b"\r", begin) + len(head) + 1) % (len(head) + 1)])
    left = size - (len(data) - end - 4)
    while left > 0:
        left -= len(connection.recv(min(left, 2**20)))
    return size


def run(size: int = SIZE) -> list[Row]:
    """Return the rows of lists, pages and downloads on SQLite, and of lists and pages on PostgreSQL."""
    rows = _rows("SQLite", size, None)
    with postgresql() as address:
        rows += _rows("PostgreSQL", size, address)
    return rows


def _rows(name: str, size: int, database: str | None) -> list[Row]:
    # What is logged in earnest is logged here, too.
    with bench_dock(size, database=database, BEIMINGWU_LOG_LEVEL="info", BEIMINGWU_LOG_FORMAT="json") as dock:
        ada = dock.somebody("ada")
        bare: dict[str, str] = {}
        pages = [f"/v1/learnwares/{one}" for one in dock.ids[:: max(1, size // 50)]]
        lists = ["/v1/learnwares?limit=20"]
        asked = {
            f"{what}{words}": [(path, headers) for path in paths]
            for what, paths in (("list of 20", lists), ("page", pages))
            for words, headers in (("", bare), (", with a token", ada.headers))
        }
        rows = []
        with dock.server() as server, ProcessPoolExecutor(CLIENTS, multiprocessing.get_context("spawn")) as pool:
            for what, requests in asked.items():
                rows.append(_measure(pool, server, f"{what} ({name})", requests, REQUESTS, bar=BAR))
            facets = [("/v1/learnwares?limit=20&facets=true&text=mixture&task_type=Regression", ada.headers)]
            rows.append(_measure(pool, server, f"list with facets and text ({name})", facets, REQUESTS // 5))
            if database is None:
                packages = [(f"{path}/package", bare) for path in pages]
                rows.append(_measure(pool, server, f"download ({name})", packages, REQUESTS // 5))
        return rows


def _measure(
    pool: ProcessPoolExecutor,
    server: Server,
    name: str,
    requests: Sequence[tuple[str, dict[str, str]]],
    count: int,
    bar: float | None = None,
) -> Row:
    list(pool.map(client, [server.url] * CLIENTS, [requests] * CLIENTS, [10] * CLIENTS))
    before = server.processor_seconds
    spans = list(pool.map(client, [server.url] * CLIENTS, [requests] * CLIENTS, [count] * CLIENTS))
    spent = server.processor_seconds - before
    began, ended = min(span[0] for span in spans), max(span[1] for span in spans)
    done = CLIENTS * count
    kib = sum(span[2] for span in spans) / done / 1024
    note = f"{CLIENTS} clients; {spent / done * 1000:.2f} ms of the server's processor each; {kib:.1f} KiB"
    return Row(name, done / (ended - began), bar, "/s", note, higher_is_better=True)


def main() -> None:
    """Print them: ``python -m benchmarks.dock.reads [SIZE]``."""
    print(machine())
    print_rows("reads", run(int(sys.argv[1]) if len(sys.argv) > 1 else SIZE))


if __name__ == "__main__":
    main()
