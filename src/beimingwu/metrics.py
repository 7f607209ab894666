"""What Prometheus can read of a running server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

if TYPE_CHECKING:
    from prometheus_client.registry import Collector

__all__ = ["Metrics"]

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """Counts of one server process.

    Attributes
    ----------
    requests : Counter
        Requests by method, route and status. Routes are patterns, so that their number is bounded.
    seconds : Histogram
        How long they took, by method and route.
    running : Gauge
        Requests being answered.
    mails : Counter
        Mails by outcome: ``sent``, ``failed``.
    """

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
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
        self.running = Gauge("beimingwu_http_requests_running", "Requests being answered", registry=self._registry)
        self.mails = Counter("beimingwu_mails_total", "Mails", ("outcome",), registry=self._registry)

    def count_mail(self, outcome: str) -> None:
        """Count a mail."""
        self.mails.labels(outcome).inc()

    def watch(self, collector: Collector) -> None:
        """Tell, too, what a collector finds whenever somebody asks."""
        self._registry.register(collector)

    def text(self) -> bytes:
        """Return all in Prometheus' text format."""
        return generate_latest(self._registry)
