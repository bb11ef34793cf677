"""`openai local serve` and `local worker`: the embedded engine behind an HTTP server."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from openai_cli.api.run_limits import MAX_TOOL_TURNS_VARIABLE, MOST_TOOL_TURNS
from openai_cli.cli.option_reader import OptionReader
from openai_cli.cli.option_values import log_format, whole
from openai_cli.cli.server_log import ServerLog
from openai_cli.cli.session import Session
from openai_cli.cli.store_option import store_address
from openai_cli.client.headers import check_credential
from openai_cli.errors import CliError, Problem, UsageError
from openai_cli.input.stdin import Stdin
from openai_cli.one_cpu import on_one_cpu

if TYPE_CHECKING:
    from openai_cli.engine.models.registry import ModelRegistry
    from openai_cli.engine.serve.limits import ServerLimits
    from openai_cli.engine.serve.metrics import Metrics
    from openai_cli.engine.serve.relay import Relay
    from openai_cli.engine.serve.server import Logs
    from openai_cli.engine.store import Store

KEY_VARIABLE = "OPENAI_LOCAL_SERVER_KEY"
_MOST_SECONDS = 3600
_WORKERS, _MOST_WORKERS = 128, 1000


@dataclass(frozen=True)
class ServeOptions:
    """Settings of the server. `store` is an address, `local:FILE`; `key` is empty if not required.

    `drain` and `grace` are in seconds; `workers` is the number of concurrent runs.
    """

    host: str
    port: int
    store: str
    key: str
    drain: float
    grace: float
    workers: int
    log_format: str
    passthrough: bool
    environ: Mapping[str, str]


def serve(session: Session) -> None:
    """Serve until stopped by SIGTERM, SIGHUP or Ctrl-C. Raises a CliError."""
    settings = _ServeOptionReader(session).settings()
    _check_installed()
    log = _log(settings, session)
    if session.env.environ.get(KEY_VARIABLE) and not settings.key:
        log.say("note", f"{KEY_VARIABLE} is set but not required; add --require-key")
    _run(settings, log)


def work(session: Session) -> None:
    """Work on the runs of a shared store until stopped. Raises a CliError."""
    settings = _ServeOptionReader(session).settings()
    log = _log(settings, session)
    _check_installed()
    from openai_cli.engine.store_place import DatabaseUrl, store_place

    given = session.arguments.names()
    watched = "--port" in given
    needless = () if watched else ("--host", "--require-key")
    problems = [Problem(name, "needs --port") for name in needless if name in given]
    if settings.workers == 0:
        problems.append(Problem("--workers", "must be at least 1"))
    if not isinstance(store_place(settings.store, settings.environ), DatabaseUrl):
        problems.append(Problem("--store", "must be a postgresql:// URL, as of servers"))
    if problems:
        raise UsageError(problems=problems)
    if watched:
        _run(settings, log, answers=False)
    else:
        _run_alone(settings, log)


def _run_alone(settings: ServeOptions, log: ServerLog) -> None:
    """Work on runs without listening on a port."""
    from openai_cli.engine.models.registry import ModelRegistry
    from openai_cli.engine.serve.worker import Worker

    runs = _limits(settings, log).runs
    store = _open(settings)
    models = ModelRegistry(settings.environ, lambda line: log.say("warning", line))
    worker = Worker(store, models, log.fault, log.run, runs, settings.grace)
    with on_one_cpu():
        failed = worker.run(lambda: log.say("note", f"working on the runs in {store.place}"))
    _log_failed(failed, log)


def _log(settings: ServeOptions, session: Session) -> ServerLog:
    debug = "--debug" in session.arguments.names()
    return ServerLog(session.env, json=settings.log_format == "json", debug=debug)


def _log_failed(failed: int, log: ServerLog) -> None:
    if failed:
        log.say("warning", f"{failed} runs were still active and were marked as failed")


def _check_installed() -> None:
    from importlib.util import find_spec

    if find_spec("uvicorn") is None:
        from openai_cli.client.extras import install_hint

        raise CliError("the server is not installed", hint=install_hint("serve"))


def _run(settings: ServeOptions, log: ServerLog, *, answers: bool = True) -> None:
    """Serve the API; without `answers` only health and metrics, beside a worker."""
    from openai_cli.engine.serve.auth import Authenticator
    from openai_cli.engine.serve.bind import BindError, listen, url_of
    from openai_cli.engine.serve.server import Service

    limits = _limits(settings, log)
    relay = _relay(settings, limits, log) if settings.passthrough else None
    try:
        listener = listen(settings.host, settings.port, reachable=bool(settings.key))
    except BindError as error:
        raise UsageError(problems=[Problem(error.option, str(error))]) from None
    url = url_of(listener)
    with listener:
        store = _open(settings)
        auth = Authenticator(settings.key, settings.host)
        models, metrics = _models(settings, log)
        service = Service(
            store,
            models,
            auth,
            _logs(log),
            limits=limits,
            relay=relay,
            metrics=metrics,
            answers=answers,
        )
        root = url.removesuffix("/v1")
        what = (
            f"serving {store.place} at {url}"
            if answers
            else f"working on the runs in {store.place}, with probes at {root}"
        )
        with on_one_cpu():
            service.run(listener, lambda: log.say("note", what))
    _log_failed(service.failed, log)


def _open(settings: ServeOptions) -> Store:
    """The store. Raises UsageError if no process would work on its runs."""
    from openai_cli.engine.store import Store
    from openai_cli.engine.store_place import DatabaseUrl, store_place

    place = store_place(settings.store, settings.environ)
    if settings.workers == 0 and not isinstance(place, DatabaseUrl):
        what = "0 leaves runs to other processes, which requires a PostgreSQL store"
        raise UsageError(problems=[Problem("--workers", what)])
    return Store(place)


def _models(settings: ServeOptions, log: ServerLog) -> tuple[ModelRegistry, Metrics | None]:
    """The models, and the metrics that measure them if prometheus_client is installed."""
    from importlib.util import find_spec

    from openai_cli.engine.models.registry import ModelRegistry

    def warn(line: str) -> None:
        log.say("warning", line)

    if find_spec("prometheus_client") is None:
        return ModelRegistry(settings.environ, warn), None
    from openai_cli.engine.serve.metrics import Metrics

    metrics = Metrics()
    return ModelRegistry(settings.environ, warn, metrics.timed), metrics


def _logs(log: ServerLog) -> Logs:
    from openai_cli.engine.serve.server import Logs

    return Logs(log.request, log.fault, log.run)


def _limits(settings: ServeOptions, log: ServerLog) -> ServerLimits:
    """The limits that the file descriptors allow; logs a note if they are below the defaults."""
    from openai_cli.engine.serve.descriptors import fitted
    from openai_cli.engine.serve.limits import ServerLimits

    wanted = ServerLimits(runs=settings.workers, drain=settings.drain, grace=settings.grace)
    if settings.passthrough:
        from openai_cli.engine.serve.relay import MOST_RELAYS

        wanted = wanted._replace(relays=MOST_RELAYS)
    limits = fitted(wanted)
    if limits != wanted:
        room = f"{limits.connections} connections and {limits.runs} runs"
        more = f" and {limits.relays} passthrough requests" if settings.passthrough else ""
        log.say("note", f"the limit of file descriptors allows {room} at a time{more}")
    return limits


def _relay(settings: ServeOptions, limits: ServerLimits, log: ServerLog) -> Relay:
    """The relay for --passthrough. Raises UsageError if no upstream is configured."""
    from openai_cli.engine.models.upstream.config import read_names, read_upstream_config
    from openai_cli.engine.models.upstream.upstream_errors import UpstreamError
    from openai_cli.engine.refusals import RefusalError
    from openai_cli.engine.serve.relay import Relay

    try:
        upstream = read_upstream_config(settings.environ)
        return Relay(upstream, read_names(settings.environ), limits.relays, log.fault)
    except (RefusalError, UpstreamError) as error:
        raise UsageError(problems=[Problem("--passthrough", str(error))]) from None


class _ServeOptionReader:
    """Parses the command's own flags."""

    def __init__(self, session: Session) -> None:
        self._session = session
        configuration = session.configuration(engine=True)
        self._environ = configuration.environ
        stdin = Stdin(session.env.stdin, barred="--no-stdin" in session.arguments.names())
        self._options = OptionReader(configuration, stdin)
        self._problems = self._options.problems

    def settings(self) -> ServeOptions:
        """The parsed settings. Raises UsageError with all problems."""
        settings = ServeOptions(
            host=self._text("--host") or "127.0.0.1",
            port=self._number("--port", 8080, 65535),
            store=self._store(),
            key=self._key(),
            drain=self._number("--drain", 0, _MOST_SECONDS),
            grace=self._number("--grace", 8, _MOST_SECONDS),
            workers=self._number("--workers", _WORKERS, _MOST_WORKERS),
            log_format=self._options.value("--log-format", log_format, "text"),
            passthrough=self._options.has("--passthrough"),
            environ=self._engine_environ(),
        )
        if self._problems:
            raise UsageError(problems=self._problems)
        return settings

    def _text(self, name: str) -> str:
        text = self._options.last(name)
        if text == "":
            self._problems.append(Problem(name, "is empty"))
        return text or ""

    def _number(self, name: str, default: int, most: int) -> int:
        return self._options.value(name, whole(0, most), default) if self._text(name) else default

    def _store(self) -> str:
        try:
            return store_address(self._session)
        except UsageError as error:
            self._problems += error.problems
            return ""

    def _key(self) -> str:
        if not self._options.has("--require-key"):
            return ""
        key = self._environ.get(KEY_VARIABLE, "")
        if not key:
            self._problems.append(Problem("--require-key", f"needs the key in {KEY_VARIABLE}"))
        try:
            return check_credential(key, KEY_VARIABLE)
        except UsageError as error:
            self._problems += error.problems
            return ""

    def _engine_environ(self) -> Mapping[str, str]:
        """The environment, with variables replaced by flags."""
        environ = self._options.engine_environ()
        read = whole(1, MOST_TOOL_TURNS)
        self._options.setting_value("--max-tool-turns", MAX_TOOL_TURNS_VARIABLE, read, None)
        if not self._problems:
            self._check_upstream(environ)
        return environ

    def _check_upstream(self, environ: Mapping[str, str]) -> None:
        """Add a problem for an invalid upstream; a missing key is reported at its first use."""
        from openai_cli.engine.models.hosted_tools import read_drop_unsupported_tools
        from openai_cli.engine.models.upstream.config import read_names, read_upstream_config
        from openai_cli.engine.refusals import RefusalError

        for read in (read_names, read_upstream_config, read_drop_unsupported_tools):
            try:
                read(environ)
            except RefusalError as error:
                if error.status != 401:
                    self._problems.append(Problem("local serve", error.message.rstrip(".")))
