"""The session of the web app: a cookie that scripts cannot read and other sites cannot use."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from beimingwu.db.models import Notification, UserSession
from beimingwu.services.identity import Role

ADA = "ada@example.org"
PASSWORD = "correct horse"
LOGIN = {"email": ADA, "password": PASSWORD}
V1 = "/api/v1"
SESSION = f"{V1}/web-session"
HERE = {"Sec-Fetch-Site": "same-origin"}
NOBODY = {"account": None, "expires_at": None, "unread_notifications": 0}


def problem(answer: Any, status: int, name: str) -> None:
    assert answer.status_code == status, answer.text
    assert answer.json()["type"] == f"{V1}/problems/{name}"


def forgets(answer: Any) -> bool:
    return 'dock_session=""' in answer.headers.get("set-cookie", "") and "Max-Age=0" in answer.headers["set-cookie"]


def rename(client: Any, **headers: str) -> Any:
    return client.patch(f"{V1}/account", json={"username": "Ada"}, headers=headers)


@pytest.fixture
def browser(both: Any) -> tuple[Any, Any]:
    """A client that keeps cookies, logged in."""
    rig, client = both
    rig.user()
    assert client.post(SESSION, json=LOGIN, headers=HERE).status_code == 201
    return rig, client


def test_from_login_to_logout(both: Any) -> None:
    rig, client = both
    rig.user()
    assert client.get(SESSION).json() == NOBODY
    begun = client.post(SESSION, json=LOGIN, headers={"Origin": "http://testserver", "User-Agent": "browser"})
    assert begun.status_code == 201
    assert begun.json()["account"]["email"] == ADA
    # The token is in the cookie and nowhere else.
    assert set(begun.json()) == {"account", "expires_at"}
    cookie = begun.headers["set-cookie"]
    token = client.cookies["dock_session"]
    assert cookie == f"dock_session={token}; HttpOnly; Max-Age={30 * 86400}; Path=/; SameSite=strict"
    assert token not in begun.text
    shown = client.get(SESSION).json()
    assert shown == {**begun.json(), "unread_notifications": 0}
    assert client.get(f"{V1}/account").json() == begun.json()["account"]
    # It is a session like others.
    (listed,) = client.get(f"{V1}/sessions").json()
    assert (listed["current"], listed["user_agent"]) == (True, "browser")
    assert rename(client, **HERE).json()["username"] == "Ada"
    over = client.delete(SESSION, headers=HERE)
    assert over.status_code == 204
    assert forgets(over)
    assert "dock_session" not in client.cookies
    assert client.get(SESSION).json() == NOBODY
    problem(client.get(f"{V1}/account"), 401, "not-authenticated")
    with rig.dock.database.read() as session:
        assert session.scalars(select(UserSession)).all() == []
    # Once more does no harm.
    assert client.delete(SESSION).status_code == 204


def test_wrong_passwords_give_no_cookie(make_client: Any) -> None:
    rig, client = make_client(limit_login="2/15m")
    rig.user()
    rig.user("eve", verified=False)
    wrong = {**LOGIN, "password": "wrong"}
    refused = client.post(SESSION, json=wrong)
    problem(refused, 401, "invalid-credentials")
    assert refused.headers["ratelimit"].startswith('"login";r=1;')
    problem(client.post(SESSION, json={**LOGIN, "email": "eve@example.org"}), 403, "email-not-confirmed")
    problem(client.post(SESSION, json=wrong), 401, "invalid-credentials")
    limited = client.post(SESSION, json=LOGIN)
    problem(limited, 429, "too-many-requests")
    assert limited.headers["retry-after"] == "870"
    assert not client.cookies


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "null"},
        {"Origin": ""},
        {"Origin": "https://evil.example"},
        {"Origin": "http://testserver.evil.example"},
        {"Origin": "http://testserver:8080"},
        {"Origin": "http://["},
        {"Origin": "ftp://testserver"},
        {"Origin": "http://user@testserver"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://testserver"},
        {"Sec-Fetch-Site": "none"},
    ],
)
def test_other_sites_change_nothing(browser: Any, headers: dict[str, str]) -> None:
    _, client = browser
    problem(rename(client, **headers), 403, "cross-site")
    problem(client.delete(SESSION, headers=headers), 403, "cross-site")
    problem(client.request("POST", f"{V1}/download-links", json={}, headers=headers), 403, "cross-site")
    # What changes nothing is answered, whoever asks: pages of other sites cannot read it.
    assert client.get(f"{V1}/account", headers=headers).json()["username"] == "ada"
    answer = client.get(SESSION, headers=headers)
    assert answer.json()["account"]["username"] == "ada"
    assert "access-control-allow-credentials" not in answer.headers
    if headers:
        problem(client.post(SESSION, json=LOGIN, headers=headers), 403, "cross-site")
    else:
        # Programs do not say where they are, and have nothing yet that others could use.
        assert client.post(SESSION, json=LOGIN).status_code == 201


def test_the_docks_own_pages_may(browser: Any) -> None:
    _, client = browser
    for headers in (
        {"Origin": "http://testserver"},
        {"Origin": "http://testserver:80"},
        {"Origin": "HTTP://TESTSERVER"},
        # Something before the dock has taken TLS off.
        {"Origin": "https://testserver"},
        {"Origin": "https://dock.example", "Host": "dock.example:443"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "null"},
    ):
        assert rename(client, **{"Cookie": f"dock_session={client.cookies['dock_session']}", **headers}).is_success


def test_with_tls_the_name_says_so(make_client: Any) -> None:
    rig, _ = make_client()
    rig.user()
    client = make_client()[1]
    secure = TestClient(client.app, base_url="https://testserver", client=("192.0.2.9", 50000))
    begun = secure.post(SESSION, json=LOGIN, headers=HERE)
    assert begun.headers["set-cookie"].startswith("__Host-dock_session=")
    assert begun.headers["set-cookie"].endswith("; Path=/; SameSite=strict; Secure")
    token = secure.cookies["__Host-dock_session"]
    assert rename(secure, Origin="https://testserver").is_success
    # A page without TLS can be anybody's, and so can a cookie of the other name.
    problem(rename(secure, Origin="http://testserver"), 403, "cross-site")
    secure.cookies.clear()
    assert secure.get(SESSION, headers={"Cookie": f"dock_session={token}"}).json() == NOBODY
    assert secure.get(SESSION, headers={"Cookie": f"__Host-dock_session={token}"}).json()["account"]["email"] == ADA


def test_the_address_of_the_web_app_says_so_too(make_client: Any) -> None:
    rig, client = make_client(web_url="https://dock.example/")
    rig.user()
    begun = client.post(SESSION, json=LOGIN, headers={"Origin": "https://dock.example"})
    assert begun.headers["set-cookie"].startswith("__Host-dock_session=")
    cookie = {"Cookie": begun.headers["set-cookie"].partition(";")[0]}
    assert rename(client, Origin="https://dock.example", **cookie).is_success
    problem(rename(client, Origin="http://dock.example", **cookie), 403, "cross-site")


def test_a_session_that_is_over_is_forgotten(browser: Any) -> None:
    rig, client = browser
    cookie = {"Cookie": f"dock_session={client.cookies['dock_session']}"}
    rig.clock.forward(hours=23)
    moved = client.get(SESSION).json()["expires_at"]
    assert moved == "2026-11-23T11:00:30Z"
    rig.clock.forward(hours=25)
    for path in ("/account", "/learnwares", "/tokens"):
        refused = client.get(V1 + path, headers=cookie)
        problem(refused, 401, "not-authenticated")
        assert forgets(refused)
    answer = client.get(SESSION, headers=cookie)
    assert answer.json() == NOBODY
    assert forgets(answer)
    # What asks for nobody does not mind.
    assert client.get(f"{V1}/vocabulary", headers=cookie).status_code == 200
    # The browser has forgotten it, and may ask as anybody may.
    assert client.get(f"{V1}/learnwares").status_code == 200
    assert not forgets(client.get(f"{V1}/account"))


def test_logging_in_again_ends_what_was_there(browser: Any) -> None:
    rig, client = browser
    before = client.cookies["dock_session"]
    rig.user("bea")
    again = {"email": "bea@example.org", "password": PASSWORD}
    assert client.post(SESSION, json=again, headers=HERE).status_code == 201
    assert client.cookies["dock_session"] != before
    with rig.dock.database.read() as session:
        assert len(session.scalars(select(UserSession)).all()) == 1
    # A login that fails ends nothing.
    assert client.post(SESSION, json={**again, "password": "wrong"}, headers=HERE).status_code == 401
    assert client.get(SESSION).json()["account"]["username"] == "bea"


def test_a_token_that_is_given_comes_first(browser: Any, as_bearer: Any) -> None:
    rig, client = browser
    rig.user("bea", role=Role.ADMIN)
    bea = as_bearer(rig.session("bea"))
    assert client.get(f"{V1}/account", headers=bea).json()["username"] == "bea"
    # Nobody but a program sends one, so it need not say where it is.
    assert client.patch(f"{V1}/account", json={"username": "Bea"}, headers=bea).is_success
    refused = client.get(f"{V1}/account", headers=as_bearer("nonsense"))
    problem(refused, 401, "not-authenticated")
    assert "set-cookie" not in refused.headers
    # The password of something before the dock is no token.
    basic = client.get(f"{V1}/account", headers={"Authorization": "Basic YTpi"})
    assert basic.json()["username"] == "ada"


def test_a_cookie_holds_sessions_only(both: Any) -> None:
    rig, client = both
    user_id = rig.user()
    token = rig.dock.tokens.create_for(user_id, "x", ["read"], expires_in_days=None).token
    for value in (token, "", "x" * 60_000, "%00", "\xff"):
        cookie = {"Cookie": b"dock_session=" + value.encode("latin-1")}
        assert client.get(SESSION, headers=cookie).json() == NOBODY
        problem(client.get(f"{V1}/account", headers=cookie), 401, "not-authenticated")
        assert client.delete(SESSION, headers={**cookie, **HERE}).status_code == 204
    assert rig.dock.sessions.authenticate(token).user_id == user_id


def test_the_contract_knows_no_cookies(browser: Any) -> None:
    _, client = browser
    answer = client.post("/api/user/profile", headers=HERE)
    assert answer.json()["code"] == 11
    assert "set-cookie" not in answer.headers


def test_the_account_goes_and_the_session_with_it(browser: Any) -> None:
    _, client = browser
    gone = client.post(f"{V1}/account/deletion", json={"password": PASSWORD}, headers=HERE)
    assert gone.status_code == 204
    answer = client.get(SESSION)
    assert answer.json() == NOBODY
    assert forgets(answer)


def test_it_tells_how_much_is_unread(browser: Any, learnwares: Any) -> None:
    rig, client = browser
    number = int(learnwares.submit_learnware(rig))
    mine = {"user_id": rig.dock.users.find(ADA).user_id, "learnware_id": number, "event": "failed", "version": 1}
    with rig.dock.database.write() as session:
        session.add_all(Notification(**mine, at=rig.clock(), read_at=read) for read in (None, None, rig.clock()))
    assert client.get(SESSION).json()["unread_notifications"] == 2
    assert client.post(f"{V1}/notifications/read", json={}, headers=HERE).status_code == 204
    assert client.get(SESSION).json()["unread_notifications"] == 0


def test_administrators_administer_with_it(both: Any) -> None:
    rig, client = both
    rig.user(role=Role.ADMIN)
    client.post(SESSION, json=LOGIN, headers=HERE)
    assert client.get(f"{V1}/admin/users").status_code == 200
    problem(client.post(f"{V1}/admin/sensitive-words", json={"word": "casino"}), 403, "cross-site")
    assert client.post(f"{V1}/admin/sensitive-words", json={"word": "casino"}, headers=HERE).status_code == 201


def test_the_description_tells_of_it(client: Any) -> None:
    described = client.app.openapi()
    assert described["components"]["securitySchemes"]["WebSession"]["name"] == "__Host-dock_session"
    operation = described["paths"][f"{V1}/account"]["patch"]
    assert {"WebSession": []} in operation["security"]
    for path, methods in described["paths"].items():
        for method, one in methods.items():
            changes = method not in {"get", "head"} and ("security" in one or path == SESSION)
            assert ("own pages" in one["responses"].get("403", {}).get("description", "")) == changes, (method, path)


def test_the_description_tells_where_a_login_is_needed(client: Any) -> None:
    described = client.app.openapi()
    optional, tried = set(), 0
    for path, methods in described["paths"].items():
        for method, one in methods.items():
            if "security" not in one:
                continue
            needed = {} not in one["security"]
            optional |= set() if needed else {(method, path)}
            if method == "get" and "{" not in path:
                # Nobody is logged in.
                tried += 1
                assert (client.get(path).status_code == 401) == needed, path
    assert tried >= 10
    assert {("get", f"{V1}/learnwares"), ("post", f"{V1}/searches")} <= optional
