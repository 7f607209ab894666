"""Data sets: files for experiments, in both APIs."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from beimingwu.db.models import AuditEvent
from beimingwu.errors import InvalidInputError
from beimingwu.services.blobs import collect
from beimingwu.services.datasets import clean_path
from beimingwu.services.identity import Role

V1, ADMIN = "/api/v1/datasets", "/api/v1/admin/datasets"
CONTENT = bytes(range(256)) * 40


class Shelf:
    """Data sets of a dock; ``bea`` is an administrator, ``ada`` is not."""

    def __init__(self, rig: Any, client: Any, bearer: Any) -> None:
        self.rig = rig
        self.client = client
        rig.user("ada")
        rig.user("bea", role=Role.ADMIN)
        self.tokens = {name: rig.session(name) for name in ("ada", "bea")}
        self.headers = {name: bearer(token) for name, token in self.tokens.items()}

    def upload(self, content: bytes = CONTENT, who: str = "bea", *, size: int | None = None) -> str:
        identity = self.rig.dock.sessions.authenticate(self.tokens[who])
        uploads = self.rig.dock.uploads
        upload_id = uploads.create(identity, size=size or len(content), filename="x.csv").upload_id
        uploads.append(identity, upload_id, 0, [content])
        return str(upload_id)

    def put(self, path: str, content: bytes = CONTENT, **body: Any) -> Any:
        body = body or {"upload_id": self.upload(content)}
        return self.client.put(f"{ADMIN}/{path}", json=body, headers=self.headers["bea"])

    def paths(self) -> list[str]:
        answer = self.client.get(V1, headers=self.headers["ada"])
        assert answer.json()["total"] == len(answer.json()["items"])
        return [one["path"] for one in answer.json()["items"]]

    def contract(self, path: str, who: str = "bea", **more: Any) -> dict[str, Any]:
        answer = self.client.post(f"/api/datasets/{path}", headers=self.headers[who], **more)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def acts(self) -> list[tuple[str, str]]:
        with self.rig.dock.database.read() as session:
            rows = session.scalars(
                select(AuditEvent).where(AuditEvent.subject_type == "dataset").order_by(AuditEvent.id)
            )
            return [(row.action, row.details["path"]) for row in rows]


@pytest.fixture
def shelf(both: Any, as_bearer: Any) -> Shelf:
    return Shelf(*both, as_bearer)


def test_added_listed_downloaded_replaced_deleted(shelf: Shelf) -> None:
    made = shelf.put("air/train.csv")
    assert made.status_code == 201, made.text
    sha256 = hashlib.sha256(CONTENT).hexdigest()
    assert made.json() == {
        "path": "air/train.csv", "size": len(CONTENT), "sha256": sha256, "added_at": "2026-11-21T12:00:30Z",
    }  # fmt: skip
    assert shelf.put("air/a file (1) + ü.csv", b"x").status_code == 201
    assert shelf.paths() == ["air/a file (1) + ü.csv", "air/train.csv"]
    assert shelf.client.get(V1).status_code == 401
    # Downloads take no login.
    answer = shelf.client.get(f"{V1}/air/train.csv")
    assert (answer.status_code, answer.content) == (200, CONTENT)
    assert answer.headers["content-length"] == str(len(CONTENT))
    assert answer.headers["content-disposition"] == 'attachment; filename="train.csv"'
    assert answer.headers["etag"] == f'"{sha256}"'
    part = shelf.client.get(f"{V1}/air/train.csv", headers={"Range": "bytes=256-259"})
    assert (part.status_code, part.content) == (206, bytes(range(4)))
    assert shelf.client.get(f"{V1}/air/train.csv", headers={"If-None-Match": f'"{sha256}"'}).status_code == 304
    assert shelf.client.get(f"{V1}/air/train.csv", headers={"Range": "bytes=999999-"}).status_code == 416
    head = shelf.client.head(f"{V1}/air/train.csv")
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", str(len(CONTENT)))
    assert shelf.client.get(f"{V1}/air/a%20file%20(1)%20+%20u%CC%88.csv").content == b"x"
    replaced = shelf.put("air/train.csv", b"other")
    assert (replaced.status_code, replaced.json()["size"]) == (200, 5)
    assert shelf.client.get(f"{V1}/air/train.csv").content == b"other"
    for status in (204, 404):
        assert shelf.client.delete(f"{ADMIN}/air/train.csv", headers=shelf.headers["bea"]).status_code == status
    assert shelf.client.get(f"{V1}/air/train.csv").status_code == 404
    added = "air/a file (1) + ü.csv"
    wanted = [("add", "air/train.csv"), ("add", added), ("replace", "air/train.csv"), ("delete", "air/train.csv")]
    assert shelf.acts() == [(f"dataset.{act}", path) for act, path in wanted]


def test_the_content_goes_when_the_file_does(shelf: Shelf) -> None:
    dock = shelf.rig.dock
    shelf.put("a.csv", b"kept")
    shelf.put("b.csv", b"gone")
    kept, gone = (hashlib.sha256(one).hexdigest() for one in (b"kept", b"gone"))
    shelf.client.delete(f"{ADMIN}/b.csv", headers=shelf.headers["bea"])
    shelf.rig.clock.now += timedelta(days=2)
    collect(dock.database, dock.store, dock.clock)
    assert (dock.store.exists(kept), dock.store.exists(gone)) == (True, False)


def test_an_upload_is_over_once_it_is_used(shelf: Shelf) -> None:
    upload_id = shelf.upload()
    assert shelf.put("a.csv", upload_id=upload_id).status_code == 201
    assert shelf.put("b.csv", upload_id=upload_id).status_code == 404
    assert shelf.put("b.csv", upload_id=shelf.upload(who="ada")).status_code == 404
    assert shelf.put("b.csv", upload_id=shelf.upload(size=len(CONTENT) + 1)).status_code == 409
    assert shelf.put("b.csv", upload_id="\0").status_code == 404
    assert shelf.paths() == ["a.csv"]


def test_no_file_is_where_a_folder_is(shelf: Shelf) -> None:
    assert shelf.put("air/train.csv").status_code == 201
    assert shelf.put("air").status_code == 409
    assert shelf.put("air/train.csv/more").status_code == 409
    assert shelf.put("air_/x").status_code == 201
    assert shelf.put("ai").status_code == 201
    assert shelf.paths() == ["ai", "air/train.csv", "air_/x"]


WRONG = [
    "", "/", "/etc/passwd", "a//b", "a/", "../a", "a/../b", "a/..", ".", "..", ".env", "a/.git/b", "a\\b", " a", "a ",
    "a/ b", "a\0b", "a\nb", "a\u202eb", "x" * 256, "\ud800",
]  # fmt: skip


@pytest.mark.parametrize("path", WRONG)
def test_what_is_no_path(path: str) -> None:
    with pytest.raises(InvalidInputError, match="path"):
        clean_path(path)


def test_paths_have_one_form() -> None:
    assert clean_path("u\u0308.csv") == "ü.csv"
    assert clean_path("a b/c-d_e.tar.gz") == "a b/c-d_e.tar.gz"
    assert clean_path("x" * 255) == "x" * 255


@pytest.mark.parametrize(
    "path", ["..%2F..%2Fetc%2Fpasswd", "%2Fetc%2Fpasswd", "a%00b", ".secret", "a%2F%2Fb", "%FF", "%5C..%5C", "x" * 2000]
)
def test_wrong_paths_in_addresses(shared_client: Any, path: str) -> None:
    answer = shared_client.get(f"{V1}/{path}")
    assert answer.status_code in {404, 422}
    assert answer.headers["content-type"] == "application/problem+json"
    answer = shared_client.get(f"/api/datasets/download_datasets?dataset={path}")
    assert answer.status_code in {400, 404}
    assert answer.json()["code"] in {11, 12}


def test_wrong_paths_are_not_added(shelf: Shelf) -> None:
    upload_id = shelf.upload()
    for path in ("..%2Fa", ".env", "a%2F", "a%00b", "x" * 256):
        assert shelf.put(path, upload_id=upload_id).status_code == 422, path
    assert shelf.paths() == []
    assert shelf.put("a.csv", upload_id=upload_id).status_code == 201


def test_contract(shelf: Shelf) -> None:
    form = {"data": {"file_path": "air/train.csv"}, "files": {"file": ("whatever.bin", CONTENT)}}
    assert shelf.contract("upload_dataset", **form) == {"code": 0, "msg": "success."}
    assert shelf.contract("upload_dataset", data={"file_path": "top.csv"}, files={"file": b"x"})["code"] == 0
    assert shelf.contract("list_datasets", "ada") == {
        "code": 0, "msg": "success.", "data": {"datasets": {"air": ["train.csv"], "": ["top.csv"]}},
    }  # fmt: skip
    answer = shelf.client.get("/api/datasets/download_datasets", params={"dataset": "air/train.csv"})
    assert (answer.status_code, answer.content) == (200, CONTENT)
    assert answer.headers["content-length"] == str(len(CONTENT))
    # What a web app makes of the folder without a name.
    assert shelf.client.get("/api/datasets/download_datasets", params={"dataset": "/top.csv"}).content == b"x"
    assert shelf.contract("delete_datasets", json={"dataset": "air/train.csv"}) == {"code": 0, "msg": "success."}
    assert shelf.contract("delete_datasets", json={"dataset": "air/train.csv"})["code"] == 12
    assert shelf.paths() == ["top.csv"]


def test_contract_refusals(shelf: Shelf) -> None:
    def get(**query: str) -> tuple[int, dict[str, Any]]:
        answer = shelf.client.get("/api/datasets/download_datasets", params=query)
        return answer.status_code, {name: answer.json().get(name) for name in ("code", "msg", "data")}

    # Clients save what comes with status 200.
    assert get(dataset="nix") == (404, {"code": 12, "msg": "Dataset not found.", "data": {}})
    assert get(dataset="../secrets.json")[0] == 400
    assert get(dataset="../secrets.json")[1]["code"] == 11
    assert get()[0] == 400
    assert get()[1]["code"] == 21
    post = shelf.contract
    assert post("upload_dataset", files={"file": b"x"}) == {"code": 11, "msg": "file_path is required."}
    assert post("upload_dataset", data={"file_path": "a"}) == {"code": 12, "msg": "file is required."}
    assert post("upload_dataset", data={"file_path": "../a"}, files={"file": b"x"})["code"] == 11
    assert post("upload_dataset", json={})["code"] == 11
    assert post("delete_datasets", json={})["code"] == 21
    assert post("delete_datasets", json={"dataset": "../a"})["code"] == 11
    assert post("add_dataset_uploaded", json={"file_hash": "0" * 32})["code"] == 21
    assert post("add_dataset_uploaded", json={"file_hash": "0" * 32, "filename": "a"})["code"] == 12
    assert post("add_dataset_uploaded", json={"file_hash": "nonsense", "filename": "a"})["code"] in {12, 21}
    for path in ("upload_dataset", "delete_datasets", "add_dataset_uploaded"):
        assert post(path, "ada", json={}) == {"code": 12, "msg": "Admin account required."}
    assert shelf.paths() == []
    assert shelf.acts() == []


def test_contract_in_chunks(shelf: Shelf) -> None:
    file_hash = hashlib.md5(CONTENT, usedforsecurity=False).hexdigest()
    for begin in range(0, len(CONTENT), 4096):
        answer = shelf.client.post(
            "/api/user/chunked_upload",
            data={"chunk_begin": str(begin), "file_hash": file_hash},
            files={"chunk_file": CONTENT[begin : begin + 4096]},
            headers=shelf.headers["bea"],
        )
        assert answer.json()["code"] == 0
    body = {"file_hash": file_hash, "filename": "air/train.csv"}
    assert shelf.contract("add_dataset_uploaded", json=body) == {"code": 0, "msg": "success."}
    assert shelf.client.get(f"{V1}/air/train.csv").content == CONTENT
