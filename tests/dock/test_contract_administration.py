"""`/api/admin` of the published contract, as the published administration asks it."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from tests.dock.learnwares import decide, publish_learnware, semantic, submit_learnware

from beimingwu.services.identity import SCOPES, Role
from beimingwu.services.usage import SEARCH

PATHS = (
    "list_user", "delete_user", "list_learnware", "delete_learnware", "reset_password", "set_user_role", "summary",
)  # fmt: skip
PARAMETERS = {"code": 21, "msg": "Request parameters error."}


class Contract:
    """Calls ``/api/admin``; ``bea`` is an administrator, ``cyd`` a super administrator, ``ada`` neither."""

    def __init__(self, rig: Any, client: Any, bearer: Any) -> None:
        self.rig = rig
        self.client = client
        roles = {"ada": Role.USER, "bea": Role.ADMIN, "cyd": Role.SUPER_ADMIN}
        self.ids = {name: rig.user(name, role=role) for name, role in roles.items()}
        self.headers = {name: bearer(rig.session(name)) for name in roles}

    def __call__(self, path: str, body: Any = None, who: str = "bea") -> dict[str, Any]:
        # Half a character can be written in JSON.
        headers = {**self.headers[who], "Content-Type": "application/json"}
        answer = self.client.post(f"/api/admin/{path}", content=json.dumps(body or {}), headers=headers)
        assert answer.status_code == 200, (answer.status_code, answer.text)
        return dict(answer.json())


@pytest.fixture
def call(both: Any, as_bearer: Any) -> Contract:
    return Contract(*both, as_bearer)


def test_roles(call: Contract, as_bearer: Any) -> None:
    token = call.rig.dock.tokens.create_for(call.ids["cyd"], "t", ("read", "submit"), expires_in_days=None).token
    call.headers["token"] = as_bearer(token)
    call.headers["nobody"] = {}
    for path in PATHS:
        if path == "set_user_role":
            assert call(path, who="bea") == {"code": 12, "msg": "Super Admin account required."}
        assert call(path, who="ada") == {"code": 12, "msg": "Admin account required."}
        assert call(path, who="nobody") == {"code": 11, "msg": "Unauthorized access."}
        assert call(path, who="token")["code"] == 12
    token = call.rig.dock.tokens.create_for(call.ids["cyd"], "t", SCOPES, expires_in_days=None).token
    call.headers["token"] = as_bearer(token)
    assert call("summary", who="token")["code"] == 0


def test_list_user(call: Contract) -> None:
    call.rig.user("dot", verified=False)
    publish_learnware(call.rig, "ada", name="first of all")
    submit_learnware(call.rig, "ada", name="second of all", seed=1)
    everybody = call("list_user")
    assert everybody["msg"] == "Get user list success."
    assert set(everybody["data"]) == {"user_list"}
    assert [one["username"] for one in everybody["data"]["user_list"]] == ["dot", "cyd", "bea", "ada"]
    assert everybody["data"]["user_list"][-1] == {
        "id": call.ids["ada"], "username": "ada", "email": "ada@example.org", "role": 0,
        "verified_learnware_count": 1, "unverified_learnware_count": 1,
    }  # fmt: skip

    def names(**body: Any) -> list[str]:
        return [one["username"] for one in call("list_user", body)["data"]["user_list"]]

    second = call("list_user", {"limit": 3, "page": 1})["data"]
    assert (second["page"], second["limit"], second["total_pages"]) == (1, 3, 2)
    assert [one["username"] for one in second["user_list"]] == ["ada"]
    assert names(username="D") == ["dot", "cyd", "ada"]
    assert names(email="bea@") == ["bea"]
    assert names(username="d", email="dot", limit=5) == ["dot"]
    assert names(is_verified=False) == ["dot", "cyd", "bea", "ada"]
    assert names(is_verified=False, limit=5, page=0) == ["dot"]
    assert names(is_verified=True, limit=5, page=None) == ["cyd", "bea", "ada"]
    assert call("list_user", {"limit": 0}) == {"code": 51, "msg": "Limit cannot be 0."}
    for wrong in (
        {"limit": -1}, {"limit": "5"}, {"limit": True}, {"limit": 10**400}, {"limit": 5, "page": -1},
        {"limit": 5, "page": 2**63}, {"limit": 5, "is_verified": "yes"}, {"username": 1}, {"email": "\0"},
        {"username": "\ud800"}, {"username": "x" * 1000},
    ):  # fmt: skip
        assert call("list_user", wrong) == PARAMETERS, wrong


def test_delete_user(call: Contract) -> None:
    learnware_id = publish_learnware(call.rig, "ada", name="first of all")
    body = {"user_id": call.ids["ada"]}
    refused = call("delete_user", body)
    assert (refused["code"], refused["msg"]) == (52, "Learnware list is not empty.")
    (left,) = refused["data"]["learnware_list"]
    assert (left["learnware_id"], left["verify_status"]) == (learnware_id, "SUCCESS")
    assert call("delete_learnware", {"learnware_id": learnware_id}) == {"code": 0, "msg": "Delete success."}
    assert call("delete_user", body) == {"code": 0, "msg": "Delete success."}
    assert call("delete_user", body) == {"code": 51, "msg": "User not found."}
    for name in ("bea", "cyd"):
        wanted = {"code": 52, "msg": "cannot delete user with higher priority"}
        assert call("delete_user", {"user_id": call.ids[name]}) == wanted
    for wrong in ({}, {"user_id": None}, {"user_id": True}, {"user_id": -1}, {"user_id": 2**63}, {"user_id": "x"}):
        assert call("delete_user", wrong) == PARAMETERS, wrong
    assert call("delete_user", {"user_id": str(call.rig.user("dot"))})["code"] == 0


def test_list_learnware(call: Contract) -> None:
    first = publish_learnware(call.rig, "ada", name="first of all")
    second = submit_learnware(call.rig, "ada", name="second of all", seed=1)
    third = submit_learnware(call.rig, "dot", name="third of all", seed=2)
    decide(call.rig, third, accepted=False)

    def found(**body: Any) -> list[str]:
        answer = call("list_learnware", body)
        assert answer["code"] == 0, answer
        return [one["learnware_id"] for one in answer["data"]["learnware_list_single"]]

    page = call("list_learnware")["data"]
    assert (page["page"], page["limit"], page["total_pages"]) == (0, 10, 1)
    last = page["learnware_list_single"][-1]
    assert set(last) == {"username", "semantic_specification", "learnware_id", "last_modify", "verify_status"}
    assert (last["learnware_id"], last["username"], last["verify_status"]) == (first, "ada", "SUCCESS")
    assert last["semantic_specification"] == semantic(name="first of all")
    assert last["last_modify"].endswith(" UTC")
    assert found() == found(is_verified=None) == [third, second, first]
    assert found(is_verified=True) == [first]
    assert found(is_verified=False) == [third, second]
    assert found(user_id=call.ids["ada"]) == [second, first]
    assert found(user_id=2**40) == []
    assert found(limit=2, page=1) == [first]
    assert found(limit=2, page=9) == []
    assert call("list_learnware", {"limit": 0}) == {"code": 51, "msg": "Limit cannot be 0."}
    for wrong in ({"limit": -1}, {"limit": None}, {"page": "0"}, {"user_id": []}, {"is_verified": 1}):
        assert call("list_learnware", wrong) == PARAMETERS, wrong
    for gone in ("99999999", "x", ""):
        assert call("delete_learnware", {"learnware_id": gone}) == {"code": 51, "msg": "Learnware not exist."}
    assert call("delete_learnware", {"learnware_id": 1}) == PARAMETERS


def test_reset_password(call: Contract) -> None:
    made = call("reset_password", {"id": call.ids["ada"]})
    assert made["msg"] == "Reset success"
    assert hashlib.md5(made["data"]["password"].encode(), usedforsecurity=False).hexdigest() == made["data"]["md5"]
    body = {"email": "ada@example.org", "password": made["data"]["md5"]}
    assert call.client.post("/api/auth/login", json=body).json()["code"] == 0
    assert call("reset_password", {"id": 2**40}) == {"code": 51, "msg": "User not found."}
    assert call("reset_password", {"id": call.ids["cyd"]})["code"] == 12
    assert call("reset_password", {"user_id": 1}) == PARAMETERS


def test_set_user_role(call: Contract) -> None:
    done = {"code": 0, "msg": "Set user role success."}
    for role in (1, 2, 0):
        assert call("set_user_role", {"user_id": call.ids["ada"], "role": role}, "cyd") == done
        profile = call.client.post("/api/user/profile", headers=call.headers["ada"]).json()
        assert profile["data"]["role"] == role
    for wrong in (3, -1, True, "1", None, 1.0, 2**64):
        assert call("set_user_role", {"user_id": call.ids["ada"], "role": wrong}, "cyd") == PARAMETERS, wrong
    assert call("set_user_role", {"role": 1}, "cyd") == PARAMETERS
    assert call("set_user_role", {"user_id": 2**40, "role": 1}, "cyd") == {"code": 51, "msg": "User not found."}
    last = call("set_user_role", {"user_id": call.ids["cyd"], "role": 0}, "cyd")
    assert last["code"] == 31
    assert "last super administrator" in last["msg"]


def test_summary(call: Contract) -> None:
    call.rig.user("dot", verified=False)
    first = publish_learnware(call.rig, "ada", name="first of all")
    submit_learnware(call.rig, "ada", name="second of all", seed=1)
    call.rig.dock.usage.count(SEARCH, 3)
    call.rig.dock.usage.downloaded([int(first)])
    call.rig.dock.usage.flush()
    answer = call("summary")
    assert answer["msg"] == "Get summary success."
    counts = answer["data"]
    detail = counts.pop("count_detail")
    assert counts == {
        "count_verified_user": 3, "count_unverified_user": 1, "count_verified_learnware": 1,
        "count_unverified_learnware": 1, "count_learnware_awaiting_storage": 0, "count_download": 1, "count_search": 3,
        "count_queued": 1,
    }  # fmt: skip
    assert set(detail) == {"Data", "Task", "Library", "Scenario"}
    assert detail["Data"] == {"Table": 1, "Image": 0, "Text": 0}
    assert (detail["Scenario"]["Education"], detail["Scenario"]["Business"]) == (1, 0)
