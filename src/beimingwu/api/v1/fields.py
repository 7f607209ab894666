"""The fields that requests and answers of several routers share."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from beimingwu.services.views import Account

__all__ = ["AccountOut", "Code", "Email", "Id", "Language", "LearnwareId", "Password", "Request", "Username"]

_LARGEST_ID = 2**63 - 1

Email = Annotated[str, StringConstraints(min_length=3, max_length=254)]
Username = Annotated[str, StringConstraints(min_length=1, max_length=64)]
Password = Annotated[str, StringConstraints(min_length=1, max_length=256)]
# As `beimingwu.messages.LANGUAGES`.
Language = Literal["en", "zh"]
Code = Annotated[str, StringConstraints(min_length=1, max_length=128)]
Id = Annotated[int, Path(ge=1, le=_LARGEST_ID)]
LearnwareId = Annotated[str, Path(description="Eight digits.", examples=["00000017"], max_length=64)]


class Request(BaseModel):
    """A body; unknown fields are refused, so that a misspelt one is noticed."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class AccountOut(BaseModel):
    """An account."""

    user_id: int
    username: str
    email: str
    role: str = Field(description="`user`, `admin` or `super-admin`.")
    language: str = Field(description="Of its mails: `en` or `zh`.", examples=["en"])
    created_at: datetime
    last_login_at: datetime | None

    @classmethod
    def of(cls, account: Account) -> "AccountOut":
        """Return what the API tells of an account."""
        return cls(
            user_id=account.user_id,
            username=account.username,
            email=account.email,
            role=account.role.label,
            language=account.language,
            created_at=account.created_at,
            last_login_at=account.last_login_at,
        )
