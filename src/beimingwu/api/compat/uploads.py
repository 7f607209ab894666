"""``/api/user/chunked_upload``: contents in chunks, by the published contract."""

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from starlette.datastructures import FormData, UploadFile

from beimingwu.api.compat.envelope import ContractError, ContractIdentity, done
from beimingwu.api.compat.forms import chunks_of, file_form
from beimingwu.api.receiving import in_thread
from beimingwu.api.requests import CurrentDock
from beimingwu.errors import ConflictError

__all__ = ["CHUNKED_UPLOAD", "router"]

CHUNKED_UPLOAD = "/api/user/chunked_upload"

router = APIRouter(include_in_schema=False)


@router.post(CHUNKED_UPLOAD)
async def chunked_upload(request: Request, identity: ContractIdentity, dock: CurrentDock) -> JSONResponse:
    """Take a chunk, which may come more than once; from the beginning, an upload may always begin again."""
    async with file_form(request) as form:
        begin, file_hash, chunk = _parameters(form)
        if begin == 0 and await in_thread(request, dock.contract_uploads.already_submitted, identity, file_hash):
            raise ContractError(51, "Learnware file already exist.")
        try:
            await in_thread(request, dock.contract_uploads.put_chunk, identity, file_hash, begin, chunks_of(chunk.file))
        except ConflictError as error:
            raise ContractError(31, str(error)) from None
    return done()


def _parameters(form: FormData) -> tuple[int, str, UploadFile]:
    begin, file_hash, chunk = form.get("chunk_begin"), form.get("file_hash"), form.get("chunk_file")
    if not (isinstance(begin, str) and isinstance(file_hash, str) and isinstance(chunk, UploadFile)):
        raise ContractError.parameters()
    if not (begin.isascii() and begin.isdecimal() and len(begin) <= 18):
        raise ContractError.parameters()
    return int(begin), file_hash, chunk
