"""All routers of ``/api/v1``."""

from fastapi import APIRouter

from beimingwu.api.v1 import account, catalogue, problem_kinds, registration, sessions, tokens

__all__ = ["router"]

router = APIRouter()
for _part in (registration, sessions, account, tokens, problem_kinds, catalogue):
    router.include_router(_part.router)
