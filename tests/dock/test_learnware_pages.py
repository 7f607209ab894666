"""What the page of a learnware shows: versions with changes, downloads by the day, files, environment."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING, Any

import pytest
from tests.dock import learnwares as some

from beimingwu.errors import InvalidInputError, NotAllowedError, NotFoundError, UnavailableError
from beimingwu.services.identity import Identity, Role
from beimingwu.services.learnware_contents import MOST_TEXT_BYTES
from beimingwu.storage import open_stored
from learnware.learnware import write_package

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ROOT = "/api/v1/learnwares"


def publish(rig: Any, folder: Path, changes: dict[str, bytes | None], owner: str = "ada") -> str:
    """Publish a learnware with other files; None leaves one out."""
    made = {name: content for name, content in {**some.files(), **changes}.items() if content is not None}
    blob = some.store(rig, write_package(made, folder / "some.zip"))
    submitted = rig.dock.submissions.submit(some.identity_of(rig, owner), blob, some.semantic(), rig.origin())
    some.decide(rig, submitted.learnware_id)
    return str(submitted.learnware_id)


def seen(client: Any, path: str, headers: dict[str, str] | None = None) -> Any:
    answer = client.get(f"{ROOT}/{path}", headers=headers or {})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_versions_and_what_they_change(both: Any, as_bearer: Any, tmp_path: Path) -> None:
    rig, client = both
    learnware_id = some.publish_learnware(rig)
    ada, update = some.identity_of(rig), rig.dock.submissions.update
    spec = some.semantic(name="iris of the west", license="Apache-2.0")
    update(ada, learnware_id, rig.origin(), semantic_spec=spec)
    some.decide(rig, learnware_id, 2, accepted=False)
    blob = some.store(rig, some.package(tmp_path, centre=1.0))
    update(ada, learnware_id, rig.origin(), blob=blob, semantic_spec=spec)
    some.decide(rig, learnware_id, 3)
    update(ada, learnware_id, rig.origin(), semantic_spec=some.semantic(name="iris of the south"))
    mine = seen(client, f"{learnware_id}/versions", as_bearer(rig.session()))
    assert [(one["number"], one["status"], one["serving"], one["changes"]) for one in mine] == [
        (4, "WAITING", False, {"package": False, "semantic": ["Name", "Description", "License"]}),
        (3, "SUCCESS", True, {"package": True, "semantic": []}),
        (2, "FAIL", False, {"package": False, "semantic": ["Name", "Description", "License"]}),
        (1, "SUCCESS", False, None),
    ]
    rig.user("bob")
    changes = {"package": True, "semantic": ["Name", "Description", "License"]}
    for headers in ({}, as_bearer(rig.session("bob"))):
        theirs = seen(client, f"{learnware_id}/versions", headers)
        assert [(one["number"], one["changes"]) for one in theirs] == [(3, changes), (1, None)]
    assert theirs[0]["sha256"] == mine[1]["sha256"]
    rig.dock.ownership.withdraw(ada, learnware_id, rig.origin())
    assert client.get(f"{ROOT}/{learnware_id}/versions").status_code == 404


def test_a_version_that_is_verified_once_more(rig: Any) -> None:
    learnware_id = some.publish_learnware(rig)
    rig.dock.verifications.verify_again(some.identity_of(rig), learnware_id, 1, rig.origin())
    (entry,) = rig.dock.learnware_history.versions(None, learnware_id)
    assert (entry.version.status, entry.version.serving, entry.changes) == ("WAITING", True, None)
    some.decide(rig, learnware_id, accepted=False)
    with pytest.raises(NotFoundError):
        rig.dock.learnware_history.versions(None, learnware_id)
    (entry,) = rig.dock.learnware_history.versions(some.identity_of(rig), learnware_id)
    assert (entry.version.status, entry.version.serving) == ("FAIL", False)


def test_downloads_by_the_day(both: Any) -> None:
    rig, client = both
    learnware_id = some.publish_learnware(rig)
    other_id = some.publish_learnware(rig, name="two of these", seed=1)
    for days, n in ((0, 2), (1, 1), (3, 3)):
        rig.clock.forward(days=days)
        for _ in range(n):
            assert client.get(f"{ROOT}/{learnware_id}/package").status_code == 200
        # What happened before midnight counts for that day, whenever it is written down.
        if days:
            rig.dock.usage.flush()
    found = seen(client, f"{learnware_id}/usage?days=5")
    assert found["total"] == 6
    assert [(one["day"][-2:], one["downloads"]) for one in found["days"]] == [
        ("21", 2), ("22", 1), ("23", 0), ("24", 0), ("25", 3),
    ]  # fmt: skip
    assert seen(client, f"{learnware_id}/usage?days=2")["total"] == 3
    assert len(seen(client, f"{learnware_id}/usage")["days"]) == 90
    assert seen(client, f"{other_id}/usage?days=366")["total"] == 0
    assert seen(client, learnware_id)["downloads"] == 6
    rig.dock.ownership.delete(some.identity_of(rig), learnware_id, rig.origin())
    assert client.get(f"{ROOT}/{learnware_id}/usage").status_code == 404


def test_files(both: Any, tmp_path: Path) -> None:
    rig, client = both
    made: dict[str, bytes | None] = {
        "docs/notes é.md": "# Größe\n".encode(),
        "docs/page.html": b"<script>alert(1)</script>",
        "weights.npy": b"\x93NUMPY\x01\x00",
        "latin.txt": "Größe".encode("latin-1"),
        "long.txt": b"x" * (MOST_TEXT_BYTES + 1),
        "full.txt": b"x" * MOST_TEXT_BYTES,
        "escapes.txt": b"red: \x1b[31m",
        "empty.txt": b"",
    }
    learnware_id = publish(rig, tmp_path, made)
    found = seen(client, f"{learnware_id}/files")
    sizes = {one["path"]: one["size"] for one in found["files"]}
    assert list(sizes) == sorted(sizes)
    assert {name: sizes[name] for name in made} == {name: len(content or b"") for name, content in made.items()}
    assert {"__init__.py", "learnware.yaml", "semantic_specification.json", "stat.json"} < set(sizes)
    assert found["total_size"] == sum(sizes.values())
    here = f"{ROOT}/{learnware_id}/files"
    for name in ("docs/notes é.md", "docs/page.html", "empty.txt", "full.txt", "requirements.txt"):
        answer = client.get(f"{here}/{name}")
        assert (answer.status_code, answer.headers["content-type"]) == (200, "text/plain; charset=utf-8"), name
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert answer.content == made.get(name, b"numpy\n")
    assert learnware_id in client.get(f"{here}/learnware.yaml").text
    for name in ("weights.npy", "latin.txt", "long.txt", "escapes.txt"):
        answer = client.get(f"{here}/{name}")
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "path path"), name
    unknown = ("nix", "docs", "docs/", "", "..%2F..%2Fetc%2Fpasswd", "%2Fetc%2Fpasswd", "__init__.py%00", "%ff", "./x")
    for name in unknown:
        assert client.get(f"{here}/{name}").status_code == 404, name
    assert client.get(f"{here}/{'x' * 1025}").status_code == 422
    # Looks are no downloads.
    rig.dock.usage.flush()
    assert seen(client, learnware_id)["downloads"] == 0


def test_who_may_look_into_a_package(both: Any, as_bearer: Any) -> None:
    rig, client = both
    waiting = some.submit_learnware(rig)
    rig.user("bob")
    some.identity_of(rig, "root", role=Role.ADMIN)
    may = [as_bearer(rig.session(name)) for name in ("ada", "root")]
    may_not: list[dict[str, str]] = [{}, as_bearer(rig.session("bob"))]
    paths = ("files", "files/learnware.yaml", "environment", "versions", "usage")
    for path in paths:
        for headers in may:
            assert client.get(f"{ROOT}/{waiting}/{path}", headers=headers).status_code == 200, path
        for headers in may_not:
            assert client.get(f"{ROOT}/{waiting}/{path}", headers=headers).status_code == 404, path
        for unknown in ("99999999", "x", "%00"):
            assert client.get(f"{ROOT}/{unknown}/{path}").status_code == 404, (path, unknown)
        assert client.get(f"{ROOT}/{'9' * 65}/{path}").status_code == 422
        assert client.get(f"{ROOT}/{waiting}/{path}", headers=as_bearer("0" * 32)).status_code == 401
    some.decide(rig, waiting)
    for path in paths:
        for headers in (*may, *may_not):
            assert client.get(f"{ROOT}/{waiting}/{path}", headers=headers).status_code == 200, path
    ada = some.identity_of(rig)
    only = Identity(ada.user_id, ada.username, ada.email, ada.role, frozenset({"submit"}), None, 1)
    for ask in (
        rig.dock.learnware_contents.files,
        rig.dock.learnware_contents.environment,
        rig.dock.learnware_history.versions,
        rig.dock.learnware_history.usage,
    ):
        with pytest.raises(NotAllowedError):
            ask(only, waiting)
    for days in ("0", "-1", "367", "x", "9223372036854775808"):
        assert client.get(f"{ROOT}/{waiting}/usage?days={days}").status_code == 422
    with pytest.raises(InvalidInputError, match="days must be 1 to 366"):
        rig.dock.learnware_history.usage(None, waiting, days=367)


CONDA = b"""\
name: iris
channels: [conda-forge]
dependencies:
- python=3.11
- scikit-learn=1.5.2
- pip:
  - -r more/needed.txt
"""


def test_environments(both: Any, tmp_path: Path) -> None:
    rig, client = both
    pip: dict[str, bytes | None] = {"requirements.txt": b"pandas>=2\nscikit-learn==1.5.2  # for the forest\n"}
    assert seen(client, f"{publish(rig, tmp_path, pip)}/environment") == {
        "kind": "pip",
        "requirements": ["numpy", "pandas>=2", "pyarrow", "scikit-learn==1.5.2"],
        "python": None,
        "file": "requirements.txt",
    }
    conda: dict[str, bytes | None] = {
        "environment.yaml": CONDA, "more/needed.txt": b"xgboost==2.1.1\n", "requirements.txt": None
    }  # fmt: skip
    assert seen(client, f"{publish(rig, tmp_path, conda)}/environment") == {
        "kind": "conda",
        "requirements": ["numpy", "scikit-learn==1.5.2.*", "xgboost==2.1.1"],
        "python": "==3.11.*",
        "file": "environment.yaml",
    }
    nothing = publish(rig, tmp_path, {"requirements.txt": None})
    assert seen(client, f"{nothing}/environment") == {
        "kind": "none", "requirements": [], "python": None, "file": None,
    }  # fmt: skip
    broken = publish(rig, tmp_path, {"environment.yaml": b"&a [*a]", "requirements.txt": None})
    answer = client.get(f"{ROOT}/{broken}/environment")
    assert answer.status_code == 422
    assert "aliases" in answer.json()["detail"]


def test_any_store_is_read_where_it_is_asked(make_client: Callable[..., Any], storage: dict[str, Any]) -> None:
    rig, client = make_client(**storage)
    learnware_id = some.publish_learnware(rig)
    package = rig.dock.downloads.package(None, learnware_id)
    with rig.dock.store.local(package.sha256) as path:
        whole = path.read_bytes()
    with open_stored(rig.dock.store, package.sha256, package.size) as file:
        assert file.read(10) == whole[:10]
        assert file.seek(-20, 2) == package.size - 20
        assert file.read() == whole[-20:]
        assert file.read(1) == b""
        assert file.seek(5) == 5
        assert file.seek(3, 1) == 8
        assert file.read(7) == whole[8:15]
        assert file.seek(package.size + 9) == package.size + 9
        assert file.read() == b""
        with pytest.raises(OSError, match="before its beginning"):
            file.seek(-package.size - 1, 2)
        assert zipfile.ZipFile(file).testzip() is None
    assert seen(client, f"{learnware_id}/files")["files"][0]["path"] == "__init__.py"
    rig.dock.store.delete(package.sha256)
    for part in ("files", "files/learnware.yaml", "environment"):
        assert client.get(f"{ROOT}/{learnware_id}/{part}").status_code == 503


def test_a_package_that_is_damaged(rig: Any) -> None:
    learnware_id = some.publish_learnware(rig)
    package = rig.dock.downloads.package(None, learnware_id)
    contents = rig.dock.learnware_contents
    with rig.dock.store.local(package.sha256) as path:
        path.chmod(0o600)
        whole = bytearray(path.read_bytes())
        with zipfile.ZipFile(path) as archive:
            member = archive.getinfo("__init__.py")
        # The name follows the header, the content follows the name.
        begin = member.header_offset + 30 + len("__init__.py")
        for place in range(begin, begin + 8):
            whole[place] ^= 0xFF
        path.write_bytes(whole)
        with pytest.raises(UnavailableError, match="damaged"):
            contents.text(None, learnware_id, "__init__.py")
        assert contents.text(None, learnware_id, "requirements.txt") == "numpy\n"
        path.write_bytes(bytes(len(whole)))
        with pytest.raises(UnavailableError, match="damaged"):
            contents.files(None, learnware_id)
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("../outside.txt", "x")
            archive.comment = bytes(package.size - 200)
        path.write_bytes(path.read_bytes()[: package.size].ljust(package.size, b"\0"))
        with pytest.raises(UnavailableError, match="damaged"):
            contents.environment(None, learnware_id)
