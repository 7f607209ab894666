"""One thread for the many small matrix products of a search: sharing them out costs more than it saves."""

from __future__ import annotations

from contextlib import contextmanager
from functools import lru_cache
from threading import Lock
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["single_threaded_blas"]

_lock = Lock()
# The limit is the process's, searches overlap: the first one sets it, the last one lifts it.
_limits: list[Any] = []
_searches = 0


@lru_cache(maxsize=1)
def _controller() -> Any:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


@contextmanager
def single_threaded_blas() -> Iterator[None]:
    """Let BLAS use one thread inside the block, also where blocks of several threads overlap."""
    global _searches  # noqa: PLW0603 - the limit itself is global
    with _lock:
        if _searches == 0:
            _limits.append(_controller().limit(limits=1, user_api="blas"))
        _searches += 1
    try:
        yield
    finally:
        with _lock:
            _searches -= 1
            if _searches == 0:
                _limits.pop().restore_original_limits()
