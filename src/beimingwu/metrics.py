"""What Prometheus can read of a running server.

Where a server has several processes, each counts in files of a folder that all of them have, and whichever is asked
tells the sums. So counts never go back, also where a process was killed and another took its place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

if TYPE_CHECKING:
    from prometheus_client.registry import Collector

__all__ = ["Metrics"]

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """Counts of a server.

    Parameters
    ----------
    folder : str, optional
        Folder in which the processes of the server count. The library must have found it in the variable
        ``PROMETHEUS_MULTIPROC_DIR`` when it was imported.

    Attributes
    ----------
    requests : Counter
        Requests by method, route and status. Routes are patterns, so that their number is bounded.
    seconds : Histogram
        How long they took, by method and route.
    running : Gauge
        Requests being answered.
    processes : Gauge
        Processes of the server that answer.
    mails : Counter
        Mails by outcome: ``sent``, ``failed``.
    """

    def __init__(self, *, folder: str | None = None) -> None:
        self._registry = CollectorRegistry()
        self._folder = folder
        self._watched: list[Collector] = []
        self.requests = Counter(
            "beimingwu_http_requests_total", "Requests", ("method", "route", "status"), registry=self._registry
        )
        self.seconds = Histogram(
            "beimingwu_http_request_seconds",
            "Time to answer a request",
            ("method", "route"),
            buckets=_BUCKETS,
            registry=self._registry,
        )
        self.running = Gauge(
            "beimingwu_http_requests_running",
            "Requests being answered",
            multiprocess_mode="livesum",
            registry=self._registry,
        )
        self.processes = Gauge(
            "beimingwu_server_processes",
            "Processes of this server that answer",
            multiprocess_mode="livesum",
            registry=self._registry,
        )
        self.mails = Counter("beimingwu_mails_total", "Mails", ("outcome",), registry=self._registry)

    def count_mail(self, outcome: str) -> None:
        """Count a mail."""
        self.mails.labels(outcome).inc()

    def watch(self, collector: Collector) -> None:
        """Tell, too, what a collector finds whenever somebody asks."""
        self._watched.append(collector)
        self._registry.register(collector)

    def text(self) -> bytes:
        """Return all in Prometheus' text format."""
        if self._folder is None:
            return generate_latest(self._registry)
        # Of the processes together; this one's own counts are among theirs.
        registry = CollectorRegistry()
        MultiProcessCollector(registry, path=self._folder)  # type: ignore[no-untyped-call]  # the library has no types here
        for collector in self._watched:
            registry.register(collector)
        return generate_latest(registry)
