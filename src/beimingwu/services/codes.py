"""Codes that are sent by mail: made, used once."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

from sqlalchemy import delete

from beimingwu.db.models import MailCode
from beimingwu.errors import InvalidCodeError

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

__all__ = ["Purpose", "UsedCode", "hash_secret", "issue_code", "use_code"]

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


def issue_code(
    session: Session, user_id: int, purpose: Purpose, *, now: datetime, seconds: int, password_hash: str | None = None
) -> str:
    """Return a new code; the earlier ones go on working."""
    code = secrets.token_hex(16)
    session.add(
        MailCode(
            user_id=user_id,
            purpose=purpose,
            code_hash=hash_secret(code),
            password_hash=password_hash,
            created_at=now,
            expires_at=now + timedelta(seconds=seconds),
        )
    )
    return code


def use_code(session: Session, code: str, purpose: Purpose, *, now: datetime) -> UsedCode:
    """Use a code up, and all others of the account for the same purpose with it.

    Raises
    ------
    InvalidCodeError
        If it is wrong, was used, or is too old.
    """
    # One statement: of two requests with one code, the database lets one delete the row.
    used = session.execute(
        delete(MailCode)
        .where(MailCode.code_hash == hash_secret(code), MailCode.purpose == purpose, MailCode.expires_at > now)
        .returning(MailCode.user_id, MailCode.password_hash)
    ).one_or_none()
    if used is None:
        raise InvalidCodeError("the code is wrong, was used, or is too old; ask for a new one")
    session.execute(delete(MailCode).where(MailCode.user_id == used.user_id, MailCode.purpose == purpose))
    return UsedCode(used.user_id, used.password_hash)
