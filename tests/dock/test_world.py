"""The specification world on a map: who is on it, where, and when it is drawn anew."""

from __future__ import annotations

import gzip
import json
import threading
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import delete
from tests.dock.learnwares import identity_of, publish_learnware, submit_learnware

from beimingwu.db.models import Embedding
from beimingwu.services import world as module

if TYPE_CHECKING:
    import pytest

real = module.plane


def places(rig: Any) -> dict[str, dict[str, tuple[float, float]]]:
    found = rig.dock.world.map()
    return {island.name: {one.learnware_id: (x, y) for one, x, y in island.learnwares} for island in found.islands}


def test_who_is_on_the_map(rig: Any) -> None:
    assert (rig.dock.world.map().revision, rig.dock.world.map().islands) == (0, ())
    threes = [publish_learnware(rig, name=f"iris {i}", centre=float(i), seed=i) for i in range(3)]
    five = publish_learnware(rig, owner="bea", name="iris of five", n_features=5)
    submit_learnware(rig, name="iris that waits", seed=9)
    found = places(rig)
    # The largest island first; whoever is alone is in the middle.
    assert list(found) == ["RKMETableSpecification/3", "RKMETableSpecification/5"]
    assert list(found["RKMETableSpecification/3"]) == threes
    assert found["RKMETableSpecification/5"] == {five: (0.0, 0.0)}
    assert max(abs(one) for place in found["RKMETableSpecification/3"].values() for one in place) == 1.0
    island = rig.dock.world.map().islands[1]
    assert (island.type, island.n_features, island.kept) == ("RKMETableSpecification", 5, 1.0)
    one, _, _ = island.learnwares[0]
    assert (one.learnware_id, one.name, one.username) == (five, "iris of five", "bea")
    assert (one.data_type, one.task_type, one.scenarios, one.downloads) == (
        "Table", "Classification", ("Education",), 0,
    )  # fmt: skip


def test_how_far_they_are_apart(rig: Any) -> None:
    centres = [0.0, 0.5, 1.0, 1.5, 2.0, 4.0]
    ids = [publish_learnware(rig, name=f"iris {i}", centre=centre, seed=3) for i, centre in enumerate(centres)]
    found = places(rig)["RKMETableSpecification/3"]
    points = np.array([found[one] for one in ids])
    index = rig.dock.market_index.island_index("RKMETableSpecification/3")
    specs = index.load_specs(ids)
    wanted = np.sqrt([[index.metric.mmd2(one, other) for other in specs] for one in specs])
    shown = np.linalg.norm(points[:, None] - points[None], axis=2)
    pairs = np.triu_indices(len(ids), 1)
    assert np.corrcoef(wanted[pairs], shown[pairs])[0, 1] > 0.97
    assert rig.dock.world.map().islands[0].kept > 0.97


def test_it_is_drawn_anew_when_something_changes(rig: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[int] = []

    def noted(vectors: Any) -> Any:
        drawn.append(len(vectors))
        return real(vectors)

    monkeypatch.setattr(module, "plane", noted)
    first, second = (publish_learnware(rig, name=f"iris {i}", seed=i) for i in range(2))
    five = publish_learnware(rig, name="iris of five", n_features=5)
    before = rig.dock.world.map()
    assert sorted(drawn) == [1, 2]
    assert rig.dock.world.map() is before
    # Counts of downloads are no changes of the index: they are a minute old at most, and nothing is drawn for them.
    rig.clock.forward(seconds=60)
    assert rig.dock.world.map() is not before
    assert sorted(drawn) == [1, 2]
    # Another island than the one that changed is not drawn anew.
    rig.dock.ownership.withdraw(identity_of(rig), second, rig.origin())
    assert {name: list(some) for name, some in places(rig).items()} == {
        "RKMETableSpecification/3": [first], "RKMETableSpecification/5": [five],
    }  # fmt: skip
    assert sorted(drawn) == [1, 1, 2]
    rig.dock.ownership.delete(identity_of(rig), five, rig.origin())
    assert list(places(rig)) == ["RKMETableSpecification/3"]
    rig.dock.ownership.restore(identity_of(rig), second, rig.origin())
    assert list(places(rig)["RKMETableSpecification/3"]) == [first, second]


def test_learnwares_that_are_on_no_island(rig: Any) -> None:
    learnware_id = publish_learnware(rig)
    # As those whose specifications cannot be compared.
    with rig.dock.database.write() as session:
        session.execute(delete(Embedding))
    found = rig.dock.world.map()
    assert found.islands == ()
    assert [(one.learnware_id, one.data_type) for one in found.elsewhere] == [(learnware_id, "Table")]


def test_those_who_ask_at_once_get_one_map(rig: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    publish_learnware(rig)
    drawing = threading.Event()
    go_on = threading.Event()
    drawn = []

    def slow(vectors: Any) -> Any:
        drawn.append(len(vectors))
        drawing.set()
        assert go_on.wait(30)
        return real(vectors)

    monkeypatch.setattr(module, "plane", slow)
    got: list[Any] = []
    threads = [threading.Thread(target=lambda: got.append(rig.dock.world.map())) for _ in range(4)]
    for thread in threads:
        thread.start()
    assert drawing.wait(30)
    go_on.set()
    for thread in threads:
        thread.join()
    assert drawn == [1]
    assert len({id(one) for one in got}) == 1


def test_over_http(both: Any) -> None:
    rig, client = both
    ids = [publish_learnware(rig, name=f"iris {i}", seed=i) for i in range(12)]
    plain = client.get("/api/v1/world", headers={"Accept-Encoding": "identity"})
    assert (plain.status_code, plain.headers["Cache-Control"]) == (200, "no-cache")
    assert "Content-Encoding" not in plain.headers
    answer = plain.json()
    assert set(answer) == {"revision", "islands", "elsewhere"}
    (island,) = answer["islands"]
    assert set(island) == {"name", "type", "n_features", "title", "kept", "learnwares"}
    assert island["title"] == "tables of 3 columns"
    chinese = client.get("/api/v1/world", headers={"Accept-Language": "zh"})
    assert chinese.json()["islands"][0]["title"] == "3 列的表格"
    assert (chinese.headers["Content-Language"], plain.headers["Content-Language"]) == ("zh", "en")
    assert chinese.headers["ETag"] != plain.headers["ETag"]
    assert "Accept-Language" in plain.headers["Vary"]
    assert [one["learnware_id"] for one in island["learnwares"]] == ids
    assert set(island["learnwares"][0]) == {
        "learnware_id", "name", "x", "y", "username", "data_type", "task_type", "scenarios", "downloads",
    }  # fmt: skip
    with client.stream("GET", "/api/v1/world", headers={"Accept-Encoding": "br;q=1, gzip;q=0.5"}) as packed:
        assert packed.headers["Content-Encoding"] == "gzip"
        assert json.loads(gzip.decompress(b"".join(packed.iter_raw()))) == answer
    assert client.get("/api/v1/world", headers={"Accept-Encoding": "gzip;q=0"}).headers.get("Content-Encoding") is None
    tag = plain.headers["ETag"]
    again = client.get("/api/v1/world", headers={"If-None-Match": tag})
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag)
    rig.dock.ownership.withdraw(identity_of(rig), ids[0], rig.origin())
    changed = client.get("/api/v1/world", headers={"If-None-Match": tag})
    assert changed.status_code == 200
    assert len(changed.json()["islands"][0]["learnwares"]) == 11
    # Who shows a token that is over is told so elsewhere; the map is everybody's.
    assert client.get("/api/v1/world", headers={"Authorization": "Bearer nonsense"}).status_code == 200
