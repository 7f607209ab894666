"""Following a verification by server-sent events."""

from __future__ import annotations

import asyncio
import itertools
import json
import signal
import threading
from datetime import datetime, timezone
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from tests.dock.learnwares import submit_learnware
from tests.dock.test_server import Server

from beimingwu.api.live import Live
from beimingwu.db.models import Version
from beimingwu.errors import TooManyRequestsError, UnavailableError
from beimingwu.services.verification_queue import LogLine
from beimingwu.services.verifications import Position, Progress
from beimingwu.worker.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def events(answer: Any) -> Iterator[tuple[str, str | None, Any]]:
    """Give the kind, the id and the content of each event."""
    fields: dict[str, str] = {}
    for line in answer.iter_lines():
        if line:
            name, _, value = line.partition(": ")
            fields[name] = value
        else:
            if "event" in fields:
                yield fields["event"], fields.get("id"), json.loads(fields["data"])
            fields = {}


def test_a_real_server(make_rig: Any, address: str, tmp_path: Path) -> None:
    rig = make_rig(verify_in="current")
    learnware_id = submit_learnware(rig)
    waiting_id = submit_learnware(rig, name="iris that waits", seed=1)
    with rig.dock.database.write() as session:
        # The worker of this test has nothing to do with it.
        session.get_one(Version, 2).due_at = rig.clock().replace(year=2100)
    headers = {"Authorization": f"Bearer {rig.session()}"}
    server = Server(tmp_path, address)
    try:
        root = f"{server.url}/v1/learnwares"
        with httpx2.Client(timeout=60, headers=headers) as client:
            with client.stream("GET", f"{root}/{learnware_id}/versions/1/verification/events") as answer:
                assert answer.status_code == 200
                assert answer.headers["content-type"].startswith("text/event-stream")
                stream = events(answer)
                assert next(stream) == ("status", None, {"status": "WAITING", "attempts": 0})
                worker = threading.Thread(target=Worker(rig.dock, "w1").run, kwargs={"once": True})
                worker.start()
                found = list(stream)
                worker.join()
            assert found[-1] == ("end", None, {"status": "SUCCESS"})
            lines = [(event_id, content) for kind, event_id, content in found if kind == "line"]
            assert [content["number"] for _, content in lines] == list(range(1, len(lines) + 1))
            assert any("valid" in content["text"] for _, content in lines)
            # What came of it is told after the last line of how.
            assert found[-2][0::2] == ("status", {"status": "SUCCESS", "attempts": 1})
            # Going on where an earlier stream ended.
            again = {"Last-Event-ID": lines[-3][0]}
            with client.stream("GET", f"{root}/{learnware_id}/versions/1/verification/events", headers=again) as answer:
                found = list(events(answer))
            assert [kind for kind, _, _ in found] == ["line", "line", "status", "end"]
            assert [event_id for _, event_id, _ in found][:2] == [one for one, _ in lines[-2:]]
            # A server that ends lets streams end.
            with client.stream("GET", f"{root}/{waiting_id}/versions/1/verification/events") as answer:
                stream = events(answer)
                assert next(stream)[2]["status"] == "WAITING"
                server.process.send_signal(signal.SIGTERM)
                assert list(stream) == []
        server.process.wait(timeout=60)
    finally:
        server.stop()
    assert not any("Traceback" in line for line in server.log)


WHEN = datetime(2026, 11, 21, tzinfo=timezone.utc)


class Looks:
    """Stands for the database: what it finds can be set, and who asked is written down."""

    def __init__(self) -> None:
        self.found = Progress("WAITING", 0, ())
        self.asked: list[dict[int, list[Position]]] = []
        self.error: Exception | None = None

    def __call__(self, positions: Any) -> dict[tuple[int, Position], Progress]:
        self.asked.append({version: list(wanted) for version, wanted in positions.items()})
        if self.error is not None:
            raise self.error
        return {(version, position): self.found for version, wanted in positions.items() for position in wanted}


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("beimingwu.api.live._EVERY_SECONDS", 0.01)


def test_one_look_serves_all_followers(quick: None) -> None:
    looks = Looks()

    async def follow() -> list[str]:
        live = Live(looks)
        streams = [live.follow(user, 7, None) for user in range(50)]
        for stream in streams:
            assert (await anext(stream)).startswith("retry:")
        waiting = [asyncio.ensure_future(anext(stream)) for stream in streams]
        first = await asyncio.gather(*waiting)
        assert len(looks.asked) <= 3
        looks.found = Progress("SUCCESS", 1, ((Position(3, 1), LogLine(1, WHEN, "x\nevent: end")),))
        return [first[0], *[await anext(stream) for stream in streams]]

    first, *last = asyncio.run(follow())
    assert first == 'event: status\ndata: {"status": "WAITING", "attempts": 0}\n\n'
    assert len(set(last)) == 1
    # A line can be no event of its own.
    assert last[0].count("\nevent: ") + last[0].startswith("event: ") == 3
    assert "id: 3-1\n" in last[0]


def test_not_too_many_and_places_are_given_back(quick: None) -> None:
    looks = Looks()

    async def follow() -> None:
        live = Live(looks)
        streams = []
        for _ in range(20):
            streams.append(live.follow(1, 7, None))
            await anext(streams[-1])
        with pytest.raises(TooManyRequestsError):
            live.follow(1, 7, None)
        other = live.follow(2, 7, "garbage")
        await anext(other)
        await streams.pop().aclose()
        await anext(live.follow(1, 7, None))
        live.close()
        assert [chunk async for chunk in other] == []
        with pytest.raises(UnavailableError):
            live.follow(3, 7, None)

    asyncio.run(follow())


def test_a_database_that_is_away_for_a_while(quick: None) -> None:
    looks = Looks()
    looks.error = UnavailableError("away")

    async def follow() -> str:
        live = Live(looks)
        stream = live.follow(1, 7, "5-9")
        await anext(stream)
        waiting = asyncio.ensure_future(anext(stream))
        while len(looks.asked) < 3:
            await asyncio.sleep(0.005)
        assert looks.asked[0] == {7: [Position(5, 9)]}
        looks.error = None
        return await waiting

    assert "WAITING" in asyncio.run(follow())


def test_streams_end_where_looking_fails_for_good(quick: None) -> None:
    looks = Looks()
    looks.error = RuntimeError("a fault of the program")

    async def follow() -> list[str]:
        return [chunk async for chunk in Live(looks).follow(1, 7, None)]

    assert len(asyncio.run(follow())) == 1


def test_silence_is_broken_and_nothing_lasts_for_ever(quick: None, monkeypatch: pytest.MonkeyPatch) -> None:
    moments = iter(range(0, 10**6, 10))
    # Only this module's: the event loop has a clock, too.
    monkeypatch.setattr("beimingwu.api.live.time", SimpleNamespace(monotonic=lambda: next(moments)))
    monkeypatch.setattr("beimingwu.api.live._LONGEST_SECONDS", 500)
    looks = Looks()

    async def follow() -> list[str]:
        return [chunk async for chunk in Live(looks).follow(1, 7, None)]

    chunks = asyncio.run(follow())
    assert chunks[2:]
    assert set(chunks[2:]) == {": still here\n\n"}


def test_a_stream_ends_soon_after_the_session(quick: None, monkeypatch: pytest.MonkeyPatch) -> None:
    moments = iter(range(0, 10**6, 10))
    monkeypatch.setattr("beimingwu.api.live.time", SimpleNamespace(monotonic=lambda: next(moments)))
    answers = [True, True, False]
    asked = []

    def may() -> bool:
        asked.append(next(moments))
        return answers.pop(0)

    async def follow() -> None:
        async for _ in Live(Looks()).follow(1, 7, None, may=may):
            pass

    asyncio.run(follow())
    assert len(asked) == 3
    # Once a minute at least, and not at every look.
    assert all(30 < later - earlier <= 90 for earlier, later in itertools.pairwise(asked))
