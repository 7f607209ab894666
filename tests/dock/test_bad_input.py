"""Bad input at every endpoint: a typed refusal, nothing half-written, never an error of the server."""

from __future__ import annotations

import json
import pkgutil
import re
from importlib import import_module
from typing import Any

import pytest
from fastapi.routing import APIRoute, APIRouter
from sqlalchemy import func, select

from beimingwu.api import compat
from beimingwu.db.models import ApiToken, MailCode, User
from beimingwu.services.identity import Role

CONTRACT = [
    "auth/register", "auth/resend_email_confirm", "auth/email_confirm", "auth/send_reset_password_email",
    "auth/reset_password", "auth/login", "auth/login_by_token", "auth/logout", "auth/get_role", "user/profile",
    "user/change_password", "user/create_token", "user/list_token", "user/delete_token", "user/verify_log",
    "user/chunked_upload", "user/list_learnware", "user/add_learnware", "user/add_learnware_uploaded",
    "user/update_learnware", "user/delete_learnware",
    "engine/learnware_info", "engine/download_learnware", "engine/download_multi_learnware",
    "engine/generate_download_token", "engine/download_by_token", "engine/download_multi_learnware_by_token",
    "engine/semantic_specification", "engine/search_learnware",
    "admin/list_user", "admin/delete_user", "admin/list_learnware", "admin/delete_learnware", "admin/reset_password",
    "admin/set_user_role", "admin/summary", "datasets/list_datasets", "datasets/download_datasets",
    "datasets/delete_datasets", "datasets/add_dataset_uploaded", "datasets/upload_dataset",
]  # fmt: skip
FIELDS = [
    "username", "email", "password", "confirm_email", "code", "user_id", "token", "old_password", "new_password",
    "name", "scopes", "expires_in_days", "learnware_id", "semantic_specification", "file_hash", "limit", "page",
    "upload_id", "id", "role", "is_verified", "dataset", "filename", "word", "disabled",
]  # fmt: skip
VALUES: list[Any] = [
    None, True, 0, -1, 2**63, 2**64, 10**400, 1.5, "", " ", "\0", "a\0b", "\ud800", "\ud800@e.org", "\u202e", "ﷺ" * 300,
    "x" * 200_000, "0" * 32, "'; DROP TABLE users; --", [], ["read"] * 1000, [["read"]], {}, {"a": {"b": []}}, "a@b.c",
]  # fmt: skip
BODIES = [
    b"", b"{", b"null", b"[]", b"1", b'"x"', b"\xff\xfe", b"{}" * 2, b"[" * 50_000, b'{"email":' * 50_000,
    b"9" * 20_000,
    b'{"email": NaN, "password": Infinity}', b'{"email": "a", "email": "b"}', b'{"\\ud800": 1}', b"\x00",
]  # fmt: skip


def v1_routes(client: Any) -> list[tuple[str, str]]:
    paths = client.app.openapi()["paths"]
    return [(method.upper(), path) for path, methods in paths.items() for method in methods]


def rows_of(rig: Any) -> list[int]:
    with rig.dock.database.read() as session:
        return [session.scalar(select(func.count()).select_from(table)) or 0 for table in (User, MailCode, ApiToken)]


LIMITS = {
    f"limit_{name}": "100000/1h"
    for name in ("login", "login_account", "login_address", "mail_account", "mail_address", "code_address")
}


# What one database stores or compares and another one does not.
STORED: list[Any] = [2**63, 2**64, "a\0b", "\ud800", "\ud800@e.org", "\u202e", "x" * 200_000, {"a": {"b": []}}]


def all_bodies(database: str) -> list[bytes]:
    """Return bodies; those that are refused before a database is asked are sent with one of them only."""
    embedded = database == "sqlite"
    odd = [json.dumps(dict.fromkeys(FIELDS, value)).encode() for value in (VALUES if embedded else STORED)]
    right = {"username": "eve", "email": "eve@example.org", "password": "0" * 32, "code": "0" * 32, "token": "0" * 32}
    one_wrong = [json.dumps({**right, field: VALUES[i % len(VALUES)]}).encode() for i, field in enumerate(FIELDS)]
    return [*(BODIES if embedded else BODIES[:3]), *odd, *one_wrong]


@pytest.fixture
def asked(make_client: Any) -> tuple[Any, Any, list[dict[str, str]]]:
    rig, client = make_client(**LIMITS)
    # Who may ask everything gets furthest with it.
    rig.user(role=Role.SUPER_ADMIN)
    return rig, client, [{}, {"Authorization": f"Bearer {rig.session()}"}]


def test_the_table_knows_every_endpoint_of_the_contract() -> None:
    modules = [import_module(f"{compat.__name__}.{one.name}") for one in pkgutil.iter_modules(compat.__path__)]
    routers = [value for module in modules for value in vars(module).values() if isinstance(value, APIRouter)]
    routes = {route.path for router in routers for route in router.routes if isinstance(route, APIRoute)}
    assert len(routes) > 30
    assert routes - {f"/api/{path}" for path in CONTRACT} == set()


def test_bodies(asked: Any) -> None:
    rig, client, headers = asked
    before = rows_of(rig)
    routes = [("POST", f"/api/{path}") for path in CONTRACT] + v1_routes(client)
    assert len(routes) > 30
    documented = client.app.openapi()["paths"]
    bodies = all_bodies(rig.dock.database.url.get_backend_name())
    for method, path in routes:
        # Asked without anything wrong, these end the session or make a token; that is tested elsewhere.
        if path.endswith(("/logout", "/current", "/create_token")):
            continue
        public = path.startswith(("/api/auth", "/api/v1/accounts")) or (method, path) == ("POST", "/api/v1/sessions")
        takes_body = method != "GET" and "{" not in path
        for i, content in enumerate(bodies if takes_body else BODIES[:3]):
            # Who is not logged in gets no further than that, where it is needed.
            for header in headers if i < 3 else [headers[0 if public else 1]]:
                answer = client.request(
                    method,
                    path.replace("{session_id}", "1").replace("{token_id}", "1").replace("{name}", "x"),
                    content=content,
                    headers={**header, "Content-Type": "application/json"},
                )
                assert answer.status_code < 500, (method, path, content[:100], answer.text)
                assert "Traceback" not in answer.text
                if path in documented:
                    known = set(documented[path][method.lower()]["responses"])
                    assert str(answer.status_code) in known, (method, path, content[:100], answer.text)
        if path.endswith("/sessions/{session_id}"):
            headers = [{}, {"Authorization": f"Bearer {rig.session()}"}]
    rig.drain()
    assert rows_of(rig)[0] <= before[0] + 1
    assert rows_of(rig)[2] == before[2]


@pytest.mark.parametrize("number", ["0", "-1", "abc", "1.5", "9" * 30, "%00", "%ff", "٣", "9223372036854775808"])
def test_numbers_in_paths(asked: Any, number: str) -> None:
    _, client, headers = asked
    for path in ("sessions", "tokens"):
        answer = client.delete(f"/api/v1/{path}/{number}", headers=headers[1])
        assert answer.status_code in {404, 422}, answer.text


def test_texts_in_paths(asked: Any) -> None:
    _, client, headers = asked
    documented = client.app.openapi()["paths"]
    for part in ("a%00b", "%2e%2e%2fx"):
        for method, path in v1_routes(client):
            if "{" in path:
                answer = client.request(method, re.sub(r"\{\w+\}", part, path), headers=headers[1])
                known = {*documented[path][method.lower()]["responses"], "404", "405"}
                assert str(answer.status_code) in known, (method, path, answer.text)


@pytest.mark.parametrize("code", ["", "%00", "%ff%fe", "x" * 10_000, "%ED%A0%80", "a&code=b"])
def test_codes_in_the_query(asked: Any, code: str) -> None:
    _, client, _ = asked
    answer = client.post(f"/api/auth/email_confirm?code={code}")
    assert (answer.status_code, answer.json()["code"]) == (200, 55)


def test_too_large(asked: Any) -> None:
    rig, client, _ = asked
    most = rig.dock.settings.max_body_bytes

    def chunks() -> Any:
        for _ in range(most // 1000 + 2):
            yield b" " * 1000

    for path in ("/api/v1/sessions", "/api/auth/login"):
        for content in (b" " * (most + 1), chunks()):
            answer = client.post(path, content=content, headers={"Content-Type": "application/json"})
            assert answer.status_code == 413, answer.text
        assert client.post(path, content=b" " * most, headers={"Content-Type": "application/json"}).status_code != 413
    for length in ("-1", "1e3", "9" * 5000, "abc"):
        answer = client.post("/api/v1/sessions", content=b"{}", headers={"Content-Length": length})
        assert answer.status_code == 413
