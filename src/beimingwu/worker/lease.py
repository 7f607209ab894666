"""A lease that is renewed while a worker is at work."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import structlog

from beimingwu.errors import UnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from beimingwu.services.leases import Grip

__all__ = ["Lease"]

_LOOK_SECONDS = 0.4
_AGAIN_SECONDS = 0.5
_log = structlog.get_logger(__name__)


class Lease:
    """Renews the lease of a claim in a thread, from ``with`` on to its end, or until it is not held any more.

    Parameters
    ----------
    renew : callable
        Renews it once and says whether the claim is held.
    seconds : float
        How long a lease is; one that could not be renewed for so long is lost.
    told : mapping
        What the log says of the claim.
    look : callable, optional
        Called a few times a second, and when the claim is lost; true where the lease is to be renewed at once.

    Attributes
    ----------
    standing : str
        ``"held"``, or why the claim is over (`services.leases.Grip`).
    """

    def __init__(
        self,
        renew: Callable[[], Grip],
        seconds: float,
        *,
        told: Mapping[str, Any],
        look: Callable[[], bool] = lambda: False,
    ) -> None:
        self.standing: Grip = "held"
        self._renew_once = renew
        self._seconds = seconds
        self._told = dict(told)
        self._look = look
        self._renewed_at = time.monotonic()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, name="beimingwu-lease", daemon=True)

    @property
    def over(self) -> bool:
        """Whether it was not renewed for too long."""
        return time.monotonic() - self._renewed_at > self._seconds

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def write(self, change: Callable[[], bool]) -> bool:
        """Make a change that needs the lease; while the database is away, try again as long as the lease goes.

        Returns
        -------
        bool
            What `change` has returned: whether the claim was still held.
        """
        while True:
            try:
                return change()
            except UnavailableError:  # noqa: PERF203  # every try may fail
                if self.over:
                    _log.warning("outcome_not_written", **self._told)
                    return False
                time.sleep(_AGAIN_SECONDS)

    def _run(self) -> None:
        every = min(_LOOK_SECONDS, self._seconds / 4)
        while self.standing == "held" and not self._done.wait(every):
            if self._look() or time.monotonic() - self._renewed_at > self._seconds / 4:
                self._renew()
        if self.standing != "held":
            self._look()

    def _renew(self) -> None:
        began = time.monotonic()
        try:
            self.standing = self._renew_once()
        except UnavailableError:
            _log.warning("lease_not_renewed", **self._told)
            if self.over:
                self.standing = "lost"
            return
        self._renewed_at = began
