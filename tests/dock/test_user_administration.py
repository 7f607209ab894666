"""Administrators and the accounts of others."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import select
from tests.dock.learnwares import publish_learnware, submit_learnware

from beimingwu.db.models import AuditEvent, Learnware
from beimingwu.errors import ServiceError
from beimingwu.services.identity import Role

PASSWORD = "correct horse"
USERS = "/api/v1/admin/users"


class Office:
    """Administrators' requests: ``bea`` is one, ``cyd`` is a super administrator."""

    def __init__(self, rig: Any, client: Any, bearer: Any) -> None:
        self.rig = rig
        self.client = client
        self.bearer = bearer
        self.ids = {name: rig.user(name, role=role) for name, role in (("bea", Role.ADMIN), ("cyd", Role.SUPER_ADMIN))}
        self.headers = {name: bearer(rig.session(name)) for name in self.ids}

    def user(self, name: str, **more: Any) -> int:
        self.ids[name] = self.rig.user(name, **more)
        return self.ids[name]

    def __call__(self, method: str, path: str = "", who: str = "bea", **more: Any) -> Any:
        return self.client.request(method, f"{USERS}{path}", headers=self.headers[who], **more)

    def change(self, name: str, who: str = "bea", **body: Any) -> Any:
        return self("PATCH", f"/{self.ids[name]}", who, json=body)

    def names(self, **query: Any) -> list[str]:
        answer = self("GET", params=query)
        assert answer.status_code == 200, answer.text
        return [one["username"] for one in answer.json()["items"]]

    def acts(self) -> list[tuple[str, int | None, int, Any]]:
        with self.rig.dock.database.read() as session:
            rows = session.scalars(select(AuditEvent).order_by(AuditEvent.id))
            return [(row.action, row.actor_id, row.subject_id, row.details) for row in rows]


@pytest.fixture
def office(both: Any, as_bearer: Any) -> Office:
    return Office(*both, as_bearer)


def test_list(office: Office) -> None:
    office.user("ada")
    office.rig.dock.users.create("e@example.org", "Émile", PASSWORD)
    office.rig.dock.users.disable(office.user("dot"))
    assert office.names() == ["dot", "Émile", "ada", "cyd", "bea"]
    assert office.names(text="ÉMI") == ["Émile"]
    assert office.names(text="DOT@example") == ["dot"]
    assert office.names(text="%") == office.names(text="a_a") == []
    assert office.names(role="admin") == ["bea"]
    assert office.names(verified=False) == ["Émile"]
    assert office.names(disabled=True) == ["dot"]
    assert office.names(disabled=False, verified=True, role="user") == ["ada"]
    page = office("GET", params={"limit": 2}).json()
    assert (page["total"], len(page["items"])) == (5, 2)
    seen = [one["username"] for one in page["items"]]
    while page["next_cursor"] is not None:
        page = office("GET", params={"limit": 2, "cursor": page["next_cursor"]}).json()
        seen += [one["username"] for one in page["items"]]
    assert seen == office.names()
    for wrong in ({"cursor": "x"}, {"cursor": "0"}, {"limit": 0}, {"limit": 101}, {"role": "root"}, {"text": "\0"}):
        assert office("GET", params=wrong).status_code == 422, wrong


def test_an_account_with_its_learnwares(office: Office) -> None:
    publish_learnware(office.rig, "ada", name="first of all")
    submit_learnware(office.rig, "ada", name="second of all", seed=1)
    number = office.rig.dock.users.find("ada").user_id
    found = office("GET", f"/{number}").json()
    assert found["learnwares"] == {"verified": 1, "unverified": 1}
    assert (found["username"], found["role"], found["disabled_at"]) == ("ada", "user", None)
    assert found["confirmed_at"] is not None
    assert "password" not in str(found)
    assert office("GET", "/999").status_code == 404


def test_disable_and_enable(office: Office) -> None:
    office.user("ada")
    token = office.bearer(office.rig.session("ada"))
    assert office.change("ada", disabled=True).json()["disabled_at"] is not None
    assert office.client.get("/api/v1/account", headers=token).status_code == 401
    credentials = {"email": "ada@example.org", "password": PASSWORD}
    assert office.client.post("/api/v1/sessions", json=credentials).status_code == 403
    # Once more changes nothing.
    assert office.change("ada", disabled=True).status_code == 200
    assert office.change("ada", disabled=False).json()["disabled_at"] is None
    assert office.client.post("/api/v1/sessions", json=credentials).status_code == 201
    done = [act[:3] for act in office.acts() if act[0] in {"user.disable", "user.enable"}]
    bea, ada = office.ids["bea"], office.ids["ada"]
    assert done == [("user.disable", bea, ada), ("user.enable", bea, ada)]


def test_an_address_is_confirmed_by_hand(office: Office) -> None:
    office.user("ada", verified=False)
    assert office.change("ada", confirmed=True).json()["confirmed_at"] is not None
    assert office.rig.session("ada")
    assert office.acts()[-1][0] == "user.confirm"
    assert office.change("ada", confirmed=False).status_code == 422


def test_roles_are_for_super_administrators_to_give(office: Office) -> None:
    office.user("ada")
    assert office.change("ada", role="admin").status_code == 403
    assert office.change("ada", "cyd", role="root").status_code == 422
    assert office.change("ada", "cyd", role="admin").json()["role"] == "admin"
    details = {"before": "user", "after": "admin"}
    assert office.acts()[-1] == ("user.role", office.ids["cyd"], office.ids["ada"], details)
    assert office.change("ada", "cyd", role="super-admin").status_code == 200
    assert office.change("cyd", "cyd", role="user").json()["role"] == "user"
    assert office("GET", who="cyd").status_code == 403


def test_a_super_administrator_stays(office: Office) -> None:
    assert office.change("cyd", "cyd", role="admin").status_code == 409
    # One who cannot log in does not count.
    office.rig.dock.users.disable(office.user("eve", role=Role.SUPER_ADMIN))
    office.user("fay", role=Role.SUPER_ADMIN, verified=False)
    assert office.change("cyd", "cyd", role="admin").status_code == 409
    assert office.change("cyd", "cyd", role="super-admin").status_code == 200


def test_two_super_administrators_cannot_take_each_others_role(office: Office) -> None:
    office.user("eve", role=Role.SUPER_ADMIN)
    dock = office.rig.dock
    cyd, eve = (dock.sessions.authenticate(office.rig.session(name)) for name in ("cyd", "eve"))

    def demote(pair: tuple[Any, int]) -> bool:
        try:
            dock.user_administration.change(pair[0], pair[1], office.rig.origin(), role=Role.USER)
        except ServiceError:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(demote, [(cyd, eve.user_id), (eve, cyd.user_id)]))
    assert outcomes.count(True) == 1
    assert office.rig.dock.users.all()[1].role + office.rig.dock.users.all()[2].role == Role.SUPER_ADMIN


def test_those_of_the_same_role_are_left_alone(office: Office) -> None:
    office.user("eve", role=Role.ADMIN)
    for name in ("eve", "bea", "cyd"):
        number = office.ids[name]
        for answer in (
            office.change(name, disabled=True),
            office.change(name, confirmed=True),
            office("DELETE", f"/{number}"),
            office("POST", f"/{number}/password-reset"),
            office("POST", f"/{number}/generated-password"),
        ):
            assert answer.status_code == 403, (name, answer.request.url)
    assert [one.username for one in office.rig.dock.users.all()] == ["bea", "cyd", "eve"]


def test_password_reset_by_mail(office: Office) -> None:
    number = office.user("ada")
    assert office("POST", f"/{number}/password-reset").status_code == 202
    office.rig.drain()
    body = {"code": office.rig.outbox.code_for("ada@example.org"), "password": "another password"}
    assert office.client.post("/api/v1/accounts/resets", json=body).status_code == 204
    assert office.acts()[-2][:3] == ("user.send-reset", office.ids["bea"], number)
    assert office("POST", "/999/password-reset").status_code == 404
    for _ in range(4):
        assert office("POST", f"/{number}/password-reset").status_code == 202
    assert office("POST", f"/{number}/password-reset").status_code == 429


def test_a_generated_password(office: Office) -> None:
    number = office.user("ada")
    session = office.bearer(office.rig.session("ada"))
    password = office("POST", f"/{number}/generated-password").json()["password"]
    assert len(password) == 16
    assert office.client.get("/api/v1/account", headers=session).status_code == 401
    for given, status in ((PASSWORD, 401), (password, 201)):
        body = {"email": "ada@example.org", "password": given}
        assert office.client.post("/api/v1/sessions", json=body).status_code == status
    office.rig.drain()
    assert office.rig.outbox.subjects_for("ada@example.org") == ["Your password was changed"]
    assert password not in str(office.acts())


def owners(rig: Any) -> dict[str, int]:
    with rig.dock.database.read() as session:
        return {row.name: row.owner_id for row in session.scalars(select(Learnware))}


def test_deletion_asks_what_becomes_of_learnwares(office: Office) -> None:
    number = office.user("ada")
    office.user("dot")
    public = publish_learnware(office.rig, "ada", name="first of all")
    submit_learnware(office.rig, "ada", name="second of all", seed=1)
    publish_learnware(office.rig, "dot", name="of somebody else", seed=2)
    answer = office("DELETE", f"/{number}")
    assert (answer.status_code, answer.json()["type"]) == (409, "/api/v1/problems/learnwares-left")
    for wrong in (
        {"learnwares": "keep"},
        {"learnwares": "transfer", "to": "nobody"},
        {"learnwares": "transfer", "to": "ada"},
    ):
        assert office("DELETE", f"/{number}", params=wrong).status_code == 422, wrong
    assert office.client.get(f"/api/v1/learnwares/{public}").status_code == 200
    assert office("DELETE", f"/{number}", params={"learnwares": "delete"}).status_code == 204
    assert office.client.get(f"/api/v1/learnwares/{public}").status_code == 404
    assert owners(office.rig) == {"of somebody else": office.ids["dot"]}
    assert office("GET", f"/{number}").status_code == 404
    assert office("DELETE", f"/{number}").status_code == 404
    assert [act[0] for act in office.acts()][-3:] == ["learnware.delete", "learnware.delete", "user.delete"]


@pytest.mark.parametrize("to", [None, "DOT"])
def test_learnwares_are_transferred(office: Office, to: str | None) -> None:
    number = office.user("ada")
    office.user("dot")
    public = publish_learnware(office.rig, "ada", name="first of all")
    query = {"learnwares": "transfer", **({} if to is None else {"to": to})}
    assert office("DELETE", f"/{number}", params=query).status_code == 204
    heir = "bea" if to is None else "dot"
    assert owners(office.rig) == {"first of all": office.ids[heir]}
    assert office.client.get(f"/api/v1/learnwares/{public}").json()["username"] == heir
    assert office.acts()[-2] == ("learnware.transfer", office.ids["bea"], int(public), {"to": office.ids[heir]})


def test_nothing_is_transferred_to_who_cannot_have_it(office: Office) -> None:
    number = office.user("ada")
    office.rig.dock.users.disable(office.user("dot"))
    office.user("eve", verified=False)
    publish_learnware(office.rig, "ada", name="first of all")
    for name in ("dot", "eve"):
        query = {"learnwares": "transfer", "to": name}
        assert office("DELETE", f"/{number}", params=query).status_code == 422
    assert owners(office.rig) == {"first of all": number}
