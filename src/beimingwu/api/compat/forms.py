"""Forms with a file, which the published contract has for contents."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from typing import IO

import anyio
from fastapi import Request
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException

from beimingwu.api.compat.envelope import ContractError
from beimingwu.api.receiving import in_thread
from beimingwu.errors import NotFoundError
from beimingwu.services.dock import Dock
from beimingwu.services.identity import Identity
from beimingwu.storage import CHUNK

__all__ = ["chunks_of", "file_form", "package_form"]


@asynccontextmanager
async def file_form(request: Request) -> AsyncIterator[FormData]:
    """Give the fields of a form; a file of more than a megabyte goes to the disk while it arrives.

    Raises
    ------
    ContractError
        If the body is no form, or has more than one file.
    """
    form = await _received(request)
    try:
        yield form
    finally:
        await form.close()


@asynccontextmanager
async def package_form(request: Request, dock: Dock, identity: Identity) -> AsyncIterator[FormData]:
    """Give the fields of a form with a package, which counts as an upload of the account while it arrives.

    Raises
    ------
    ContractError
        As `file_form`.
    ServiceError
        As of `Uploads.create`; nothing of the body is received then.
    """
    most = dock.settings.upload_max_bytes
    # `BodyLimit` has found it to be a number.
    size = min(int(request.headers.get("content-length", most)), most)
    arriving = await in_thread(request, dock.uploads.create, identity, size=size, filename="form")
    try:
        form = await _received(request)
    finally:
        with anyio.CancelScope(shield=True), suppress(NotFoundError):
            await in_thread(request, dock.uploads.cancel, identity, arriving.upload_id)
    try:
        yield form
    finally:
        await form.close()


async def _received(request: Request) -> FormData:
    try:
        return await request.form(max_files=1, max_fields=16)
    except HTTPException:
        raise ContractError.parameters() from None


def chunks_of(file: IO[bytes]) -> Iterator[bytes]:
    """Give what is left of a file, a chunk at a time."""
    while chunk := file.read(CHUNK):
        yield chunk
