"""The published contract: what its clients and web apps send, and what they must get."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from beimingwu.services.identity import Role

ADA = "ada@example.org"
PASSWORD = "correct horse"
MD5 = hashlib.md5(PASSWORD.encode()).hexdigest()
OTHER = hashlib.md5(b"another password").hexdigest()


class Contract:
    """Calls the contract as its clients do."""

    def __init__(self, rig: Any, client: Any) -> None:
        self.rig = rig
        self.client = client
        self.headers: dict[str, str] = {}

    def __call__(self, path: str, body: Any = None, **more: Any) -> dict[str, Any]:
        answer = self.client.post(f"/api/{path}", json=body, headers=self.headers, **more)
        assert answer.status_code == 200, (answer.status_code, answer.text)
        return dict(answer.json())

    def log_in(self, password: str = MD5) -> dict[str, Any]:
        answer = self("auth/login", {"email": ADA, "password": password})
        assert answer["code"] == 0, answer
        self.headers = {"Authorization": f"Bearer {answer['data']['token']}"}
        return answer


@pytest.fixture
def call(both: Any) -> Contract:
    return Contract(*both)


REGISTERING = {"username": "Ada", "password": MD5, "email": ADA}


def test_a_person_registers_and_logs_in_with_both_apis(call: Contract) -> None:
    answer = call("auth/register", {**REGISTERING, "confirm_email": False})
    assert answer == {"code": 0, "msg": "success", "data": {"user_id": 1}}
    # Whatever `confirm_email` says, nobody skips the confirmation.
    assert call("auth/login", {"email": ADA, "password": MD5}) == {"code": 54, "msg": "Email not verified."}
    again = call("auth/register", {**REGISTERING, "username": "Ada L"})
    assert again == {"code": 53, "msg": "success", "data": {"user_id": 1}}
    assert call("auth/resend_email_confirm", {"email": ADA}) == {"code": 0, "msg": "success", "data": {}}
    call.rig.drain()
    assert len(call.rig.outbox.mails) == 3
    code = call.rig.outbox.code_for(ADA)
    confirmed = call("auth/email_confirm", params={"code": code})
    assert confirmed == {"code": 0, "msg": "Email confirm success."}
    assert call("auth/email_confirm", params={"code": code}) == {"code": 55, "msg": "Invalid verification code."}
    assert call("auth/email_confirm")["code"] == 55
    answer = call.log_in()
    assert answer["msg"] == "Login success."
    assert set(answer["data"]) == {"token"}
    profile = call("user/profile")
    assert profile["data"] == {"user_id": 1, "username": "Ada L", "email": ADA, "role": 0}
    v1 = call.client.post("/api/v1/sessions", json={"email": ADA, "password": PASSWORD})
    assert v1.status_code == 201


def test_registering_refused(make_client: Any) -> None:
    rig, client = make_client(allowed_emails="*@example.org")
    call = Contract(rig, client)
    rig.user("ada")

    def code(**more: Any) -> tuple[int, str]:
        answer = call("auth/register", {**REGISTERING, "username": "New", "email": "new@example.org", **more})
        return answer["code"], answer["msg"]

    assert code(email="new@example.com") == (41, "Your email is not allowed to register.")
    assert code(username="ADA") == (51, "Username already exist.")
    assert code(email=ADA) == (52, "Email already exist.")
    parameters = (21, "Request parameters error.")
    assert code(password=PASSWORD) == parameters
    assert code(password=hashlib.md5(b"").hexdigest()) == parameters
    assert code(username=None) == parameters
    assert code(email=["a@b.c"]) == parameters
    assert code(confirm_email="yes") == parameters
    assert len(rig.dock.users.all()) == 1


def test_login_refused(call: Contract) -> None:
    user_id = call.rig.user()

    def code(**more: Any) -> tuple[int, str]:
        answer = call("auth/login", {"email": ADA, "password": MD5, **more})
        return answer["code"], answer["msg"]

    assert code(email="nobody@example.org") == (51, "Account not exist.")
    assert code(password=OTHER) == (52, "Incorrect password.")
    assert code(password=None) == (21, "Request parameters error.")
    call.rig.dock.users.disable(user_id)
    assert code() == (54, "Account is disabled.")


def test_the_published_client_logs_in_by_token(call: Contract) -> None:
    """`login(email, token)`, `is_connected()`, `logout()`."""
    user_id = call.rig.user()
    token = call.rig.dock.tokens.create_for(user_id, "client", ("read", "submit"), expires_in_days=None).token
    probe = call.client.post("/api/auth/login_by_token")
    assert probe.status_code not in {404, 405}
    assert probe.status_code < 500
    assert probe.json()["code"] == 21
    answer = call("auth/login_by_token", {"email": ADA, "token": token})
    assert answer["code"] == 0
    call.headers = {"Authorization": f"Bearer {answer['data']['token']}"}
    assert call("user/profile")["data"]["user_id"] == user_id
    assert call("auth/get_role")["data"] == {"role": 0}
    # What only the password is good for.
    for path, body in (
        ("user/create_token", {}),
        ("user/list_token", {}),
        ("user/change_password", {"old_password": MD5, "new_password": OTHER}),
    ):
        assert call(path, body)["code"] == 12, path
    assert call("auth/logout") == {"code": 0, "msg": "Logout success."}
    assert call("user/profile") == {"code": 11, "msg": "Unauthorized access."}
    for email, wrong in ((ADA, "0" * 32), ("nobody@example.org", token), ("", "")):
        answer = call("auth/login_by_token", {"email": email, "token": wrong})
        assert answer == {"code": 53, "msg": "Invalid token."}
    assert call("auth/login_by_token", {"email": ADA})["code"] == 21


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer ", "Bearer x", "Bearer a.b.c", "Basic YTpi", "Token x", "Bearer \xff"]
)
@pytest.mark.parametrize(
    "path",
    [
        "auth/logout", "auth/get_role", "user/profile", "user/change_password", "user/create_token", "user/list_token",
        "user/delete_token",
    ],
)  # fmt: skip
def test_without_a_session(shared_client: Any, path: str, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header.encode("latin-1")}
    answer = shared_client.post(f"/api/{path}", headers=headers)
    assert (answer.status_code, answer.json()) == (200, {"code": 11, "msg": "Unauthorized access."})


def test_sessions_of_deleted_and_expired_accounts(call: Contract) -> None:
    call.rig.user("ada")
    call.log_in()
    call.rig.clock.forward(days=2)
    assert call("user/profile")["code"] == 11
    call.log_in()
    identity = call.rig.dock.sessions.authenticate(call.headers["Authorization"].split()[1])
    call.rig.dock.accounts.delete(identity, PASSWORD, call.rig.origin())
    assert call("user/profile")["code"] == 11


def test_roles(call: Contract) -> None:
    user_id = call.rig.user()
    call.log_in()
    for role in Role:
        call.rig.dock.users.set_role(user_id, role)
        assert call("auth/get_role") == {"code": 0, "msg": "success", "data": {"role": int(role)}}


def test_change_password(call: Contract) -> None:
    call.rig.user()
    call.log_in()
    change = {"old_password": OTHER, "new_password": OTHER}
    assert call("user/change_password", change) == {"code": 52, "msg": "Incorrect password."}
    assert call("user/change_password", {"old_password": MD5})["code"] == 21
    change["old_password"] = MD5
    assert call("user/change_password", change) == {"code": 0, "msg": "Update success"}
    assert call("user/profile")["code"] == 0
    assert call.client.post("/api/v1/sessions", json={"email": ADA, "password": "another password"}).status_code == 201


def test_reset_password(call: Contract) -> None:
    user_id = call.rig.user()
    answer = call("auth/send_reset_password_email", {"email": "nobody@example.org"})
    assert answer == {"code": 51, "msg": "Your email not exist. Please register first"}
    assert call("auth/send_reset_password_email", {})["code"] == 21
    assert call("auth/send_reset_password_email", {"email": ADA})["code"] == 0
    call.rig.drain()
    code = call.rig.outbox.code_for(ADA)
    assert f"Your user id: {user_id}" in call.rig.outbox.mails[-1].text
    for body, wanted in (
        ({"code": code}, 21),
        ({"user_id": user_id}, 21),
        ({"code": code, "user_id": True}, 21),
        ({"code": code, "user_id": 1.5}, 21),
        ({"code": code, "user_id": "one"}, 56),
        ({"code": code, "user_id": -1}, 56),
        ({"code": code, "user_id": 10**400}, 56),
        ({"code": code, "user_id": "9" * 5000}, 56),
        ({"code": code, "user_id": "²"}, 56),
        ({"code": code, "user_id": user_id + 1}, 55),
        ({"code": "0" * 32, "user_id": user_id}, 55),
    ):
        assert call("auth/reset_password", body)["code"] == wanted, body
    answer = call("auth/reset_password", {"code": code, "user_id": str(user_id)})
    assert answer["msg"] == "Reset success"
    generated = answer["data"]
    assert hashlib.md5(generated["password"].encode()).hexdigest() == generated["md5"]
    call.log_in(generated["md5"])
    v1 = call.client.post("/api/v1/sessions", json={"email": ADA, "password": generated["password"]})
    assert v1.status_code == 201


def test_tokens(call: Contract) -> None:
    call.rig.user()
    call.log_in()
    made = call("user/create_token")
    assert set(made) == {"code", "data"}
    token = made["data"]["token"]
    assert len(bytes.fromhex(token)) == 16
    second = call("user/create_token")["data"]["token"]
    listed = call("user/list_token")
    assert listed == {"code": 0, "data": {"token_list": [token[:8] + "*" * 24, second[:8] + "*" * 24]}}
    assert call("user/delete_token", {}) == {"code": 21, "msg": "Request parameters error."}
    for gone in (listed["data"]["token_list"][0], second, second, "nonsense"):
        assert call("user/delete_token", {"token": gone}) == {"code": 0, "msg": "success"}
    assert call("user/list_token")["data"]["token_list"] == []
    assert call("auth/login_by_token", {"email": ADA, "token": token})["code"] == 53


def test_a_body_that_is_no_json(shared_client: Any) -> None:
    def post(content: bytes, kind: str | None = "application/json") -> tuple[int, int]:
        headers = {} if kind is None else {"Content-Type": kind}
        answer = shared_client.post("/api/auth/login", content=content, headers=headers)
        assert answer.json()["message" if answer.status_code != 200 else "msg"]
        return answer.status_code, answer.json()["code"]

    assert post(b"", None) == (415, 21)
    assert post(b"email=a&password=b", "application/x-www-form-urlencoded") == (415, 21)
    for broken in (b"", b"{", b"\xff", b"{'a': 1}", b"[" * 100_000, b'{"a":' * 100_000, b"9" * 10_000):
        assert post(broken) in {(400, 21), (200, 21)}
    for other in (b"[]", b"1", b"null", b'"text"', b'{"email": 1e999}', b'{"email": NaN}'):
        assert post(other) == (200, 21)
    assert post(b"{}", "application/vnd.x+json; charset=utf-8") == (200, 21)


def test_wrong_verbs_and_paths(shared_client: Any) -> None:
    assert shared_client.get("/api/auth/login").status_code == 405
    assert shared_client.post("/api/auth/nix").status_code == 404
    assert shared_client.post("/api/auth/nix").json()["message"] == "Not Found"


def test_too_many(make_client: Any) -> None:
    rig, client = make_client(limit_login="1/15m")
    call = Contract(rig, client)
    call("auth/login", {"email": ADA, "password": MD5})
    answer = client.post("/api/auth/login", json={"email": ADA, "password": MD5})
    assert answer.status_code == 429
    assert answer.json()["code"] == 29
    assert int(answer.headers["retry-after"]) > 0
