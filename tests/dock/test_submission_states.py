"""Whatever happens to learnwares in whatever order, what is served is verified, found and stored."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from beimingwu.db.models import Blob, Embedding, Learnware, StatSpec, Version
from beimingwu.errors import ConflictError, NotFoundError
from beimingwu.services.blobs import collect
from beimingwu.services.learnware_ids import format_id

ACTS = ("submit", "update", "describe", "accept", "refuse", "verify again", "withdraw", "restore", "delete")
# What is done, to which of the learnwares, and with which content.
STEPS = st.lists(st.tuples(st.sampled_from(ACTS), st.integers(0, 2), st.integers(0, 2)), min_size=3, max_size=14)


class Play:
    """Does to a dock what the steps say, and looks at it after each."""

    def __init__(self, rig: Any, learnwares: Any, blobs: list[Any]) -> None:
        self.rig = rig
        self.learnwares = learnwares
        self.blobs = blobs
        self.ada = learnwares.identity_of(rig)
        self.names = 0
        self.refused: list[str] = []
        # What ought to serve, by learnware.
        self.serving: dict[int, int | None] = {}

    def step(self, act: str, which: int, content: int) -> None:
        self.rig.clock.forward(minutes=1)
        ids = sorted(self.serving)
        number = ids[which % len(ids)] if ids else 99
        try:
            self._do(act, number, content)
        except (ConflictError, NotFoundError):
            # Refused by a rule; then nothing has changed, which `look` finds out.
            self.refused.append(act)
        self.look()

    def _do(self, act: str, number: int, content: int) -> None:
        submissions, origin = self.rig.dock.submissions, self.rig.origin()
        learnware_id = format_id(number)
        if act == "submit":
            made = submissions.submit(self.ada, self.blobs[content], None, origin)
            self.serving[int(made.learnware_id)] = None
        elif act == "update":
            submissions.update(self.ada, learnware_id, origin, blob=self.blobs[content])
        elif act == "describe":
            self.names += 1
            spec = self.learnwares.semantic(name=f"name number {self.names}")
            submissions.update(self.ada, learnware_id, origin, semantic_spec=spec)
        elif act in {"accept", "refuse"}:
            self._decide(number, accepted=act == "accept")
        elif act == "verify again":
            self._wait(number)
        elif act == "delete":
            self.rig.dock.ownership.delete(self.ada, learnware_id, origin)
            del self.serving[number]
        else:
            getattr(self.rig.dock.ownership, act)(self.ada, learnware_id, origin)

    def _decide(self, number: int, *, accepted: bool) -> None:
        with self.rig.dock.database.read() as session:
            waiting = select(Version.number).where(Version.learnware_id == number, Version.state == "WAITING")
            version = session.scalars(waiting.order_by(Version.number)).first()
        if version is None:
            return
        self.learnwares.decide(self.rig, format_id(number), version, accepted=accepted)
        before = self.serving[number]
        if accepted:
            self.serving[number] = max(version, before or 0)
        elif before == version:
            self.serving[number] = None

    def _wait(self, number: int) -> None:
        """Let the newest version be verified once more, as a worker's queue does."""
        with self.rig.dock.database.write() as session:
            learnware = session.get(Learnware, number)
            if learnware is not None:
                mine = (Version.learnware_id == number) & (Version.number == learnware.newest_version)
                session.scalars(select(Version).where(mine)).one().state = "WAITING"

    def look(self) -> None:
        dock = self.rig.dock
        with dock.database.read() as session:
            rows = {row.id: row for row in session.scalars(select(Learnware))}
            versions = session.scalars(select(Version)).all()
            found = {(one.learnware_id, one.version_id) for one in session.scalars(select(Embedding))}
            specs = set(session.scalars(select(StatSpec.version_id)))
            blobs = set(session.scalars(select(Blob.sha256)))
        assert {number: row.serving_version for number, row in rows.items()} == self.serving
        assert specs == {version.id for version in versions}
        expected = set()
        for number, row in rows.items():
            mine = {version.number: version for version in versions if version.learnware_id == number}
            assert set(mine) == set(range(1, row.newest_version + 1))
            shown = mine[row.serving_version or row.newest_version]
            assert row.name == shown.semantic_spec["Name"]["Values"]
            if row.serving_version is None:
                continue
            # It was verified, and whoever looks at it once more has not refused it yet.
            assert shown.decided_at is not None
            assert shown.state != "FAIL"
            if row.withdrawn_at is None:
                expected.add((number, shown.id))
        assert found == expected
        for version in versions:
            assert version.sha256 in blobs
            assert dock.store.exists(version.sha256)


@pytest.fixture
def play(rig: Any, learnwares: Any) -> Any:
    with TemporaryDirectory() as folder:
        packages = [learnwares.package(Path(folder), seed=seed) for seed in range(3)]
        # Stored each time: what nothing refers to is collected in the end.
        yield lambda: Play(rig, learnwares, [learnwares.store(rig, path) for path in packages])


def test_a_long_life(play: Any) -> None:
    playing = play()
    life = (
        ("submit", 0), ("accept", 0), ("update", 1), ("describe", 0), ("withdraw", 0), ("accept", 0), ("restore", 0),
        ("verify again", 0), ("refuse", 0), ("refuse", 0), ("verify again", 0), ("accept", 0),
        ("verify again", 0), ("refuse", 0), ("delete", 0),
    )  # fmt: skip
    seen = []
    for act, content in life:
        playing.step(act, 0, content)
        seen.append(playing.serving.get(1))
    assert playing.refused == []
    assert seen == [None, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 3, 3, None, None]


@given(steps=STEPS)
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_order(play: Any, steps: list[tuple[str, int, int]]) -> None:
    playing = play()
    for step in steps:
        playing.step(*step)
    # Nothing that is served is collected, however old it is.
    playing.rig.clock.forward(days=3)
    collect(playing.rig.dock.database, playing.rig.dock.store, playing.rig.clock)
    playing.look()
    for number in list(playing.serving):
        playing.step("delete", sorted(playing.serving).index(number), 0)
    assert playing.serving == {}
