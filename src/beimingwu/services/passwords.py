"""Passwords: their rules and their hashes.

The published web client never sends a password but its MD5, as hex digits, so that is what the dock works with: the API
takes the MD5 of the passwords that it gets. What is stored is Argon2id of it. `docs/dock-inside.md` says what that
means.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from dataclasses import dataclass
from functools import cached_property
from threading import BoundedSemaphore
from typing import TYPE_CHECKING

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from beimingwu.errors import InvalidInputError
from learnware.texts import text

if TYPE_CHECKING:
    from beimingwu.settings import Settings

__all__ = ["GeneratedPassword", "Passwords", "digest_of", "generate_password", "is_digest"]

_LONGEST = 256
_GENERATED_LENGTH = 16
# Without letters and digits that are easily mistaken for another.
_ALPHABET = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_DIGEST = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True, repr=False)
class GeneratedPassword:
    """A password that the dock has made.

    Attributes
    ----------
    password : str
    digest : str
        Its MD5.
    """

    password: str
    digest: str


def digest_of(password: str) -> str:
    """Return the MD5 of a password, as the published web client sends it."""
    return hashlib.md5(password.encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()


def is_digest(text: str) -> bool:
    """Return whether a text can be what the published web client sends; that of the empty password cannot."""
    return _DIGEST.fullmatch(text) is not None and text != digest_of("")


def generate_password() -> GeneratedPassword:
    """Return a random password of 90 bits."""
    password = "".join(secrets.choice(_ALPHABET) for _ in range(_GENERATED_LENGTH))
    return GeneratedPassword(password, digest_of(password))


class Passwords:
    """Hashes passwords and compares them, a few at a time: each takes tens of megabytes."""

    def __init__(self, settings: Settings) -> None:
        self._least = settings.password_min_length
        self._hasher = PasswordHasher(
            time_cost=settings.argon2_time_cost,
            memory_cost=settings.argon2_memory_kib,
            parallelism=settings.argon2_parallelism,
            type=Type.ID,
        )
        self._turns = BoundedSemaphore(max(2, os.cpu_count() or 2))

    def require_good(self, password: str, *, username: str = "", email: str = "", field: str = "password") -> None:
        """Refuse passwords that are too short, too long, or the name or address of the account.

        Raises
        ------
        InvalidInputError
            If it is one.
        """
        rule = None
        if len(password) < self._least:
            rule = text("must have at least {least} characters", least=self._least)
        elif len(password) > _LONGEST:
            rule = text("must have at most {most} characters", most=_LONGEST)
        elif len(set(password)) < 3:
            rule = text("must have at least 3 different characters")
        elif password.casefold() in {username.casefold(), email.casefold(), email.casefold().partition("@")[0]}:
            rule = text("must not be the user name or the e-mail address")
        if rule is not None:
            raise InvalidInputError(text("the password {rule}", rule=rule), fields=((f"/{field}", rule),))

    def hash(self, digest: str) -> str:
        """Return what is stored of a password."""
        with self._turns:
            return self._hasher.hash(digest)

    def verify(self, stored: str | None, digest: str) -> bool:
        """Return whether a password is the stored one; without a stored one it is not, and that takes as long."""
        with self._turns:
            try:
                return self._hasher.verify(stored or self._nobodys, digest) and stored is not None
            except (VerificationError, InvalidHashError):
                return False

    def unusable(self) -> str:
        """Return what may be stored for an account that has no password until one is chosen: nobody knows it."""
        return self._nobodys

    def outdated(self, stored: str) -> bool:
        """Return whether a hash was made with other parameters than those of the settings."""
        return self._hasher.check_needs_rehash(stored)

    @cached_property
    def _nobodys(self) -> str:
        return self._hasher.hash(secrets.token_hex(16))
