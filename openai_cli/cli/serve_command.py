"""`openai local serve`: the embedded engine behind an HTTP server."""

from __future__ import annotations

import json
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from openai_cli.api.run_limits import MAX_TOOL_TURNS_VARIABLE, MOST_TOOL_TURNS
from openai_cli.cli.env import Env
from openai_cli.cli.near_words import near
from openai_cli.cli.option_reader import OptionReader
from openai_cli.cli.option_values import whole
from openai_cli.cli.options import LOG_SHAPES
from openai_cli.cli.session import Session
from openai_cli.cli.store_option import store_address
from openai_cli.client.headers import check_credential
from openai_cli.errors import CliError, Problem, UsageError
from openai_cli.input.stdin import Stdin

if TYPE_CHECKING:
    from openai_cli.engine.serve.asgi import Report
    from openai_cli.engine.serve.limits import ServerLimits
    from openai_cli.engine.serve.relay import Relay
    from openai_cli.engine.serve.server import Logs
    from openai_cli.engine.store import Store

KEY_VARIABLE = "OPENAI_LOCAL_SERVER_KEY"
_MAX_GRACE = 3600
_WORKERS, _MOST_WORKERS = 128, 1000


@dataclass(frozen=True)
class ServeOptions:
    """Settings of the server. `store` is an address, `local:FILE`; `key` is empty if not required.

    `grace` is in seconds; `workers` are the runs that are worked on at the same time.
    """

    host: str
    port: int
    store: str
    key: str
    grace: float
    workers: int
    log: str
    passthrough: bool
    environ: Mapping[str, str]


def serve(session: Session) -> None:
    """Serve until stopped by SIGTERM, SIGHUP or Ctrl-C. Raises a CliError."""
    settings = _ServeOptionReader(session).settings()
    env = session.env
    _check_installed()
    if env.environ.get(KEY_VARIABLE) and not settings.key:
        env.say("note", f"{KEY_VARIABLE} is set but not required; add --require-key")
    _run(settings, env, debug="--debug" in session.arguments.names())


def work(session: Session) -> None:
    """Work on the runs of a shared store until stopped. Raises a CliError."""
    settings = _ServeOptionReader(session).settings()
    env = session.env
    _check_installed()
    from openai_cli.engine.models.registry import ModelRegistry
    from openai_cli.engine.serve.worker import Worker
    from openai_cli.engine.store_place import DatabaseUrl, store_place

    problems = []
    if settings.workers == 0:
        problems.append(Problem("--workers", "must be at least 1"))
    if not isinstance(store_place(settings.store, settings.environ), DatabaseUrl):
        problems.append(Problem("--store", "must be a postgresql:// URL, as of servers"))
    if problems:
        raise UsageError(problems=problems)
    runs = _limits(settings, env).runs
    store = _open(settings)
    models = ModelRegistry(settings.environ, lambda line: env.say("warning", line))
    log = _logs(env, "--debug" in session.arguments.names(), settings.log).fault
    worker = Worker(store, models, log, runs, settings.grace)
    failed = worker.run(lambda: env.say("note", f"working on the runs in {store.place}"))
    _tell_failed(failed, env)


def _tell_failed(failed: int, env: Env) -> None:
    if failed:
        env.say("warning", f"{failed} runs were still active and were marked as failed")


def _check_installed() -> None:
    from importlib.util import find_spec

    if find_spec("uvicorn") is None:
        from openai_cli.client.extras import install_hint

        raise CliError("the server is not installed", hint=install_hint("serve"))


def _run(settings: ServeOptions, env: Env, *, debug: bool) -> None:
    from openai_cli.engine.models.registry import ModelRegistry
    from openai_cli.engine.serve.auth import Authenticator
    from openai_cli.engine.serve.bind import BindError, listen, url_of
    from openai_cli.engine.serve.server import Service

    logs = _logs(env, debug, settings.log)
    limits = _limits(settings, env)
    relay = _relay(settings, limits, logs) if settings.passthrough else None
    try:
        listener = listen(settings.host, settings.port, reachable=bool(settings.key))
    except BindError as error:
        raise UsageError(problems=[Problem(error.option, str(error))]) from None
    url = url_of(listener)
    with listener:
        store = _open(settings)
        auth = Authenticator(settings.key, settings.host)
        models = ModelRegistry(settings.environ, lambda line: env.say("warning", line))
        service = Service(
            store, models, auth, logs, grace=settings.grace, limits=limits, relay=relay
        )
        service.run(listener, lambda: env.say("note", f"serving {store.place} at {url}"))
    _tell_failed(service.failed, env)


def _open(settings: ServeOptions) -> Store:
    """The store. Raises UsageError if nobody would work on its runs."""
    from openai_cli.engine.store import Store
    from openai_cli.engine.store_place import DatabaseUrl, store_place

    place = store_place(settings.store, settings.environ)
    if settings.workers == 0 and not isinstance(place, DatabaseUrl):
        what = "0 leaves runs to other machines, which needs a store in PostgreSQL"
        raise UsageError(problems=[Problem("--workers", what)])
    return Store(place)


def _limits(settings: ServeOptions, env: Env) -> ServerLimits:
    """The limits as far as the descriptors go, with a note if that is less than usual."""
    from openai_cli.engine.serve.descriptors import fitted
    from openai_cli.engine.serve.limits import ServerLimits

    wanted = ServerLimits(runs=settings.workers)
    if settings.passthrough:
        from openai_cli.engine.serve.relay import MOST_RELAYS

        wanted = wanted._replace(relays=MOST_RELAYS)
    limits = fitted(wanted)
    if limits != wanted:
        room = f"{limits.connections} connections and {limits.runs} runs"
        more = f", and {limits.relays} requests to pass on" if settings.passthrough else ""
        env.say("note", f"the limit of file descriptors has room for {room} at a time{more}")
    return limits


def _relay(settings: ServeOptions, limits: ServerLimits, logs: Logs) -> Relay:
    """What passes requests on. Raises UsageError if there is no upstream for it."""
    from openai_cli.engine.models.upstream.config import read_names, read_upstream_config
    from openai_cli.engine.models.upstream.upstream_errors import UpstreamError
    from openai_cli.engine.refusals import RefusalError
    from openai_cli.engine.serve.relay import Relay

    try:
        upstream = read_upstream_config(settings.environ)
        return Relay(upstream, read_names(settings.environ), limits.relays, logs.fault)
    except (RefusalError, UpstreamError) as error:
        raise UsageError(problems=[Problem("--passthrough", str(error))]) from None


def _logs(env: Env, debug: bool, shape: str) -> Logs:

    return _json_logs(env) if shape == "json" else _text_logs(env, debug)


def _json_logs(env: Env) -> Logs:
    """An object a line for each request and each fault."""
    from openai_cli.engine.serve.server import Logs

    def put(level: str, event: str, **fields: object) -> None:
        moment = datetime.now(UTC).isoformat(timespec="milliseconds")
        env.put(json.dumps({"time": moment, "level": level, "event": event, **fields}) + "\n")

    def request(report: Report) -> None:
        fields = report._asdict() | {"fault": None, "seconds": round(report.seconds, 3)}
        put("info", "request", **{name: one for name, one in fields.items() if one is not None})
        if report.fault:
            fault(report.request_id, report.fault)

    def fault(what: str, error: BaseException | None) -> None:
        put("error", "fault", message=what, **({"error": str(error)} if error else {}))

    return Logs(request, fault)


def _text_logs(env: Env, debug: bool) -> Logs:
    from openai_cli.engine.serve.server import Logs

    def request(report: Report) -> None:
        line = f"{report.method} {report.path} {report.status} {report.request_id}"
        if report.fault:
            fault(line, report.fault)
        elif debug:
            env.talk(f"{line} {report.seconds:.3f} s")

    def fault(what: str, error: BaseException | None) -> None:
        why = f": {type(error).__name__}: {error}" if error else ""
        env.say("error", f"{what}{why}")
        if debug and error:
            for line in "".join(traceback.format_exception(error)).splitlines():
                env.talk(f"  {line}")  # whatever it quotes, it cannot pose as another line

    return Logs(request, fault)


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
            grace=self._number("--grace", 8, _MAX_GRACE),
            workers=self._number("--workers", _WORKERS, _MOST_WORKERS),
            log=self._log(),
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

    def _log(self) -> str:
        text = self._text("--log") or LOG_SHAPES[0]
        if text not in LOG_SHAPES:
            what = f'expected {" or ".join(LOG_SHAPES)}, found "{text}"{near(text, LOG_SHAPES)}'
            self._problems.append(Problem("--log", what))
        return text

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
        """The environment, with what the flags say in place of its variables."""
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
