"""The dock's own API, through HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from beimingwu.services.identity import Role

if TYPE_CHECKING:
    import pytest

ADA = "ada@example.org"
PASSWORD = "correct horse"
V1 = "/api/v1"


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def log_in(client: Any, email: str = ADA, password: str = PASSWORD) -> dict[str, str]:
    answer = client.post(f"{V1}/sessions", json={"email": email, "password": password})
    assert answer.status_code == 201, answer.text
    return bearer(answer.json()["token"])


def problem(answer: Any, status: int, name: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    document = answer.json()
    assert document["type"] == f"{V1}/problems/{name}"
    assert document["status"] == status
    assert document["request_id"] == answer.headers["x-request-id"]
    return dict(document)


def test_from_registration_to_deletion(both: Any) -> None:
    rig, client = both
    registering = {"username": "Ada", "email": ADA, "password": PASSWORD}
    assert client.post(f"{V1}/accounts", json=registering).status_code == 202
    login = {"email": ADA, "password": PASSWORD}
    problem(client.post(f"{V1}/sessions", json=login), 403, "email-not-confirmed")
    rig.drain()
    code = {"code": rig.outbox.code_for(ADA)}
    assert client.post(f"{V1}/accounts/confirmations", json=code).status_code == 204
    problem(client.post(f"{V1}/accounts/confirmations", json=code), 400, "invalid-code")
    answer = client.post(f"{V1}/sessions", json=login)
    begun = answer.json()
    assert answer.status_code == 201
    assert begun["account"]["username"] == "Ada"
    assert begun["account"]["role"] == "user"
    mine = bearer(begun["token"])
    assert client.get(f"{V1}/account", headers=mine).json() == begun["account"]
    renamed = client.patch(f"{V1}/account", headers=mine, json={"username": "Ada Lovelace"})
    assert renamed.json()["username"] == "Ada Lovelace"
    change = {"password": PASSWORD, "new_password": "another password"}
    assert client.put(f"{V1}/account/password", headers=mine, json=change).status_code == 204
    problem(client.post(f"{V1}/sessions", json=login), 401, "invalid-credentials")
    exported = client.get(f"{V1}/account/export", headers=mine).json()
    assert exported["account"]["email"] == ADA
    wrong = client.post(f"{V1}/account/deletion", headers=mine, json={"password": PASSWORD})
    problem(wrong, 401, "invalid-credentials")
    gone = client.post(f"{V1}/account/deletion", headers=mine, json={"password": "another password"})
    assert gone.status_code == 204
    problem(client.get(f"{V1}/account", headers=mine), 401, "not-authenticated")


def test_a_forgotten_password(both: Any) -> None:
    rig, client = both
    rig.user()
    assert client.post(f"{V1}/accounts/reset-mails", json={"email": ADA}).status_code == 202
    rig.drain()
    code = rig.outbox.code_for(ADA)
    short = client.post(f"{V1}/accounts/resets", json={"code": code, "password": "short"})
    assert problem(short, 422, "invalid-input")["errors"][0]["field"] == "/password"
    done = client.post(f"{V1}/accounts/resets", json={"code": code, "password": "another password"})
    assert done.status_code == 204
    log_in(client, password="another password")


def test_answers_do_not_tell_who_has_an_account(both: Any) -> None:
    rig, client = both
    rig.user("ada")
    rig.dock.registration.register("new", "new@example.org", "0" * 32, rig.origin())

    def ask(path: str, **body: str) -> tuple[int, str]:
        answer = client.post(V1 + path, json=body)
        document = {name: value for name, value in answer.json().items() if name != "request_id"}
        return answer.status_code, str(document)

    for i, path in enumerate(("/accounts/reset-mails", "/accounts/confirmation-mails")):
        found = {ask(path, email=email) for email in (ADA, "new@example.org", f"nobody{i}@example.org", "nonsense")}
        assert len(found) == 1, path
    for password in ("wrong wrong", PASSWORD + "x"):
        found = {ask("/sessions", email=email, password=password) for email in (ADA, "new@example.org", "no@e.org")}
        assert len(found) == 1
    found = {
        ask("/accounts", username=f"name {i}", email=email, password=PASSWORD)
        for i, email in enumerate((ADA, "new@example.org", "nobody2@example.org"))
    }
    assert len(found) == 1


def test_sessions_and_logout(both: Any) -> None:
    rig, client = both
    rig.user()
    first, second = log_in(client), log_in(client)
    listed = client.get(f"{V1}/sessions", headers={**first, "User-Agent": "x"}).json()
    assert [one["current"] for one in listed].count(True) == 1
    assert {one["address"] for one in listed} == {"192.0.2.9"}
    other = next(one["session_id"] for one in listed if not one["current"])
    assert client.delete(f"{V1}/sessions/{other}", headers=first).status_code == 204
    problem(client.delete(f"{V1}/sessions/{other}", headers=first), 404, "not-found")
    problem(client.get(f"{V1}/account", headers=second), 401, "not-authenticated")
    assert client.delete(f"{V1}/sessions/current", headers=first).status_code == 204
    refused = client.get(f"{V1}/account", headers=first)
    problem(refused, 401, "not-authenticated")
    assert refused.headers["www-authenticate"] == "Bearer"


def test_tokens(both: Any) -> None:
    rig, client = both
    rig.user(role=Role.ADMIN)
    mine = log_in(client)
    made = client.post(f"{V1}/tokens", headers=mine, json={"name": "laptop", "scopes": ["admin", "read"]})
    assert made.status_code == 201
    token = made.json()
    assert token["scopes"] == ["read", "admin"]
    assert token["expires_at"] == "2027-11-21T12:00:30Z"
    shown = {name: value for name, value in token.items() if name != "token"}
    assert client.get(f"{V1}/tokens", headers=mine).json() == [shown]
    by_token = bearer(token["token"])
    assert client.get(f"{V1}/account", headers=by_token).json()["email"] == ADA
    problem(client.post(f"{V1}/tokens", headers=by_token, json={"name": "x", "scopes": ["read"]}), 403, "not-allowed")
    assert client.delete(f"{V1}/tokens/{token['token_id']}", headers=mine).status_code == 204
    problem(client.get(f"{V1}/account", headers=by_token), 401, "not-authenticated")
    for_ever = client.post(
        f"{V1}/tokens", headers=mine, json={"name": "x", "scopes": ["read"], "expires_in_days": None}
    )
    assert for_ever.json()["expires_at"] is None


def test_a_token_without_the_scope_reads_nothing(both: Any) -> None:
    rig, client = both
    user_id = rig.user()
    token = rig.dock.tokens.create_for(user_id, "x", ["submit"], expires_in_days=None).token
    problem(client.get(f"{V1}/account", headers=bearer(token)), 403, "not-allowed")
    problem(client.get(f"{V1}/sessions", headers=bearer(token)), 403, "not-allowed")


def test_limits_are_told(make_client: Any) -> None:
    _, client = make_client(limit_login="2/15m")
    wrong = {"email": ADA, "password": "wrong"}
    first = client.post(f"{V1}/sessions", json=wrong)
    assert first.headers["ratelimit"].startswith('"login";r=1;t=870, ')
    assert first.headers["ratelimit-policy"].startswith('"login";q=2;w=900, ')
    client.post(f"{V1}/sessions", json=wrong)
    refused = client.post(f"{V1}/sessions", json=wrong)
    problem(refused, 429, "too-many-requests")
    assert refused.headers["retry-after"] == "870"
    assert refused.headers["ratelimit"].startswith('"login";r=0;')


def test_what_every_answer_carries(make_client: Any) -> None:
    _, client = make_client()
    for path in ("/healthz", f"{V1}/account", "/api/nix"):
        answer = client.get(path, headers={"X-Request-ID": "abc-1", "Origin": "https://elsewhere.example"})
        assert answer.headers["x-request-id"] == "abc-1"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
        assert answer.headers["access-control-allow-origin"] == "*"
        assert "strict-transport-security" not in answer.headers
        assert "set-cookie" not in answer.headers
    assert len(client.get("/healthz", headers={"X-Request-ID": "a b\tc"}).headers["x-request-id"]) == 32


def test_health_and_readiness(both: Any) -> None:
    rig, client = both
    assert client.get("/healthz").text == "OK"
    assert client.get("/readyz").text == "OK"
    entrance = client.get("/api").json()
    assert client.get(entrance["description"]).json()["openapi"].startswith("3.1")
    from beimingwu.db.migrate import migrate

    rig.dock.sessions  # noqa: B018  # services are there; the tables are not any more
    migrate(rig.dock.database, "base")
    try:
        problem(client.get("/readyz"), 503, "unavailable")
        assert client.get("/healthz").text == "OK"
    finally:
        migrate(rig.dock.database)


def test_metrics(make_client: Any) -> None:
    _, client = make_client()
    client.get(f"{V1}/account")
    client.get(f"{V1}/sessions/abc")
    client.get("/api/nix/1")
    client.get("/api/nix/2")
    client.request("BREW", "/nix/3")
    text = client.get("/metrics").text
    assert 'beimingwu_http_requests_total{method="GET",route="/api/v1/account",status="401"} 1.0' in text
    assert 'beimingwu_http_requests_total{method="GET",route="unmatched",status="404"} 2.0' in text
    assert 'method="other",route="unmatched",status="404"' in text
    assert "nix" not in text
    assert "BREW" not in text


def test_production_guards_its_metrics(make_client: Any) -> None:
    secret = "0123456789abcdef" * 2
    rig, client = make_client(
        mode="production", mail_url="smtp://mail.example.org", mail_sender="dock@example.org", metrics_token=secret
    )
    problem(client.get("/metrics"), 401, "not-authenticated")
    problem(client.get("/metrics", headers=bearer(secret[:-1])), 401, "not-authenticated")
    assert client.get("/metrics", headers=bearer(secret)).status_code == 200
    assert client.get("/healthz").headers["strict-transport-security"] == "max-age=31536000"
    assert rig.dock.secrets.metrics_token == secret


def test_kinds_of_problems(client: Any) -> None:
    kinds = client.get(f"{V1}/problems").json()
    assert len({one["type"] for one in kinds}) == len(kinds) > 15
    for kind in kinds:
        assert client.get(kind["type"]).json() == kind
    problem(client.get(f"{V1}/problems/nix"), 404, "not-found")


def test_what_is_not_there(client: Any) -> None:
    for answer, status in ((client.get("/api/v1/nix"), 404), (client.put(f"{V1}/account"), 405)):
        assert answer.status_code == status
        assert answer.json()["type"] == "about:blank"


def test_an_unexpected_error_tells_nothing(both: Any, monkeypatch: pytest.MonkeyPatch, caplog: Any) -> None:
    rig, client = both

    def fail(*_: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(rig.dock.sessions, "login", fail)
    answer = client.post(f"{V1}/sessions", json={"email": ADA, "password": PASSWORD})
    assert "secret detail" not in answer.text
    problem(answer, 500, "internal-error")
    contract = client.post("/api/auth/login", json={"email": ADA, "password": "0" * 32})
    assert (contract.status_code, contract.json()["code"]) == (500, 31)
    assert "secret detail" not in contract.text


def test_a_database_that_is_gone(make_client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    rig, client = make_client()
    from sqlalchemy.exc import OperationalError

    def fail(*_: object, **__: object) -> None:
        raise OperationalError("SELECT secret", {}, RuntimeError("gone"))

    # What all connections come from.
    monkeypatch.setattr(rig.dock.database.engine.pool, "connect", fail)
    answer = client.get(f"{V1}/account", headers=bearer("x" * 43))
    problem(answer, 503, "unavailable")
    assert "secret" not in answer.text
    assert answer.headers["retry-after"] == "5"
    contract = client.post("/api/user/profile", headers=bearer("x" * 43))
    assert (contract.status_code, contract.json()["code"]) == (503, 31)
