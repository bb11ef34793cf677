"""Liveness, readiness and metrics: /healthz, /readyz, /metrics.

`/healthz` and `/readyz` need no key and reveal nothing else. `/metrics` reveals the usage, and
requires the same key as the API.
"""

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from openai_cli.engine import http_responses
from openai_cli.engine.http import HttpResponse
from openai_cli.engine.refusals import RefusalError
from openai_cli.engine.serve.auth import Authenticator
from openai_cli.engine.serve.connection_pool import ConnectionPool
from openai_cli.engine.store import Backlog, Store
from openai_cli.errors import StoreError

if TYPE_CHECKING:
    from openai_cli.engine.serve.metrics import Metrics

_STORE_TIMEOUT = 2.0
"""Seconds the store has to answer a probe."""

T = TypeVar("T")


class Probes:
    """Answers the three paths. Only one query at a time is sent to the store."""

    def __init__(
        self,
        store: Store,
        auth: Authenticator,
        pool: ConnectionPool,
        metrics: "Metrics | None",
    ) -> None:
        self._store = store
        self._clock = store.clock()
        self._auth = auth
        self._pool = pool
        self._metrics = metrics
        self._thread = ThreadPoolExecutor(1, "probe")
        self._answers = {
            "/healthz": self._health,
            "/readyz": self._readiness,
            "/metrics": self._measurements,
        }
        self.draining = False
        """Whether the process is about to stop."""

    def takes(self, path: str) -> bool:
        """Whether the path is one of the three."""
        return path in self._answers

    async def answer(self, method: str, path: str, headers: Mapping[str, str]) -> HttpResponse:
        """Answer a request for one of the paths.

        Raises:
            RefusalError: wrong method, missing key, or metrics are not installed.
        """
        if method not in ("GET", "HEAD"):
            allow = {"allow": "GET, HEAD"}
            raise RefusalError(f"Not allowed to {method} on {path}.", status=405, headers=allow)
        return await self._answers[path](headers)

    def close(self) -> None:
        """Stop querying the store."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def _health(self, _headers: Mapping[str, str]) -> HttpResponse:
        return http_responses.text_response(200, "up\n")

    async def _readiness(self, _headers: Mapping[str, str]) -> HttpResponse:
        if self.draining:
            return http_responses.text_response(503, "stopping\n")
        if not self._pool.has_room:
            return http_responses.text_response(503, "no room for connections\n")
        if await self._asked(self._reach):
            return http_responses.text_response(200, "ready\n")
        return http_responses.text_response(503, "the store cannot be used\n")

    async def _measurements(self, headers: Mapping[str, str]) -> HttpResponse:
        self._auth.check(headers)
        if self._metrics is None:
            raise RefusalError("This server lacks the extra 'metrics'.", status=404)
        found = await self._asked(self._backlog)
        return http_responses.text_response(200, *self._metrics.text(found, self._clock.now()))

    def _reach(self) -> bool:
        self._store.reach()
        return True

    def _backlog(self) -> list[Backlog]:
        with self._store.read() as tx:
            return tx.runs.backlog()

    async def _asked(self, look: Callable[[], T]) -> T | None:
        """The result of a query to the store; None if it fails or times out."""
        try:
            async with asyncio.timeout(_STORE_TIMEOUT):
                return await asyncio.get_running_loop().run_in_executor(self._thread, look)
        except (StoreError, TimeoutError):
            return None
