"""Where a dock is: what people write of it, and what requests are sent to."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from learnware.client._folders import config_folder
from learnware.errors import DockError

if TYPE_CHECKING:
    from urllib.parse import SplitResult

__all__ = ["DEFAULT_HOST", "HOST_VARIABLE", "Address", "find_address", "is_local", "origin_of"]

DEFAULT_HOST = "http://127.0.0.1:8088/api"
HOST_VARIABLE = "LEARNWARE_BACKEND_HOST"
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Address:
    """Address of a dock.

    Attributes
    ----------
    host : str
        As people write it, with ``/api`` and without a slash at the end: ``https://dock.example.org/api``.
    """

    host: str

    @classmethod
    def parse(cls, host: str) -> Address:
        """Return the address that somebody means.

        The scheme may be missing (``https``, but ``http`` on one's own machine), and ``/api``; slashes at the end do
        not matter, nor does ``/api/v1``.

        Raises
        ------
        DockError
            If it is no address.
        """
        text = host.strip()
        if "://" not in text:
            guess = _split(f"//{text}", host)
            text = f"{'http' if is_local(guess.hostname or '') else 'https'}://{text}"
        parts = _split(text, host)
        if parts.scheme not in _PORTS or not parts.hostname:
            raise DockError(f"{host!r} is no address of a dock; expected something like https://dock.example.org/api")
        if parts.username is not None or parts.query or parts.fragment:
            raise DockError("the address of a dock has no user name, no question mark and no #; log in with a token")
        path = parts.path.rstrip("/").removesuffix("/v1").rstrip("/")
        if not path.endswith("/api"):
            path += "/api"
        return cls(urlunsplit((parts.scheme, parts.netloc.lower(), path, "", "")))

    @property
    def api(self) -> str:
        """What paths of the API follow."""
        return f"{self.host}/v1"

    @property
    def origin(self) -> tuple[str, str, int]:
        """Scheme, host and port."""
        return origin_of(self.host)

    @property
    def is_private(self) -> bool:
        """Whether nobody on the way can read what is sent."""
        scheme, name, _ = self.origin
        return scheme == "https" or is_local(name)


def origin_of(url: str) -> tuple[str, str, int]:
    """Return scheme, host and port of an address."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 0)


def find_address(host: str | None = None) -> Address:
    """Return the dock to speak to.

    Parameters
    ----------
    host : str, optional
        Its address. Else that of the variable ``LEARNWARE_BACKEND_HOST``, the dock of the last ``learnware login``,
        ``backend_host`` in ``~/.learnware/config.json``, or ``http://127.0.0.1:8088/api``.

    Raises
    ------
    DockError
        If what is found is no address.
    """
    for found in (host, os.environ.get(HOST_VARIABLE)):
        if found:
            return Address.parse(str(found))
    for file, name in ((config_folder() / "client.json", "host"), (_published_config(), "backend_host")):
        found = _read(file, name)
        if found:
            return Address.parse(found)
    return Address.parse(DEFAULT_HOST)


def _published_config() -> Path:
    """Return the file that the published package reads."""
    return Path.home() / ".learnware" / "config.json"


def _read(file: Path, name: str) -> str | None:
    try:
        value = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as error:
        raise DockError(f"{str(file)!r} cannot be read as JSON: {error}") from error
    found = value.get(name) if isinstance(value, dict) else None
    if found is not None and not isinstance(found, str):
        raise DockError(f"{name!r} in {str(file)!r} is no address of a dock")
    return found


def _split(text: str, host: str) -> SplitResult:
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError as error:
        raise DockError(f"{host!r} is no address of a dock: {error}") from error
    return parts


def is_local(name: str) -> bool:
    return name in {"localhost", "::1"} or name.startswith("127.") or name.endswith(".localhost")
