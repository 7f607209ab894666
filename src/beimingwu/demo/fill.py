"""Submitting learnwares to a dock through its API, and waiting until its workers have verified them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from beimingwu.demo.people import Person
    from learnware.client import LearnwareClient

__all__ = ["Outcome", "Shipment", "fill_demo", "packages_in"]

_POLL_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Shipment:
    """A package and its semantic specification."""

    package: Path
    semantic_spec: dict[str, Any]

    @property
    def name(self) -> str:
        """The learnware's name."""
        return str(self.semantic_spec["Name"]["Values"])


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many learnwares of the demo there are, and the names of those that were refused."""

    verified: int
    refused: tuple[str, ...]


def packages_in(folder: Path) -> Iterator[Shipment]:
    """Give the packages of a folder, each with the semantic specification that lies beside it (or in it)."""
    from learnware.learnware import read_package

    for path in sorted(folder.glob("*.zip")):
        beside = path.with_name(f"{path.stem}.semantic.json")
        found = json.loads(beside.read_text("utf-8")) if beside.exists() else read_package(path).semantic_spec
        if found is not None:
            yield Shipment(path, found)


def fill_demo(
    address: str,
    developers: list[Person],
    shipments: Iterable[Shipment],
    *,
    say: Callable[[str], None],
    stop: threading.Event,
) -> Outcome:
    """Submit what is not there yet, in turns by each developer, and wait until all is decided or `stop` is set.

    Raises
    ------
    LearnwareError
        If the dock refuses a submission or cannot be reached.
    """
    clients = [_client(address, one) for one in developers]
    try:
        there = {one["name"] for client in clients for one in client.dock.learnwares(mine=True)}
        for number, shipment in enumerate(shipments):
            if stop.is_set():
                break
            if shipment.name not in there:
                learnware_id = clients[number % len(clients)].upload_learnware(shipment.package, shipment.semantic_spec)
                say(f"submitted {learnware_id} {shipment.name}")
        return _wait(clients, say, stop)
    finally:
        for client in clients:
            client.cleanup()


def _client(address: str, person: Person) -> LearnwareClient:
    from learnware.client import LearnwareClient

    client = LearnwareClient(host=address)
    client.login(person.email, person.token)
    return client


def _wait(clients: list[LearnwareClient], say: Callable[[str], None], stop: threading.Event) -> Outcome:
    told: set[str] = set()
    while True:
        every = [one for client in clients for one in client.dock.learnwares(mine=True)]
        decided = [one for one in every if one["status"] in {"SUCCESS", "FAIL"}]
        for one in decided:
            if one["learnware_id"] not in told:
                told.add(one["learnware_id"])
                word = "verified" if one["status"] == "SUCCESS" else "REFUSED"
                say(f"{word} {one['learnware_id']} {one['name']} ({len(told)} of {len(every)})")
        if len(decided) == len(every) or stop.wait(_POLL_SECONDS):
            refused = tuple(one["name"] for one in decided if one["status"] == "FAIL")
            return Outcome(len(decided) - len(refused), refused)
