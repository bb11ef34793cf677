"""Runs the ASGI app on uvicorn; start, signals, and graceful stop."""

import asyncio
import contextlib
import logging
import signal
import socket
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, NamedTuple

import uvicorn

from openai_cli.engine.engine import Engine
from openai_cli.engine.models.registry import ModelRegistry
from openai_cli.engine.serve.asgi import AsgiApp
from openai_cli.engine.serve.auth import Authenticator
from openai_cli.engine.serve.connection_pool import ConnectionPool
from openai_cli.engine.serve.http_protocol import connections
from openai_cli.engine.serve.limits import ServerLimits
from openai_cli.engine.serve.probes import Probes
from openai_cli.engine.serve.rate_limited_log import Log, RateLimitedLog
from openai_cli.engine.serve.reports import RequestReport, RunReport
from openai_cli.engine.serve.run_queue import RunQueue
from openai_cli.engine.serve.workers import Workers
from openai_cli.engine.store import Store

if TYPE_CHECKING:
    from openai_cli.engine.serve.metrics import Metrics
    from openai_cli.engine.serve.relay import Relay

_ACCEPTED_AT_ONCE = 16
"""Connections accepted in one step, before the pool checks its limit."""
_AFTER_GRACE = 5.0
"""Seconds for sending answers after the last run has ended."""


class Logs(NamedTuple):
    """Log functions of the server."""

    request: Callable[[RequestReport], None]
    fault: Log
    run: Callable[[RunReport], None]


class Service:
    """Serves one store on one socket."""

    def __init__(
        self,
        store: Store,
        models: ModelRegistry,
        auth: Authenticator,
        logs: Logs,
        *,
        limits: ServerLimits = ServerLimits(),  # noqa: B008 - it cannot be changed
        relay: "Relay | None" = None,
        metrics: "Metrics | None" = None,
        answers: bool = True,
    ) -> None:
        """`relay` forwards requests to the upstream; it is closed when the server stops.

        Without `answers`, the process only executes runs and answers probes.
        """
        self._answers = answers
        self._store = store
        self._models = models
        self._auth = auth
        self._logs = logs
        self._limits = limits
        self._relay = relay
        self._metrics = metrics
        self.failed = 0
        """Number of runs marked as failed because they did not end within the grace period."""

    def run(self, listener: socket.socket, ready: Callable[[], None]) -> None:
        """Serve until SIGTERM, SIGINT or SIGHUP; `ready` is called when the server listens."""
        asyncio.run(self.serve(listener, ready))

    async def serve(
        self,
        listener: socket.socket,
        ready: Callable[[], None],
        stop: asyncio.Event | None = None,
    ) -> None:
        """Like `run`, inside an event loop; setting `stop` has the effect of a signal."""
        stop = stop or asyncio.Event()
        loop = asyncio.get_running_loop()
        pressure = RateLimitedLog(self._logs.fault)
        loop.set_exception_handler(
            lambda _, context: pressure.note(context["message"], context.get("exception"))
        )
        pool = ConnectionPool(self._limits.connections, pressure.note)
        executor = RunQueue if self._store.shared else Workers
        workers = executor(self._store, loop, self._logs.fault, self._limits.runs, self._report_run)
        engine = Engine(self._store, self._models, workers)
        if isinstance(workers, RunQueue):
            workers.start(engine)
        probes = Probes(self._store, self._auth, pool, self._metrics)
        app = AsgiApp(
            engine if self._answers else None,
            self._auth,
            self._limits,
            self._report_request,
            probes,
            self._relay,
        )
        self._measure(app, workers, pool)

        def end_grace_period() -> None:
            second_signal.set()
            workers.end_grace_period()
            self._end_relays()

        second_signal = asyncio.Event()
        server = _Server(_config(app, self._limits, pool), stop, end_grace_period)
        try:
            serving = await self._begin(server, listener, ready)
            await asyncio.wait(
                [serving, asyncio.create_task(stop.wait())], return_when=asyncio.FIRST_COMPLETED
            )
            probes.draining = True
            if not serving.done():
                await _passed(second_signal, self._limits.drain)
            server.should_exit = True
            loop.call_later(self._limits.grace, self._end_relays)
            self.failed = await asyncio.to_thread(workers.stop, self._limits.grace)
            await serving
        finally:
            self._end_relays()
            probes.close()
            app.close()
            if self._relay is not None:
                self._relay.close()
            engine.close()

    @staticmethod
    async def _begin(
        server: "_Server", listener: socket.socket, ready: Callable[[], None]
    ) -> asyncio.Task[None]:
        """The server's task; it is serving, or has already ended."""
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        while not (server.started or serving.done()):
            await asyncio.sleep(0.005)
        if server.started:
            listener.listen(socket.SOMAXCONN)  # uvicorn has set a short backlog
            ready()
        return serving

    def _report_request(self, report: RequestReport) -> None:
        if self._metrics is not None:
            self._metrics.request(report)
        self._logs.request(report)

    def _report_run(self, report: RunReport) -> None:
        if self._metrics is not None:
            self._metrics.run(report)
        self._logs.run(report)

    def _measure(self, app: AsgiApp, workers: Workers | RunQueue, pool: ConnectionPool) -> None:
        if self._metrics is None:
            return
        show, relay = self._metrics.show, self._relay
        show("connections", "Open connections.", lambda: len(pool))
        show("streams", "Streams being sent.", lambda: app.streams)
        show("runs_here", "Runs that this process executes or has queued.", lambda: workers.busy)
        show("runs_limit", "Maximum of concurrent runs.", lambda: self._limits.runs)
        if relay is not None:
            show("relays", "Passthrough requests in progress.", lambda: relay.busy)

    def _end_relays(self) -> None:
        if self._relay is not None:
            self._relay.stop()


class _Server(uvicorn.Server):
    """uvicorn, with graceful signals: the first one stops, the second ends the grace period."""

    def __init__(
        self, config: uvicorn.Config, stop: asyncio.Event, end_grace_period: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self._stop = stop
        self._end_grace_period = end_grace_period

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Handle the signals that stop the server; the process then exits with code 0.

        A signal that was ignored at the start stays ignored (`nohup`).
        """
        loop = asyncio.get_running_loop()
        names = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")  # SIGBREAK on Windows, else SIGHUP
        stopping = [getattr(signal, name) for name in names if hasattr(signal, name)]
        caught = [number for number in stopping if signal.getsignal(number) != signal.SIG_IGN]
        try:
            for number in caught:
                loop.add_signal_handler(number, self._asked)
        except NotImplementedError:  # Windows
            with self._plain_handlers(loop, caught):
                yield
            return
        except (RuntimeError, ValueError):
            yield  # only the main thread can handle signals
            return
        try:
            yield
        finally:
            for number in caught:
                loop.remove_signal_handler(number)

    @contextlib.contextmanager
    def _plain_handlers(
        self, loop: asyncio.AbstractEventLoop, numbers: list[int]
    ) -> Generator[None, None, None]:
        def on_signal(_number: int, _frame: object) -> None:
            loop.call_soon_threadsafe(self._asked)

        before = [(number, signal.signal(number, on_signal)) for number in numbers]
        try:
            yield
        finally:
            for number, handler in before:
                signal.signal(number, handler)

    def _asked(self) -> None:
        if self._stop.is_set():
            self._end_grace_period()
        self._stop.set()


async def _passed(event: asyncio.Event, seconds: float) -> None:
    """Wait for an event, at most `seconds`."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()


def _config(app: AsgiApp, limits: ServerLimits, pool: ConnectionPool) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=connections(limits, pool),
        backlog=_ACCEPTED_AT_ONCE,
        ws="none",
        lifespan="off",
        loop="asyncio",
        interface="asgi3",
        log_config=None,
        log_level=logging.CRITICAL,  # the app writes its own log
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=limits.idle_time,
        timeout_graceful_shutdown=round(limits.grace + _AFTER_GRACE),
        h11_max_incomplete_event_size=limits.head,
    )
