"""Secrets that the server makes for itself on its first start, in a file of the data folder that only it can read."""

from __future__ import annotations

import json
import os
import secrets
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from beimingwu.errors import SettingsError

if TYPE_CHECKING:
    from pydantic import SecretStr

    from beimingwu.settings import Settings

__all__ = ["Secrets", "provide_secrets", "refuse_unsafe", "secrets_path"]

_FILE = "secrets.json"
_NAMES = ("secret_key", "metrics_token")
_LEAST_LENGTH = 32
_LEAST_DIFFERENT = 8


@dataclass(frozen=True, slots=True, repr=False)
class Secrets:
    """What must stay between the servers of one dock.

    Attributes
    ----------
    secret_key : bytes
        Key that subjects of rate limits are hashed with.
    metrics_token : str or None
        Bearer token for ``/metrics``; None where everybody may read it.
    """

    secret_key: bytes
    metrics_token: str | None


def secrets_path(settings: Settings) -> Path:
    """Return where the secrets that were generated are."""
    return settings.data_dir / _FILE


def provide_secrets(settings: Settings) -> Secrets:
    """Return the secrets of the settings, and of the data folder where the settings have none.

    Raises
    ------
    SettingsError
        If one is too weak, or the file cannot be read or written.
    """
    given = {name: _checked(name, getattr(settings, name)) for name in _NAMES}
    open_metrics = given["metrics_token"] is None and not settings.production
    kept: dict[str, str] = {}
    if given["secret_key"] is None or (given["metrics_token"] is None and not open_metrics):
        kept = _read_or_make(secrets_path(settings))
    key = given["secret_key"] or kept["secret_key"]
    return Secrets(key.encode(), None if open_metrics else given["metrics_token"] or kept["metrics_token"])


def refuse_unsafe(settings: Settings) -> None:
    """Refuse in production what is only good on one's own machine.

    Raises
    ------
    SettingsError
        If something is.
    """
    if settings.production and settings.mail_url.get_secret_value().startswith("log:"):
        raise SettingsError(
            "in production, mails must go to a server: set BEIMINGWU_MAIL_URL, for example "
            "smtp://user:password@mail.example.org:587 (codes in the log would let whoever reads it into every account)"
        )
    if settings.production and settings.mail_sender.endswith("@localhost"):
        raise SettingsError("in production, mails need a real sender: set BEIMINGWU_MAIL_SENDER")


def _checked(name: str, secret: SecretStr | None) -> str | None:
    if secret is None:
        return None
    value = secret.get_secret_value()
    if len(value) < _LEAST_LENGTH or len(set(value)) < _LEAST_DIFFERENT:
        raise SettingsError(
            f"{name} must have at least {_LEAST_LENGTH} characters, {_LEAST_DIFFERENT} of them different; make one "
            "with: python -c 'import secrets; print(secrets.token_urlsafe(32))', or leave it out to have one generated"
        )
    return value


def _read_or_make(file: Path) -> dict[str, str]:
    try:
        if not file.exists():
            _make(file)
        if os.name == "posix" and file.stat().st_mode & 0o077:
            raise SettingsError(f"others may read {str(file)!r}; take the right from them: chmod 600 {file}")
        kept = _parse(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{str(file)!r} cannot be used: {error.strerror}") from None
    except (ValueError, KeyError, TypeError):
        raise SettingsError(
            f"{str(file)!r} is broken; restore it from a backup, or delete it to make new ones"
        ) from None
    return kept


def _parse(text: str) -> dict[str, str]:
    values = json.loads(text)
    kept = {name: values[name] for name in _NAMES}
    if not all(isinstance(value, str) and len(value) >= _LEAST_LENGTH for value in kept.values()):
        raise ValueError("a secret is too short")
    return kept


def _make(file: Path) -> None:
    """Write new secrets, whole or not at all; of several processes that begin together, one wins."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    # mkstemp makes files that nobody else can read.
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=".secrets-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            json.dump({name: secrets.token_urlsafe(32) for name in _NAMES}, stream)
            stream.flush()
            os.fsync(stream.fileno())
        try:
            os.link(name, file)
        except FileExistsError:
            return
    finally:
        Path(name).unlink()
