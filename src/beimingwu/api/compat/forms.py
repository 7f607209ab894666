"""Forms with a file, which the published contract has for contents."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import IO

from fastapi import Request
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException

from beimingwu.api.compat.envelope import ContractError
from beimingwu.storage import CHUNK

__all__ = ["chunks_of", "file_form"]


@asynccontextmanager
async def file_form(request: Request) -> AsyncIterator[FormData]:
    """Give the fields of a form; a file of more than a megabyte goes to the disk while it arrives.

    Raises
    ------
    ContractError
        If the body is no form, or has more than one file.
    """
    try:
        form = await request.form(max_files=1, max_fields=16)
    except HTTPException:
        raise ContractError.parameters() from None
    try:
        yield form
    finally:
        await form.close()


def chunks_of(file: IO[bytes]) -> Iterator[bytes]:
    """Give what is left of a file, a chunk at a time."""
    while chunk := file.read(CHUNK):
        yield chunk
