"""Another e-mail address for one's account."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select

from beimingwu.db.models import EmailChange
from beimingwu.services.housekeeping import tidy
from beimingwu.services.identity import Role

ADA, NEW = "ada@example.org", "ada@example.net"
PASSWORD = "correct horse"


@pytest.fixture
def ask(both: Any, as_bearer: Any) -> Any:
    rig, client = both
    rig.user()
    ada = as_bearer(rig.session())

    def post(path: str, body: dict[str, Any], headers: Any = None) -> Any:
        answer = client.post(f"/api/v1/account/email{path}", json=body, headers=headers or ada)
        rig.drain()
        return answer

    post.headers = ada  # type: ignore[attr-defined]  # for what else a test asks
    return post


def test_the_address_changes_when_the_code_comes_back(both: Any, ask: Any) -> None:
    rig, client = both
    answer = ask("", {"email": NEW, "password": PASSWORD})
    assert (answer.status_code, answer.json()) == (202, None)
    assert rig.outbox.subjects_for(ADA) == ["Your e-mail address is to change"]
    exported = client.get("/api/v1/account/export", headers=ask.headers).json()
    assert [one["email"] for one in exported["email_changes"]] == [NEW]
    code = rig.outbox.code_for(NEW)
    assert ask("/confirmations", {"code": "0" * 32}).status_code == 400
    answer = ask("/confirmations", {"code": code})
    assert answer.status_code == 200
    assert answer.json()["email"] == NEW
    assert ask("/confirmations", {"code": code}).status_code == 400
    assert rig.outbox.subjects_for(ADA)[1:] == ["Your e-mail address was changed"]
    assert client.post("/api/v1/sessions", json={"email": ADA, "password": PASSWORD}).status_code == 401
    assert client.post("/api/v1/sessions", json={"email": NEW, "password": PASSWORD}).status_code == 201
    # The session goes on.
    exported = client.get("/api/v1/account/export", headers=ask.headers).json()
    assert exported["email_changes"] == []
    assert [one["action"] for one in exported["audit"]][-2:] == ["user.ask-email", "user.change-email"]
    assert "example.net" not in str(exported["audit"])


def test_nobody_learns_which_addresses_have_accounts(both: Any, ask: Any) -> None:
    rig, _ = both
    rig.user("bea")
    taken = ask("", {"email": "bea@example.org", "password": PASSWORD})
    free = ask("", {"email": NEW, "password": PASSWORD})
    assert (taken.status_code, taken.content) == (free.status_code, free.content) == (202, b"null")
    assert rig.outbox.subjects_for("bea@example.org") == ["You have an account"]
    assert "Your code" not in rig.outbox.mails[0].text


def test_who_gets_the_code_by_mistake_cannot_use_it(both: Any, ask: Any, as_bearer: Any) -> None:
    rig, client = both
    rig.user("bea")
    ask("", {"email": NEW, "password": PASSWORD})
    body = {"code": rig.outbox.code_for(NEW)}
    assert ask("/confirmations", body, as_bearer(rig.session("bea"))).status_code == 400
    assert client.post("/api/v1/account/email/confirmations", json=body).status_code == 401
    identity = rig.dock.sessions.authenticate(rig.session())
    token = rig.dock.tokens.create(identity, "t", ("read", "submit"), rig.origin(), expires_in_days=1).token
    assert ask("/confirmations", body, as_bearer(token)).status_code == 403
    assert ask("/confirmations", body).status_code == 200


def test_somebody_else_was_faster(both: Any, ask: Any) -> None:
    rig, _ = both
    ask("", {"email": NEW, "password": PASSWORD})
    rig.dock.users.create(NEW, "eve", PASSWORD, verified=True)
    answer = ask("/confirmations", {"code": rig.outbox.code_for(NEW)})
    assert answer.status_code == 409
    assert answer.json()["type"].endswith("email-taken")


def test_an_account_that_nobody_confirmed_gives_way_but_for_one_with_a_role(both: Any, ask: Any) -> None:
    rig, _ = both
    rig.dock.users.create(NEW, "eve", PASSWORD)
    rig.dock.users.create("root@example.net", "root", PASSWORD, role=Role.ADMIN)
    rig.drain()
    ask("", {"email": "root@example.net", "password": PASSWORD})
    assert rig.outbox.subjects_for("root@example.net")[-1] == "You have an account"
    ask("", {"email": NEW, "password": PASSWORD})
    assert ask("/confirmations", {"code": rig.outbox.code_for(NEW)}).status_code == 200
    assert [one.username for one in rig.dock.users.all()] == ["ada", "root"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"email": NEW, "password": "wrong"}, 401),
        ({"email": "no address", "password": PASSWORD}, 422),
        ({"email": ADA, "password": PASSWORD}, 422),
        ({"email": NEW}, 422),
        ({"email": "ADA@example.org", "password": PASSWORD}, 202),
    ],
)
def test_asking(both: Any, ask: Any, body: dict[str, Any], status: int) -> None:
    rig, _ = both
    assert ask("", body).status_code == status
    if status == 202:
        assert ask("/confirmations", {"code": rig.outbox.code_for(body["email"])}).json()["email"] == body["email"]
    else:
        assert rig.outbox.mails == []


def test_codes_end_and_are_replaced(both: Any, ask: Any) -> None:
    rig, _ = both
    for address in (NEW, "ada@example.com"):
        ask("", {"email": address, "password": PASSWORD})
    assert ask("/confirmations", {"code": rig.outbox.code_for(NEW)}).status_code == 400
    rig.clock.forward(hours=23)
    rig.clock.forward(hours=2)
    late = {"code": rig.outbox.code_for("ada@example.com")}
    tidy(rig.dock.database, rig.clock)
    with rig.dock.database.read() as session:
        assert session.scalar(select(func.count()).select_from(EmailChange)) == 0
    ask.headers["Authorization"] = f"Bearer {rig.session()}"
    assert ask("/confirmations", late).status_code == 400


def test_addresses_that_the_dock_does_not_take(make_client: Any, as_bearer: Any) -> None:
    rig, client = make_client(allowed_emails="*@example.org", limit_mail_account="1/1h")
    rig.user()
    headers = as_bearer(rig.session())

    def status(email: str) -> int:
        body = {"email": email, "password": PASSWORD}
        return int(client.post("/api/v1/account/email", json=body, headers=headers).status_code)

    assert status(NEW) == 422
    assert status("new@example.org") == 202
    assert status("new@example.org") == 429
