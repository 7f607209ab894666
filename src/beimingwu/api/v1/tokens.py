"""One's API tokens."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from beimingwu.api.problems import responses
from beimingwu.api.requests import CurrentDock, CurrentIdentity, CurrentOrigin
from beimingwu.api.v1.fields import Id, Request
from beimingwu.errors import ConflictError, InvalidInputError, NotAllowedError, NotAuthenticatedError, NotFoundError

__all__ = ["router"]

router = APIRouter(prefix="/api/v1/tokens", tags=["tokens"])


class TokenWanted(Request):
    """The token to make."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=64)] = Field(examples=["training server"])
    scopes: Annotated[list[Literal["read", "submit", "admin"]], Field(min_length=1, max_length=3)] = Field(
        examples=[["read", "submit"]]
    )
    expires_in_days: int | None = Field(365, ge=1, le=3650, description="null: it works until it is revoked.")


class TokenOut(BaseModel):
    """An API token."""

    model_config = ConfigDict(from_attributes=True)

    token_id: int
    name: str
    shown: str = Field(description="The first digits of the token; the rest is known to its owner only.")
    scopes: list[str]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None = Field(description="To a minute.")


class TokenMade(TokenOut):
    """An API token that was just made."""

    token: str = Field(description="Shown this once; send it as `Authorization: Bearer TOKEN`.")


@router.post(
    "",
    status_code=201,
    summary="Make an API token",
    responses=responses(NotAuthenticatedError, NotAllowedError, ConflictError, InvalidInputError),
)
def create_token(body: TokenWanted, dock: CurrentDock, identity: CurrentIdentity, origin: CurrentOrigin) -> TokenMade:
    """Make a key for a program. It is shown in this answer and never again."""
    made = dock.tokens.create(identity, body.name, body.scopes, origin, expires_in_days=body.expires_in_days)
    return TokenMade(token=made.token, **TokenOut.model_validate(made.info).model_dump())


@router.get("", summary="One's API tokens", responses=responses(NotAuthenticatedError, NotAllowedError))
def list_tokens(dock: CurrentDock, identity: CurrentIdentity) -> list[TokenOut]:
    """Return the tokens of the account, the oldest first."""
    return [TokenOut.model_validate(one) for one in dock.tokens.mine(identity)]


@router.delete(
    "/{token_id}",
    status_code=204,
    summary="Revoke an API token",
    responses=responses(NotAuthenticatedError, NotAllowedError, NotFoundError, InvalidInputError),
)
def revoke_token(token_id: Id, dock: CurrentDock, identity: CurrentIdentity, origin: CurrentOrigin) -> None:
    """End a token of the account, and the sessions that began with it."""
    dock.tokens.revoke(identity, token_id, origin)
