"""What every router of administration shares: nobody gets past it who is no administrator."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from beimingwu.api.problems import responses
from beimingwu.api.requests import CurrentIdentity
from beimingwu.errors import InvalidInputError, NotAllowedError, NotAuthenticatedError

__all__ = ["Cursor", "Limit", "admin_router", "next_cursor"]

_LARGEST_ID = 2**63 - 1

Cursor = Annotated[int | None, Query(ge=1, le=_LARGEST_ID, description="`next_cursor` of the page before.")]
Limit = Annotated[int, Query(ge=1, le=100)]


def _require_admin(identity: CurrentIdentity) -> None:
    identity.require_role()


def admin_router(resource: str) -> APIRouter:
    """Return the router of a resource. Services check again, each act what it needs."""
    return APIRouter(
        prefix=f"/api/v1/admin/{resource}",
        tags=["administration"],
        dependencies=[Depends(_require_admin)],
        responses=responses(NotAuthenticatedError, NotAllowedError, InvalidInputError),
    )


def next_cursor(number: int | None) -> str | None:
    """Return a cursor as the API writes it."""
    return None if number is None else str(number)
