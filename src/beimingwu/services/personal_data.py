"""The seam between accounts and whatever else keeps something of a person.

A capability that stores personal data gives the dock a `PersonalData`: it says what belongs into the owner's export,
and what must happen when the account goes.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Protocol

from sqlalchemy import select

from beimingwu.db.models import ApiToken, EmailChange, UserSession
from beimingwu.services.audit import audit_entries
from beimingwu.services.find_users import user_by_id
from beimingwu.services.views import account_of

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

__all__ = ["AccountData", "PersonalData"]


class PersonalData(Protocol):
    """What one capability keeps of people."""

    def export(self, session: Session, user_id: int) -> dict[str, Any]:
        """Return what there is of an account: names of parts with values that JSON and datetimes are made of."""

    def erase(self, session: Session, user_id: int) -> None:
        """Delete it, or take the account's name from it, in the transaction that deletes the account.

        Raises
        ------
        ConflictError
            If the account cannot be deleted while this is there; the message says what to do first.
        """


class AccountData:
    """What accounts themselves keep: the account, its sessions and tokens, what the audit log has of it."""

    def export(self, session: Session, user_id: int) -> dict[str, Any]:
        """Return it without hashes."""
        account = asdict(account_of(user_by_id(session, user_id)))
        account["role"] = account["role"].label
        sessions = session.scalars(select(UserSession).where(UserSession.user_id == user_id).order_by(UserSession.id))
        tokens = session.scalars(select(ApiToken).where(ApiToken.user_id == user_id).order_by(ApiToken.id))
        waiting = session.scalars(select(EmailChange).where(EmailChange.user_id == user_id))
        return {
            "account": account,
            "email_changes": [_values(row, "email created_at expires_at") for row in waiting],
            "sessions": [_values(row, "created_at last_used_at expires_at address user_agent") for row in sessions],
            "tokens": [_values(row, "name prefix scopes created_at expires_at last_used_at") for row in tokens],
            "audit": [
                {**asdict(entry), "details": dict(entry.details)} for entry in audit_entries(session, user_id=user_id)
            ],
        }

    def erase(self, session: Session, user_id: int) -> None:
        """Do nothing: sessions, tokens and codes go with the account, and the audit log knows only its number."""


def _values(row: object, names: str) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names.split()}
