"""All routers of ``/api/v1``."""

from fastapi import APIRouter

from beimingwu.api.v1 import (
    account,
    catalogue,
    datasets,
    favourites,
    learnware_pages,
    learnwares,
    notifications,
    overview,
    packages,
    problem_kinds,
    registration,
    searches,
    sessions,
    tokens,
    trials,
    uploads,
    verifications,
    vocabulary,
    web_session,
    world,
)
from beimingwu.api.v1.admin.router import router as administration

__all__ = ["router"]

router = APIRouter()
# Routes are tried one after the other: what is asked most comes first.
for _part in (
    catalogue,
    packages,
    searches,
    overview,
    world,
    registration,
    sessions,
    web_session,
    account,
    tokens,
    notifications,
    favourites,
    uploads,
    problem_kinds,
    learnwares,
    learnware_pages,
    verifications,
    trials,
    datasets,
    vocabulary,
):
    router.include_router(_part.router)
router.include_router(administration)
