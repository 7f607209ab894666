"""Who asks: roles, scopes, the identity behind a session or token, and where a request comes from."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING

from beimingwu.errors import NotAllowedError
from beimingwu.messages import DEFAULT_LANGUAGE
from learnware.texts import text

if TYPE_CHECKING:
    from beimingwu.services.rate_limits import Standing

__all__ = ["ACCOUNT_SCOPE", "SCOPES", "Identity", "Origin", "Role"]

# What an API token can be good for.
SCOPES = ("read", "submit", "admin")
# What only somebody who gave their password may do: change the password, make tokens, delete the account.
ACCOUNT_SCOPE = "account"


class Role(IntEnum):
    """The role of an account; each may do what those below it may."""

    USER = 0
    ADMIN = 1
    SUPER_ADMIN = 2

    @property
    def label(self) -> str:
        """The role in a word: ``user``, ``admin``, ``super-admin``."""
        return self.name.lower().replace("_", "-")

    @classmethod
    def parse(cls, label: str) -> Role:
        """Return the role of a label.

        Raises
        ------
        ValueError
            If there is none.
        """
        for role in cls:
            if role.label == label:
                return role
        raise ValueError(f"there is no role {label!r}; roles: {', '.join(role.label for role in cls)}")


@dataclass(slots=True)
class Origin:
    """Where a request comes from.

    Attributes
    ----------
    address : str
        Network address of the client.
    user_agent : str
        What the client calls itself.
    request_id : str or None
        The request in the log.
    language : str
        The language that is preferred there, one of `beimingwu.messages.LANGUAGES`.
    standings : list of Standing
        Rate limits that the request was counted in; services add to it, the API tells the client.
    """

    address: str
    user_agent: str = ""
    request_id: str | None = None
    language: str = DEFAULT_LANGUAGE
    standings: list[Standing] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Identity:
    """The account behind a request, and what this session or token may do.

    Attributes
    ----------
    user_id : int
    username : str
    email : str
    role : Role
    scopes : frozenset of str
        Of `SCOPES`, and ``"account"`` in a session that began with the password.
    session_id : int or None
        The session; None if an API token was given itself.
    api_token_id : int or None
        The API token that was given or that the session began with.
    """

    user_id: int
    username: str
    email: str
    role: Role
    scopes: frozenset[str]
    session_id: int | None
    api_token_id: int | None

    @property
    def administers(self) -> bool:
        """Whether it may do what administrators do."""
        return self.role >= Role.ADMIN and "admin" in self.scopes

    def require(self, scope: str) -> None:
        """Refuse what this session or token is not good for.

        Raises
        ------
        NotAllowedError
            If it is not.
        """
        if scope in self.scopes:
            return
        if scope == ACCOUNT_SCOPE:
            raise NotAllowedError("this needs a login with the password; an API token is not enough")
        raise NotAllowedError(text("this needs an API token with the scope {scope!r}", scope=scope))

    def require_role(self, role: Role = Role.ADMIN) -> None:
        """Refuse who may not administer the dock.

        Raises
        ------
        NotAllowedError
            If the account has a lower role, or the session or token no scope ``"admin"``.
        """
        if self.role < role:
            raise NotAllowedError(text("this needs the role {role!r}", role=role.label))
        self.require("admin")
