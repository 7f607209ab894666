"""Submitting learnwares to a dock through its API, and waiting until its workers have verified them."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from beimingwu.demo.people import Person
    from learnware.client import LearnwareClient

__all__ = ["Filling", "Outcome", "Shipment", "packages_in"]

_POLL_SECONDS = 0.5
_DECIDED = ("SUCCESS", "FAIL")


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


class Filling:
    """What developers submit to a demo, and what has become of it.

    Parameters
    ----------
    address : str
    developers : list of Person
        They submit in turns.
    say : callable
        Told each submission, and each verification that ends while somebody looks.
    stop : threading.Event
        Ends what is going on.

    Attributes
    ----------
    there : set of str
        Names of what was submitted, now or by an earlier run.
    """

    def __init__(
        self, address: str, developers: list[Person], *, say: Callable[[str], None], stop: threading.Event
    ) -> None:
        self._clients = [_client(address, one) for one in developers]
        self._say = say
        self._stop = stop
        every = self._learnwares()
        self.there = {str(one["name"]) for one in every}
        self._told = {one["learnware_id"] for one in every if one["status"] in _DECIDED}
        self._looked = 0.0

    def submit(self, shipments: Iterable[Shipment]) -> None:
        """Submit what is not there yet.

        Raises
        ------
        LearnwareError
            If the dock refuses a submission or cannot be reached.
        """
        for number, shipment in enumerate(shipments):
            if self._stop.is_set():
                return
            if shipment.name in self.there:
                continue
            client = self._clients[number % len(self._clients)]
            learnware_id = client.upload_learnware(shipment.package, shipment.semantic_spec)
            self.there.add(shipment.name)
            self._say(f"submitted {learnware_id} {shipment.name}")
            if time.monotonic() > self._looked + _POLL_SECONDS:
                self._look()

    def wait(self) -> Outcome:
        """Wait until all that was submitted is decided, or the filling is stopped."""
        while True:
            every = self._look()
            decided = [one for one in every if one["status"] in _DECIDED]
            if len(decided) == len(every) or self._stop.wait(_POLL_SECONDS):
                refused = tuple(one["name"] for one in decided if one["status"] == "FAIL")
                return Outcome(len(decided) - len(refused), refused)

    def close(self) -> None:
        """Remove what the clients keep."""
        for client in self._clients:
            client.cleanup()

    def _look(self) -> list[dict[str, Any]]:
        every = self._learnwares()
        for one in sorted(every, key=lambda one: str(one["learnware_id"])):
            if one["status"] in _DECIDED and one["learnware_id"] not in self._told:
                self._told.add(one["learnware_id"])
                word = "verified" if one["status"] == "SUCCESS" else "REFUSED"
                self._say(f"{word} {one['learnware_id']} {one['name']} ({len(self._told)} of {len(every)})")
        self._looked = time.monotonic()
        return every

    def _learnwares(self) -> list[dict[str, Any]]:
        return [one for client in self._clients for one in client.dock.learnwares(mine=True)]


def _client(address: str, person: Person) -> LearnwareClient:
    from learnware.client import LearnwareClient

    client = LearnwareClient(host=address)
    client.login(person.email, person.token)
    return client
