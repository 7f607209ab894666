"""Settings and secrets: where they come from, what is refused, what is not shown."""

from __future__ import annotations

import json
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from beimingwu.errors import SettingsError
from beimingwu.rates import Rate
from beimingwu.secrets_file import provide_secrets, refuse_unsafe
from beimingwu.settings import Settings, load_settings

if TYPE_CHECKING:
    from pathlib import Path

MAIL = {"mail_url": "smtp://mail.example.org", "mail_sender": "dock@example.org"}
STRONG = "0123456789abcdefghijklmnopqrstuv"


def test_flags_come_before_variables_before_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "dock.yaml"
    file.write_text("port: 1\nhost: file\nlimit_login: 3/1m\nallowed_emails: ['*@a.org', '*@b.org']\n")
    monkeypatch.setenv("BEIMINGWU_SETTINGS", str(file))
    monkeypatch.setenv("BEIMINGWU_PORT", "2")
    settings = load_settings()
    assert (settings.port, settings.host, settings.limit_login) == (2, "file", Rate(3, 60))
    assert settings.allowed_emails == ("*@a.org", "*@b.org")
    assert load_settings(port=3, host=None).port == 3
    other = tmp_path / "other.yaml"
    other.write_text("# nothing\n")
    assert load_settings(other).host == "127.0.0.1"


def test_defaults_are_for_ones_own_machine() -> None:
    settings = load_settings()
    assert (settings.mode, settings.host, settings.port) == ("development", "127.0.0.1", 8088)
    assert settings.database_address == f"sqlite:///{settings.data_dir / 'beimingwu.sqlite3'}"
    assert settings.data_dir.is_absolute()


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("PORT", "x", "setting port (BEIMINGWU_PORT): "),
        ("PORT", "70000", "less than or equal to 65535"),
        ("MODE", "staging", "setting mode"),
        ("LIMIT_LOGIN", "often", "is no rate; write for example 10/15m"),
        ("ALLOWED_EMAILS", ",", "at least one entry"),
        ("ARGON2_MEMORY_KIB", "8", "at least 8 times argon2_parallelism"),
        ("MAIL_SENDER", "dock@example.org\nBcc: x@y.z", "setting mail_sender"),
        ("WEB_URL", "javascript:alert(1)", "setting web_url"),
    ],
)
def test_settings_that_cannot_be(monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: str) -> None:
    monkeypatch.setenv(f"BEIMINGWU_{name}", value)
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert words in str(caught.value)


@pytest.mark.parametrize(
    "text", ["[1]", "a: [", "prot: 1", "\xff", "1: 2", "port: {}", "!!python/object/apply:os.system [x]"]
)
def test_files_that_cannot_be(tmp_path: Path, text: str) -> None:
    file = tmp_path / "dock.yaml"
    file.write_bytes(text.encode("latin-1"))
    with pytest.raises(SettingsError):
        load_settings(file)
    with pytest.raises(SettingsError, match="cannot be read"):
        load_settings(tmp_path / "nix.yaml")


def test_secrets_are_not_shown(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    secret = "hunter2-hunter2"
    monkeypatch.setenv("BEIMINGWU_DATABASE_URL", f"postgresql://dock:{secret}@db/dock")
    monkeypatch.setenv("BEIMINGWU_MAIL_URL", f"smtp://dock:{secret}@mail")
    settings = load_settings(secret_key=secret, data_dir=tmp_path)
    assert secret not in repr(settings) + str(settings) + settings.model_dump_json()
    with pytest.raises(SettingsError) as caught:
        provide_secrets(settings)
    assert secret not in str(caught.value)
    assert secret not in repr(provide_secrets(load_settings(secret_key=STRONG, data_dir=tmp_path)))


def test_secrets_are_made_once_for_the_server_alone(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "new", mode="production", **MAIL)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: provide_secrets(settings), range(8)))
    assert len({(one.secret_key, one.metrics_token) for one in found}) == 1
    file = tmp_path / "new" / "secrets.json"
    assert [one.name for one in file.parent.iterdir()] == ["secrets.json"]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert len(found[0].secret_key) >= 32


def test_given_secrets_need_no_file(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, mode="production", secret_key=STRONG, metrics_token=STRONG, **MAIL)
    secrets = provide_secrets(settings)
    assert (secrets.secret_key, secrets.metrics_token) == (STRONG.encode(), STRONG)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("weak", ["", "secret", "a" * 100, "changeme" * 4, "abcabc" * 10])
def test_weak_secrets_are_refused(tmp_path: Path, weak: str) -> None:
    for name in ("secret_key", "metrics_token"):
        with pytest.raises(SettingsError, match=f"{name} must have at least 32 characters"):
            provide_secrets(Settings(data_dir=tmp_path, **{name: weak}))


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"secret_key": "x", "metrics_token": "x"}', "\xff"])
def test_broken_files_of_secrets_are_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "secrets.json"
    file.write_bytes(text.encode("latin-1"))
    file.chmod(0o600)
    with pytest.raises(SettingsError, match="is broken"):
        provide_secrets(Settings(data_dir=tmp_path))


@pytest.mark.skipif(os.name != "posix", reason="files have no such rights here")
def test_secrets_that_others_may_read_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "secrets.json"
    file.write_text(json.dumps({"secret_key": STRONG, "metrics_token": STRONG}))
    file.chmod(0o640)
    with pytest.raises(SettingsError, match="chmod 600"):
        provide_secrets(Settings(data_dir=tmp_path))


def test_production_refuses_what_is_for_development(tmp_path: Path) -> None:
    for less in ({}, {"mail_url": MAIL["mail_url"]}, {"mail_sender": MAIL["mail_sender"]}):
        with pytest.raises(SettingsError, match="in production"):
            refuse_unsafe(Settings(data_dir=tmp_path, mode="production", **less))
    refuse_unsafe(Settings(data_dir=tmp_path, mode="production", **MAIL))
    refuse_unsafe(Settings(data_dir=tmp_path))


@given(st.integers(1, 10**9 - 1), st.integers(1, 10**6 - 1), st.sampled_from("smhd"))
def test_rates_are_read_and_written(count: int, n: int, unit: str) -> None:
    rate = Rate.parse(f"{count}/{n}{unit}")
    assert rate.count == count
    assert rate.seconds == n * {"s": 1, "m": 60, "h": 3600, "d": 86400}[unit]
    assert Rate.parse(str(rate)) == rate


def test_a_rate_for_one_unit() -> None:
    assert Rate.parse(" 5/h ") == Rate(5, 3600)


@pytest.mark.parametrize(
    "text", ["", "5", "0/1h", "5/0h", "5/00m", "-1/h", "5/1w", "٣/1h", "1.5/h", "5 / 1h", "9" * 99]
)
def test_what_is_no_rate(text: str) -> None:
    with pytest.raises(ValueError, match="is no rate"):
        Rate.parse(text)


def test_every_setting_is_described() -> None:
    for name, field in Settings.model_fields.items():
        assert field.description, name
        assert field.description.endswith("."), name
