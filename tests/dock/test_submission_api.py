"""Submitting and managing learnwares through `/api/v1`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

LEARNWARES = "/api/v1/learnwares"


@pytest.fixture
def upload(both: Any, learnwares: Any, tmp_path: Path) -> Any:
    """A function that uploads a package, and returns what names it."""
    rig, _ = both

    def upload(who: str = "ada", *, part: int | None = None, **values: Any) -> str:
        content = learnwares.package(tmp_path, **values).read_bytes()
        identity = learnwares.identity_of(rig, who)
        made = rig.dock.uploads.create(identity, size=len(content), filename="learnware.zip")
        rig.dock.uploads.append(identity, made.upload_id, 0, [content[:part]])
        return str(made.upload_id)

    return upload


def test_the_life_of_a_learnware(both: Any, learnwares: Any, upload: Any, as_bearer: Any) -> None:
    rig, client = both
    spec = learnwares.semantic(name="a better name")
    body = {"upload_id": upload(), "semantic_specification": spec}
    ada = as_bearer(rig.session())
    answer = client.post(LEARNWARES, json=body, headers=ada)
    assert answer.status_code == 201
    page = answer.headers["Location"]
    assert page == f"{LEARNWARES}/00000001"
    assert answer.json() == client.get(page, headers=ada).json()
    assert (answer.json()["status"], answer.json()["semantic_specification"]) == ("WAITING", spec)
    assert 'submissions";q=500' in answer.headers["RateLimit-Policy"]
    # Whoever gets no answer and sends it again learns which one it is.
    again = client.post(LEARNWARES, json=body, headers=ada)
    assert (again.status_code, again.json()["learnware_id"]) == (409, "00000001")
    assert again.json()["type"].endswith("/duplicate-content")
    learnwares.decide(rig, "00000001")
    version = {"semantic_specification": learnwares.semantic(name="the best name")}
    answer = client.post(f"{page}/versions", json=version, headers=ada)
    assert (answer.status_code, answer.headers["Location"]) == (201, page)
    assert (answer.json()["serving_version"], answer.json()["newest_version"]["number"]) == (1, 2)
    answer = client.post(f"{page}/versions", json=version, headers=ada)
    assert (answer.status_code, answer.json()["type"]) == (409, "/api/v1/problems/nothing-changed")
    listed = client.get(f"{page}/versions", headers=ada).json()
    assert [(one["number"], one["status"], one["serving"]) for one in listed] == [
        (2, "WAITING", False), (1, "SUCCESS", True)
    ]  # fmt: skip
    for method, path, public in (
        ("PUT", f"{page}/withdrawal", 404), ("DELETE", f"{page}/withdrawal", 200), ("DELETE", page, 404)
    ):  # fmt: skip
        answer = client.request(method, path, headers=ada)
        assert (answer.status_code, answer.content) == (204, b"")
        assert client.get(page).status_code == public
    assert client.delete(page, headers=ada).status_code == 404


def test_who_may(both: Any, learnwares: Any, upload: Any, as_bearer: Any) -> None:
    rig, client = both
    waiting, public = learnwares.submit_learnware(rig), learnwares.publish_learnware(rig, seed=2)
    rig.user("bob")
    bob = as_bearer(rig.session("bob"))
    spec = {"semantic_specification": learnwares.semantic(name="taken by bob")}
    for learnware_id, status in ((waiting, 404), (public, 403), ("00000099", 404), ("x", 404)):
        page = f"{LEARNWARES}/{learnware_id}"
        for method, path, body in (
            ("POST", f"{page}/versions", spec), ("DELETE", page, None),
            ("PUT", f"{page}/withdrawal", None), ("DELETE", f"{page}/withdrawal", None),
        ):  # fmt: skip
            assert client.request(method, path, json=body, headers=bob).status_code == status, (method, path)
            assert client.request(method, path, json=body).status_code == 401
    # The upload of somebody else is no upload.
    answer = client.post(LEARNWARES, json={"upload_id": upload("ada", seed=3)}, headers=bob)
    assert answer.status_code == 404


def test_what_is_wrong(both: Any, learnwares: Any, upload: Any, as_bearer: Any) -> None:
    rig, client = both
    half = upload(part=100)
    ada = as_bearer(rig.session())
    for body, status in (
        ({"upload_id": half}, 409), ({"upload_id": "0" * 32}, 404), ({}, 422), ({"upload_id": None}, 422),
        ({"upload_id": half, "semantic_specification": []}, 422), ({"upload_id": half, "more": 1}, 422),
    ):  # fmt: skip
        assert client.post(LEARNWARES, json=body, headers=ada).status_code == status, body
    learnware_id = learnwares.submit_learnware(rig, seed=4)
    answer = client.post(f"{LEARNWARES}/{learnware_id}/versions", json={}, headers=ada)
    assert (answer.status_code, answer.json()["type"]) == (422, "/api/v1/problems/invalid-input")
    spec = learnwares.semantic(license="none of them", name="x")
    answer = client.post(f"{LEARNWARES}/{learnware_id}/versions", json={"semantic_specification": spec}, headers=ada)
    assert answer.status_code == 422
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert [one["field"] for one in answer.json()["errors"]] == [
        "/semantic_specification/License", "/semantic_specification/Name"
    ]  # fmt: skip


def test_a_token_that_only_submits(both: Any, upload: Any, as_bearer: Any) -> None:
    rig, client = both
    upload_id = upload()
    ada = as_bearer(rig.session())
    tokens = {
        scope: client.post("/api/v1/tokens", json={"name": scope, "scopes": [scope]}, headers=ada).json()["token"]
        for scope in ("read", "submit")
    }
    body = {"upload_id": upload_id}
    assert client.post(LEARNWARES, json=body, headers=as_bearer(tokens["read"])).status_code == 403
    assert client.post(LEARNWARES, json=body, headers=as_bearer(tokens["submit"])).status_code == 201
