"""Credentials that `learnware login` keeps, one for each dock, in a file that only their user can read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from learnware.client._folders import config_folder, read_json, write_json
from learnware.errors import NotLoggedInError

if TYPE_CHECKING:
    from filelock import BaseFileLock

__all__ = ["TOKEN_VARIABLE", "Credentials", "forget_credentials", "keep_credentials", "kept_credentials", "sound_token"]

TOKEN_VARIABLE = "LEARNWARE_TOKEN"  # noqa: S105  # the name of a variable


@dataclass(frozen=True)
class Credentials:
    """Who somebody is at a dock.

    Attributes
    ----------
    email : str
    token : str
        An API token or that of a session. It is in no text that is made of this.
    """

    email: str
    token: str = field(repr=False)


def kept_credentials(host: str) -> Credentials | None:
    """Return what is kept for a dock."""
    docks = read_json(config_folder() / "credentials.json").get("docks")
    kept = docks.get(host) if isinstance(docks, dict) else None
    if not isinstance(kept, dict) or not all(isinstance(kept.get(name), str) for name in ("email", "token")):
        return None
    return Credentials(kept["email"], kept["token"])


def keep_credentials(host: str, credentials: Credentials) -> None:
    """Keep credentials for a dock, which is the one to speak to from now on where nobody names another."""
    file = config_folder() / "credentials.json"
    with _locked():
        docks = read_json(file).get("docks")
        docks = docks if isinstance(docks, dict) else {}
        docks[host] = {"email": credentials.email, "token": credentials.token}
        write_json(file, {"docks": docks})
        write_json(config_folder() / "client.json", {**read_json(config_folder() / "client.json"), "host": host})


def forget_credentials(host: str) -> bool:
    """Forget what is kept for a dock, and return whether there was something."""
    file = config_folder() / "credentials.json"
    if not file.is_file():
        return False
    with _locked():
        docks = read_json(file).get("docks")
        if not isinstance(docks, dict) or docks.pop(host, None) is None:
            return False
        write_json(file, {"docks": docks})
        return True


def sound_token(token: str) -> str:
    """Return a token without blanks around it.

    Raises
    ------
    NotLoggedInError
        If it is nothing that could be sent.
    """
    token = token.strip()
    if not token or not token.isascii() or not token.isprintable():
        raise NotLoggedInError("what was given is no token: tokens are letters and digits")
    return token


def _locked() -> BaseFileLock:
    from filelock import FileLock

    folder = config_folder()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return FileLock(folder / ".lock")
