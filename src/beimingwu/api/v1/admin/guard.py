"""What every router of administration shares: nobody gets past it who is no administrator."""

from fastapi import APIRouter, Depends

from beimingwu.api.problems import responses
from beimingwu.api.requests import CurrentIdentity
from beimingwu.errors import InvalidInputError, NotAllowedError, NotAuthenticatedError

__all__ = ["admin_router"]


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
