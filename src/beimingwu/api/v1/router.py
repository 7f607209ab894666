"""All routers of ``/api/v1``."""

from fastapi import APIRouter

from beimingwu.api.v1 import (
    account,
    catalogue,
    datasets,
    learnwares,
    packages,
    problem_kinds,
    registration,
    searches,
    sessions,
    tokens,
    uploads,
    verifications,
    vocabulary,
)
from beimingwu.api.v1.admin.router import router as administration

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
    datasets,
    searches,
    vocabulary,
):
    router.include_router(_part.router)
router.include_router(administration)
