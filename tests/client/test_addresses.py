"""Which dock is spoken to."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from learnware.client import DockConnection, LearnwareClient
from learnware.client._addresses import DEFAULT_HOST, Address
from learnware.client._credentials import Credentials, forget_credentials, keep_credentials, kept_credentials
from learnware.errors import DockError


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("https://dock.example.org/api", "https://dock.example.org/api"),
        ("https://dock.example.org", "https://dock.example.org/api"),
        ("https://dock.example.org/", "https://dock.example.org/api"),
        ("https://dock.example.org/api/", "https://dock.example.org/api"),
        ("https://dock.example.org/api/v1/", "https://dock.example.org/api"),
        ("https://Dock.Example.org:8443//", "https://dock.example.org:8443/api"),
        ("https://example.org/learnwares", "https://example.org/learnwares/api"),
        ("dock.example.org", "https://dock.example.org/api"),
        (" dock.example.org:8088/api ", "https://dock.example.org:8088/api"),
        ("localhost:8088", "http://localhost:8088/api"),
        ("127.0.0.1:8088/api", "http://127.0.0.1:8088/api"),
        ("[::1]:8088", "http://[::1]:8088/api"),
    ],
)
def test_ways_to_write_an_address(given: str, meant: str) -> None:
    assert Address.parse(given).host == meant


@pytest.mark.parametrize(
    "given", ["", "ftp://dock.example.org", "https://", "https://ada:secret@dock.example.org", "https://x/?a=1",
              "https://x/#a", "https://x:port", "https://[x"],
)  # fmt: skip
def test_what_is_no_address(given: str) -> None:
    with pytest.raises(DockError) as error:
        Address.parse(given)
    assert "secret" not in str(error.value)


def test_the_nearest_source_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    assert LearnwareClient().host == DEFAULT_HOST
    published = Path.home() / ".learnware" / "config.json"
    published.parent.mkdir(parents=True)
    published.write_text(json.dumps({"backend_host": "https://published.example.org/api"}))
    assert LearnwareClient().host == "https://published.example.org/api"
    keep_credentials("https://login.example.org/api", Credentials("ada@example.org", "t"))
    assert LearnwareClient().host == "https://login.example.org/api"
    monkeypatch.setenv("LEARNWARE_BACKEND_HOST", "variable.example.org")
    assert LearnwareClient().host == "https://variable.example.org/api"
    assert LearnwareClient("argument.example.org", 5).host == "https://argument.example.org/api"


@pytest.mark.parametrize("content", ["no JSON", '{"backend_host": 5}'])
def test_a_broken_file_is_named(content: str) -> None:
    published = Path.home() / ".learnware" / "config.json"
    published.parent.mkdir(parents=True)
    published.write_text(content)
    with pytest.raises(DockError, match=r"config\.json"):
        DockConnection()


def test_credentials_are_for_their_user_alone_and_in_no_text(tmp_path: Path) -> None:
    assert kept_credentials("https://a/api") is None
    keep_credentials("https://a/api", Credentials("ada@example.org", "secret-a"))
    keep_credentials("https://b/api", Credentials("bob@example.org", "secret-b"))
    file = tmp_path / "config" / "credentials.json"
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    assert kept_credentials("https://a/api") == Credentials("ada@example.org", "secret-a")
    assert "secret" not in repr(kept_credentials("https://a/api"))
    assert forget_credentials("https://a/api")
    assert not forget_credentials("https://a/api")
    assert kept_credentials("https://a/api") is None
    assert kept_credentials("https://b/api").token == "secret-b"
    assert "secret-a" not in file.read_text()
