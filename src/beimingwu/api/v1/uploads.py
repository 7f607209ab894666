"""Resumable uploads by the tus 1.0 protocol (https://tus.io/protocols/resumable-upload)."""

import re
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from beimingwu.api.problems import responses
from beimingwu.api.receiving import in_thread, receive_into
from beimingwu.api.requests import CurrentDock, CurrentIdentity
from beimingwu.api.tus import (
    ALGORITHMS,
    CONTENT,
    EXTENSIONS,
    UPLOADS,
    VERSION,
    checksum_of,
    metadata_of,
    require_version,
    upload_headers,
)
from beimingwu.errors import (
    ChecksumMismatchError,
    ConflictError,
    ContentMismatchError,
    InvalidInputError,
    MediaTypeError,
    NotAllowedError,
    NotAuthenticatedError,
    NotFoundError,
    PreconditionError,
    QuotaExceededError,
    TooLargeError,
    TooSlowError,
)
from learnware.texts import text

__all__ = ["router"]

router = APIRouter(prefix=UPLOADS, tags=["uploads"])

_NAME = "learnware.zip"
_LARGEST = 2**63 - 1
_ASKED = (NotAuthenticatedError, NotAllowedError, NotFoundError)
_WRITTEN = (
    ConflictError,
    TooLargeError,
    TooSlowError,
    MediaTypeError,
    ChecksumMismatchError,
    InvalidInputError,
    ContentMismatchError,
)
_Tus = Depends(require_version)
_Metadata = Annotated[
    str | None,
    Header(
        max_length=4096,
        description="Names and values in base64: `filename`, `sha256` (hex, of the whole content); others are ignored.",
    ),
]
_ChecksumHeader = Annotated[
    str | None,
    Header(
        max_length=256,
        description=f"One of {', '.join(ALGORITHMS)} and, in base64, the digest of this request's body. With it, the "
        "body counts in whole or not at all.",
    ),
]
_LENGTH = re.compile(r"[0-9]{1,18}")


class UploadOut(BaseModel):
    """An upload."""

    model_config = ConfigDict(from_attributes=True)

    upload_id: str
    filename: str
    size: int | None = Field(description="In bytes; null for an upload by the published contract, which does not say.")
    received: int = Field(description="Bytes that are here.")
    sha256: str | None = Field(description="Of the content, once all of it is here and checked.")
    expires_at: datetime = Field(description="When it is forgotten, unless something is added.")
    complete: bool


def _told(*names: str) -> dict[str, Any]:
    return {"headers": {name: {"schema": {"type": "string"}} for name in ("Tus-Resumable", *names)}}


_BODY: dict[str, Any] = {
    "requestBody": {"content": {CONTENT: {"schema": {"type": "string", "format": "binary"}}}, "required": False}
}


@router.options(
    "",
    status_code=204,
    summary="What of tus is spoken here",
    responses={204: _told("Tus-Version", "Tus-Extension", "Tus-Max-Size", "Tus-Checksum-Algorithm")},
)
@router.options("/{upload_id}", status_code=204, include_in_schema=False)
def describe_uploads(dock: CurrentDock) -> Response:
    """Tell the version, the extensions, and how large an upload may be."""
    headers = {
        "Tus-Version": VERSION,
        "Tus-Extension": EXTENSIONS,
        "Tus-Max-Size": str(dock.settings.upload_max_bytes),
        "Tus-Checksum-Algorithm": ",".join(ALGORITHMS),
    }
    return Response(status_code=204, headers=headers)


@router.post(
    "",
    status_code=201,
    summary="Begin an upload",
    response_class=Response,
    dependencies=[_Tus],
    openapi_extra=_BODY,
    responses={
        201: _told("Location", "Upload-Offset", "Upload-Expires"),
        **responses(NotAuthenticatedError, NotAllowedError, QuotaExceededError, PreconditionError, *_WRITTEN),
    },
)
async def create_upload(
    request: Request,
    dock: CurrentDock,
    identity: CurrentIdentity,
    upload_length: Annotated[int, Header(ge=0, le=_LARGEST, description="Bytes of the whole content.")],
    upload_metadata: _Metadata = None,
    upload_checksum: _ChecksumHeader = None,
) -> Response:
    """Begin an upload; a body is its beginning.

    An upload that is complete is named by its id where a content is asked for. It is forgotten a day after something
    was last added to it, unless the dock has other settings.
    """
    metadata = metadata_of(upload_metadata or "")
    checksum = checksum_of(upload_checksum) if upload_checksum else None
    length = _length(request)
    begun = length != 0
    if begun:
        _require_content(request)
    if length is not None and length > upload_length:
        raise TooLargeError(
            text("these are {length} bytes, and the upload has {size}", length=length, size=upload_length)
        )
    upload = await in_thread(
        request,
        dock.uploads.create,
        identity,
        size=upload_length,
        filename=metadata.get("filename", _NAME),
        sha256=metadata.get("sha256"),
    )
    if begun:
        appending = await in_thread(request, dock.uploads.begin, identity, upload.upload_id, 0, checksum=checksum)
        await receive_into(request, appending, dock.settings.upload_idle_seconds)
    if begun or not upload_length:
        upload = await in_thread(request, dock.uploads.complete, identity, upload.upload_id)
    location = f"{request.url.path.rstrip('/')}/{upload.upload_id}"
    return Response(status_code=201, headers={"Location": location, **upload_headers(upload)})


@router.head(
    "/{upload_id}",
    summary="Where an upload goes on",
    dependencies=[_Tus],
    response_class=Response,
    responses={
        200: {"content": {}, **_told("Upload-Offset", "Upload-Length", "Upload-Expires")},
        **responses(*_ASKED, PreconditionError),
    },
)
def head_upload(upload_id: str, dock: CurrentDock, identity: CurrentIdentity) -> Response:
    """Tell how much is here, in `Upload-Offset`."""
    upload = dock.uploads.info(identity, upload_id)
    size = {} if upload.size is None else {"Upload-Length": str(upload.size)}
    return Response(status_code=200, headers={**size, **upload_headers(upload)})


@router.get("/{upload_id}", summary="An upload", responses=responses(*_ASKED))
def show_upload(upload_id: str, dock: CurrentDock, identity: CurrentIdentity) -> UploadOut:
    """Return an upload of the account."""
    return UploadOut.model_validate(dock.uploads.info(identity, upload_id))


@router.patch(
    "/{upload_id}",
    status_code=204,
    summary="Add to an upload",
    dependencies=[_Tus],
    openapi_extra=_BODY,
    responses={204: _told("Upload-Offset", "Upload-Expires"), **responses(*_ASKED, PreconditionError, *_WRITTEN)},
)
async def append_to_upload(
    upload_id: str,
    request: Request,
    dock: CurrentDock,
    identity: CurrentIdentity,
    upload_offset: Annotated[int, Header(ge=0, le=_LARGEST, description="Where the body belongs.")],
    upload_checksum: _ChecksumHeader = None,
) -> Response:
    """Add the body, from what has been received on.

    Where the connection breaks, what has arrived counts: ask with HEAD, and go on from there. When all is here, it is
    put together and its SHA-256 is compared with the announced one.
    """
    _require_content(request)
    checksum = checksum_of(upload_checksum) if upload_checksum else None
    appending = await in_thread(
        request, dock.uploads.begin, identity, upload_id, upload_offset, length=_length(request), checksum=checksum
    )
    await receive_into(request, appending, dock.settings.upload_idle_seconds)
    upload = await in_thread(request, dock.uploads.complete, identity, upload_id)
    return Response(status_code=204, headers=upload_headers(upload))


@router.delete(
    "/{upload_id}",
    status_code=204,
    summary="Cancel an upload",
    dependencies=[_Tus],
    responses=responses(*_ASKED, PreconditionError),
)
def cancel_upload(upload_id: str, dock: CurrentDock, identity: CurrentIdentity) -> None:
    """Forget an upload, complete or not. What was made of it stays."""
    dock.uploads.cancel(identity, upload_id)


def _length(request: Request) -> int | None:
    """Return the length of the body; None if it is not told before."""
    declared = request.headers.get("content-length")
    if declared is None:
        return None if "transfer-encoding" in request.headers else 0
    # More digits than that were refused before.
    return int(declared) if _LENGTH.fullmatch(declared) else 0


def _require_content(request: Request) -> None:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != CONTENT:
        raise MediaTypeError(text("the body of an upload is of the type {type}", type=CONTENT))
