"""One try to verify one version, while a thread beside it renews the lease and writes the log."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import structlog

from beimingwu.errors import ServiceError, UnavailableError
from beimingwu.messages import DOCK_FINDINGS
from beimingwu.services.learnware_ids import format_id
from beimingwu.services.package_checks import package_limits
from beimingwu.services.verification_queue import LogLine
from beimingwu.services.verification_text import bounded_report, log_lines
from beimingwu.worker.lease import Lease
from learnware.errors import LearnwareError
from learnware.runtime import Limits
from learnware.texts import Text
from learnware.verification import Finding, VerificationProgress, VerificationReport, verify

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from beimingwu.services.dock import Dock
    from beimingwu.services.leases import Grip
    from beimingwu.services.verification_queue import Claim, VerificationQueue
    from beimingwu.services.verification_text import Scrubber
    from learnware.runtime.environment import EnvironmentStore

__all__ = ["Attempt", "Outcome", "Tools"]

Outcome = Literal["verified", "refused", "put off", "given up", "given back", "lost"]

_MOST_LINES = 2000
_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Tools:
    """What all tries of a worker share.

    Attributes
    ----------
    dock : Dock
    queue : VerificationQueue
    environments : EnvironmentStore
    scrub : Scrubber
    stop : threading.Event
        Set when the worker is to end.
    """

    dock: Dock
    queue: VerificationQueue
    environments: EnvironmentStore
    scrub: Scrubber
    stop: threading.Event


class Attempt:
    """One try to verify the version of a claim.

    Parameters
    ----------
    tools : Tools
    claim : Claim
    """

    def __init__(self, tools: Tools, claim: Claim) -> None:
        self._tools = tools
        self._settings = tools.dock.settings
        self._claim = claim
        self._package = f"{format_id(claim.learnware_id)}.zip"
        self._journal = _Journal(tools)
        told = {"learnware_id": self._package.removesuffix(".zip")}
        seconds = self._settings.lease_seconds
        self._lease = Lease(self._renew, seconds, told=told, look=lambda: self._journal.waiting)
        self._give_up_at = time.monotonic() + self._settings.verify_seconds
        self._cancelled_for: str | None = None

    def run(self) -> Outcome:
        """Verify the version, and write down what came of it if it is still held."""
        claim = self._claim
        if claim.superseded:
            return self._leave(self._note("worker-superseded"))
        if claim.spent:
            return self._leave(self._note("worker-spent", count=claim.attempt))
        if not self._tools.queue.begin(claim):
            return "lost"
        with self._lease:
            report = self._check()
        if self._lease.standing == "lost":
            return "lost"
        if self._lease.standing == "superseded":
            return self._leave(self._note("worker-superseded"))
        return self._end(report)

    def _renew(self) -> Grip:
        """Renew the lease, and write what was said meanwhile."""
        lines = self._journal.take()
        try:
            return self._tools.queue.renew(self._claim, lines)
        except UnavailableError:
            self._journal.put_back(lines)
            raise

    def _end(self, report: VerificationReport) -> Outcome:
        if self._cancelled_for == "stop":
            return self._give_back()
        if self._cancelled_for == "time":
            report = self._note("worker-slow", seconds=self._settings.verify_seconds)
        if not report.transient:
            return self._decide(report)
        if self._claim.attempt >= self._settings.verify_attempts:
            return self._leave(report)
        return self._put_off(report)

    def _check(self) -> VerificationReport:
        claim, settings = self._claim, self._settings
        try:
            with self._tools.dock.store.local(claim.sha256) as path:
                return verify(
                    path,
                    semantic_spec=claim.semantic_spec,
                    runnable_option=settings.verify_in,
                    sandbox=settings.verify_sandbox,
                    limits=Limits(seconds=settings.verify_call_seconds, memory_bytes=settings.verify_memory_bytes),
                    store=self._tools.environments,
                    package_limits=package_limits(settings),
                    as_of=claim.made,
                    on_progress=self._progress,
                    cancelled=self._cancelled,
                )
        except (ServiceError, LearnwareError, OSError) as error:
            _log.warning("verification_hindered", error=str(error), learnware_id=claim.learnware_id)
            return self._note("worker-hindered")
        except Exception:  # noqa: BLE001  # the edge of a worker: one version must not end it
            _log.exception("verification_failed", learnware_id=claim.learnware_id, version=claim.number)
            return self._note("worker-failed")

    def _cancelled(self) -> bool:
        if self._cancelled_for is None:
            if self._lease.standing != "held":
                self._cancelled_for = "lease"
            elif self._tools.stop.is_set():
                self._cancelled_for = "stop"
            elif time.monotonic() > self._give_up_at:
                self._cancelled_for = "time"
        return self._cancelled_for is not None

    def _progress(self, progress: VerificationProgress) -> None:
        words = progress.words if progress.stage == "working" else f"{progress.stage} {progress.status or ''}".strip()
        self._journal.say(f"{progress.part}: {words}")

    def _note(self, code: str, **values: float) -> VerificationReport:
        """Return the report of a try that found nothing out."""
        message = Text(DOCK_FINDINGS[code], values)
        finding = Finding("package", "not checked", message, transient=True, code=code, values=values)
        return VerificationReport(self._package, (finding,))

    def _decide(self, report: VerificationReport) -> Outcome:
        kept = self._conclude(report)
        wrote = self._write(
            lambda lines: self._tools.queue.decide(self._claim, accepted=report.valid, report=kept, lines=lines)
        )
        return ("verified" if report.valid else "refused") if wrote else "lost"

    def _leave(self, report: VerificationReport) -> Outcome:
        kept = self._conclude(report)
        wrote = self._write(lambda lines: self._tools.queue.leave(self._claim, report=kept, lines=lines))
        return "given up" if wrote else "lost"

    def _put_off(self, report: VerificationReport) -> Outcome:
        kept = self._conclude(report)
        self._journal.say("it will be tried again")
        wrote = self._write(lambda lines: self._tools.queue.put_off(self._claim, report=kept, lines=lines))
        return "put off" if wrote else "lost"

    def _give_back(self) -> Outcome:
        return "given back" if self._write(lambda _: self._tools.queue.give_back(self._claim)) else "lost"

    def _conclude(self, report: VerificationReport) -> dict[str, object]:
        kept = bounded_report(report.to_dict(), self._package, self._tools.scrub)
        words = str(report).partition("\n")[2]
        self._journal.say(f"{report.verdict}\n{words}".rstrip(), always=True)
        return kept

    def _write(self, change: Callable[[Sequence[LogLine]], bool]) -> bool:
        """Make a change, and write the end of the log."""
        lines = self._journal.take()
        return self._lease.write(lambda: change(lines))


class _Journal:
    """Lines of the log that are not written yet."""

    def __init__(self, tools: Tools) -> None:
        self._scrub = tools.scrub
        self._clock = tools.dock.clock
        self._lock = threading.Lock()
        self._lines: list[LogLine] = []
        self._count = 0

    def say(self, words: str, *, always: bool = False) -> None:
        """Add the lines of a text; too many are left out, unless they are the last and have to be there."""
        for text in log_lines(words, self._scrub):
            with self._lock:
                if self._count >= _MOST_LINES and not always:
                    if self._count > _MOST_LINES:
                        return
                    text = "… what else was said is left out"  # noqa: PLW2901  # in place of the line
                self._count += 1
                self._lines.append(LogLine(self._count, self._clock(), text))

    @property
    def waiting(self) -> bool:
        """Whether there are lines to be written."""
        with self._lock:
            return bool(self._lines)

    def take(self) -> list[LogLine]:
        """Return the lines since the last time."""
        with self._lock:
            lines, self._lines = self._lines, []
            return lines

    def put_back(self, lines: list[LogLine]) -> None:
        """Keep lines that were taken and not written."""
        with self._lock:
            self._lines[:0] = lines
