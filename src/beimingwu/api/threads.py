"""Threads that only searches have: however many come at once, and however long they take, others are answered."""

from collections.abc import Callable
from functools import partial
from typing import TypeVar, cast

import anyio
import anyio.to_thread
from fastapi import Request

from beimingwu.errors import UnavailableError

__all__ = ["SearchThreads", "in_map_thread", "in_search_thread"]

# Each of them has its body in memory.
_MOST_WAITING = 100
_Result = TypeVar("_Result")


class SearchThreads:
    """So many searches run at once, and a bounded number waits. Made where the event loop runs.

    Parameters
    ----------
    count : int
        Threads.
    """

    def __init__(self, count: int) -> None:
        self._threads = anyio.CapacityLimiter(count)
        self._most = count + _MOST_WAITING
        self._here = 0

    async def run(self, call: Callable[[], _Result]) -> _Result:
        """Call what searches.

        Raises
        ------
        UnavailableError
            If too many searches wait already.
        """
        if self._here >= self._most:
            raise UnavailableError("too many searches at the moment; try again")
        self._here += 1
        try:
            return await anyio.to_thread.run_sync(call, limiter=self._threads)
        finally:
            self._here -= 1


async def in_search_thread(request: Request, call: Callable[..., _Result], *arguments: object) -> _Result:
    """Call what searches in a thread of the application's; see `SearchThreads.run`."""
    threads = cast("SearchThreads", request.app.state.search_threads)
    return await threads.run(partial(call, *arguments))


async def in_map_thread(request: Request, call: Callable[..., _Result], *arguments: object) -> _Result:
    """Call what draws the map in the one thread that does: whoever waits for it takes no thread from others."""
    thread = cast("SearchThreads", request.app.state.map_thread)
    return await thread.run(partial(call, *arguments))
