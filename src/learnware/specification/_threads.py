"""One thread for many small matrix products: sharing them out costs more than it saves."""

from __future__ import annotations

from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["single_threaded_blas", "single_threaded_torch"]

_lock = Lock()
# Limits are the process's and blocks overlap: the first one sets them, the last one lifts them. All that limits BLAS or
# torch does so here, for two that restore what each has found can leave the process with one thread for good.
_blocks: dict[str, int] = {}
_lift: dict[str, Callable[[], object]] = {}


@contextmanager
def single_threaded_blas() -> Iterator[None]:
    """Let BLAS use one thread inside the block, also where blocks of several threads overlap."""
    from threadpoolctl import threadpool_limits

    with _limited("blas", lambda: threadpool_limits(limits=1, user_api="blas").restore_original_limits):
        yield


@contextmanager
def single_threaded_torch() -> Iterator[None]:
    """Let torch use one thread inside the block, in threads that begin there, also where blocks overlap."""
    import torch

    def limit() -> Callable[[], object]:
        before = torch.get_num_threads()
        torch.set_num_threads(1)
        return lambda: torch.set_num_threads(before)

    with _limited("torch", limit):
        yield


@contextmanager
def _limited(name: str, limit: Callable[[], Callable[[], object]]) -> Iterator[None]:
    """Limit something to one thread inside the block; `limit` does it, and returns what lifts the limit."""
    with _lock:
        if not _blocks.get(name):
            _lift[name] = limit()
        _blocks[name] = _blocks.get(name, 0) + 1
    try:
        yield
    finally:
        with _lock:
            _blocks[name] -= 1
            if not _blocks[name]:
                _lift.pop(name)()
