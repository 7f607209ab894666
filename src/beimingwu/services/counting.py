"""What is counted in memory is written down every second, in a thread."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["EverySecond"]

_EVERY = 1.0
_log = structlog.get_logger(__name__)


class EverySecond:
    """Writes counts down every second, from the first one on, and once more when it is closed.

    Parameters
    ----------
    name : str
        Of the thread.
    write : callable
        Writes down what was counted. Where it fails, the counts wait on.
    """

    def __init__(self, name: str, write: Callable[[], object]) -> None:
        self._name = name
        self._write = write
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin, unless that is done."""
        with self._lock:
            if self._thread is None and not self._closing.is_set():
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()

    def close(self) -> None:
        """Write down what waits, and stop writing every second."""
        with self._lock:
            self._closing.set()
        if self._thread is not None:
            self._thread.join()
        try:
            self._write()
        except Exception:  # noqa: BLE001  # the process ends; what is lost are counts
            _log.exception("counts_lost")

    def _run(self) -> None:
        while not self._closing.wait(_EVERY):
            try:
                self._write()
            except Exception:  # noqa: BLE001, PERF203  # the edge of a thread; it tries again in a second
                _log.exception("counting_failed")
