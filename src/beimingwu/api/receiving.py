"""The body of a request on its way into an upload, with little memory however many clients there are.

The event loop collects a little; threads write it. No thread waits for a client, so slow ones take none away from
others; uploads have a few threads of their own, so that quick ones do not either.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import anyio
import anyio.to_thread
from fastapi import Request
from starlette.requests import ClientDisconnect

from beimingwu.services.appending import Appending
from beimingwu.storage import CHUNK

__all__ = ["in_thread", "receive_into"]

_Result = TypeVar("_Result")


async def in_thread(request: Request, call: Callable[..., _Result], *arguments: Any, **named: Any) -> _Result:
    """Call something that waits for the store or the database, in a thread for uploads."""
    threads: anyio.CapacityLimiter = request.app.state.upload_threads
    return await anyio.to_thread.run_sync(partial(call, *arguments, **named), limiter=threads)


async def receive_into(request: Request, appending: Appending) -> None:
    """Write the body of a request into an upload.

    Where the client goes away, what has arrived counts, unless it came with a checksum.

    Raises
    ------
    ClientDisconnect
        If it does.
    ServiceError
        As `Appending.write` and `Appending.finish`.
    """
    waiting = bytearray()
    try:
        async for chunk in request.stream():
            waiting += chunk
            if len(waiting) >= CHUNK:
                await in_thread(request, appending.write, bytes(waiting))
                waiting.clear()
        if waiting:
            await in_thread(request, appending.write, bytes(waiting))
        await in_thread(request, appending.finish)
    except ClientDisconnect:
        with anyio.CancelScope(shield=True):
            await in_thread(request, appending.keep, bytes(waiting))
        raise
    except BaseException:
        with anyio.CancelScope(shield=True):
            await in_thread(request, appending.discard)
        raise
