"""Commands for docks, against a real server."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.dock import learnwares
from tests.live_dock import LiveDock, live_dock

from learnware.learnware import write_package

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def dock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveDock]:
    """A dock with two learnwares of Grace's for tables of three columns, centred at 0 and at 50."""
    with live_dock(tmp_path_factory.mktemp("dock")) as dock:
        dock.near = learnwares.publish_learnware(dock, "grace", name="around the origin", centre=0.0)
        dock.far = learnwares.publish_learnware(dock, "grace", name="around fifty", centre=50.0, seed=1)
        yield dock


@pytest.fixture
def here(run: Any, dock: LiveDock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The command, which speaks to that dock, and where nobody is logged in."""
    monkeypatch.setenv("LEARNWARE_CONFIG", str(tmp_path / "config"))
    monkeypatch.setenv("LEARNWARE_PACKAGES", str(tmp_path / "packages"))
    monkeypatch.setenv("LEARNWARE_BACKEND_HOST", dock.url)
    monkeypatch.delenv("LEARNWARE_TOKEN", raising=False)
    return run


@pytest.fixture
def ada(here: Any, dock: LiveDock) -> Any:
    """The same, and Ada is logged in."""
    here("login", "--token-stdin", input=dock.token())
    return here


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A table like what the first learnware knows."""
    np.save(tmp_path / "mine.npy", np.random.default_rng(3).normal(size=(300, 3)))
    return tmp_path / "mine.npy"


def test_login_is_kept_and_forgotten(here: Any, dock: LiveDock, tmp_path: Path, monkeypatch: Any) -> None:
    token = dock.token()
    monkeypatch.delenv("LEARNWARE_BACKEND_HOST")
    told = here.answer("login", dock.url.removesuffix("/api"), "--token-stdin", input=f"{token}\n")
    assert told == {"host": dock.url, "email": "ada@example.org", "username": "ada", "role": "user"}
    kept = tmp_path / "config" / "credentials.json"
    assert kept.stat().st_mode & 0o777 == 0o600
    # It is the dock to speak to from now on.
    assert here.answer("list", "--mine") == {"host": dock.url, "total": 0, "learnwares": []}
    assert here.answer("logout") == {"host": dock.url, "forgotten": True}
    assert token not in kept.read_text()
    assert here.answer("logout")["forgotten"] is False
    error = here.failure("list", "--mine")
    assert error["type"] == "NotLoggedInError"
    assert "learnware login" in error["message"]


def test_what_is_no_login(here: Any, dock: LiveDock, tmp_path: Path) -> None:
    for arguments in (("--token", "0" * 32), ("--token", dock.token(), "--email", "grace@example.org")):
        error = here.failure("login", *arguments)
        assert error["type"] == "NotLoggedInError"
        assert arguments[1] not in error["message"]
    assert "--token-stdin" in here("login", code=2).stderr
    assert "--email" in here("login", "--password-stdin", input="x", code=2).stderr
    assert not (tmp_path / "config").exists()


def test_a_password_makes_a_token(here: Any, dock: LiveDock) -> None:
    dock.token("linus")
    login = ("login", "--email", "linus@example.org", "--password-stdin")
    refused = here.failure(*login, input="wrong password")
    assert refused["problem"] == "invalid-credentials"
    assert "learnware login" not in refused["message"]
    here(*login, input="correct horse\n")
    assert here.answer("list", "--mine")["total"] == 0
    user_id = dock.dock.users.find("linus@example.org").user_id
    made = [one for one in dock.dock.tokens.of(user_id) if one.name.startswith("learnware on ")]
    assert [one.scopes for one in made] == [("read", "submit")]


def test_upload_and_wait(ada: Any, dock: LiveDock, tmp_path: Path) -> None:
    """A learnware from its zip to being found, and out again."""
    zip_path = learnwares.package(tmp_path, name="measured by ada", centre=200.0, seed=5)
    assert "learnware show" in ada("upload", zip_path).stdout
    again = ada.failure("upload", zip_path)
    assert again["status"] == 409
    [mine] = ada.answer("list", "--mine")["learnwares"]
    learnware_id = mine["learnware_id"]
    assert mine["status"] == "WAITING"
    assert "waits for verification" in ada("show", learnware_id).stdout
    assert learnware_id not in ada("list").stdout
    words = tmp_path / "words.json"
    words.write_text(json.dumps(learnwares.semantic(name="measured by ada, twice")))
    with dock.working():
        result = ada("update", learnware_id, "--semantic", words, "--wait")
    assert "version 2, is verified" in result.stdout
    assert "trial" in result.stderr
    assert result.stderr.rstrip().splitlines()[-1] == "  verified"
    document = ada.answer("show", learnware_id, "--log")
    assert document["learnware"]["serving_version"] == 2
    assert document["verification"]["status"] == "SUCCESS"
    assert "trial: finished ok" in document["log"]
    assert "measured by ada, twice" in ada("list").stdout
    ada("withdraw", learnware_id)
    assert learnware_id not in ada("list").stdout
    assert "withdrawn" in ada("show", learnware_id).stdout
    ada("restore", learnware_id)
    assert learnware_id in ada("list").stdout
    assert "--yes" in ada("delete", learnware_id, code=2).stderr
    error = ada.failure("delete", learnware_id, "00000098", "00000099", "--yes")
    assert "00000098, 00000099" in error["message"]
    assert error["message"].endswith("nothing was deleted")
    assert error["status"] == 404
    # Of Grace's, it is the second.
    told = ada("delete", learnware_id, dock.near, "--yes", code=1).stderr
    assert told.startswith(f"error: {dock.near}: ")
    assert told.endswith(f"deleted before: {learnware_id}\n")
    assert ada.failure("show", learnware_id)["status"] == 404


def test_a_learnware_that_is_refused(ada: Any, dock: LiveDock, tmp_path: Path) -> None:
    files = learnwares.files(name="answers nothing at all", seed=9)
    files["__init__.py"] = files["__init__.py"].replace(b"return (np", b"raise ValueError('no')\n        return (np")
    with dock.working():
        result = ada("upload", write_package(files, tmp_path / "bad.zip"), "--wait", code=1)
    last = result.stderr.rstrip().splitlines()[-1]
    assert last.startswith("error: ")
    assert "is refused: trial: " in last
    [mine] = ada.answer("list", "--mine")["learnwares"]
    assert "trial" in ada("show", mine["learnware_id"]).stdout
    ada("delete", mine["learnware_id"], "--yes")


def test_what_cannot_be_submitted(ada: Any, dock: LiveDock, tmp_path: Path) -> None:
    (tmp_path / "no.zip").write_bytes(b"no zip at all")
    assert ada.failure("upload", tmp_path / "no.zip")["type"] == "InvalidPackageError"
    assert ada.failure("upload", tmp_path / "none.zip")["type"] == "InvalidPackageError"
    short = tmp_path / "short.json"
    short.write_text(json.dumps(learnwares.semantic(name="abc")))
    error = ada.failure("upload", learnwares.package(tmp_path, seed=11), "--semantic", short)
    assert error["status"] == 422
    assert error["errors"]
    assert "\n" not in error["message"]
    assert "nothing to update" in ada("update", "00000001", code=2).stderr
    # Somebody else's.
    assert ada.failure("delete", dock.near, "--yes")["status"] in {403, 404}
    assert ada.failure("update", dock.near, "--semantic", short)["status"] in {403, 404}


def test_search(here: Any, dock: LiveDock, data: Path) -> None:
    found = here.answer("search", data, "--dock")
    assert found["singles"][0]["id"] == dock.near
    assert found["singles"][0]["similarity"] > 0.9
    assert found["host"] == dock.url
    local = set(here.answer("search", "--text", "around", "--dock", "--limit", 1))
    assert local == set(found)
    text = here("search", data, "--dock").stdout
    assert dock.near in text
    assert "grace" in text
    # The specification alone does it.
    here("spec", data, "-o", "stat.json")
    assert here.answer("search", "stat.json", "--dock")["singles"][0]["id"] == dock.near
    assert here.answer("search", "--text", "fifty", "--host", dock.url)["singles"][0]["id"] == dock.far
    assert "Nothing" not in here("search", "--text", "fifty", "--dock").stdout


def test_nothing_fits(here: Any, dock: LiveDock, tmp_path: Path) -> None:
    np.save(tmp_path / "wide.npy", np.random.default_rng(0).normal(size=(300, 7)))
    assert here.answer("search", tmp_path / "wide.npy", "--dock", code=3)["nothing_fits"]
    assert here.answer("search", "--text", "zebra crossings", "--dock", code=3)["singles"] == []
    assert "--status" in here("search", "--text", "x", "--dock", "--status", "usable", code=2).stderr
    for option in ("--limit", "--max"):
        assert option in here("search", "--text", "x", "--dock", option, 101, code=2).stderr


def test_list_and_show(here: Any, dock: LiveDock) -> None:
    listed = here.answer("list")
    assert listed["total"] == 2
    assert [one["learnware_id"] for one in listed["learnwares"]] == [dock.far, dock.near]
    assert [one["learnware_id"] for one in here.answer("list", "--sort", "oldest", "--limit", 1)["learnwares"]] == [
        dock.near
    ]
    assert here.answer("list", "--limit", 1)["total"] == 2
    assert "the first 1 shown" in here("list", "--limit", 1).stdout
    assert here.answer("list", "--owner", "nobody")["total"] == 0
    assert here.answer("list", "--task", "Regression")["total"] == 0
    text = here("show", dock.near).stdout
    for words in ("around the origin", "grace", "RKMETableSpecification", "5 points of 3 columns", "verified"):
        assert words in text
    assert here.answer("show", dock.near)["verification"] is None
    assert here.failure("show", "99999999")["status"] == 404
    assert here.failure("show", "../tokens")["type"] == "DockError"


def test_download(here: Any, dock: LiveDock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    [package] = here.answer("download", dock.near)["packages"]
    assert package["path"] == f"{dock.near}.zip"
    here("check", package["path"], "--run-in", "current")
    both = here.answer("download", dock.near, dock.far, "-o", tmp_path / "zips")["packages"]
    assert sorted(one.name for one in (tmp_path / "zips").iterdir()) == [f"{dock.near}.zip", f"{dock.far}.zip"]
    assert both[0]["bytes"] == package["bytes"]
    assert "folder" in here("download", dock.near, dock.far, "-o", "x.zip", code=2).stderr
    monkeypatch.setattr("learnware.client._transport.Transport.open", None)
    assert here.answer("download", dock.near, "-o", tmp_path / "offline.zip", "--offline")["packages"][0] == {
        **package, "path": str(tmp_path / "offline.zip"),
    }  # fmt: skip
    assert here.failure("download", "00000077", "--offline")["type"] == "DockUnreachableError"


def test_no_dock_there(here: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("learnware.client._transport.time.sleep", lambda _: None)
    error = here.failure("list", "--host", "http://127.0.0.1:9")
    assert error["type"] == "DockUnreachableError"
    assert error["host"] == "http://127.0.0.1:9/api"
    assert "nothing listens there" in error["message"]
    assert here.failure("list", "--host", "ftp://x")["type"] == "DockError"


def test_an_unencrypted_dock_is_warned_of(here: Any, dock: LiveDock, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    assert "encryption" not in here("login", "--token", dock.token()).stderr
    # As if it were not on this machine.
    monkeypatch.setattr("learnware.client._addresses.is_local", lambda _: False)
    assert "has no encryption" in here("login", "--token", dock.token()).stderr
    assert "has no encryption" in here.answer("login", "--token", dock.token())["warnings"][0]
