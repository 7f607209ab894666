"""Work after the answer: mails, and whatever must not show in how long an answer takes."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING

import structlog

from beimingwu.errors import UnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Background"]

_MOST = 1000
_log = structlog.get_logger(__name__)


class Background:
    """Does things one after the other in a thread. What it cannot do it logs; it keeps nothing over a restart."""

    def __init__(self) -> None:
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="beimingwu-background")
        self._lock = threading.Lock()
        self._waiting: set[Future[None]] = set()

    def do(self, what: str, work: Callable[[], object]) -> None:
        """Do something soon.

        Raises
        ------
        UnavailableError
            If too much is waiting.
        """
        with self._lock:
            if len(self._waiting) >= _MOST:
                raise UnavailableError("too much is waiting to be done; try again later")
            future = self._executor.submit(_guarded, what, work)
            self._waiting.add(future)
        future.add_done_callback(self._done)

    def _done(self, future: Future[None]) -> None:
        with self._lock:
            self._waiting.discard(future)

    def drain(self, timeout: float | None = None) -> bool:
        """Wait for what is waiting now; return whether all of it is done."""
        with self._lock:
            waiting = set(self._waiting)
        return not wait(waiting, timeout).not_done

    def close(self, timeout: float | None = None) -> None:
        """Wait for what is waiting now, for `timeout` seconds at most, and take nothing more."""
        if not self.drain(timeout):
            _log.error("background_abandoned")
        self._executor.shutdown(wait=False, cancel_futures=True)


def _guarded(what: str, work: Callable[[], object]) -> None:
    try:
        work()
    except Exception:  # noqa: BLE001  # the edge of a thread
        _log.exception("background_failed", what=what)
