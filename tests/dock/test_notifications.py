"""Notifications: who is told of what, once, until it is read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select
from tests.dock import learnwares as some

from beimingwu.db.models import Notification
from beimingwu.errors import NotAllowedError
from beimingwu.services import counting
from beimingwu.services.housekeeping import tidy
from beimingwu.services.identity import Identity, Role
from beimingwu.services.notifications import unread

if TYPE_CHECKING:
    from collections.abc import Callable

HERE = "/api/v1/notifications"


def told(rig: Any, name: str = "ada") -> list[tuple[str, int | None, int | None, bool]]:
    page = rig.dock.notifications.list(some.identity_of(rig, name), limit=100)
    return [(one.kind, one.version, one.count, one.read) for one in page.items]


def n_unread(rig: Any, name: str = "ada") -> int:
    with rig.dock.database.read() as session:
        return unread(session, some.identity_of(rig, name).user_id)


def download(client: Any, learnware_id: str, headers: dict[str, str] | None = None) -> None:
    assert client.get(f"/api/v1/learnwares/{learnware_id}/package", headers=headers or {}).status_code == 200


def test_verdicts(rig: Any) -> None:
    first, second = some.submit_learnware(rig), some.submit_learnware(rig, name="two of these", seed=1)
    assert told(rig) == []
    some.decide(rig, first)
    rig.clock.forward(hours=1)
    some.decide(rig, second, accepted=False)
    page = rig.dock.notifications.list(some.identity_of(rig))
    assert [(one.kind, one.learnware_id, one.learnware_name, one.version, one.count) for one in page.items] == [
        ("failed", second, "two of these", 1, None),
        ("verified", first, "iris of the north", 1, None),
    ]
    assert [one.at for one in page.items] == [rig.clock(), page.items[1].at]
    assert (page.items[0].at - page.items[1].at).total_seconds() == 3600
    assert (page.total, page.unread, page.next_cursor) == (2, 2, None)
    # A version that served and is refused when it is verified again.
    some.decide(rig, first, accepted=False)
    assert told(rig)[0] == ("failed", 1, None, False)


def test_that_a_newer_version_takes_the_place_of_one_is_not_told(rig: Any) -> None:
    ada = some.identity_of(rig)
    learnware_id = some.submit_learnware(rig)
    for number in (2, 3):
        spec = some.semantic(name=f"version {number} of these")
        rig.dock.submissions.update(ada, learnware_id, rig.origin(), semantic_spec=spec)
    some.decide(rig, learnware_id, 1, accepted=False)
    some.decide(rig, learnware_id, 3, accepted=False)
    # Nothing newer is left to be verified.
    some.decide(rig, learnware_id, 2, accepted=False)
    assert told(rig) == [("failed", 2, None, False), ("failed", 3, None, False)]


def test_what_is_rolled_back_is_not_told(rig: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from beimingwu.services import publishing

    learnware_id = some.submit_learnware(rig)

    def broken(*_: Any) -> None:
        raise RuntimeError("the index is broken")

    monkeypatch.setattr(publishing, "put_in_index", broken)
    with pytest.raises(RuntimeError):
        some.decide(rig, learnware_id)
    assert told(rig) == []


def test_withdrawn_by_an_administrator(rig: Any) -> None:
    learnware_id = some.publish_learnware(rig)
    ada, root = some.identity_of(rig), some.identity_of(rig, "root", role=Role.ADMIN)
    ownership = rig.dock.ownership
    ownership.withdraw(ada, learnware_id, rig.origin())
    assert told(rig) == [("verified", 1, None, False)]
    # Their word goes before the owner's, and is told once.
    for _ in range(2):
        ownership.withdraw(root, learnware_id, rig.origin())
    assert told(rig) == [("withdrawn", None, None, False), ("verified", 1, None, False)]
    with pytest.raises(NotAllowedError, match="an administrator has withdrawn"):
        ownership.restore(ada, learnware_id, rig.origin())
    ownership.restore(root, learnware_id, rig.origin())
    ownership.withdraw(ada, learnware_id, rig.origin())
    ownership.restore(ada, learnware_id, rig.origin())
    ownership.withdraw(root, learnware_id, rig.origin())
    assert [kind for kind, *_ in told(rig)] == ["withdrawn", "withdrawn", "verified"]
    # What administrators do with their own is nothing to tell them of.
    own = some.publish_learnware(rig, "root", name="of the root", seed=1)
    ownership.withdraw(root, own, rig.origin())
    assert [kind for kind, *_ in told(rig, "root")] == ["verified"]


def test_used_by_others(both: Any, as_bearer: Any) -> None:
    rig, client = both
    learnware_id = some.publish_learnware(rig)
    other_id = some.publish_learnware(rig, name="two of these", seed=1)
    ada = some.identity_of(rig)
    rig.dock.notifications.mark_read(ada)
    rig.user("bob")
    mine, bobs = as_bearer(rig.session()), as_bearer(rig.session("bob"))
    for headers in (mine, bobs, None, None):
        download(client, learnware_id, headers)
    # Several at once, and a link that the owner has made.
    assert client.get(f"/api/v1/packages?learnware_id={learnware_id}&learnware_id={other_id}").status_code == 200
    made = client.post("/api/v1/download-links", json={"learnware_ids": [learnware_id]}, headers=mine).json()
    assert client.get(made["url"]).status_code == 200
    rig.dock.usage.flush()
    used = [one for one in rig.dock.notifications.list(ada).items if one.kind == "used"]
    assert {(one.learnware_id, one.count, one.read, one.version) for one in used} == {
        (learnware_id, 4, False, None), (other_id, 1, False, None),
    }  # fmt: skip
    rig.dock.notifications.mark_read(ada)
    download(client, learnware_id)
    rig.dock.usage.flush()
    # It grows, and does not come again on the same day.
    assert n_unread(rig) == 0
    assert ("used", None, 5, True) in told(rig)
    rig.clock.forward(days=1)
    download(client, learnware_id)
    # The session is over by then.
    download(client, learnware_id, as_bearer(rig.session()))
    rig.dock.usage.flush()
    assert told(rig)[0] == ("used", None, 1, False)
    assert n_unread(rig) == 1
    assert told(rig, "bob") == []


def test_a_download_of_what_is_deleted_meanwhile(both: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    rig, client = both
    learnware_id = some.publish_learnware(rig)
    kept_id = some.publish_learnware(rig, name="two of these", seed=1)
    # Nobody else writes the counts down meanwhile.
    monkeypatch.setattr(counting, "_EVERY", 3600.0)
    download(client, learnware_id)
    download(client, kept_id)
    rig.dock.ownership.delete(some.identity_of(rig), learnware_id, rig.origin())
    rig.dock.usage.flush()
    assert [kind for kind, *_ in told(rig)] == ["used", "verified"]


def test_who_gets_a_learnware_is_told_of_it_from_then_on(both: Any) -> None:
    rig, client = both
    learnware_id = some.publish_learnware(rig)
    download(client, learnware_id)
    rig.dock.usage.flush()
    bob = some.identity_of(rig, "bob")
    root = some.identity_of(rig, "root", role=Role.ADMIN)
    rig.dock.user_administration.delete(
        root, some.identity_of(rig).user_id, rig.origin(), learnwares="transfer", to="bob"
    )
    download(client, learnware_id)
    rig.dock.usage.flush()
    assert told(rig, "bob") == [("used", None, 1, False)]
    # What the account that is gone was told is gone, too.
    with rig.dock.database.read() as session:
        assert set(session.scalars(select(Notification.user_id))) == {bob.user_id}


def test_they_go_with_the_learnware(rig: Any) -> None:
    learnware_id = some.publish_learnware(rig)
    rig.dock.ownership.delete(some.identity_of(rig), learnware_id, rig.origin())
    assert told(rig) == []
    assert n_unread(rig) == 0


def test_export(rig: Any) -> None:
    learnware_id = some.publish_learnware(rig)
    some.publish_learnware(rig, "bob", name="two of these", seed=1)
    exported = rig.dock.accounts.export(some.identity_of(rig))["notifications"]
    assert exported == [
        {
            "kind": "verified",
            "at": rig.clock(),
            "read_at": None,
            "learnware_id": learnware_id,
            "version": 1,
            "count": None,
        }
    ]


def test_old_ones_are_collected(rig: Any) -> None:
    some.publish_learnware(rig)
    ada = some.identity_of(rig)
    some.publish_learnware(rig, name="two of these", seed=1)
    first = rig.dock.notifications.list(ada).items[-1].notification_id
    rig.dock.notifications.mark_read(ada, [first])
    left = []
    for days in (179, 2, 183, 2):
        rig.clock.forward(days=days)
        tidy(rig.dock.database, rig.clock)
        with rig.dock.database.read() as session:
            left.append(session.scalar(select(func.count()).select_from(Notification)))
    assert left == [2, 1, 1, 0]


def test_tokens_need_to_be_good_for_reading(rig: Any) -> None:
    ada = some.identity_of(rig)
    only = Identity(ada.user_id, ada.username, ada.email, ada.role, frozenset({"submit"}), None, 1)
    for ask in (rig.dock.notifications.list, rig.dock.notifications.mark_read):
        with pytest.raises(NotAllowedError):
            ask(only)


def test_over_http(make_client: Callable[..., Any], as_bearer: Any) -> None:
    rig, client = make_client()
    learnware_id = some.submit_learnware(rig)
    some.decide(rig, learnware_id)
    for seed in range(1, 4):
        some.publish_learnware(rig, name=f"number {seed} of these", seed=seed)
    rig.user("bob")
    ada, bob = as_bearer(rig.session()), as_bearer(rig.session("bob"))
    body = client.get(f"{HERE}?limit=3", headers=ada).json()
    assert (body["total"], body["unread"], len(body["items"])) == (4, 4, 3)
    rest = client.get(HERE, params={"cursor": body["next_cursor"]}, headers=ada).json()
    assert (rest["total"], rest["next_cursor"]) == (4, None)
    assert rest["items"] == [
        {
            "notification_id": rest["items"][0]["notification_id"],
            "kind": "verified",
            "at": "2026-11-21T12:00:30Z",
            "read": False,
            "learnware_id": learnware_id,
            "learnware_name": "iris of the north",
            "version": 1,
            "count": None,
        }
    ]
    ids = [one["notification_id"] for one in (*body["items"], *rest["items"])]
    assert ids == sorted(ids, reverse=True)
    # Somebody else's are passed over, as are those that are not there.
    assert client.post(f"{HERE}/read", json={"notification_ids": ids}, headers=bob).status_code == 204
    assert client.get(HERE, headers=ada).json()["unread"] == 4
    wanted = {"notification_ids": [*ids[:2], 2**62]}
    assert client.post(f"{HERE}/read", json=wanted, headers=ada).status_code == 204
    left = client.get(f"{HERE}?unread=true", headers=ada).json()
    assert (left["total"], left["unread"], [one["notification_id"] for one in left["items"]]) == (2, 2, ids[2:])
    assert [one["read"] for one in client.get(HERE, headers=ada).json()["items"]] == [True, True, False, False]
    assert client.post(f"{HERE}/read", json={"notification_ids": []}, headers=ada).status_code == 204
    assert client.get(HERE, headers=ada).json()["unread"] == 2
    for _ in range(2):
        assert client.post(f"{HERE}/read", json={}, headers=ada).status_code == 204
        assert client.get(HERE, headers=ada).json()["unread"] == 0
    assert client.get(HERE, headers=bob).json() == {"items": [], "next_cursor": None, "total": 0, "unread": 0}


def test_bad_input(shared_client: Any, both: Any, as_bearer: Any) -> None:
    assert shared_client.get(HERE).status_code == 401
    assert shared_client.post(f"{HERE}/read", json={}).status_code == 401
    rig, client = both
    rig.user()
    ada = as_bearer(rig.session())
    for query in ("cursor=x", "cursor=0", "cursor=9223372036854775808", "limit=0", "limit=101", "unread=maybe"):
        assert client.get(f"{HERE}?{query}", headers=ada).status_code == 422, query
    for ids in ([0], [2**63], ["x"], "all", [1] * 1001, [None], {"a": 1}):
        answer = client.post(f"{HERE}/read", json={"notification_ids": ids}, headers=ada)
        assert answer.status_code == 422, (ids, answer.text)
    assert client.post(f"{HERE}/read", json={"ids": [1]}, headers=ada).status_code == 422


def test_the_web_app_knows_how_many_are_unread(both: Any) -> None:
    rig, client = both
    some.publish_learnware(rig)
    origin = {"Origin": "http://testserver"}
    wanted = {"email": "ada@example.org", "password": "correct horse"}
    assert client.post("/api/v1/web-session", json=wanted, headers=origin).status_code == 201
    assert client.get("/api/v1/web-session").json()["unread_notifications"] == 1
    assert client.post(f"{HERE}/read", json={}, headers=origin).status_code == 204
    assert client.get("/api/v1/web-session").json()["unread_notifications"] == 0
