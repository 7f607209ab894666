"""Deleting what is over: sessions, codes, counts, old notifications, and accounts that nobody confirmed."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import delete, exists

from beimingwu.db.models import DownloadLink, EmailChange, MailCode, RateWindow, User, UserSession
from beimingwu.services.notifications import collect_notifications

if TYPE_CHECKING:
    from collections.abc import Callable

    from beimingwu.db.engine import Database
    from beimingwu.services.clock import Clock

__all__ = ["Housekeeper", "tidy"]

_EVERY = 3600
# How long an account waits for its address to be confirmed; then its name is free again.
_UNCONFIRMED = timedelta(days=7)
_log = structlog.get_logger(__name__)


def tidy(database: Database, clock: Clock) -> None:
    """Delete what is over; several servers may do it at once."""
    now = clock()
    with database.write() as session:
        session.execute(delete(UserSession).where(UserSession.expires_at <= now))
        session.execute(delete(RateWindow).where(RateWindow.ends_at <= now))
        session.execute(delete(DownloadLink).where(DownloadLink.expires_at <= now))
        session.execute(delete(MailCode).where(MailCode.expires_at <= now))
        session.execute(delete(EmailChange).where(EmailChange.expires_at <= now))
        collect_notifications(session, now)
        waited_for = exists().where(MailCode.user_id == User.id)
        # Nobody has logged into them, so nothing else belongs to them.
        unconfirmed = User.confirmed_at.is_(None) & (User.created_at < now - _UNCONFIRMED)
        session.execute(delete(User).where(unconfirmed, ~waited_for))


class Housekeeper:
    """A thread that tidies every hour.

    Parameters
    ----------
    database : Database
    clock : callable
    *further : callable
        What else there is to do; each is tried, whatever becomes of the others.
    """

    def __init__(self, database: Database, clock: Clock, *further: Callable[[], None]) -> None:
        self._work = (lambda: tidy(database, clock), *further)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="beimingwu-housekeeper", daemon=True)

    def start(self) -> None:
        """Begin, with the first round at once."""
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while True:
            for work in self._work:
                try:
                    work()
                except Exception:  # noqa: BLE001, PERF203  # the edge of a thread; it tries again in an hour
                    _log.exception("tidying_failed")
            if self._stop.wait(_EVERY):
                return
