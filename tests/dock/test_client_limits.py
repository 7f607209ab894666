"""How often clients may search and download: counted in memory, and for all processes together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select
from tests.dock.learnwares import publish_learnware

from beimingwu.db.models import RateWindow
from beimingwu.errors import TooManyRequestsError, UnavailableError
from beimingwu.rates import Rate
from beimingwu.services.client_limits import ClientLimits
from beimingwu.services.rate_limits import RateLimits

if TYPE_CHECKING:
    from collections.abc import Callable

RATE = Rate(3, 60)


def process(rig: Any) -> ClientLimits:
    """Return the counts of one of several processes."""
    return ClientLimits(rig.dock.database, RateLimits(rig.dock.database, b"key", rig.clock), rig.clock)


def standing(limits: ClientLimits, rig: Any, user_id: int | None = 7, address: str = "192.0.2.1") -> tuple[int, int]:
    origin = rig.origin(address)
    limits.count("searches", RATE, user_id, origin)
    (one,) = origin.standings
    return one.remaining, one.reset


def test_processes_count_together(rig: Any) -> None:
    one, other = process(rig), process(rig)
    assert standing(one, rig) == (2, 30)
    assert standing(other, rig) == (2, 30)
    one.flush()
    other.flush()
    # The one that wrote last has learned of both.
    assert standing(other, rig) == (0, 30)
    with pytest.raises(TooManyRequestsError) as refused:
        standing(other, rig)
    assert (refused.value.policy, refused.value.retry_after) == ("searches", 30)
    # What was refused is not counted.
    other.flush()
    with rig.dock.database.read() as session:
        assert session.scalars(select(RateWindow.count)).all() == [3]
    # Others have counts of their own; a household of IPv6 addresses is one.
    assert standing(other, rig, user_id=8)[0] == 2
    assert [standing(other, rig, None, f"2001:db8::{i}")[0] for i in (1, 2)] == [2, 1]
    rig.clock.forward(seconds=30)
    assert standing(other, rig) == (2, 60)
    one.close()
    other.close()


def test_counts_wait_for_the_database(rig: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    limits, other = process(rig), process(rig)
    standing(limits, rig)

    def away() -> Any:
        raise UnavailableError("away")

    with monkeypatch.context() as patch:
        patch.setattr(rig.dock.database, "write", away)
        with pytest.raises(UnavailableError):
            limits.flush()
    assert standing(limits, rig)[0] == 1
    limits.close()
    standing(other, rig)
    other.flush()
    with pytest.raises(TooManyRequestsError):
        standing(other, rig)
    other.close()


def test_more_clients_than_are_counted(rig: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("beimingwu.services.client_limits._MOST", 2)
    limits = process(rig)
    assert [standing(limits, rig, user_id=user_id)[0] for user_id in (1, 2, 3, 3, 1)] == [2, 2, 2, 1, 2]
    limits.close()


def test_over_http(make_client: Callable[..., Any], as_bearer: Callable[[str], dict[str, str]]) -> None:
    rig, client = make_client(limit_searches="2/1m", limit_downloads="1/1m")
    published = publish_learnware(rig)
    rig.user("bob")
    bob = as_bearer(rig.session("bob"))
    first = client.post("/api/v1/searches", json={})
    assert (first.status_code, first.headers["RateLimit"]) == (200, '"searches";r=1;t=30')
    assert first.headers["RateLimit-Policy"] == '"searches";q=2;w=60'
    form = {"semantic_specification": "{}"}
    assert client.post("/api/engine/search_learnware", data=form).json()["code"] == 0
    refused = client.post("/api/v1/searches", json={})
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "30")
    assert refused.json()["type"].endswith("/too-many-requests")
    assert client.post("/api/engine/search_learnware", data=form).json()["code"] != 0
    assert client.post("/api/v1/searches", json={}, headers=bob).status_code == 200
    # What is only asked about is no download.
    package = f"/api/v1/learnwares/{published}/package"
    assert [client.head(package).status_code for _ in range(2)] == [200, 200]
    assert [client.get(package).status_code for _ in range(2)] == [200, 429]
    assert client.get("/api/v1/packages", params={"learnware_id": published}).status_code == 429
    assert client.get(package, headers=bob).status_code == 200
    # A look into a package is work of the same kind.
    inside = [f"/api/v1/learnwares/{published}/{part}" for part in ("files", "files/learnware.yaml", "environment")]
    assert [client.get(one).status_code for one in inside] == [429, 429, 429]
    rig.clock.forward(seconds=30)
    assert client.get(package).status_code == 200
    for one in inside:
        rig.clock.forward(seconds=60)
        assert [client.get(one).status_code for _ in range(2)] == [200, 429]
