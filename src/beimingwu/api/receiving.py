"""The body of a request on its way into an upload, with little memory however many clients there are.

The event loop collects a little; threads write it. No thread waits for a client, so slow ones take none away from
others; uploads have a few threads of their own, so that quick ones do not either.
"""

from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Any, TypeVar

import anyio
import anyio.to_thread
from fastapi import Request
from starlette.requests import ClientDisconnect

from beimingwu.errors import TooSlowError
from beimingwu.services.appending import Appending
from beimingwu.storage import CHUNK

__all__ = ["in_thread", "receive_into"]

_Result = TypeVar("_Result")


async def in_thread(request: Request, call: Callable[..., _Result], *arguments: Any, **named: Any) -> _Result:
    """Call something that waits for the store or the database, in a thread for uploads."""
    threads: anyio.CapacityLimiter = request.app.state.upload_threads
    return await anyio.to_thread.run_sync(partial(call, *arguments, **named), limiter=threads)


async def receive_into(request: Request, appending: Appending, patience: float) -> None:
    """Write the body of a request into an upload.

    Where the client goes away or falls silent, what has arrived counts, unless it came with a checksum.

    Parameters
    ----------
    request : Request
    appending : Appending
    patience : float
        Seconds to wait for more: of a client that is away, the network may never tell.

    Raises
    ------
    ClientDisconnect
        If the client goes away.
    TooSlowError
        If nothing comes for too long.
    ServiceError
        As `Appending.write` and `Appending.finish`.
    """
    waiting = bytearray()
    try:
        async for chunk in _patient(request, patience):
            waiting += chunk
            if len(waiting) >= CHUNK:
                await in_thread(request, appending.write, bytes(waiting))
                waiting.clear()
        if waiting:
            await in_thread(request, appending.write, bytes(waiting))
        await in_thread(request, appending.finish)
    except (ClientDisconnect, TooSlowError):
        with anyio.CancelScope(shield=True):
            await in_thread(request, appending.keep, bytes(waiting))
        raise
    except BaseException:
        with anyio.CancelScope(shield=True):
            await in_thread(request, appending.discard)
        raise


async def _patient(request: Request, patience: float) -> AsyncIterator[bytes]:
    chunks = request.stream()
    while True:
        try:
            with anyio.fail_after(patience):
                chunk = await anext(chunks)
        except StopAsyncIteration:
            return
        except TimeoutError:
            raise TooSlowError("the rest of the body did not come; ask where the upload goes on") from None
        yield chunk
