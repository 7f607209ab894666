"""Nobody administers the dock who may not: every endpoint, every kind of asker."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select

from beimingwu.db.models import AuditEvent
from beimingwu.services.identity import SCOPES, Role

BODIES: dict[tuple[str, str], Any] = {
    ("PATCH", "/api/v1/admin/users/{user_id}"): {"disabled": False},
    ("PUT", "/api/v1/admin/datasets/{path}"): {"upload_id": "0" * 32},
    ("POST", "/api/v1/admin/sensitive-words"): {"word": "casino"},
}


def admin_routes(client: Any) -> list[tuple[str, str]]:
    paths = client.app.openapi()["paths"]
    found = [(method.upper(), path) for path, methods in paths.items() for method in methods]
    return [one for one in found if one[1].startswith("/api/v1/admin")]


@pytest.fixture
def asked(both: Any, as_bearer: Any) -> tuple[Any, Any, dict[str, dict[str, str]]]:
    rig, client = both
    who: dict[str, dict[str, str]] = {"anonymous": {}, "nonsense": as_bearer("nonsense")}
    for name, role in (("ada", Role.USER), ("bea", Role.ADMIN), ("cyd", Role.SUPER_ADMIN)):
        rig.user(name, role=role)
        who[name] = as_bearer(rig.session(name))
    number = rig.dock.users.find("cyd").user_id
    for name, scopes in (("cyd without admin", ("read", "submit")), ("cyd with admin", SCOPES)):
        token = rig.dock.tokens.create_for(number, name, scopes, expires_in_days=None).token
        who[name] = as_bearer(token)
    return rig, client, who


def test_every_endpoint_refuses_who_may_not(asked: Any) -> None:
    rig, client, who = asked
    routes = admin_routes(client)
    assert len(routes) >= 16
    with rig.dock.database.read() as session:
        before = events(session)
    for method, path in routes:
        # No number and no path of anything that is there: who is let in gets a 404.
        address = path.format(user_id=2**40, word_id=2**40, path="air/train.csv")
        for name, headers in who.items():
            answer = client.request(method, address, headers=headers, json=BODIES.get((method, path)))
            if name in {"anonymous", "nonsense"}:
                assert answer.status_code == 401, (method, path, name)
            elif name in {"ada", "cyd without admin"}:
                assert answer.status_code == 403, (method, path, name)
                assert answer.json()["type"].endswith("not-allowed")
            else:
                assert answer.status_code in {200, 201, 404, 409}, (method, path, name, answer.text)
            # A body that is wrong says nothing to who may not ask.
            if name in {"anonymous", "ada"} and method != "GET":
                wrong = client.request(method, address, headers=headers, json={"nonsense": 1})
                assert wrong.status_code == answer.status_code, (method, path, name)
    with rig.dock.database.read() as session:
        # The word that administrators added, once.
        assert events(session) - before == 1


def events(session: Any) -> int:
    return session.scalar(select(func.count()).select_from(AuditEvent)) or 0
