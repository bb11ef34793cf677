"""The metrics of a server, for Prometheus.

Counts and times are per process. Values read from the store are the same in all processes that
share the store.
"""

from collections.abc import Callable, Sequence

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)

from openai_cli.engine.models import Model
from openai_cli.engine.models.timed import AnswerTime, TimedModel
from openai_cli.engine.serve.reports import RequestReport, RunReport
from openai_cli.engine.store import ACTIVE, Backlog

_PREFIX = "openai_local"
_REQUEST_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60)
_MODEL_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 80, 160, 320, 600)


class Metrics:
    """The metrics of one process, in a separate registry."""

    def __init__(self) -> None:
        self._registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self._requests = Counter(
            f"{_PREFIX}_requests",
            "Requests that were answered.",
            ("operation", "status"),
            registry=registry,
        )
        self._request_seconds = Histogram(
            f"{_PREFIX}_request_seconds",
            "Time from a request to the end of its answer, without streams.",
            ("operation",),
            buckets=_REQUEST_SECONDS,
            registry=registry,
        )
        self._run_seconds = Histogram(
            f"{_PREFIX}_run_seconds",
            "Time that this process worked on a run, by the status in which it stopped.",
            ("status",),
            buckets=_MODEL_SECONDS,
            registry=registry,
        )
        self._model_seconds = Histogram(
            f"{_PREFIX}_model_seconds",
            "Time that a model took for an answer.",
            ("backend", "outcome"),
            buckets=_MODEL_SECONDS,
            registry=registry,
        )
        self._first_seconds = Histogram(
            f"{_PREFIX}_model_first_seconds",
            "Time until a model's answer began.",
            ("backend",),
            buckets=_MODEL_SECONDS,
            registry=registry,
        )

    def show(self, name: str, text: str, count: Callable[[], int]) -> None:
        """Add a gauge for a value of this process."""
        gauge = Gauge(f"{_PREFIX}_{name}", text, registry=self._registry)
        gauge.set_function(count)

    def request(self, report: RequestReport) -> None:
        """Count a request."""
        if report.is_probe:
            return
        # An unknown path is text from the client and must not become a label.
        operation = report.operation or "none"
        self._requests.labels(operation, str(report.status)).inc()
        if not report.streamed:
            self._request_seconds.labels(operation).observe(report.seconds)

    def run(self, report: RunReport) -> None:
        """Count a run that has stopped."""
        self._run_seconds.labels(report.status).observe(report.seconds)

    def timed(self, model: Model) -> Model:
        """The model, with its answers timed.

        The label is the backend and not the model, whose name may be any text from a client.
        """
        return TimedModel(model, self._answered)

    def _answered(self, time: AnswerTime) -> None:
        self._model_seconds.labels(time.backend, time.outcome).observe(time.whole)
        if time.first is not None:
            self._first_seconds.labels(time.backend).observe(time.first)

    def text(self, backlog: Sequence[Backlog] | None, now: int) -> tuple[str, str]:
        """The metrics in Prometheus's text format, and the content type.

        `backlog` is None if the store does not answer.
        """
        parts = (generate_latest(one) for one in (self._registry, _of_store(backlog, now)))
        return b"".join(parts).decode(), CONTENT_TYPE_LATEST


def _of_store(backlog: Sequence[Backlog] | None, now: int) -> CollectorRegistry:
    """The metrics of the store, equal in all processes that share it."""
    registry = CollectorRegistry()
    Gauge(f"{_PREFIX}_store_up", "Whether the store answered.", registry=registry).set(
        backlog is not None
    )
    if backlog is not None:
        runs, ages = (
            Gauge(f"{_PREFIX}_{name}", text, ("status",), registry=registry)
            for name, text in (
                ("runs", "Runs in the store that have not ended."),
                ("oldest_run_seconds", "Time since the oldest of them was created."),
            )
        )
        found = {one.status: one for one in backlog}
        for status in ACTIVE:
            one = found.get(status)
            runs.labels(status).set(one.runs if one else 0)
            ages.labels(status).set(max(0, now - one.oldest) if one else 0)
    return registry
