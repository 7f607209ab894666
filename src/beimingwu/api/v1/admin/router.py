"""All routers of administration."""

from fastapi import APIRouter

from beimingwu.api.v1.admin import (
    audit,
    datasets,
    learnwares,
    queue,
    sensitive_words,
    settings,
    statistics,
    users,
)

__all__ = ["router"]

router = APIRouter()
for _part in (users, learnwares, queue, datasets, sensitive_words, statistics, audit, settings):
    router.include_router(_part.router)
