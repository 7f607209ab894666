"""The settings of the server that answers, and what it runs on, for administrators; without secrets."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from beimingwu.db.revision import current_revision

if TYPE_CHECKING:
    from beimingwu.db.engine import Database
    from beimingwu.services.identity import Identity
    from beimingwu.settings import Settings

__all__ = ["ShownSetting", "ShownSettings", "System"]

_HIDDEN = "***"


@dataclass(frozen=True, slots=True)
class ShownSetting:
    """A setting.

    Attributes
    ----------
    name : str
    value : str, number, bool, list of str or None
        Secrets, and passwords in addresses, are three stars.
    source : str
        ``option``, ``variable``, ``file``, ``default``, or ``program`` where another program has started the server.
    description : str
    """

    name: str
    value: Any
    source: str
    description: str


@dataclass(frozen=True, slots=True)
class System:
    """What a server runs on.

    Attributes
    ----------
    version : str
        Of the dock.
    python : str
    database : str
        ``sqlite`` or ``postgresql``.
    database_version : str
    revision : str
        Of the tables.
    storage : str
        ``files`` or ``s3``.
    """

    version: str
    python: str
    database: str
    database_version: str
    revision: str
    storage: str


class ShownSettings:
    """Tells settings."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._settings = settings
        self._database = database

    def all(self, identity: Identity) -> list[ShownSetting]:
        """Return every setting.

        Raises
        ------
        NotAllowedError
            If the one who asks is no administrator.
        """
        identity.require_role()
        plain = self._settings.model_dump(mode="json")
        return [
            ShownSetting(
                name,
                self._shown(name, getattr(self._settings, name), plain[name]),
                self._settings.source_of(name),
                field.description or "",
            )
            for name, field in type(self._settings).model_fields.items()
        ]

    def system(self, identity: Identity) -> System:
        """Return what this server runs on.

        Raises
        ------
        NotAllowedError
            If the one who asks is no administrator.
        """
        identity.require_role()
        question = "SELECT sqlite_version()" if self._database.is_sqlite else "SHOW server_version"
        with self._database.read() as session:
            database_version = str(session.execute(text(question)).scalar_one())
        return System(
            version=version("learnware"),
            python=platform.python_version(),
            database=self._database.url.get_backend_name(),
            database_version=database_version,
            revision=current_revision(self._database) or "none",
            storage="s3" if (self._settings.storage_url or "").startswith("s3:") else "files",
        )

    def _shown(self, name: str, value: object, plain: Any) -> Any:
        if not isinstance(value, SecretStr):
            return _without_user(plain) if isinstance(plain, str) and "://" in plain else plain
        secret = value.get_secret_value()
        if name == "database_url":
            try:
                url = make_url(secret)
                # Drivers take passwords there, too.
                hidden = {name: _HIDDEN for name in url.query if "pass" in name.lower()}
                return url.update_query_dict(hidden).render_as_string(hide_password=True)
            except ArgumentError:
                return _HIDDEN
        return _without_user(secret) if name == "mail_url" else _HIDDEN


def _without_user(address: str) -> str:
    parts = urlsplit(address)
    if parts.username is None and parts.password is None:
        return address
    return f"{parts.scheme}://{_HIDDEN}@{parts.netloc.rpartition('@')[2]}{parts.path}"
