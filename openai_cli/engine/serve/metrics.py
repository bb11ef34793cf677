"""Figures for Prometheus: of the store when they are asked for, and of this process."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from openai_cli.engine.store import ACTIVE, Store

if TYPE_CHECKING:
    from prometheus_client.core import Metric

_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600)


class Metrics:
    """The figures of one server, in a registry of its own."""

    def __init__(self, store: Store) -> None:
        from prometheus_client import CollectorRegistry, Counter, Histogram

        self._store = store
        self._clock = store.clock()
        self._registry = CollectorRegistry()
        self._registry.register(self)
        self._requests = Counter(
            "openai_local_requests", "Requests answered.", ["method", "status"],
            registry=self._registry,
        )  # fmt: skip
        self._request_seconds = Histogram(
            "openai_local_request_seconds", "Seconds from a request to the end of its answer.",
            buckets=_SECONDS, registry=self._registry,
        )  # fmt: skip
        self._run_seconds = Histogram(
            "openai_local_run_seconds", "Seconds that a run was worked on here.",
            ["status"], buckets=_SECONDS, registry=self._registry,
        )  # fmt: skip

    def count_request(self, method: str, status: int, seconds: float) -> None:
        """Count a request."""
        self._requests.labels(method, str(status)).inc()
        self._request_seconds.observe(seconds)

    def count_run(self, status: str, seconds: float) -> None:
        """Count a run that was worked on here, by the status that it came to."""
        self._run_seconds.labels(status).observe(seconds)

    def text(self) -> tuple[str, str]:
        """All figures as text, and its content type. Raises StoreError."""
        from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

        return generate_latest(self._registry).decode(), CONTENT_TYPE_LATEST

    def describe(self) -> Iterable["Metric"]:
        """None in advance: the store is not asked before it has to be."""
        return []

    def collect(self) -> Iterator["Metric"]:
        """The figures of the store, which are the same at every server. Raises StoreError."""
        from prometheus_client.core import GaugeMetricFamily

        now = self._clock.now()
        found = {one.status: one for one in self._store.view(lambda tx: tx.runs.backlog())}
        runs = GaugeMetricFamily(
            "openai_local_runs", "Runs that have not ended.", labels=["status"]
        )
        ages = GaugeMetricFamily(
            "openai_local_oldest_run_seconds", "Age of the oldest of them.", labels=["status"]
        )
        for status in ACTIVE:
            one = found.get(status)
            runs.add_metric([status], one.runs if one else 0)
            ages.add_metric([status], max(0, now - one.oldest) if one else 0)
        yield runs
        yield ages
