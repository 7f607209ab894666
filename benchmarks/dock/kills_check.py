"""Whether a dock has what it has acknowledged, once, whole, verified, and found by searches."""

from __future__ import annotations

import hashlib
import io
import json
import time
import zipfile
from collections import Counter
from typing import TYPE_CHECKING, Any

import urllib3
from sqlalchemy import select

from beimingwu.db.models import Embedding, Learnware, Verification, VerificationLine, Version
from beimingwu.services.doctor.contents import check_contents, check_index_rows
from beimingwu.services.doctor.finding import Level
from beimingwu.services.learnware_ids import format_id
from beimingwu.services.version_states import UNDECIDED
from benchmarks.dock.kills_submitter import model_of, specification_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sqlalchemy.orm import Session

    from beimingwu.services.dock import Dock
    from benchmarks.dock.rig import Somebody

__all__ = ["faults_of"]

_SETTLE_SECONDS = 300.0


def faults_of(dock: Dock, url: str, somebody: Somebody, sent: Mapping[str, int]) -> list[str]:
    """Return what is wrong with a dock.

    Parameters
    ----------
    dock : Dock
    url : str
        Address of a server.
    somebody : Somebody
        Who has submitted everything.
    sent : dict of str to int
        Names of what the dock has acknowledged, and the numbers in it. There may be more.
    """
    _settle(dock)
    with dock.database.read() as session:
        rows = session.execute(select(Learnware.name, Learnware.id)).all()
        faults = [*_faults_of_rows(session), *_faults_of_tries(session)]
    there = Counter(row.name for row in rows)
    faults += [f"{name} is lost" for name in sent if name not in there]
    faults += [f"{name} is there {count} times" for name, count in there.items() if count > 1]
    for finding in (
        check_contents(dock.database, dock.store, everything=True),
        check_index_rows(dock.database, repair=False),
    ):
        if finding.level is not Level.OK:
            faults.append(f"{finding.check}: {finding.message}")
    with urllib3.PoolManager(timeout=60.0) as http:
        for row in rows:
            if row.name in sent:
                faults += _faults_of_one(http, url, somebody, format_id(row.id), sent[row.name])
    return faults


def _settle(dock: Dock) -> None:
    """Wait until everything is decided, or too long."""
    give_up = time.monotonic() + _SETTLE_SECONDS
    while time.monotonic() < give_up:
        with dock.database.read() as session:
            if session.scalar(select(Version.id).where(Version.state.in_(UNDECIDED)).limit(1)) is None:
                return
        time.sleep(0.1)


def _faults_of_rows(session: Session) -> Iterator[str]:
    versions = session.scalars(select(Version).order_by(Version.id)).all()
    embedded = Counter(session.scalars(select(Embedding.learnware_id)))
    serving = {one.id: one.serving_version for one in session.scalars(select(Learnware))}
    if sorted(serving) != sorted(one.learnware_id for one in versions):
        yield "there is not one version of each learnware"
    for one in versions:
        who = format_id(one.learnware_id)
        if one.state != "SUCCESS":
            yield f"{who} is {one.state} after {one.attempts} tries"
        elif serving[one.learnware_id] != 1 or embedded[one.learnware_id] != 1:
            yield f"{who} is verified, serves as {serving[one.learnware_id]}, {embedded[one.learnware_id]} embeddings"


def _faults_of_tries(session: Session) -> Iterator[str]:
    last: dict[int, int] = {}
    reports: Counter[int] = Counter()
    for one in session.scalars(select(Verification).order_by(Verification.id)):
        last[one.version_id] = one.id if one.report is not None else 0
        reports[one.version_id] += one.report is not None
        mine = select(VerificationLine).where(VerificationLine.verification_id == one.id)
        lines = session.scalars(mine.order_by(VerificationLine.number)).all()
        if [line.number for line in lines] != list(range(1, len(lines) + 1)):
            yield f"the log of try {one.id} is not whole"
        if [line.at for line in lines] != sorted(line.at for line in lines):
            yield f"the log of try {one.id} is out of order"
        if one.ended_at is None:
            yield f"try {one.id} has not ended"
    # One try of each came to an end, the last.
    for version, outcome in last.items():
        if not outcome or reports[version] != 1:
            yield f"version {version} has {reports[version]} reports, {'one' if outcome else 'none'} of the last try"


def _faults_of_one(
    http: urllib3.PoolManager, url: str, somebody: Somebody, learnware_id: str, number: int
) -> Iterator[str]:
    def ask(method: str, path: str, **given: Any) -> Any:
        return http.request(method, f"{url}/v1{path}", headers=somebody.headers, **given)

    detail = ask("GET", f"/learnwares/{learnware_id}").json()
    package = ask("GET", f"/learnwares/{learnware_id}/package")
    if package.status != 200 or hashlib.sha256(package.data).hexdigest() != detail["sha256"]:
        yield f"{learnware_id}: its package is not what it says: {package.status}"
        return
    with zipfile.ZipFile(io.BytesIO(package.data)) as archive:
        if archive.read("__init__.py") != model_of(number):
            yield f"{learnware_id}: its package is another one's"
    spec = specification_of(number)
    body = {"statistical_specifications": {spec.type: json.loads(spec.to_json())}, "limit": 1}
    found = ask("POST", "/searches", json=body)
    if found.status != 200 or [one["learnware"]["learnware_id"] for one in found.json()["singles"]] != [learnware_id]:
        yield f"{learnware_id}: searches do not find it: {found.status} {found.data[:300]!r}"
