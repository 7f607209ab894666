"""Streams of server-sent events: one look at the database serves all who follow verifications in this process."""

import asyncio
import json
import re
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any

import structlog
from fastapi.concurrency import run_in_threadpool

from beimingwu.errors import ServiceError, TooManyRequestsError, UnavailableError
from beimingwu.services.verifications import Position, Progress
from learnware.texts import text

__all__ = ["Live"]

_EVERY_SECONDS = 0.4
# Proxies close what is silent for a minute.
_BEAT_SECONDS = 15.0
# Who may follow now may not for ever, so it is asked again; and clients come again by themselves.
_ASKED_SECONDS = 30.0
_LONGEST_SECONDS = 900.0
_RETRY_MILLISECONDS = 2000
_MOST_PER_USER = 20
_MOST = 2000
_ID = re.compile(r"(\d{1,18})-(\d{1,18})")
_log = structlog.get_logger(__name__)

Look = Callable[[Mapping[int, Sequence[Position]]], dict[tuple[int, Position], Progress]]


class Live:
    """Who follows what in this process.

    Parameters
    ----------
    look : callable
        `Verifications.progress`.
    """

    def __init__(self, look: Look) -> None:
        self._look = look
        self._users: Counter[int] = Counter()
        # Followers that have passed on what they had; who reads slowly is looked after less often.
        self._waiting: dict[asyncio.Future[Progress | None], tuple[int, Position]] = {}
        self._task: asyncio.Task[None] | None = None
        self._closed = False

    def follow(
        self, user_id: int, version_id: int, last_event_id: str | None, *, may: Callable[[], bool] = lambda: True
    ) -> AsyncIterator[str]:
        """Return the events of a version for one follower.

        Parameters
        ----------
        user_id : int
        version_id : int
            As `Verifications.followed` returns it.
        last_event_id : str or None
            Where an earlier stream ended.
        may : callable
            Whether the follower still may; asked now and then, in a thread.

        Raises
        ------
        TooManyRequestsError
            If this account follows too many already.
        UnavailableError
            If too many are followed in this process.
        """
        if self._users[user_id] >= _MOST_PER_USER:
            raise TooManyRequestsError(
                text("an account follows at most {most} verifications at a time", most=_MOST_PER_USER),
                policy="follow",
                retry_after=10,
            )
        if self._users.total() >= _MOST or self._closed:
            raise UnavailableError("too many verifications are being followed; try again later")
        found = _ID.fullmatch(last_event_id or "")
        position = Position(int(found[1]), int(found[2])) if found else Position()
        return self._events(user_id, version_id, position, may)

    def close(self) -> None:
        """End all streams; clients come again, to another server or when this one is back."""
        self._closed = True
        self._let_go()

    async def _events(
        self, user_id: int, version_id: int, position: Position, may: Callable[[], bool]
    ) -> AsyncIterator[str]:
        self._users[user_id] += 1
        try:
            yield f"retry: {_RETRY_MILLISECONDS}\n\n"
            told: tuple[str | None, int] | None = None
            spoke = began = asked = time.monotonic()
            while time.monotonic() - began < _LONGEST_SECONDS:
                if time.monotonic() - asked > _ASKED_SECONDS:
                    if not await run_in_threadpool(may):
                        return
                    asked = time.monotonic()
                progress = await self._next(version_id, position)
                if progress is None:
                    return
                words = _words(progress, told)
                told = progress.status, progress.attempts
                if progress.lines:
                    position = progress.lines[-1][0]
                if not words and time.monotonic() - spoke > _BEAT_SECONDS:
                    words = ": still here\n\n"
                if words:
                    spoke = time.monotonic()
                    yield words
                if progress.over:
                    return
        finally:
            self._users[user_id] -= 1
            if not self._users[user_id]:
                del self._users[user_id]

    async def _next(self, version_id: int, position: Position) -> Progress | None:
        """Return what the next look finds; None when all streams end."""
        if self._closed:
            return None
        found: asyncio.Future[Progress | None] = asyncio.get_running_loop().create_future()
        self._waiting[found] = version_id, position
        if self._task is None:
            self._task = asyncio.create_task(self._look_again_and_again())
        try:
            return await found
        finally:
            del self._waiting[found]

    async def _look_again_and_again(self) -> None:
        try:
            while self._waiting and not self._closed:
                waiting = dict(self._waiting)
                positions: dict[int, list[Position]] = {}
                for version_id, position in waiting.values():
                    positions.setdefault(version_id, []).append(position)
                try:
                    found = await run_in_threadpool(self._look, positions)
                except ServiceError as error:
                    # The database is away; followers wait until it is back.
                    _log.warning("following_waits", error=str(error))
                    found = {}
                for future, key in waiting.items():
                    if key in found and not future.done():
                        future.set_result(found[key])
                await asyncio.sleep(_EVERY_SECONDS)
        except Exception:  # noqa: BLE001  # the edge of a task: nobody waits for what it raises
            _log.exception("following_failed")
            self._let_go()
        finally:
            self._task = None

    def _let_go(self) -> None:
        for future in self._waiting:
            if not future.done():
                future.set_result(None)


def _words(progress: Progress, told: tuple[str | None, int] | None) -> str:
    """Return the events of what is new."""
    words = []
    status = ""
    if (progress.status, progress.attempts) != told and progress.status is not None:
        status = _event("status", {"status": progress.status, "attempts": progress.attempts})
    if not progress.over:
        words.append(status)
    for position, line in progress.lines:
        content = {"number": line.number, "at": line.at.isoformat(), "text": line.text}
        words.append(_event("line", content, f"{position.verification_id}-{position.line}"))
    if progress.over:
        # What came of it is told after the last line of how.
        words.append(status)
        words.append(_event("end", {"status": progress.status}))
    return "".join(words)


def _event(kind: str, content: dict[str, Any], event_id: str | None = None) -> str:
    # JSON has no line ends outside of its own escapes, so one "data" line is enough.
    first = f"id: {event_id}\n" if event_id else ""
    return f"{first}event: {kind}\ndata: {json.dumps(content, ensure_ascii=False)}\n\n"
