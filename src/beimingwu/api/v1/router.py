"""All routers of ``/api/v1``."""

from fastapi import APIRouter

from beimingwu.api.v1 import (
    account,
    catalogue,
    learnwares,
    packages,
    problem_kinds,
    registration,
    sessions,
    tokens,
    uploads,
    verifications,
)

__all__ = ["router"]

router = APIRouter()
for _part in (
    registration,
    sessions,
    account,
    tokens,
    uploads,
    problem_kinds,
    catalogue,
    learnwares,
    packages,
    verifications,
):
    router.include_router(_part.router)
