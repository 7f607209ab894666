"""``/api/user/verify_log``: the log of a verification, by the published contract."""

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse

from beimingwu.api.compat.envelope import ContractIdentity
from beimingwu.api.requests import CurrentDock

__all__ = ["router"]

router = APIRouter(prefix="/api/user", include_in_schema=False)


@router.get("/verify_log")
def verify_log(
    identity: ContractIdentity, dock: CurrentDock, learnware_id: Annotated[str, Query(max_length=64)] = ""
) -> JSONResponse:
    """Return the log; null if there is none, or the learnware is somebody else's. The contract has no message here."""
    return JSONResponse({"code": 0, "data": dock.verifications.contract_log(identity, learnware_id)})
