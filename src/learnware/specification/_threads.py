"""One BLAS thread for many small matrix products: sharing them out costs more than it saves."""

from __future__ import annotations

from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["single_threaded_blas"]

_lock = Lock()
# The limit is the process's and blocks overlap: the first one sets it, the last one lifts it. All that limits BLAS does
# so here, for two that restore what each has found can leave the process with one thread for good.
_limits: list[Any] = []
_blocks = 0


@contextmanager
def single_threaded_blas() -> Iterator[None]:
    """Let BLAS use one thread inside the block, also where blocks of several threads overlap."""
    from threadpoolctl import threadpool_limits

    global _blocks  # noqa: PLW0603 - the limit itself is global
    with _lock:
        if _blocks == 0:
            _limits.append(threadpool_limits(limits=1, user_api="blas"))
        _blocks += 1
    try:
        yield
    finally:
        with _lock:
            _blocks -= 1
            if _blocks == 0:
                _limits.pop().restore_original_limits()
