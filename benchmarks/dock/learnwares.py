"""Many published learnwares, quickly: rows and packages as the services write them, without checks and workers."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING, Any

from beimingwu.db.models import Blob, Learnware, StatSpec, Version
from beimingwu.services.learnware_ids import format_id
from beimingwu.services.publishing import describe, publish
from benchmarks.market import MANIFEST, MODEL, World, semantic
from learnware.market.index import encode_stat_spec

if TYPE_CHECKING:
    from beimingwu.services.dock import Dock
    from learnware.specification import RKMETableSpecification

__all__ = ["fill"]

_BATCH = 500
_TASKS = ("Classification", "Regression")
_SCENARIOS = ("Business", "Financial", "Health", "Education", "Others")
_LICENSES = ("MIT", "Apache-2.0", "Others")


def fill(dock: Dock, owner_id: int, size: int, *, seed: int = 0) -> list[str]:
    """Publish synthetic learnwares of 20 columns and 100 points, and return their ids."""
    ids: list[str] = []
    world = World(size, seed)
    for begin in range(0, size, _BATCH):
        batch = [(number, world.specs[number]) for number in range(begin, min(begin + _BATCH, size))]
        with dock.database.write() as session:
            for number, spec in batch:
                described = _description(number)
                learnware = _learnware(dock, owner_id, described)
                session.add(learnware)
                session.flush()
                version = _version(dock, learnware.id, described, spec)
                session.add(Blob(sha256=version.sha256, size=version.size, stored_at=dock.clock()))
                session.flush()
                session.add(version)
                session.flush()
                header, arrays = encode_stat_spec(spec)
                session.add(StatSpec(version_id=version.id, type=spec.type, header=header, arrays=arrays))
                session.flush()
                publish(session, version, dock.clock())
                ids.append(format_id(learnware.id))
    return ids


def _description(number: int) -> dict[str, Any]:
    described: dict[str, Any] = semantic()
    described["Name"]["Values"] = f"synthetic learnware {number}"
    described["Description"]["Values"] = f"A synthetic mixture of three Gaussians, number {number}."
    described["Task"]["Values"] = [_TASKS[number % len(_TASKS)]]
    described["Scenario"]["Values"] = [_SCENARIOS[number % len(_SCENARIOS)]]
    described["License"]["Values"] = [_LICENSES[number % len(_LICENSES)]]
    return described


def _learnware(dock: Dock, owner_id: int, described: dict[str, Any]) -> Learnware:
    now = dock.clock()
    learnware = Learnware(
        owner_id=owner_id,
        created_at=now,
        updated_at=now,
        newest_version=1,
        serving_version=None,
        withdrawn_at=None,
        downloads=0,
        revision=0,
    )
    describe(learnware, described)
    return learnware


def _version(dock: Dock, number: int, described: dict[str, Any], spec: RKMETableSpecification) -> Version:
    package = _package(format_id(number), spec)
    stored = dock.store.put([package])
    now = dock.clock()
    return Version(
        learnware_id=number,
        number=1,
        sha256=stored.sha256,
        size=stored.size,
        uploaded_sha256=stored.sha256,
        content_hash=stored.sha256,
        semantic_spec=described,
        made_at=now,
        created_at=now,
        state="WAITING",
        due_at=now,
        worker=None,
        attempts=0,
        decided_at=None,
    )


def _package(learnware_id: str, spec: RKMETableSpecification) -> bytes:
    """Return a zip; it is not compressed, which would take longer than all else."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as package:
        package.writestr("__init__.py", MODEL)
        package.writestr("learnware.yaml", f"id: '{learnware_id}'\n{MANIFEST}")
        package.writestr("requirements.txt", "numpy\n")
        package.writestr("stat.json", spec.to_json())
    return buffer.getvalue()
