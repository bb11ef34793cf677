"""What operates the server asks: `/healthz`, `/readyz` and `/metrics`.

The first two need no key and may come under any name, for a balancer asks by address. They tell
nothing but whether the process is up, and whether it takes requests.
"""

from collections.abc import Callable, Mapping
from importlib.util import find_spec
from typing import Any

from openai_cli.engine import http_responses
from openai_cli.engine.http import HttpResponse
from openai_cli.engine.refusals import RefusalError
from openai_cli.engine.serve.metrics import Metrics
from openai_cli.engine.store import Store
from openai_cli.errors import StoreError

_HEALTH, _READY, _METRICS = "/healthz", "/readyz", "/metrics"
_METHODS = ("GET", "POST", "DELETE")


class Operations:
    """Answers about one server."""

    def __init__(self, store: Store, stops: Callable[[], bool]) -> None:
        """`stops` says whether the server has been asked to stop."""
        self._store = store
        self._stops = stops
        self._metrics = Metrics(store) if find_spec("prometheus_client") else None

    def takes(self, scope: Mapping[str, Any]) -> bool:
        """Whether an ASGI request is one of these."""
        return scope["method"] == "GET" and scope["path"] in (_HEALTH, _READY, _METRICS)

    def is_open(self, path: str) -> bool:
        """Whether everybody may ask this."""
        return path != _METRICS

    def answer(self, path: str) -> HttpResponse:
        """The answer.

        Raises:
            RefusalError: the package for metrics is not installed.
            StoreError: the store, which has most figures, cannot be read.
        """
        if path == _HEALTH:
            return http_responses.text_response(200, "up\n")
        if path == _READY:
            return self._ready()
        if self._metrics is None:
            raise RefusalError(
                "The server has no metrics: it lacks the extra `metrics`.", status=404
            )
        return http_responses.text_response(200, *self._metrics.text())

    def count_request(self, method: str, status: int, seconds: float) -> None:
        """Count a request in the metrics."""
        if self._metrics is not None:
            self._metrics.count_request(method if method in _METHODS else "other", status, seconds)

    def count_run(self, status: str, seconds: float) -> None:
        """Count a run that was worked on."""
        if self._metrics is not None:
            self._metrics.count_run(status, seconds)

    def _ready(self) -> HttpResponse:
        if self._stops():
            return http_responses.text_response(503, "stopping\n")
        try:
            with self._store.read():
                return http_responses.text_response(200, "ready\n")
        except StoreError:
            return http_responses.text_response(503, "the store cannot be used\n")
