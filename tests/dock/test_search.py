"""Searches: what is found over both APIs, that it is what the engine finds, and what is refused."""

from __future__ import annotations

import json
import threading
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from sqlalchemy import select
from tests.dock import learnwares as some

from beimingwu.db.models import DailyCount
from beimingwu.errors import InvalidSubmissionError
from beimingwu.services.identity import Role
from beimingwu.services.learnware_ids import parse_id
from learnware.market import BaseUserInfo, instantiate_learnware_market
from learnware.specification import RKMETableSpecification

if TYPE_CHECKING:
    from pathlib import Path

SEARCH = "/api/v1/searches"
CONTRACT = "/api/engine/search_learnware"


def spec_at(*centres: float, n_features: int = 3, seed: int = 99) -> RKMETableSpecification:
    """Return a specification of data around some centres."""
    rng = np.random.default_rng(seed)
    z = np.concatenate([rng.normal(centre, 1.0, size=(6, n_features)) for centre in centres])
    states = {"z": z, "beta": np.full(len(z), 1 / len(z)), "gamma": 0.1, "num_points": 400}
    return RKMETableSpecification.from_states(states)


def wanted(spec: RKMETableSpecification | None = None, **more: Any) -> dict[str, Any]:
    stat = {} if spec is None else {"statistical_specifications": {spec.type: json.loads(spec.to_json())}}
    return {**stat, **more}


def ids_of(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [one["learnware"]["learnware_id"] for one in answer.json()["singles"]]


def test_it_finds_what_the_engine_finds(rig: Any, tmp_path: Path) -> None:
    market = instantiate_learnware_market("compared", root=tmp_path / "market")
    # The island doubles three times on the way, and its kernel is estimated anew.
    for i in range(9):
        values: dict[str, Any] = {"name": f"learnware number {i}", "centre": 3.0 * (i % 5), "seed": i}
        learnware_id = some.publish_learnware(rig, n_features=3 if i else 4, **values)
        zip_path = some.package(tmp_path, n_features=3 if i else 4, **values)
        semantic = some.semantic(name=values["name"], n_features=3 if i else 4)
        assert market.add_learnware(zip_path, semantic, checker_names=[])[0] == learnware_id
    conditions = [
        {},
        {"Name": {"Values": "number 3", "Type": "String"}},
        {"Name": {"Values": "lernware nubmer", "Type": "String"}},
        {"Task": {"Values": ["Classification"], "Type": "Class"}},
        {"Task": {"Values": ["Regression"], "Type": "Class"}},
    ]
    specs = [
        None,
        spec_at(0.0),
        spec_at(3.0, 9.0),
        spec_at(500.0),
        spec_at(0.0, n_features=4),
        spec_at(1.0, n_features=7),
    ]
    for semantic in conditions:
        for spec in specs:
            stat_info = {} if spec is None else {spec.type: spec}
            expected = market.search_learnware(BaseUserInfo(semantic_spec=semantic, stat_info=stat_info))
            answer = rig.dock.search.search(None, semantic, stat_info)
            singles = expected.get_single_results()
            assert [one.learnware.learnware_id for one in answer.singles] == [one.learnware.id for one in singles]
            for ours, theirs in zip(answer.singles, singles, strict=True):
                assert ours.score == pytest.approx(theirs.score, abs=1e-6)
                assert (ours.mmd2 is None) == (theirs.mmd2 is None)
                assert ours.similarity == pytest.approx(theirs.similarity, abs=1e-6)
            assert (answer.message, answer.nothing_fits) == (expected.message, expected.nothing_fits)
            assert answer.unexplained == pytest.approx(expected.unexplained, abs=1e-6)
            mixtures = expected.get_multiple_results()
            assert (answer.mixture is not None) == bool(mixtures)
            if answer.mixture is not None:
                parts = {learnware.learnware_id: weight for learnware, weight in answer.mixture.parts}
                theirs_by_id = dict(zip([one.id for one in mixtures[0].learnwares], mixtures[0].weights, strict=True))
                assert parts == pytest.approx(theirs_by_id, abs=1e-6)
                assert answer.mixture.mmd2 == pytest.approx(mixtures[0].mmd2, abs=1e-6)


def test_every_server_sees_changes_at_once(make_rig: Any, tmp_path: Path) -> None:
    one, other = make_rig(), make_rig()
    spec = spec_at(0.0)

    def found() -> list[list[str]]:
        answers = []
        for rig in (one, other):
            by_data = rig.dock.search.search(None, {}, {spec.type: spec})
            by_words = rig.dock.search.search(None, {"Name": {"Values": "iris"}}, {})
            everything = rig.dock.search.search(None, {}, {})
            for answer in (by_data, by_words, everything):
                answers.append(sorted(single.learnware.learnware_id for single in answer.singles))
        return answers

    assert found() == [[]] * 6
    first = some.publish_learnware(one, seed=1)
    assert found() == [[first]] * 6
    second = some.publish_learnware(other, seed=2)
    assert found() == [[first, second]] * 6
    ada = some.identity_of(one)
    one.dock.ownership.withdraw(ada, first, one.origin())
    assert found() == [[second]] * 6
    other.dock.ownership.restore(ada, first, other.origin())
    assert found() == [[first, second]] * 6
    other.dock.ownership.delete(ada, second, other.origin())
    assert found() == [[first]] * 6
    # A new version serves once it is verified, with its own words and data.
    blob = some.store(one, some.package(tmp_path, name="tulip of the south", centre=300.0, seed=3))
    changed = some.semantic(name="tulip of the south")
    number = one.dock.submissions.update(ada, first, one.origin(), blob=blob, semantic_spec=changed).version
    assert found() == [[first]] * 6
    before = one.dock.search.search(None, {}, {spec.type: spec}).singles[0].mmd2
    some.decide(one, first, number)
    assert found() == [[first], [], [first]] * 2
    far = other.dock.search.search(None, {}, {spec.type: spec}).singles[0]
    assert far.learnware.name == "tulip of the south"
    assert far.mmd2 > before
    some.decide(one, first, number, accepted=False)
    assert found() == [[]] * 6


def test_the_index_is_prepared_before_somebody_searches(make_rig: Any) -> None:
    one, other = make_rig(), make_rig()
    some.publish_learnware(one, seed=1)
    other.dock.market_index.start()
    try:
        read: list[str] = []
        source = other.dock.market_index._source
        whole = source.snapshot
        source.snapshot = lambda: (read.append("again"), whole())[1]
        assert ids_found(other) == ["00000001"]
        assert read == []
        some.publish_learnware(one, seed=2)
        assert ids_found(other) == ["00000001", "00000002"]
        assert read
    finally:
        other.dock.market_index.stop()


def ids_found(rig: Any) -> list[str]:
    spec = spec_at(0.0)
    answer = rig.dock.search.search(None, {}, {spec.type: spec})
    return sorted(one.learnware.learnware_id for one in answer.singles)


@pytest.fixture
def five(both: Any) -> Any:
    """Return five learnwares in a row, and one that is not verified."""
    rig, client = both
    ids = [some.publish_learnware(rig, centre=5.0 * i, seed=i, name=f"learnware {i}") for i in range(5)]
    waiting = some.submit_learnware(rig, seed=77, name="not verified")
    return rig, client, ids, waiting


def test_the_answer(five: Any, as_bearer: Any) -> None:
    rig, client, ids, _ = five
    answer = client.post(SEARCH, json=wanted(spec_at(10.0), limit=2))
    assert ids_of(answer)[0] == ids[2]
    body = answer.json()
    assert (body["total"], body["offset"], body["limit"], len(body["singles"])) == (5, 0, 2, 2)
    assert body["singles"][0]["score"] > 0.5 > body["singles"][1]["score"]
    assert not body["nothing_fits"]
    assert 0 <= body["unexplained"] < 0.5
    following = client.post(SEARCH, json=wanted(spec_at(10.0), limit=3, offset=2))
    assert sorted([*ids_of(answer), *ids_of(following)]) == ids
    assert ids_of(client.post(SEARCH, json=wanted(spec_at(10.0), offset=5))) == []
    mixed = client.post(SEARCH, json=wanted(spec_at(0.0, 20.0))).json()["mixture"]
    assert {part["learnware"]["learnware_id"] for part in mixed["parts"]} == {ids[0], ids[4]}
    assert sum(part["weight"] for part in mixed["parts"]) == pytest.approx(1)
    assert client.post(SEARCH, json=wanted(spec_at(0.0, 20.0), most_parts=1)).json()["mixture"] is None
    nothing = client.post(SEARCH, json=wanted(spec_at(1e4))).json()
    assert (nothing["nothing_fits"], nothing["unexplained"]) == (True, pytest.approx(1.0))
    words = client.post(SEARCH, json={"semantic_specification": {"Name": {"Values": "learnwear 3"}}})
    assert ids_of(words)[0] == ids[3]
    assert words.json()["unexplained"] is None
    assert ids_of(client.post(SEARCH, json={}, headers=as_bearer(rig.session()))) == ids
    rig.dock.usage.flush()
    with rig.dock.database.read() as session:
        assert session.scalar(select(DailyCount.count).where(DailyCount.kind == "search")) == 8


def test_who_may_search(five: Any, as_bearer: Any) -> None:
    rig, client, _, _ = five
    user_id = some.identity_of(rig).user_id
    token = rig.dock.tokens.create_for(user_id, "t", ["submit"], expires_in_days=1).token
    assert client.post(SEARCH, json={}, headers=as_bearer(token)).status_code == 403
    assert client.post(SEARCH, json={}, headers=as_bearer("0" * 32)).status_code == 401


GOOD = json.loads(spec_at(0.0).to_json())
REFUSED: list[tuple[Any, str]] = [
    ([], ""),
    (None, ""),
    ({"limit": 0}, "/limit"),
    ({"limit": 101}, "/limit"),
    ({"offset": -1}, "/offset"),
    ({"offset": 10**30}, "/offset"),
    ({"most_parts": 11}, "/most_parts"),
    ({"surprise": 1}, "/surprise"),
    ({"semantic_specification": [1]}, "/semantic_specification"),
    ({"semantic_specification": {"Data": "Table"}}, "/semantic_specification/Data"),
    ({"semantic_specification": {"Data": {"Values": [1]}}}, "/semantic_specification/Data/Values/0"),
    ({"semantic_specification": {"Data": {"Values": ["x"] * 65}}}, "/semantic_specification/Data/Values"),
    ({"semantic_specification": {"Name": {"Values": "x" * 257}}}, "/semantic_specification/Name/Values"),
    ({"semantic_specification": {str(i): {} for i in range(33)}}, "/semantic_specification"),
    ({"semantic_specification": {"a/b~" * 40: {"Values": "x"}}}, "/semantic_specification/"),
    ({"statistical_specifications": []}, "/statistical_specifications"),
    ({"statistical_specifications": {"RKMETableSpecification": 1}}, "/statistical_specifications/RKMETable"),
    ({"statistical_specifications": {"Surprise": GOOD}}, "/statistical_specifications/Surprise"),
    ({"statistical_specifications": {"x" * 100_000: GOOD}}, "/statistical_specifications/xxx"),
    ({"statistical_specifications": {str(i): GOOD for i in range(9)}}, "/statistical_specifications"),
    *[
        ({"statistical_specifications": {"RKMETableSpecification": {**GOOD, **change}}}, "/statistical_specifications/")
        for change in (
            {"z": [[float("nan")] * 3] * 6}, {"z": [[float("inf")] * 3] * 6}, {"z": [[1e200] * 3] * 6},
            {"z": [[10**400] * 3] * 6}, {"z": [["a"] * 3] * 6}, {"z": [[1.0], [1.0, 2.0]] * 3}, {"z": [1.0] * 6},
            {"z": [[[1.0]]] * 6}, {"z": []}, {"z": None}, {"z": {}}, {"z": [[True] * 3] * 6}, {"beta": [0.0] * 6},
            {"beta": [1e9] * 6}, {"beta": [0.5]}, {"beta": "x"}, {"gamma": 0}, {"gamma": -1}, {"gamma": [1]},
            {"num_points": -1}, {"num_points": 1.5}, {"num_points": 2**70}, {"type": "Surprise"}, {"type": []},
            {"z": [[0.0] * 3] * 1001, "beta": [0.001] * 1001}, {"z": [[0.0]] * 20_000, "beta": [1.0] * 20_000},
        )
    ],
]  # fmt: skip


def test_what_is_refused(five: Any) -> None:
    _, client, ids, _ = five
    for body, place in REFUSED:
        answer = client.post(SEARCH, content=json.dumps(body))
        assert answer.status_code == 422, (str(body)[:200], answer.text[:300])
        problem = answer.json()
        assert problem["errors"][0]["field"].startswith(place), (str(body)[:200], problem)
        assert len(answer.content) < 2000
    for content in (b"", b"{", b"\xff", b"[" * 100_000, b'{"limit": NaN}', b'{"limit":' + b"9" * 5000 + b"}"):
        assert client.post(SEARCH, content=content).status_code == 422
    deep = b'{"statistical_specifications": {"RKMETableSpecification": {"z": ' + b"[" * 900 + b"]" * 900 + b"}}}"
    assert client.post(SEARCH, content=deep).status_code == 422
    assert client.post(SEARCH, content=b" " * (8 * 2**20 + 1)).status_code == 413
    # As large as it may be, and for an island where nobody is.
    wide = wanted(spec_at(0.0, n_features=10_000))
    assert client.post(SEARCH, json=wide).json()["nothing_fits"] is True
    # Keys that are no conditions may hold anything.
    odd = {"Input": 1, "Description": {"Values": "y" * 1000}, "Output": [], "Later": {"Values": []}, "Data": None}
    assert ids_of(client.post(SEARCH, json={"semantic_specification": odd})) == ids
    unmet = client.post(SEARCH, json={"semantic_specification": {"Data": {"Values": "Sound"}}}).json()
    assert "'Sound' is no Data" in unmet["message"]


def test_the_vocabulary(client: Any) -> None:
    answer = client.get("/api/v1/vocabulary")
    assert answer.json()["keys"]["Data"] == {"Type": "Class", "Values": ["Table", "Image", "Text"]}
    assert answer.json()["lengths"]["Name"] == {"least": 5, "most": 50}
    assert "Segmentation" not in answer.json()["tasks"]["Table"]
    contract = client.get("/api/engine/semantic_specification").json()
    assert (contract["code"], contract["msg"]) == (0, "Ok")
    assert contract["data"]["semantic_specification"] == answer.json()["keys"]


def test_the_contract(five: Any) -> None:
    _, client, ids, _ = five
    spec = spec_at(0.0, 20.0).to_json()
    form = {"semantic_specification": "{}", "limit": "2", "page": "0"}
    answer = client.post(CONTRACT, data=form, files={"statistical_specification": ("stat.json", spec)}).json()
    assert (answer["code"], answer["msg"]) == (0, "Ok")
    data = answer["data"]
    assert (data["page"], data["limit"], data["total_pages"], data["is_hetero"]) == (0, 2, 3, False)
    single = data["learnware_list_single"][0]
    assert set(single) == {"learnware_id", "semantic_specification", "matching", "last_modify", "username"}
    assert (single["last_modify"], single["username"]) == ("2026-11-21 12:00:30.000000 UTC", "ada")
    # Half of the requirement is as far from it as nothing at all.
    assert 0 <= single["matching"] < 0.1
    parts = data["learnware_list_multi"]
    assert {part["learnware_id"] for part in parts} == {ids[0], ids[4]}
    assert len({part["matching"] for part in parts}) == 1
    later = client.post(CONTRACT, data={**form, "page": "1", "statistical_specification": spec}).json()["data"]
    assert later["learnware_list_multi"] == []
    assert len(later["learnware_list_single"]) == 2
    everything = client.post(CONTRACT, data={"semantic_specification": '{"Name": {"Values": "", "Type": "String"}}'})
    data = everything.json()["data"]
    assert set(data) == {"learnware_list_single", "learnware_list_multi", "is_hetero"}
    assert [(one["learnware_id"], one["matching"]) for one in data["learnware_list_single"]] == [(i, 0) for i in ids]


def test_pages_of_the_contract_are_no_larger_than_an_answer_may_be(five: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    _, client, ids, _ = five
    monkeypatch.setattr("beimingwu.api.compat.engine._MOST", 2)

    def asked(**more: str) -> tuple[Any, list[str]]:
        data = client.post(CONTRACT, data={"semantic_specification": "{}", **more}).json()["data"]
        return data, [one["learnware_id"] for one in data["learnware_list_single"]]

    assert asked()[1] == ids[:2]
    found = []
    for page in range(3):
        data, some_ids = asked(limit="10000", page=str(page))
        assert (data["page"], data["limit"], data["total_pages"]) == (page, 2, 3)
        found += some_ids
    assert found == ids


def test_administrators_search_what_is_not_verified(five: Any, as_bearer: Any) -> None:
    rig, client, ids, waiting = five
    some.identity_of(rig, "eve", role=Role.ADMIN)
    eve, ada = as_bearer(rig.session("eve")), as_bearer(rig.session("ada"))
    hidden = {"semantic_specification": "{}", "is_verified": "false", "limit": "10"}
    by_id = {"semantic_specification": "{}", "learnware_id": ids[1][-3:]}
    for headers in ({}, ada):
        answer = client.post(CONTRACT, data=hidden, headers=headers).json()
        assert (answer["code"], answer["msg"]) == (61, "cannot search unverified learnware.")
        answer = client.post(CONTRACT, data=by_id, headers=headers).json()
        assert (answer["code"], answer["msg"]) == (61, "cannot search learnware by id.")
    found = client.post(CONTRACT, data=hidden, headers=eve).json()["data"]
    assert [one["learnware_id"] for one in found["learnware_list_single"]] == [waiting]
    assert found["total_pages"] == 1
    none = {**hidden, "semantic_specification": '{"Name": {"Values": "zebra", "Type": "String"}}'}
    assert client.post(CONTRACT, data=none, headers=eve).json()["data"]["learnware_list_single"] == []
    found = client.post(CONTRACT, data=by_id, headers=eve).json()["data"]
    assert [one["learnware_id"] for one in found["learnware_list_single"]] == [ids[1]]
    assert parse_id(waiting) > parse_id(ids[-1])


CODES: list[tuple[dict[str, str], int]] = [
    ({}, 21),
    ({"semantic_specification": "{}", "limit": "0"}, 52),
    ({"semantic_specification": "{}", "limit": "-1"}, 21),
    ({"semantic_specification": "{}", "limit": "x"}, 21),
    ({"semantic_specification": "{}", "page": "9" * 30}, 21),
    ({"semantic_specification": "{}", "page": "٣"}, 21),
    ({"semantic_specification": "{}", "is_verified": "maybe"}, 21),
    ({"semantic_specification": "{"}, 41),
    ({"semantic_specification": "[]"}, 41),
    ({"semantic_specification": "[" * 100_000}, 41),
    ({"semantic_specification": '{"Data": 1}'}, 41),
    ({"semantic_specification": "{}", "statistical_specification": "{"}, 41),
    ({"semantic_specification": "{}", "statistical_specification": "[]"}, 41),
    ({"semantic_specification": "{}", "statistical_specification": '{"z": NaN}'}, 41),
    ({"semantic_specification": "{}", "statistical_specification": '{"type": "RKMEImageSpecification"}'}, 41),
    ({"semantic_specification": "{}", "statistical_specification": '{"type": 1}'}, 41),
]


def test_codes_of_the_contract(client: Any) -> None:
    for form, code in CODES:
        for send in ({"data": form}, {"data": form, "files": {"more": b"x"}}):
            answer = client.post(CONTRACT, **send)
            assert (answer.status_code, answer.json()["code"]) == (200, code), (str(form)[:200], answer.text)
    broken = {"Content-Type": "multipart/form-data; boundary=x"}
    answer = client.post(CONTRACT, content=b"--x\r\nnonsense", headers=broken)
    assert (answer.status_code, answer.json()["code"]) == (200, 21)
    answer = client.post(CONTRACT, json={"semantic_specification": "{}"})
    assert (answer.status_code, answer.json()["code"]) == (200, 21)
    files = {f"f{i}": b"x" for i in range(40)}
    answer = client.post(CONTRACT, data={"semantic_specification": "{}"}, files=files)
    assert (answer.status_code, answer.json()["code"]) == (200, 21)


def test_learnwares_that_would_make_searches_slow_are_not_taken(make_rig: Any) -> None:
    rig = make_rig(specification_max_points=4, specification_max_columns=6)
    with pytest.raises(InvalidSubmissionError, match="has 5 points; this dock takes 4 at most"):
        some.submit_learnware(rig)
    rig = make_rig(specification_max_columns=6)
    some.submit_learnware(rig, n_features=6)
    with pytest.raises(InvalidSubmissionError, match="has 7 columns; this dock takes 6 at most"):
        some.submit_learnware(rig, n_features=7, seed=1)


@pytest.mark.parametrize("address", ["sqlite"], indirect=True)
@pytest.mark.parametrize("ask", [SEARCH, CONTRACT])
def test_searches_leave_the_threads_of_others_alone(
    make_client: Any, monkeypatch: pytest.MonkeyPatch, ask: str
) -> None:
    monkeypatch.setattr("beimingwu.api.threads._MOST_WAITING", 1)
    rig, client = make_client(max_request_threads=2)
    found = rig.dock.search.search(None, {}, {})
    begun, go_on = threading.Semaphore(0), threading.Event()

    def slow(*_: Any, **__: Any) -> Any:
        begun.release()
        go_on.wait(60)
        return found

    monkeypatch.setattr(rig.dock.search, "search", slow)
    body = {"json": {}} if ask == SEARCH else {"data": {"semantic_specification": "{}"}}
    with ThreadPoolExecutor(5) as pool:
        try:
            running = [pool.submit(client.post, ask, **body) for _ in range(2)]
            assert all(begun.acquire(timeout=30) for _ in running)
            assert pool.submit(client.get, "/api/v1/learnwares").result(timeout=30).status_code == 200
            # One may wait, another one may not.
            more = [pool.submit(client.post, ask, **body) for _ in range(2)]
            done, _ = wait(more, timeout=30, return_when=FIRST_COMPLETED)
            assert [one.result().status_code for one in done] == [503]
        finally:
            go_on.set()
        assert sorted(one.result().status_code for one in [*running, *more]) == [200, 200, 200, 503]
