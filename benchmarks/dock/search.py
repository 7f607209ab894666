"""Searches through HTTP: how many a second, how long they take, how soon a publication is found, how soon it starts."""

from __future__ import annotations

import http.client
import json
import multiprocessing
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import numpy as np

from benchmarks._table import Row, machine, print_rows
from benchmarks.dock.rig import bench_dock, postgresql

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.dock.rig import BenchDock, Server, Somebody

__all__ = ["run"]

CLIENTS = 8
# Searches of each client, and different ones of them.
SEARCHES = 60
DIFFERENT = 12
SIZE, LARGE = 1000, 5000


def bodies(kind: str) -> list[bytes]:
    """Return requests of a kind: by data, by words, or both."""
    from benchmarks.market import World

    # The seed is not that of the learnwares: users have data that nobody has seen.
    world = World(DIFFERENT, 7)
    made = []
    for i in range(DIFFERENT):
        wanted: dict[str, Any] = {"limit": 10}
        if kind != "words":
            spec = world.user([i, (i + 5) % DIFFERENT], np.array([0.6, 0.4]))
            wanted["statistical_specifications"] = {spec.type: json.loads(spec.to_json())}
        if kind != "data":
            wanted["semantic_specification"] = {
                "Task": {"Values": ["Regression"], "Type": "Class"},
                "Name": {"Values": "syntetic learnware", "Type": "String"},
            }
        made.append(json.dumps(wanted).encode())
    return made


def client(url: str, headers: dict[str, str], requests: Sequence[bytes], count: int) -> tuple[float, list[float]]:
    """Search again and again over one connection; return when it began and how long each search took."""
    where = urlsplit(url)
    connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=60)
    headers = {**headers, "Content-Type": "application/json"}
    times = []
    began = time.time()
    for i in range(count):
        start = time.perf_counter()
        connection.request("POST", f"{where.path}/v1/searches", requests[i % len(requests)], headers)
        with connection.getresponse() as response:
            answer = json.loads(response.read())
        times.append(time.perf_counter() - start)
        if response.status != 200 or not answer["singles"]:
            raise RuntimeError(answer)
    connection.close()
    return began, times


def load(server: Server, somebody: Somebody, requests: Sequence[bytes], clients: int = CLIENTS) -> tuple[float, float]:
    """Return searches a second and the 95th percentile of how long they took."""
    with ProcessPoolExecutor(clients, multiprocessing.get_context("spawn")) as pool:
        # The processes start, and the server's memory is warm.
        list(pool.map(client, *zip(*[(server.url, somebody.headers, requests, 5)] * clients, strict=True)))
        begin = time.time()
        done = list(
            pool.map(client, *zip(*[(server.url, somebody.headers, requests, SEARCHES)] * clients, strict=True))
        )
        seconds = time.time() - begin
    times = np.concatenate([times for _, times in done])
    return len(times) / seconds, float(np.quantile(times, 0.95))


def seen_after(dock: BenchDock, servers: Sequence[Server]) -> float:
    """Return how long after it was published a learnware is found by the last of the servers."""
    from beimingwu.services.publishing import lock_learnware, restore_rows, withdraw_rows

    def total(server: Server) -> int:
        where = urlsplit(server.url)
        connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=60)
        connection.request("POST", f"{where.path}/v1/searches", b"{}", {"Content-Type": "application/json"})
        return int(json.loads(connection.getresponse().read())["total"])

    slowest = 0.0
    with dock.services() as services:
        for restored in (False, True) * 3:
            with services.database.write() as session:
                learnware = lock_learnware(session, 1)
                if restored:
                    restore_rows(session, learnware)
                else:
                    withdraw_rows(session, learnware, services.clock(), "owner")
            begin = time.perf_counter()
            expected = len(dock.ids) - (not restored)
            while any(total(server) != expected for server in servers):
                continue
            slowest = max(slowest, time.perf_counter() - begin)
    return slowest


def run(database: str | None = None) -> list[Row]:
    """Return the rows of this benchmark."""
    rows = []
    with bench_dock(SIZE, database=database) as dock:
        somebody = dock.somebody()
        with dock.server() as server:
            for kind, name in (("data", "by data"), ("words", "by words, misspelt"), ("both", "by words and data")):
                rate, slow = load(server, somebody, bodies(kind))
                note = f"{SIZE} learnwares, {CLIENTS} clients on the same cores"
                rows.append(Row(f"searches {name}", rate, 100, "1/s", note, higher_is_better=True))
                rows.append(Row(f"95 % of searches {name} take at most", 1000 * slow, 120, "ms", note))
            with dock.server() as other:
                seen = seen_after(dock, [server, other])
            rows.append(Row("a change is seen by two servers after", 1000 * seen, 1000, "ms", "the slowest of six"))
    return rows


def start() -> list[Row]:
    """Return how long a server of many learnwares takes to be ready."""
    with bench_dock(LARGE) as dock:
        somebody = dock.somebody()
        begin = time.perf_counter()
        with dock.server() as server:
            ready = time.perf_counter() - begin
            _, times = client(server.url, somebody.headers, bodies("data"), 1)
    return [
        Row("start", ready, 3, "s", f"{LARGE} learnwares; from the command to the first answer"),
        Row("the first search then", 1000 * times[0], 120, "ms"),
    ]


def main() -> None:
    """Print the rows, with ``postgresql`` as an argument on a PostgreSQL database."""
    print(machine())
    if "postgresql" in sys.argv[1:]:
        with postgresql() as address:
            print_rows("searches of a dock, PostgreSQL", run(address))
        return
    print_rows("searches of a dock", run())
    print_rows("start of a dock", start())


if __name__ == "__main__":
    main()
