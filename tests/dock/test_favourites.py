"""Favourites: marking learnwares, and listing them."""

from __future__ import annotations

from typing import Any

import pytest
from tests.dock import learnwares as some

from beimingwu.errors import NotAllowedError, NotFoundError, QuotaExceededError
from beimingwu.services import favourites as module
from beimingwu.services.identity import Identity, Role

HERE = "/api/v1/favourites"
LIST = "/api/v1/learnwares"


@pytest.fixture
def market(both: Any) -> tuple[Any, Any, list[str]]:
    """Three that everybody finds, and one that waits; the first is ada's, all others are bob's."""
    rig, client = both
    ids = [some.publish_learnware(rig, "ada")]
    ids += [some.publish_learnware(rig, "bob", name=f"number {seed} of these", seed=seed) for seed in (1, 2)]
    ids.append(some.submit_learnware(rig, "bob", name="waiting for it", seed=3))
    return rig, client, ids


def found(client: Any, query: str, headers: dict[str, str]) -> list[str]:
    body = client.get(f"{LIST}?{query}", headers=headers).json()
    assert body["total"] == len(body["items"])
    return [one["learnware_id"] for one in body["items"]]


def test_marking(market: Any, as_bearer: Any) -> None:
    rig, client, (first, second, third, waiting) = market
    ada, bob = as_bearer(rig.session("ada")), as_bearer(rig.session("bob"))
    assert client.get(HERE, headers=ada).json() == {"learnware_ids": []}
    for learnware_id in (third, first, first):
        rig.clock.forward(seconds=1)
        assert client.put(f"{HERE}/{learnware_id}", headers=ada).status_code == 204
    assert client.get(HERE, headers=ada).json() == {"learnware_ids": [first, third]}
    assert client.get(HERE, headers=bob).json() == {"learnware_ids": []}
    assert found(client, "favourite=true", ada) == [third, first]
    assert found(client, "favourite=true&text=number", ada) == [third]
    assert found(client, "favourite=true&mine=true", ada) == [first]
    assert found(client, "favourite=true", bob) == []
    assert found(client, "favourite=false", bob) == [third, second, first]
    facets = client.get(f"{LIST}?favourite=true&facets=true", headers=ada).json()["facets"]
    assert facets["Data"] == {"Table": 2}
    for _ in range(2):
        assert client.delete(f"{HERE}/{third}", headers=ada).status_code == 204
    assert client.get(HERE, headers=ada).json() == {"learnware_ids": [first]}
    # Only what one may see.
    for learnware_id in (waiting, "99999999", "x", "%00"):
        assert client.put(f"{HERE}/{learnware_id}", headers=ada).status_code == 404, learnware_id
    assert client.put(f"{HERE}/{waiting}", headers=bob).status_code == 204
    assert found(client, "favourite=true", bob) == [waiting]
    for unknown in ("x", "%00"):
        assert client.delete(f"{HERE}/{unknown}", headers=ada).status_code == 404
    assert client.delete(f"{HERE}/99999999", headers=ada).status_code == 204
    for method, path in (("GET", HERE), ("PUT", f"{HERE}/{first}"), ("DELETE", f"{HERE}/{first}")):
        assert client.request(method, path).status_code == 401
    assert client.get(f"{LIST}?favourite=true").status_code == 401
    assert client.put(f"{HERE}/{'9' * 65}", headers=ada).status_code == 422


def test_what_is_withdrawn_comes_back(market: Any) -> None:
    rig, _, (first, second, *_) = market
    ada, bob = some.identity_of(rig, "ada"), some.identity_of(rig, "bob")
    for learnware_id in (first, second):
        rig.dock.favourites.add(ada, learnware_id)
    for who, learnware_id in ((ada, first), (bob, second)):
        rig.dock.ownership.withdraw(who, learnware_id, rig.origin())
    # One's own is still there for oneself, and all for administrators.
    assert rig.dock.favourites.list(ada) == (first,)
    rig.dock.ownership.restore(bob, second, rig.origin())
    assert rig.dock.favourites.list(ada) == (second, first)
    rig.dock.ownership.delete(bob, second, rig.origin())
    assert rig.dock.favourites.list(ada) == (first,)
    root = some.identity_of(rig, "root", role=Role.ADMIN)
    rig.dock.favourites.add(root, first)
    assert rig.dock.favourites.list(root) == (first,)


def test_export_and_deletion(market: Any) -> None:
    rig, _, (first, *_) = market
    eve = some.identity_of(rig, "eve")
    rig.dock.favourites.add(eve, first)
    exported = rig.dock.accounts.export(eve)["favourites"]
    assert exported == [{"learnware_id": first, "added_at": rig.clock()}]
    rig.dock.accounts.delete(eve, "correct horse", rig.origin())
    # Who is deleted meanwhile marks nothing more.
    with pytest.raises(NotFoundError):
        rig.dock.favourites.add(eve, first)


def test_bounds(market: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    rig, _, (first, second, *_) = market
    ada = some.identity_of(rig, "ada")
    monkeypatch.setattr(module, "MOST_FAVOURITES", 1)
    rig.dock.favourites.add(ada, first)
    with pytest.raises(QuotaExceededError, match="at most 1 favourites"):
        rig.dock.favourites.add(ada, second)
    rig.dock.favourites.add(ada, first)
    only = Identity(ada.user_id, ada.username, ada.email, ada.role, frozenset({"submit"}), None, 1)
    for ask in (rig.dock.favourites.add, rig.dock.favourites.remove):
        with pytest.raises(NotAllowedError):
            ask(only, first)
    with pytest.raises(NotAllowedError):
        rig.dock.favourites.list(only)


def test_lists_without_columns(market: Any) -> None:
    _, client, _ = market
    whole = client.get(LIST).json()["items"][0]["semantic_specification"]
    assert whole["Input"]["Description"] == {"0": "length"}
    brief = client.get(f"{LIST}?columns=false").json()["items"][0]["semantic_specification"]
    assert (brief["Input"], brief["Output"]) == ({"Dimension": 3}, {"Dimension": 2})
    assert {key: value for key, value in brief.items() if key not in {"Input", "Output"}} == {
        key: value for key, value in whole.items() if key not in {"Input", "Output"}
    }
    # What is kept for others is as it was.
    assert client.get(LIST).json()["items"][0]["semantic_specification"] == whole


def test_an_overview(market: Any) -> None:
    rig, client, (first, *_) = market
    answer = client.get("/api/v1/overview")
    assert answer.headers["cache-control"] == "public, max-age=10"
    numbers = {
        "learnwares": 3, "developers": 2, "downloads": 0, "searches": 0, "islands": 1, "data_types": {"Table": 3},
    }  # fmt: skip
    assert answer.json() == numbers
    client.get(f"{LIST}/{first}/package")
    rig.dock.usage.flush()
    rig.dock.ownership.delete(some.identity_of(rig, "ada"), first, rig.origin())
    rig.clock.forward(seconds=9)
    assert client.get("/api/v1/overview").json() == numbers
    rig.clock.forward(seconds=1)
    after = {**numbers, "learnwares": 2, "developers": 1, "downloads": 1, "data_types": {"Table": 2}}
    assert client.get("/api/v1/overview").json() == after
    # A clock that was set back keeps nobody waiting.
    rig.dock.ownership.withdraw(some.identity_of(rig, "bob"), market[2][1], rig.origin())
    rig.clock.forward(hours=-1)
    assert client.get("/api/v1/overview").json()["learnwares"] == 1


def test_the_overview_of_an_empty_dock(shared_client: Any) -> None:
    assert shared_client.get("/api/v1/overview").json() == {
        "learnwares": 0, "developers": 0, "downloads": 0, "searches": 0, "islands": 0, "data_types": {},
    }  # fmt: skip
