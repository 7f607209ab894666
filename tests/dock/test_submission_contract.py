"""Learnwares by the published contract: its codes and its words."""

from __future__ import annotations

import gc
import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select, update
from starlette.exceptions import HTTPException

from beimingwu.db.models import SensitiveWord, Upload, Version
from beimingwu.services.identity import Role
from learnware.learnware import write_package

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def ask(both: Any, as_bearer: Any) -> Any:
    """A function that asks as somebody, with JSON or a form, and returns the answer's body."""
    rig, client = both
    sessions: dict[str, dict[str, str]] = {}

    def ask(path: str, who: str = "ada", **content: Any) -> Any:
        if who not in sessions:
            rig.user(who, role=Role.ADMIN if who == "root" else Role.USER)
            sessions[who] = as_bearer(rig.session(who))
        answer = client.post(f"/api/user/{path}", headers=sessions[who], **content)
        assert answer.status_code == 200, answer.text
        return answer.json()

    return ask


@pytest.fixture
def add(ask: Any, learnwares: Any, tmp_path: Path) -> Any:
    """A function that submits a learnware in one form."""

    def add(spec: Any = None, *, who: str = "ada", content: bytes | None = None, **values: Any) -> Any:
        spec = learnwares.semantic() if spec is None else spec
        content = learnwares.package(tmp_path, **values).read_bytes() if content is None else content
        form = {"semantic_specification": spec if isinstance(spec, str) else json.dumps(spec)}
        return ask("add_learnware", who, data=form, files={"learnware_file": ("learnware.zip", content)})

    return add


def test_submitting_in_one_form(both: Any, ask: Any, add: Any) -> None:
    assert add() == {"code": 0, "msg": "Add success.", "data": {"learnware_id": "00000001"}}
    assert add() == {"code": 61, "msg": "Learnware file already exist."}
    assert add(who="bob")["code"] == 61
    rig, _ = both
    # The file does not wait as an upload any more.
    with rig.dock.database.read() as session:
        assert session.scalars(select(Upload)).all() == []


def test_what_is_missing(ask: Any, learnwares: Any) -> None:
    spec = json.dumps(learnwares.semantic())
    parameters = {"code": 21, "msg": "Request parameters error."}
    assert ask("add_learnware", data={"semantic_specification": spec}, files={"other": b"x"}) == parameters
    assert ask("add_learnware", data={"semantic_specification": spec, "learnware_file": "text"}) == parameters
    assert ask("add_learnware", files={"learnware_file": b"x"})["code"] == 41
    assert ask("add_learnware", content=b"--x\r\nno form")["code"] == 41


def test_submitting_what_was_uploaded(both: Any, ask: Any, learnwares: Any, tmp_path: Path) -> None:
    content = learnwares.package(tmp_path).read_bytes()
    file_hash = hashlib.md5(content).hexdigest()
    for begin in range(0, len(content), 500):
        chunk = content[begin : begin + 500]
        form = {"chunk_begin": str(begin), "file_hash": file_hash}
        assert ask("chunked_upload", data=form, files={"chunk_file": chunk}) == {"code": 0, "msg": "success"}
    body = {"file_hash": file_hash, "semantic_specification": json.dumps(learnwares.semantic())}
    assert ask("add_learnware_uploaded", "bob", json=body)["code"] == 51
    assert ask("add_learnware_uploaded", json={**body, "semantic_specification": "{"})["code"] == 41
    expected = {"code": 0, "msg": "Add success.", "data": {"learnware_id": "00000001"}}
    assert ask("add_learnware_uploaded", json=body) == expected
    assert ask("add_learnware_uploaded", json=body)["code"] == 61
    form = {"chunk_begin": "0", "file_hash": file_hash}
    again = ask("chunked_upload", data=form, files={"chunk_file": content[:500]})
    assert again == {"code": 51, "msg": "Learnware file already exist."}
    for wrong in ({"file_hash": 1}, {"file_hash": "x"}, {"file_hash": None}):
        assert ask("add_learnware_uploaded", json={**body, **wrong})["code"] == 21


# As small as the published package's own samples are, in its form.
TOYS: dict[str, dict[str, Any]] = {
    "Text": {
        "z": [[0.05] * 384], "beta": [1.0], "gamma": 0.1, "num_points": 1, "type": "RKMETextSpecification",
        "language": ["en"],
    },
    "Image": {
        "RKME_IMAGE_VERSION": 1, "z": [[[[0.5] * 32] * 32]], "beta": [1.0], "n_models": 16,
        "model_config": {"k": 2, "mu": 0, "sigma": None, "net_width": 128, "net_depth": 3},
        "type": "RKMEImageSpecification",
    },
}  # fmt: skip


@pytest.mark.parametrize("kind", list(TOYS))
def test_texts_and_images(both: Any, ask: Any, add: Any, learnwares: Any, tmp_path: Path, kind: str) -> None:
    rig, client = both
    toy = TOYS[kind]
    content = write_package(learnwares.files_of(kind, [toy], name="toy of a kind"), tmp_path / "a.zip").read_bytes()
    other = "Text" if kind == "Image" else "Image"
    for wrong in ("Table", other):
        refused = add(learnwares.semantic(data_type=wrong), content=content)
        assert refused["code"] == 51, refused
        assert toy["type"] in refused["msg"]
    added = add(learnwares.semantic(data_type=kind, name="toy of a kind"), content=content)
    assert added == {"code": 0, "msg": "Add success.", "data": {"learnware_id": "00000001"}}
    learnwares.decide(rig, "00000001")
    form = {"semantic_specification": json.dumps({"Data": {"Values": [kind], "Type": "Class"}}), "limit": "10"}
    for states, found in ((toy, True), (TOYS[other], False)):
        files = {"statistical_specification": ("rkme.json", json.dumps(states))}
        answer = client.post("/api/engine/search_learnware", data=form, files=files).json()
        items = answer["data"]["learnware_list_single"]
        assert [(one["learnware_id"], one["matching"]) for one in items] == [
            ("00000001", pytest.approx(1.0))
        ] * found, answer


REFUSED: list[tuple[Any, int, str]] = [
    ("{", 41, "Semantic specification error"),
    ("[]", 41, "Semantic specification error"),
    ("[" * 5000, 41, "Semantic specification error"),
    ({"Data": {"Values": [], "Type": "Class"}}, 41, "data type values is not 1"),
    ({"Data": {"Values": ["Table", "Image"], "Type": "Class"}}, 41, "data type values is not 1"),
    ({"Data": None}, 41, "data type values is not 1"),
    ({"Task": {"Values": []}}, 41, "Output is not 1"),
    ({"Input": "no json"}, 41, "Input section of semantic is not a json or dict"),
    ({"Input": []}, 41, "Input section of semantic is not a json or dict"),
    ({"Input": {"Description": {}}}, 41, "Input has no dimension"),
    ({"Output": "no json"}, 41, "Output section of semantic is not a json or dict"),
    ({"Output": {"Description": {}}}, 41, "Output has no dimension"),
    ({"Name": {"Values": "abc", "Type": "String"}}, 51, "Name length is less than 5"),
    ({"Name": {"Values": "a" * 51, "Type": "String"}}, 51, "Name length is more than 50"),
    ({"Description": {"Values": "abc", "Type": "String"}}, 51, "Description length is less than 10"),
    ({"Description": {"Values": "a" * 10_001, "Type": "String"}}, 51, "Description length is more than 10000"),
    ({"Data": {"Values": ["Smell"], "Type": "Class"}}, 51, "Data has the value 'Smell'"),
    ({"License": {"Values": ["x"], "Type": "Class"}}, 51, "License has the value 'x'"),
    # Sensible in itself, and not what the package has.
    ({"Input": {"Dimension": 4, "Description": {}}}, 51, "has 3 columns, Input.Dimension is 4"),
]


def test_specifications_that_are_refused(add: Any, learnwares: Any) -> None:
    for changes, code, message in REFUSED:
        answer = add(changes if isinstance(changes, str) else {**learnwares.semantic(), **changes})
        assert (answer["code"], message in answer["msg"]) == (code, True), (changes, answer)
        assert "data" not in answer


def test_specifications_as_the_web_app_sends_them(both: Any, ask: Any, add: Any, learnwares: Any) -> None:
    spec = learnwares.semantic()
    assert add({**spec, "Input": json.dumps(spec["Input"]), "Output": json.dumps(spec["Output"])})["code"] == 0
    [listed] = ask("list_learnware", json={"limit": 10, "page": 0})["data"]["learnware_list"]
    assert listed["semantic_specification"] == spec


def test_packages_that_are_refused(both: Any, add: Any) -> None:
    rig, _ = both
    assert add(content=b"no zip at all")["code"] == 51
    assert add(content=b"")["code"] == 51
    with rig.dock.database.write() as session:
        session.add(SensitiveWord(word="North", key="north", added_at=rig.clock(), added_by=None))
        session.add(SensitiveWord(word="things", key="things", added_at=rig.clock(), added_by=None))
    answer = add()
    assert answer == {"code": 51, "msg": "Sensitive words North,things in semantic specification"}


def test_updating(both: Any, ask: Any, add: Any, learnwares: Any, tmp_path: Path) -> None:
    rig, _ = both
    learnware_id = add()["data"]["learnware_id"]
    learnwares.decide(rig, learnware_id)
    spec = learnwares.semantic(name="iris of the east")
    form = {"learnware_id": learnware_id, "semantic_specification": json.dumps(spec)}
    done = {"code": 0, "msg": "success"}
    assert ask("update_learnware", data=form) == done
    # The client sends the same again where an answer is lost.
    assert ask("update_learnware", data=form) == done
    content = learnwares.package(tmp_path, seed=7).read_bytes()
    assert ask("update_learnware", data=form, files={"learnware_file": ("x.zip", content)}) == done
    numbers = [
        one.version.number for one in rig.dock.learnware_history.versions(learnwares.identity_of(rig), learnware_id)
    ]
    assert numbers == [3, 2, 1]
    other = add(seed=8)["data"]["learnware_id"]
    again = ask("update_learnware", data={**form, "learnware_id": other}, files={"learnware_file": content})
    assert again == {"code": 61, "msg": "Learnware file already exist."}
    assert ask("update_learnware", data={**form, "learnware_id": "00000099"}) == {
        "code": 71, "msg": "Learnware id does not exist."
    }  # fmt: skip
    assert ask("update_learnware", "bob", data=form) == {"code": 31, "msg": "Permission denied."}
    assert ask("update_learnware", "root", data=form)["code"] == 0
    assert ask("update_learnware", data={**form, "semantic_specification": "{}"})["code"] == 41
    assert ask("update_learnware", data={"learnware_id": learnware_id})["code"] == 41
    assert ask("update_learnware", data={"semantic_specification": "{}"})["code"] == 21


def test_updating_while_it_is_verified(both: Any, ask: Any, add: Any, learnwares: Any) -> None:
    rig, _ = both
    learnware_id = add()["data"]["learnware_id"]
    with rig.dock.database.write() as session:
        session.execute(update(Version).values(state="PROCESSING", worker="w#1"))
    form = {"learnware_id": learnware_id, "semantic_specification": json.dumps(learnwares.semantic(name="new name"))}
    assert ask("update_learnware", data=form) == {"code": 51, "msg": "Learnware is verifying."}


def test_listing_and_deleting(both: Any, ask: Any, add: Any, learnwares: Any) -> None:
    rig, _ = both
    ids = [add(seed=seed)["data"]["learnware_id"] for seed in range(3)]
    learnwares.decide(rig, ids[0])
    answer = ask("list_learnware", json={"limit": 2, "page": 0})
    assert (answer["code"], answer["msg"]) == (0, "Ok.")
    assert {name: answer["data"][name] for name in ("page", "limit", "total_pages")} == {
        "page": 0, "limit": 2, "total_pages": 2
    }  # fmt: skip
    assert [one["learnware_id"] for one in answer["data"]["learnware_list"]] == ids[:0:-1]
    first = ask("list_learnware", json={"limit": 2, "page": 1})["data"]["learnware_list"][0]
    assert set(first) == {"learnware_id", "last_modify", "verify_status", "semantic_specification"}
    assert (first["verify_status"], first["last_modify"]) == ("SUCCESS", "2026-11-21 12:00:30.000000 UTC")
    for verified, expected in ((True, 1), (False, 2), (None, 3)):
        body = {"limit": 10_000, "page": 0, "is_verified": verified}
        assert len(ask("list_learnware", json=body)["data"]["learnware_list"]) == expected
    for wrong in ({"limit": 0, "page": 0}, {"limit": 10}, {"limit": "10", "page": 0}, {"limit": 10, "page": -1},
                  {"limit": True, "page": 0}, {"limit": 10, "page": 10**30},
                  {"limit": 10, "page": 0, "is_verified": "yes"}):  # fmt: skip
        assert ask("list_learnware", json=wrong)["code"] == 21
    assert ask("list_learnware", json={"limit": 10, "page": 10**9})["data"]["learnware_list"] == []
    gone = {"learnware_id": ids[0]}
    assert ask("delete_learnware", "bob", json=gone) == {"code": 41, "msg": "You do not own this learnware."}
    assert ask("delete_learnware", json=gone) == {"code": 0, "msg": "Delete success."}
    assert ask("delete_learnware", json=gone) == {"code": 51, "msg": "Learnware not exist."}
    assert ask("delete_learnware", "root", json={"learnware_id": ids[1]})["code"] == 0
    assert ask("delete_learnware", json={})["code"] == 21
    assert ask("delete_learnware", json={"learnware_id": 1})["code"] == 21


# Starlette leaves a file whose part never ends to the garbage collector.
@pytest.mark.filterwarnings("ignore:Unclosed file <tempfile.SpooledTemporaryFile:ResourceWarning")
def test_forms_that_are_none(both: Any, as_bearer: Any) -> None:
    rig, client = both
    rig.user()
    ada = as_bearer(rig.session())
    part = b'--x\r\nContent-Disposition: form-data; name="learnware_file"; filename="a.zip"\r\n\r\n'
    field = b'--x\r\nContent-Disposition: form-data; name="semantic_specification"\r\n\r\n'
    bodies = (b"", b"--x", b"--x--\r\n", part, part + b"\xff" * 5000, field + b"{" * 2_000_000, b"\r\n" * 5000,
              b"".join(field + b"{}\r\n" for _ in range(50)) + b"--x--", part + b"a\r\n" + part + b"b\r\n--x--",
              field.replace(b"semantic_specification", b"\xff\x00") + b"{}\r\n--x--")  # fmt: skip
    for path in ("add_learnware", "update_learnware"):
        for kind in ("multipart/form-data; boundary=x", "multipart/form-data", "application/json",
                     "application/x-www-form-urlencoded"):  # fmt: skip
            for body in bodies:
                answer = client.post(f"/api/user/{path}", content=body, headers={**ada, "Content-Type": kind})
                assert answer.status_code in {200, 400}, (path, kind, body[:80], answer.text)
                assert answer.json()["code"] in {21, 41}
    gc.collect()


def test_a_form_counts_as_an_upload_while_it_arrives(
    make_client: Any, as_bearer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig, client = make_client(upload_quota_bytes=100_000)
    ada = rig.user()
    reads = rig.dock.tokens.create_for(ada, "reads", ["read"], expires_in_days=None).token
    sizes: list[list[int | None]] = []

    async def form(*_: Any, **__: Any) -> None:
        with rig.dock.database.read() as session:
            sizes.append([one.size for one in session.scalars(select(Upload))])
        raise HTTPException(400)

    monkeypatch.setattr("starlette.requests.Request.form", form)

    def send(token: str, length: int, path: str) -> int:
        files = {"learnware_file": ("learnware.zip", b"x" * length)}
        return int(client.post(f"/api/user/{path}", headers=as_bearer(token), files=files).json()["code"])

    for path in ("add_learnware", "update_learnware"):
        # Nothing is received of who may not submit, or not so much.
        assert send(reads, 10, path) == 12
        assert send(rig.session(), 200_000, path) == 31
        assert sizes == []
        assert send(rig.session(), 50_000, path) == 21
        ((size,),) = sizes
        assert size is not None
        assert 50_000 < size < 51_000
        sizes.clear()
        with rig.dock.database.read() as session:
            assert session.scalars(select(Upload)).all() == []
