"""Lists of learnwares, their pages, and what is told to whom."""

from __future__ import annotations

import base64
import json
import math
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.dock import learnwares as some

from beimingwu.services.identity import Role
from beimingwu.services.learnware_ids import parse_id
from beimingwu.services.stat_spec_json import significant
from learnware.specification import RKMETableSpecification

if TYPE_CHECKING:
    from pathlib import Path

SORTS = ["newest", "oldest", "updated", "name", "downloads"]
LIST = "/api/v1/learnwares"


def submit(rig: Any, folder: Path, owner: str = "ada", **changes: Any) -> str:
    name = changes.setdefault("name", "iris of the north")
    blob = some.store(rig, some.package(folder, name=name))
    spec = some.semantic(**changes)
    return rig.dock.submissions.submit(some.identity_of(rig, owner), blob, spec, rig.origin()).learnware_id


def publish(rig: Any, folder: Path, owner: str = "ada", **changes: Any) -> str:
    learnware_id = submit(rig, folder, owner, **changes)
    some.decide(rig, learnware_id)
    return learnware_id


@pytest.fixture
def market(both: Any, tmp_path: Path) -> tuple[Any, Any, dict[str, str]]:
    """Five that everybody finds, one that waits, one refused and one withdrawn, of two people."""
    rig, client = both
    ids = {}
    for name, owner, changes in (
        ("Alpha 100% fit", "ada", {"scenarios": ["Business", "Health"], "license": "MIT"}),
        ("beta_one", "ada", {"scenarios": ["Business"], "license": "Apache-2.0"}),
        ("Gamma Straße", "bob", {"task_type": "Regression", "license": "MIT"}),
        ("delta beta", "bob", {"library_type": "Scikit-learn", "description": "It says 50\\50 of all the things."}),
        ("Epsilon", "ada", {"task_type": "Regression", "scenarios": ["Health"]}),
    ):
        ids[name] = publish(rig, tmp_path, owner, name=name, **changes)
        rig.clock.forward(seconds=1)
    ids["waiting"] = submit(rig, tmp_path, "ada", name="waiting")
    ids["refused"] = submit(rig, tmp_path, "ada", name="refused")
    some.decide(rig, ids["refused"], accepted=False)
    ids["withdrawn"] = publish(rig, tmp_path, "bob", name="withdrawn")
    rig.dock.ownership.withdraw(some.identity_of(rig, "bob"), ids["withdrawn"], rig.origin())
    return rig, client, ids


def names(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [item["name"] for item in answer.json()["items"]]


PUBLIC = ["Epsilon", "delta beta", "Gamma Straße", "beta_one", "Alpha 100% fit"]


def test_what_everybody_finds(market: Any, as_bearer: Any) -> None:
    rig, client, ids = market
    answer = client.get(LIST)
    assert names(answer) == PUBLIC
    body = answer.json()
    assert (body["total"], body["next_cursor"], body["facets"]) == (5, None, None)
    first = body["items"][0]
    assert first["learnware_id"] == ids["Epsilon"]
    assert (first["username"], first["status"], first["verified"], first["withdrawn"]) == (
        "ada",
        "SUCCESS",
        True,
        False,
    )
    assert first["description"] == first["semantic_specification"]["Description"]["Values"]
    assert "owner_id" not in first
    # For those who are logged in it is the same list.
    assert names(client.get(LIST, headers=as_bearer(rig.session("ada")))) == PUBLIC


FILTERED: list[tuple[str, list[str]]] = [
    ("text=BETA", ["delta beta", "beta_one"]),
    ("text=beta%20delta", ["delta beta"]),
    ("text=%25", ["Alpha 100% fit"]),
    ("text=_", ["beta_one"]),
    ("text=%5C", ["delta beta"]),
    ("text=STRASSE", ["Gamma Straße"]),
    ("text=nowhere", []),
    ("text=%20%20", PUBLIC),
    ("license=MIT", ["Gamma Straße", "delta beta", "Epsilon", "Alpha 100% fit"]),
    ("license=Apache-2.0&license=none", ["beta_one"]),
    ("task_type=Regression", ["Epsilon", "Gamma Straße"]),
    ("task_type=Regression&scenario=Health", ["Epsilon"]),
    ("scenario=Health&scenario=Business", ["Epsilon", "beta_one", "Alpha 100% fit"]),
    ("library_type=Scikit-learn", ["delta beta"]),
    ("data_type=Image", []),
    ("owner=BOB", ["delta beta", "Gamma Straße"]),
    ("owner=nobody", []),
    ("verified=true", PUBLIC),
    ("withdrawn=false", PUBLIC),
    ("verified=false", []),
    ("status=FAIL", []),
    ("sort=oldest", PUBLIC[::-1]),
    ("sort=updated", PUBLIC),
    ("sort=name", ["Alpha 100% fit", "beta_one", "delta beta", "Epsilon", "Gamma Straße"]),
]


def test_filters_and_sorts(market: Any) -> None:
    _, client, _ = market
    for query, expected in FILTERED:
        found = names(client.get(f"{LIST}?{query}"))
        assert found == expected if "sort" in query else sorted(found) == sorted(expected), query
        assert client.get(f"{LIST}?{query}&limit=1").json()["total"] == len(expected), query


def test_ones_own_and_all(market: Any, as_bearer: Any) -> None:
    rig, client, _ = market
    ada, bob = as_bearer(rig.session("ada")), as_bearer(rig.session("bob"))
    some.identity_of(rig, "eve", role=Role.ADMIN)
    eve = as_bearer(rig.session("eve"))
    assert names(client.get(f"{LIST}?mine=true", headers=ada)) == [
        "refused", "waiting", "Epsilon", "beta_one", "Alpha 100% fit",
    ]  # fmt: skip
    assert names(client.get(f"{LIST}?mine=true&status=WAITING&status=FAIL", headers=ada)) == ["refused", "waiting"]
    assert names(client.get(f"{LIST}?verified=false", headers=bob)) == []
    assert names(client.get(f"{LIST}?withdrawn=true", headers=bob)) == ["withdrawn"]
    assert names(client.get(f"{LIST}?withdrawn=true", headers=ada)) == []
    assert names(client.get(f"{LIST}?verified=false", headers=eve)) == ["refused", "waiting"]
    assert len(names(client.get(f"{LIST}?status=WAITING&status=FAIL&status=SUCCESS", headers=eve))) == 8
    # An administrator who browses sees what everybody sees.
    assert names(client.get(LIST, headers=eve)) == PUBLIC
    # Rights of administrators need the scope of administrators.
    token = rig.dock.tokens.create_for(some.identity_of(rig, "eve").user_id, "t", ["read"], expires_in_days=1).token
    assert names(client.get(f"{LIST}?verified=false", headers=as_bearer(token))) == []
    assert client.get(f"{LIST}?mine=true").status_code == 401
    assert client.get(LIST, headers=as_bearer("0" * 32)).status_code == 401


def test_facets_count_each_filter_under_the_others(market: Any) -> None:
    _, client, _ = market
    facets = client.get(f"{LIST}?facets=true&limit=1").json()["facets"]
    assert facets == {
        "Data": {"Table": 5},
        "Task": {"Classification": 3, "Regression": 2},
        "Library": {"Others": 4, "Scikit-learn": 1},
        "Scenario": {"Business": 2, "Education": 2, "Health": 2},
        "License": {"MIT": 4, "Apache-2.0": 1},
    }
    facets = client.get(f"{LIST}?facets=true&task_type=Regression&scenario=Health").json()["facets"]
    assert facets["Task"] == {"Classification": 1, "Regression": 1}
    assert facets["Scenario"] == {"Education": 1, "Health": 1}
    assert facets["License"] == {"MIT": 1}
    assert client.get(f"{LIST}?facets=true&text=nowhere").json()["facets"]["Data"] == {}


def test_counts_follow_what_is_published(market: Any, tmp_path: Path) -> None:
    rig, client, ids = market
    assert client.get(LIST).json()["total"] == 5
    rig.dock.ownership.withdraw(some.identity_of(rig, "ada"), ids["Epsilon"], rig.origin())
    assert client.get(f"{LIST}?facets=true").json()["total"] == 4
    assert client.get(LIST).json()["total"] == 4
    rig.dock.ownership.delete(some.identity_of(rig, "bob"), ids["delta beta"], rig.origin())
    publish(rig, tmp_path, "bob", name="zeta of the south")
    publish(rig, tmp_path, "bob", name="eta of the south")
    body = client.get(f"{LIST}?facets=true").json()
    assert (body["total"], body["facets"]["Data"]) == (5, {"Table": 5})


def test_pages_repeat_and_leave_out_nothing(market: Any, tmp_path: Path) -> None:
    rig, client, ids = market
    rig.dock.usage.downloaded([parse_id(ids["beta_one"]), parse_id(ids["Epsilon"]), parse_id(ids["beta_one"])])
    rig.dock.usage.flush()
    for sort in SORTS:
        page_through(rig, client, tmp_path, sort)


def page_through(rig: Any, client: Any, folder: Path, sort: str) -> None:
    new = f"aaaa of the north, {sort}"
    whole = names(client.get(f"{LIST}?sort={sort}"))
    if sort == "downloads":
        assert whole[:2] == ["beta_one", "Epsilon"]
    seen: list[str] = []
    query = f"{LIST}?sort={sort}&limit=1"
    following = ""
    while following is not None:
        answer = client.get(f"{query}&cursor={following}" if following else query)
        seen += names(answer)
        following = answer.json()["next_cursor"]
        if len(seen) == 2:
            rig.clock.forward(seconds=1)
            publish(rig, folder, "bob", name=new)
    # What came meanwhile is there or not, as the order has it.
    assert [one for one in seen if one != new] == whole
    assert seen.count(new) == (sort in {"oldest", "downloads"})


@pytest.mark.parametrize("sort", SORTS)
def test_cursors_that_are_none(shared_client: Any, sort: str) -> None:
    def coded(value: Any) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    bad = [
        "", "x", "é", "%00", "A" * 2048, "A" * 3000, coded(None), coded({}), coded([sort]), coded([sort, 1, 2, 3]),
        coded([sort, None, 1]), coded([sort, True, 1]), coded([sort, 1.5, 1]), coded([sort, [], 1]),
        coded([sort, "a" if sort != "name" else 1, 1]), coded([sort, -1, 1]), coded([sort, 2**63, 1]),
        coded([sort, "a\0" if sort == "name" else 2**70, 1]), coded([sort, "\ud800", 1]), coded([sort, 1, 2**63]),
        coded(["other", 1, 1]), coded(json.loads("[" * 50 + "]" * 50)),
    ]  # fmt: skip
    for cursor in bad:
        answer = shared_client.get(LIST, params={"sort": sort, "cursor": cursor})
        assert answer.status_code == 422, (cursor, answer.text)


NO_FILTERS = [
    "text=%00", "text=" + "x" * 257, "text=" + "%20x" * 17, "owner=%00", "owner=" + "x" * 65, "data_type=%00",
    "scenario=" + "x" * 65, "&".join(["license=x"] * 33), "status=DONE", "limit=0", "limit=101", "limit=x",
    "sort=size", "mine=maybe", "verified=2", "facets=x",
]  # fmt: skip


def test_filters_that_are_none(shared_client: Any) -> None:
    for query in NO_FILTERS:
        answer = shared_client.get(f"{LIST}?{query}")
        assert answer.status_code == 422, (query, answer.text)
        assert answer.headers["content-type"] == "application/problem+json"


def test_a_page(market: Any, as_bearer: Any) -> None:
    rig, client, ids = market
    answer = client.get(f"{LIST}/{ids['beta_one']}")
    body = answer.json()
    assert (body["learnware_id"], body["versions_count"], body["serving_version"]) == (ids["beta_one"], 1, 1)
    assert body["mine"] is False
    assert body["statistical_specifications"] == [
        {"type": "RKMETableSpecification", "n_points": 5, "n_features": 3, "point_shape": [3], "languages": None,
         "encoder": None},
    ]  # fmt: skip
    assert body["newest_version"]["serving"] is True
    assert body["newest_version"]["sha256"] == body["sha256"]
    assert client.get(f"{LIST}/{ids['beta_one']}", headers=as_bearer(rig.session("ada"))).json()["mine"] is True
    for hidden in ("waiting", "refused", "withdrawn"):
        url = f"{LIST}/{ids[hidden]}"
        owner, other = ("bob", "ada") if hidden == "withdrawn" else ("ada", "bob")
        assert client.get(url).status_code == 404
        assert client.get(url, headers=as_bearer(rig.session(other))).status_code == 404
        assert client.get(url, headers=as_bearer(rig.session(owner))).json()["name"] == hidden
    for unknown in ("99999999", "1", "abc", "000000001", "%00", "\u0660" * 8, "9" * 19, "9" * 64, "-0000001"):
        assert client.get(f"{LIST}/{unknown}").status_code == 404, unknown
    assert client.get(f"{LIST}/{'9' * 65}").status_code == 422


def test_others_see_the_version_that_serves(market: Any, as_bearer: Any) -> None:
    rig, client, ids = market
    ada = some.identity_of(rig, "ada")
    spec = some.semantic(name="beta two", license="MIT")
    rig.dock.submissions.update(ada, ids["beta_one"], rig.origin(), semantic_spec=spec)
    url = f"{LIST}/{ids['beta_one']}"
    mine = client.get(url, headers=as_bearer(rig.session("ada"))).json()
    assert (mine["name"], mine["status"], mine["versions_count"]) == ("beta_one", "WAITING", 2)
    assert (mine["newest_version"]["number"], mine["serving_version"]) == (2, 1)
    assert mine["newest_version"]["semantic_specification"]["Name"]["Values"] == "beta two"
    theirs = client.get(url).json()
    assert (theirs["name"], theirs["newest_version"]["number"]) == ("beta_one", 1)
    assert "beta two" not in client.get(url).text
    assert "beta two" not in client.get(LIST).text
    some.decide(rig, ids["beta_one"], 2)
    assert client.get(url).json()["name"] == "beta two"
    assert names(client.get(f"{LIST}?text=beta%20two")) == ["beta two"]


def test_a_statistical_specification(market: Any, as_bearer: Any, tmp_path: Path) -> None:
    rig, client, ids = market
    answer = client.get(f"{LIST}/{ids['beta_one']}/specifications/RKMETableSpecification")
    assert answer.headers["content-type"] == "application/json"
    spec = RKMETableSpecification.from_states(answer.json())
    assert spec.get_z().shape == (5, 3)
    for name, type_name in (("beta_one", "Other"), ("beta_one", "%00"), ("waiting", "RKMETableSpecification")):
        url = f"{LIST}/{ids[name]}/specifications/{type_name}"
        assert client.get(url).status_code == 404
    url = f"{LIST}/{ids['waiting']}/specifications/RKMETableSpecification"
    assert client.get(url, headers=as_bearer(rig.session("ada"))).status_code == 200


def test_a_statistical_specification_in_short(market: Any) -> None:
    _, client, ids = market
    url = f"{LIST}/{ids['beta_one']}/specifications/RKMETableSpecification"
    whole = client.get(url)
    short = client.get(f"{url}?digits=3")
    assert len(short.content) < 0.6 * len(whole.content)
    np.testing.assert_allclose(short.json()["z"], whole.json()["z"], rtol=5e-3)
    assert {**short.json(), "z": 0} == {**whole.json(), "z": 0}
    for digits in ("0", "18", "many"):
        assert client.get(f"{url}?digits={digits}").status_code == 422
    # Neither is taken for the other, and what is known is not sent again.
    assert whole.headers["ETag"] != short.headers["ETag"]
    again = client.get(url, headers={"If-None-Match": whole.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert client.get(url, headers={"If-None-Match": short.headers["ETag"]}).status_code == 200


def test_a_large_specification_is_sent_compressed(market: Any) -> None:
    rig, client, _ = market
    learnware_id = some.publish_learnware(rig, name="very wide", n_features=40)
    url = f"{LIST}/{learnware_id}/specifications/RKMETableSpecification"
    plain = client.get(url, headers={"Accept-Encoding": "identity"})
    packed = client.get(url, headers={"Accept-Encoding": "gzip"})
    assert ("Content-Encoding" in plain.headers, packed.headers["Content-Encoding"]) == (False, "gzip")
    assert int(packed.headers["Content-Length"]) < 0.7 * len(plain.content)
    assert packed.content == plain.content


@given(st.floats(1e-12, 1e12), st.sampled_from([-1, 1]), st.integers(1, 15))
def test_significant_digits(size: float, sign: int, digits: int) -> None:
    (found,) = significant(np.array([sign * size]), digits).tolist()
    assert len(Decimal(repr(found)).normalize().as_tuple().digits) <= digits
    # Half a unit of the last digit.
    assert abs(found - sign * size) <= 0.500001 * 10.0 ** (math.floor(math.log10(size)) + 1 - digits)


def test_significant_digits_of_the_smallest_and_largest() -> None:
    numbers = np.array([0.0, 5e-324, 1.5e-310, -9.876e149, 1e150])
    np.testing.assert_allclose(significant(numbers, 4), numbers, rtol=1e-9, atol=1e-300)
    assert np.isfinite(significant(numbers, 17)).all()


def test_what_the_contract_tells_of_a_learnware(market: Any, as_bearer: Any) -> None:
    rig, client, ids = market
    url = "/api/engine/learnware_info"
    for name, status in (("beta_one", "SUCCESS"), ("waiting", "WAITING"), ("refused", "FAIL")):
        body = client.get(url, params={"learnware_id": ids[name]}).json()
        info = body["data"]["learnware_info"]
        assert (body["code"], info["learnware_id"], info["verify_status"]) == (0, ids[name], status)
        assert info["semantic_specification"]["Name"]["Values"] == name
        assert info["user_id"] == some.identity_of(rig, "ada").user_id
        assert info["last_modify"].startswith("2026-11-21 12:00:3")
        assert info["last_modify"].endswith(" UTC")
    assert client.get(url).json()["code"] == 21
    for unknown in ("99999999", "x", "\0", ids["withdrawn"]):
        body = client.get(url, params={"learnware_id": unknown}).json()
        assert (body["code"], body["msg"]) == (41, "Learnware not found.")
    bob = as_bearer(rig.session("bob"))
    assert client.get(url, params={"learnware_id": ids["withdrawn"]}, headers=bob).json()["code"] == 0
    wrong = client.get(url, params={"learnware_id": ids["beta_one"]}, headers=as_bearer("0" * 32))
    assert (wrong.status_code, wrong.json()["code"]) == (200, 11)
