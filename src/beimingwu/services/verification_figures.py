"""Figures of what workers do for Prometheus, read from the database when they are asked for.

Workers are many processes on many machines, and none of them listens; what they have done is in the database, which
every server can tell. So these are the figures of all workers together, whichever server is asked.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy import func, select

from beimingwu.db.models import Trial, Verification, Version
from beimingwu.errors import UnavailableError
from beimingwu.services.trial_queue import DECIDED_TRIALS, UNDECIDED_TRIALS
from beimingwu.services.version_states import DECIDED, STATES, UNDECIDED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client.core import Metric

    from beimingwu.db.engine import Database
    from beimingwu.services.clock import Clock

__all__ = ["VerificationFigures"]

_LATELY = timedelta(hours=1)
_MOST = 1000
_SHARES = (0.5, 0.9, 0.99)


class VerificationFigures(Collector):
    """What Prometheus can read of verifications and trials."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def describe(self) -> Iterator[Metric]:
        """Name nothing beforehand: registering must not ask the database."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """Give the figures; none while the database cannot be reached."""
        try:
            yield from self._found()
        except UnavailableError:
            # What else is counted is told nevertheless.
            return

    def _found(self) -> list[Metric]:
        now = self._clock()
        with self._database.read() as session:
            counted = session.execute(select(Version.state, func.count()).group_by(Version.state))
            states = {state: count for state, count in counted}  # noqa: C416  # rows are no pairs for mypy
            waiting = Version.state == "WAITING"
            oldest = session.scalar(select(func.min(Version.due_at)).where(waiting))
            overdue = session.scalar(
                select(func.count()).where(Version.state.in_(UNDECIDED), ~waiting, Version.due_at <= now)
            )
            counted = session.execute(select(Trial.state, func.count()).group_by(Trial.state))
            trials = {state: count for state, count in counted}  # noqa: C416  # as above
            longest = session.scalar(select(func.min(Trial.due_at)).where(Trial.state == "WAITING"))
            tries = session.execute(
                select(Verification.started_at, Verification.ended_at, Version.state)
                .join(Version, Version.id == Verification.version_id)
                .where(Verification.ended_at > now - _LATELY, Verification.report.is_not(None))
                .order_by(Verification.id.desc())
                .limit(_MOST)
            ).all()
        by_state = GaugeMetricFamily("beimingwu_versions", "Versions of learnwares by state", labels=("state",))
        for state in STATES:
            by_state.add_metric((state,), states.get(state, 0))
        # One that is put off is due later.
        late, kept_waiting = (
            0.0 if since is None else max(0.0, (now - since).total_seconds()) for since in (oldest, longest)
        )
        trials_by_state = GaugeMetricFamily("beimingwu_trials", "Trials of the last hour by state", labels=("state",))
        for state in (*UNDECIDED_TRIALS, *DECIDED_TRIALS):
            trials_by_state.add_metric((state,), trials.get(state, 0))
        lasted = sorted((ended - started).total_seconds() for started, ended, _ in tries if ended is not None)
        seconds = GaugeMetricFamily(
            "beimingwu_verification_seconds", "Verifications of the last hour: how long a share of them took at most",
            labels=("share",),
        )  # fmt: skip
        outcomes = GaugeMetricFamily(
            "beimingwu_verifications_lately", "Verifications that ended in the last hour", labels=("outcome",)
        )
        for share in _SHARES if lasted else ():
            seconds.add_metric((str(share),), lasted[min(len(lasted) - 1, int(share * len(lasted)))])
        for outcome in DECIDED:
            outcomes.add_metric((outcome,), sum(state == outcome for _, _, state in tries))
        outcomes.add_metric(("put off",), sum(state in UNDECIDED for _, _, state in tries))
        return [
            by_state,
            GaugeMetricFamily("beimingwu_queue_seconds", "How long the first version in the queue is due", value=late),
            GaugeMetricFamily("beimingwu_leases_overdue", "Versions whose worker is gone", value=overdue or 0),
            seconds,
            outcomes,
            trials_by_state,
            GaugeMetricFamily("beimingwu_trial_seconds", "How long the first trial waits", value=kept_waiting),
        ]
