"""Codes that are sent by mail: asked for within limits, made, used once."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

from sqlalchemy import delete

from beimingwu.db.models import MailCode
from beimingwu.errors import InvalidCodeError
from beimingwu.services.names import email_key
from beimingwu.services.rate_limits import Limit, RateLimits, network_of

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from beimingwu.services.clock import Clock
    from beimingwu.services.identity import Origin
    from beimingwu.settings import Settings

__all__ = ["Codes", "Purpose", "UsedCode", "hash_secret"]

Purpose = Literal["confirm", "reset"]


@dataclass(frozen=True, slots=True)
class UsedCode:
    """What a code was for.

    Attributes
    ----------
    user_id : int
    password_hash : str or None
        Password of the registration that it confirms.
    """

    user_id: int
    password_hash: str | None


def hash_secret(secret: str) -> str:
    """Return what is stored of a random secret. It has 128 bits or more, so a plain hash is enough."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


class Codes:
    """Makes codes and uses them up."""

    def __init__(self, settings: Settings, limits: RateLimits, clock: Clock) -> None:
        self._settings = settings
        self._limits = limits
        self._clock = clock
        self._seconds: dict[Purpose, int] = {"confirm": settings.confirmation_seconds, "reset": settings.reset_seconds}

    def count_mail(self, email: str, origin: Origin) -> None:
        """Count that somebody asks for a mail.

        Raises
        ------
        TooManyRequestsError
            If it was asked too often.
        """
        self._limits.count(
            [
                Limit("mail-account", self._settings.limit_mail_account, email_key(email)),
                Limit("mail-address", self._settings.limit_mail_address, network_of(origin.address)),
            ],
            origin,
        )

    def count_try(self, origin: Origin) -> None:
        """Count that somebody tries a code.

        Raises
        ------
        TooManyRequestsError
            If codes were tried too often.
        """
        limit = Limit("code-address", self._settings.limit_code_address, network_of(origin.address))
        self._limits.count([limit], origin)

    def issue(self, session: Session, user_id: int, purpose: Purpose, *, password_hash: str | None = None) -> str:
        """Return a new code; the earlier ones go on working."""
        code = secrets.token_hex(16)
        now = self._clock()
        session.add(
            MailCode(
                user_id=user_id,
                purpose=purpose,
                code_hash=hash_secret(code),
                password_hash=password_hash,
                created_at=now,
                expires_at=now + timedelta(seconds=self._seconds[purpose]),
            )
        )
        return code

    def use(self, session: Session, code: str, purpose: Purpose) -> UsedCode:
        """Use a code up, and all others of the account for the same purpose with it.

        Raises
        ------
        InvalidCodeError
            If it is wrong, was used, or is too old.
        """
        # One statement: of two requests with one code, the database lets one delete the row.
        used = session.execute(
            delete(MailCode)
            .where(MailCode.code_hash == hash_secret(code), MailCode.purpose == purpose)
            .where(MailCode.expires_at > self._clock())
            .returning(MailCode.user_id, MailCode.password_hash)
        ).one_or_none()
        if used is None:
            raise InvalidCodeError("the code is wrong, was used, or is too old; ask for a new one")
        session.execute(delete(MailCode).where(MailCode.user_id == used.user_id, MailCode.purpose == purpose))
        return UsedCode(used.user_id, used.password_hash)
