"""``/api/user``: one's learnwares, by the published contract."""

import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from starlette.datastructures import UploadFile

from beimingwu.api.compat.envelope import ContractError, ContractIdentity, JsonBody, done, text_of
from beimingwu.api.compat.forms import chunks_of, package_form
from beimingwu.api.compat.refusals import refusal
from beimingwu.api.compat.times import last_modify
from beimingwu.api.receiving import in_thread
from beimingwu.api.requests import CurrentDock, CurrentOrigin
from beimingwu.errors import (
    ConflictError,
    DuplicateContentError,
    InvalidSubmissionError,
    NotAllowedError,
    NotFoundError,
    NothingChangedError,
)
from beimingwu.services.dock import Dock
from beimingwu.services.identity import Identity, Origin
from beimingwu.storage import StoredBlob

__all__ = ["router"]

router = APIRouter(prefix="/api/user", include_in_schema=False)

_FILENAME = "learnware.zip"
# What the published clients ask for.
_LARGEST_PAGE = 10_000
_LAST_PAGE = 10**12


@router.post("/list_learnware")
def list_learnware(identity: ContractIdentity, body: JsonBody, dock: CurrentDock) -> JSONResponse:
    """Return a page of one's own learnwares; pages count from 0."""
    limit, page, verified = body.get("limit"), body.get("page"), body.get("is_verified")
    if not (type(limit) is int and 1 <= limit <= _LARGEST_PAGE and type(page) is int and 0 <= page <= _LAST_PAGE):
        raise ContractError.parameters()
    if verified is not None and not isinstance(verified, bool):
        raise ContractError.parameters()
    found, total = dock.ownership.mine(identity, offset=page * limit, limit=limit, verified=verified)
    listed = [
        {
            "learnware_id": one.learnware_id,
            "last_modify": last_modify(one.changed_at),
            "verify_status": one.status,
            "semantic_specification": one.semantic_specification,
        }
        for one in found
    ]
    pages = math.ceil(total / limit)
    return done({"learnware_list": listed, "page": page, "limit": limit, "total_pages": pages}, "Ok.")


@router.post("/add_learnware")
async def add_learnware(
    request: Request, identity: ContractIdentity, dock: CurrentDock, origin: CurrentOrigin
) -> JSONResponse:
    """Submit a learnware in one form: its semantic specification as JSON, and its zip."""
    async with package_form(request, dock, identity) as form:
        spec = _semantic(form.get("semantic_specification"))
        file = form.get("learnware_file")
        if not isinstance(file, UploadFile):
            raise ContractError.parameters()
        return await in_thread(request, _add, dock, identity, origin, spec, file)


@router.post("/add_learnware_uploaded")
def add_learnware_uploaded(
    identity: ContractIdentity, body: JsonBody, dock: CurrentDock, origin: CurrentOrigin
) -> JSONResponse:
    """Submit a learnware whose zip was uploaded in chunks."""
    spec = _semantic(body.get("semantic_specification"))
    (file_hash,) = text_of(body, "file_hash")
    with _refused_by_contract(spec):
        try:
            blob = dock.contract_uploads.finished(identity, file_hash)
        except NotFoundError:
            raise ContractError(51, "Learnware file is not uploaded.") from None
        submitted = dock.submissions.submit(identity, blob, spec, origin)
    return done({"learnware_id": submitted.learnware_id}, "Add success.")


@router.post("/update_learnware")
async def update_learnware(
    request: Request, identity: ContractIdentity, dock: CurrentDock, origin: CurrentOrigin
) -> JSONResponse:
    """Submit another semantic specification for a learnware, and another zip if there is one in the form."""
    async with package_form(request, dock, identity) as form:
        learnware_id, file = form.get("learnware_id"), form.get("learnware_file")
        if not isinstance(learnware_id, str):
            raise ContractError.parameters()
        given = form.get("semantic_specification")
        return await in_thread(
            request,
            _update,
            dock,
            identity,
            origin,
            learnware_id,
            given,
            file if isinstance(file, UploadFile) else None,
        )


@router.post("/delete_learnware")
def delete_learnware(
    identity: ContractIdentity, body: JsonBody, dock: CurrentDock, origin: CurrentOrigin
) -> JSONResponse:
    """Delete a learnware."""
    (learnware_id,) = text_of(body, "learnware_id")
    try:
        dock.ownership.delete(identity, learnware_id, origin)
    except NotFoundError:
        raise ContractError(51, "Learnware not exist.") from None
    except NotAllowedError:
        raise ContractError(41, "You do not own this learnware.") from None
    return done(message="Delete success.")


def _semantic(text: Any) -> dict[str, Any]:
    """Return a semantic specification that is given as JSON; in a JSON body, it may also stand as it is."""
    try:
        spec = json.loads(text) if isinstance(text, str) else text
    except (ValueError, RecursionError):
        spec = None
    if not isinstance(spec, dict):
        raise ContractError(41, "Semantic specification error")
    return spec


def _add(dock: Dock, identity: Identity, origin: Origin, spec: dict[str, Any], file: UploadFile) -> JSONResponse:
    with _refused_by_contract(spec), _uploaded(dock, identity, file) as blob:
        submitted = dock.submissions.submit(identity, blob, spec, origin)
    return done({"learnware_id": submitted.learnware_id}, "Add success.")


def _update(
    dock: Dock, identity: Identity, origin: Origin, learnware_id: str, given: Any, file: UploadFile | None
) -> JSONResponse:
    try:
        newest = dock.ownership.submitted(identity, learnware_id).newest_version
    except NotFoundError:
        raise ContractError(71, "Learnware id does not exist.") from None
    except NotAllowedError:
        raise ContractError(31, "Permission denied.") from None
    if newest.status == "PROCESSING":
        raise ContractError(51, "Learnware is verifying.")
    spec = _semantic(given)
    with _refused_by_contract(spec):
        try:
            if file is None:
                dock.submissions.update(identity, learnware_id, origin, semantic_spec=spec)
            else:
                with _uploaded(dock, identity, file) as blob:
                    dock.submissions.update(identity, learnware_id, origin, blob=blob, semantic_spec=spec)
        except NothingChangedError:
            # Whoever sends the same once more finds it as they want it.
            return done()
    return done()


@contextmanager
def _uploaded(dock: Dock, identity: Identity, file: UploadFile) -> Iterator[StoredBlob]:
    """Give the content of a file from a form, taken in like other uploads and within the same bounds."""
    upload = dock.uploads.create(identity, size=file.size or 0, filename=_FILENAME)
    try:
        dock.uploads.append(identity, upload.upload_id, 0, chunks_of(file.file))
        yield dock.uploads.finished(identity, upload.upload_id)
    finally:
        dock.uploads.cancel(identity, upload.upload_id)


@contextmanager
def _refused_by_contract(spec: dict[str, Any]) -> Iterator[None]:
    """Say what is wrong with a submission in the words of the contract."""
    try:
        yield
    except DuplicateContentError:
        raise ContractError(61, "Learnware file already exist.") from None
    except InvalidSubmissionError as error:
        raise refusal(error, spec) from None
    except ConflictError as error:
        raise ContractError(51, str(error)) from None
