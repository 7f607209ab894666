"""Threads that only searches have: however many come at once, and however long they take, others are answered."""

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import anyio
import anyio.to_thread
from fastapi import Request

from beimingwu.errors import UnavailableError

__all__ = ["in_search_thread"]

# Each of them has its body in memory.
_MOST_WAITING = 100
_Result = TypeVar("_Result")


async def in_search_thread(request: Request, call: Callable[..., _Result], *arguments: Any) -> _Result:
    """Call what searches.

    Raises
    ------
    UnavailableError
        If too many searches wait already.
    """
    threads: anyio.CapacityLimiter = request.app.state.search_threads
    if threads.statistics().tasks_waiting >= _MOST_WAITING:
        raise UnavailableError("too many searches at the moment; try again")
    return await anyio.to_thread.run_sync(partial(call, *arguments), limiter=threads)
