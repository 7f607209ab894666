"""``/api/engine``: what there is to know of a learnware, and its package, by the published contract."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import JSONResponse

from beimingwu.api.compat.envelope import ContractError, JsonBody, OptionalContractIdentity, done
from beimingwu.api.compat.files import FileRoute
from beimingwu.api.compat.times import last_modify
from beimingwu.api.downloads import send_package, send_packages
from beimingwu.api.requests import CurrentDock, CurrentOrigin
from beimingwu.errors import NotFoundError
from beimingwu.services.dock import Dock
from beimingwu.services.downloads import Package
from beimingwu.services.identity import Identity

__all__ = ["files", "router"]

router = APIRouter(prefix="/api/engine", include_in_schema=False)
# Those whose answer is a file.
files = APIRouter(prefix="/api/engine", include_in_schema=False, route_class=FileRoute)

_MOST = 10
_ARCHIVE = "multiple_learnwares.zip"


def _one_id(learnware_id: Annotated[str | None, Query()] = None) -> str:
    if not learnware_id:
        raise ContractError.parameters()
    return learnware_id


def _several_ids(learnware_ids: Annotated[list[str] | None, Query()] = None) -> list[str]:
    if not learnware_ids or len(learnware_ids) > _MOST:
        raise ContractError.parameters()
    return learnware_ids


def _token(token: Annotated[str | None, Query()] = None) -> str:
    if not token:
        raise ContractError.parameters()
    return token


OneId = Annotated[str, Depends(_one_id)]
SeveralIds = Annotated[list[str], Depends(_several_ids)]
Token = Annotated[str, Depends(_token)]


@router.get("/learnware_info")
def learnware_info(learnware_id: OneId, dock: CurrentDock, identity: OptionalContractIdentity) -> JSONResponse:
    """Return what a learnware is, also before it was verified; withdrawn ones are their owners' to see."""
    try:
        summary = dock.catalogue.announced(identity, learnware_id)
    except NotFoundError:
        raise ContractError(41, "Learnware not found.") from None
    info = {
        "user_id": summary.owner_id,
        "learnware_id": summary.learnware_id,
        "last_modify": last_modify(summary.updated_at),
        "verify_status": summary.status,
        "semantic_specification": summary.semantic_specification,
    }
    return done({"learnware_info": info}, "Ok.")


@files.get("/download_learnware")
def download_learnware(
    learnware_id: OneId, request: Request, dock: CurrentDock, identity: OptionalContractIdentity
) -> Response:
    """Send a package."""
    return send_package(request, dock, _packages(dock, identity, [learnware_id])[0])


@files.get("/download_multi_learnware")
def download_multi_learnware(
    learnware_ids: SeveralIds, request: Request, dock: CurrentDock, identity: OptionalContractIdentity
) -> Response:
    """Send several packages in one zip."""
    return send_packages(request, dock, _packages(dock, identity, learnware_ids), _ARCHIVE)


@router.post("/generate_download_token")
def generate_download_token(
    body: JsonBody, dock: CurrentDock, identity: OptionalContractIdentity, origin: CurrentOrigin
) -> JSONResponse:
    """Make a link that downloads without a login, for half an hour."""
    wanted = body.get("learnware_ids")
    if not isinstance(wanted, list) or not wanted or not all(isinstance(one, str) for one in wanted):
        raise ContractError.parameters()
    _packages(dock, identity, wanted)
    return done({"token": dock.downloads.make_link(identity, wanted, origin).token}, None)


@files.get("/download_by_token")
def download_by_token(token: Token, request: Request, dock: CurrentDock) -> Response:
    """Send the first package of a link."""
    return send_package(request, dock, _linked(dock, token)[0])


@files.get("/download_multi_learnware_by_token")
def download_multi_learnware_by_token(token: Token, request: Request, dock: CurrentDock) -> Response:
    """Send all packages of a link in one zip."""
    return send_packages(request, dock, _linked(dock, token), _ARCHIVE)


def _packages(dock: Dock, identity: Identity | None, learnware_ids: list[str]) -> list[Package]:
    """Return packages that somebody may have.

    Raises
    ------
    ContractError
        If one of them is not there, or not for them.
    """
    try:
        return dock.downloads.packages(identity, learnware_ids)
    except NotFoundError:
        if any(_is_unverified(dock, one) for one in learnware_ids):
            code = 61 if identity is None else 62
            raise ContractError(code, "cannot download unverified learnware.") from None
        raise ContractError(41, "Learnware not found.") from None


def _is_unverified(dock: Dock, learnware_id: str) -> bool:
    try:
        return dock.downloads.is_unverified(learnware_id)
    except NotFoundError:
        return False


def _linked(dock: Dock, token: str) -> list[Package]:
    try:
        return dock.downloads.linked(token)
    except NotFoundError:
        raise ContractError(21, "token not exist.") from None
