"""The accounts of a demo, with passwords and tokens that are kept in a file so that they can be shown again."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from beimingwu.errors import ConflictError
from beimingwu.services.identity import SCOPES, Role

if TYPE_CHECKING:
    from beimingwu.services.dock import Dock

__all__ = ["FILE", "Person", "provide_people"]

FILE = "demo.json"
_PEOPLE = (
    ("root", Role.SUPER_ADMIN, "administrator"),
    ("dora", Role.USER, "developer"),
    ("dino", Role.USER, "developer"),
    ("uma", Role.USER, "user"),
)


@dataclass(frozen=True, slots=True)
class Person:
    """An account of a demo.

    Attributes
    ----------
    part : str
        ``administrator``, ``developer`` or ``user``.
    email, username, password, token : str
    """

    part: str
    email: str
    username: str
    password: str
    token: str


def provide_people(dock: Dock) -> list[Person]:
    """Return the accounts of a demo, which are made where there are none.

    Raises
    ------
    ConflictError
        If the dock has other accounts: whoever reads the demo's file could use them.
    """
    file = dock.settings.data_dir / FILE
    if file.exists():
        return [Person(**one) for one in json.loads(file.read_text(encoding="utf-8"))["people"]]
    if dock.users.all():
        raise ConflictError(
            f"the dock in {dock.settings.data_dir} is no demo: it has accounts; name another folder with --data-dir"
        )
    people = []
    for name, role, part in _PEOPLE:
        email, password = f"{name}@demo.example.org", secrets.token_hex(8)
        account = dock.users.create(email, name, password, role=role, verified=True)
        scopes = SCOPES if role is not Role.USER else tuple(scope for scope in SCOPES if scope != "admin")
        token = dock.tokens.create_for(account.user_id, "demo", scopes, expires_in_days=None).token
        people.append(Person(part, email, name, password, token))
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        json.dump({"people": [asdict(one) for one in people]}, stream, indent=1)
    return people
