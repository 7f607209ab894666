"""Searches through HTTP: how many a second, how long they take, how soon a publication is found, how soon it starts."""

from __future__ import annotations

import http.client
import json
import multiprocessing
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Load:
    """What a server did under load.

    Attributes
    ----------
    rate : float
        Searches a second.
    slow : float
        Seconds that 95 % of them take at most.
    spent : float
        Seconds of processors that the server needs for one, which other programs on the machine change least.
    """

    rate: float
    slow: float
    spent: float


def load(server: Server, somebody: Somebody, requests: Sequence[bytes], clients: int = CLIENTS) -> Load:
    """Search with several clients at once."""
    with ProcessPoolExecutor(clients, multiprocessing.get_context("spawn")) as pool:
        # The processes start, and the server's memory is warm.
        list(pool.map(client, *zip(*[(server.url, somebody.headers, requests, 5)] * clients, strict=True)))
        begin, before = time.time(), server.processor_seconds
        done = list(
            pool.map(client, *zip(*[(server.url, somebody.headers, requests, SEARCHES)] * clients, strict=True))
        )
        seconds, spent = time.time() - begin, server.processor_seconds - before
    times = np.concatenate([times for _, times in done])
    return Load(len(times) / seconds, float(np.quantile(times, 0.95)), spent / len(times))


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


def run() -> list[Row]:
    """Return the rows on SQLite and on PostgreSQL."""
    rows = _rows("SQLite", None)
    with postgresql() as address:
        rows += _rows("PostgreSQL", address)
    return rows


def _rows(database_name: str, database: str | None) -> list[Row]:
    rows = []
    with bench_dock(SIZE, database=database) as dock:
        somebody = dock.somebody()
        with dock.server() as server:
            for kind, name in (("data", "by data"), ("words", "by words, misspelt"), ("both", "by words and data")):
                found = load(server, somebody, bodies(kind))
                processes = len(server.pids) - 1
                note = f"{SIZE} learnwares, {CLIENTS} clients on the same cores, {max(1, processes)} processes"
                spent = f"{1000 * found.spent:.1f} ms of processors each"
                where = f"{name} ({database_name})"
                rows.append(Row(f"searches {where}", found.rate, 100, "1/s", f"{note}; {spent}", higher_is_better=True))
                rows.append(Row(f"95 % of searches {where} take at most", 1000 * found.slow, 120, "ms", note))
            with dock.server() as other:
                seen = seen_after(dock, [server, other])
            what = f"a change is seen by two servers ({database_name}) after"
            rows.append(Row(what, 1000 * seen, 1000, "ms", "the slowest of six"))
    return rows


def start() -> list[Row]:
    """Return how long a server of many learnwares takes to be ready."""
    with bench_dock(LARGE) as dock:
        somebody = dock.somebody()
        begin = time.perf_counter()
        with dock.server(whole=False) as server:
            ready = time.perf_counter() - begin
            _, times = client(server.url, somebody.headers, bodies("data"), 1)
    return [
        Row("start", ready, 3, "s", f"{LARGE} learnwares; from the command to the first answer"),
        Row("the first search then", 1000 * times[0], 120, "ms"),
    ]


def main() -> None:
    """Print the rows."""
    print(machine())
    print_rows("searches of a dock", run())
    print_rows("start of a dock", start())


if __name__ == "__main__":
    main()
