"""The engine: one request in, one answer out.

    call ─▶ route ─▶ validation ─▶ handler, in one transaction ─▶ answer
                                         └─ a run was queued ─▶ driver ─▶ answer or stream

Who drives the run that a request queued is up to the engine's `Executor`.
"""

from openai_cli.engine import http_responses, model_list, routes, serialize
from openai_cli.engine.clock import Clock
from openai_cli.engine.executor import Executor, InlineExecutor
from openai_cli.engine.handlers import EngineRequest, StartedRun
from openai_cli.engine.http import HttpRequest, HttpResponse
from openai_cli.engine.idempotency import IdempotentRequest, idempotent_request
from openai_cli.engine.models.registry import ModelRegistry
from openai_cli.engine.refusals import RefusalError
from openai_cli.engine.request_body import read_object
from openai_cli.engine.runs.driver import Driver
from openai_cli.engine.runs.expiry import (
    expire_stale_runs,
    expire_stale_runs_in,
    has_stale_runs,
)
from openai_cli.engine.runs.stream_replay import replay, wait
from openai_cli.engine.runs.watchdog import Watchdog
from openai_cli.engine.store import IdempotencyRecord, RunRecord, Store
from openai_cli.engine.strict_json import JsonObject
from openai_cli.engine.validation import check_request


class Engine:
    """All operations of the Assistants family over one store."""

    def __init__(
        self, store: Store, models: ModelRegistry, executor: Executor | None = None
    ) -> None:
        self._store = store
        self._models = models
        self._executor = executor or InlineExecutor()
        self._clock = Clock()
        self._watchdog = Watchdog(store, self._clock)

    def answer(self, call: HttpRequest) -> HttpResponse:
        """Answer one request. Refusals are answers too.

        Raises:
            StoreError: the store cannot be read or written.
        """
        try:
            if model_list.asks_for_models(call):
                return model_list.answer(call, self._models)
            route, ids = routes.find(call.method, call.path)
            query, body = check_request(
                route.operation, route.request, ids, call.query, _read_body(call)
            )
            request = EngineRequest(ids, query, body, self._clock.now(), self._models)
            if call.method == "GET":
                return self._read(route, request)
            return self._write(route, request, idempotent_request(call))
        except RefusalError as error:
            return http_responses.error_response(error)

    def close(self) -> None:
        """Release the store and the models."""
        self._watchdog.close()
        self._models.close()
        self._store.close()

    def _read(self, route: routes.Route, request: EngineRequest) -> HttpResponse:
        with self._store.read() as tx:
            body = None if has_stale_runs(tx, request.now) else route.handler(tx, request)
        if body is None:
            expire_stale_runs(self._store, request.now)
            with self._store.read() as tx:
                body = route.handler(tx, request)
        return http_responses.json_response(200, body, _poll_hint(body, request.now))

    def _write(
        self, route: routes.Route, request: EngineRequest, memory: IdempotentRequest | None
    ) -> HttpResponse:
        first, driver = None, None
        with self._store.write() as tx:
            expire_stale_runs_in(tx, request.now)
            if memory is not None:
                first = memory.recall(tx)
            if first is None:
                reply = route.handler(tx, request)
                if memory is not None:
                    memory.keep(tx, reply, request.now, background=self._executor.background)
                if isinstance(reply, StartedRun):
                    driver = self._driver(reply)
                    if not (reply.stream or self._executor.background):
                        driver.begin(tx)  # nobody sees it queued: one transaction less
        if first is not None:
            return self._repeat(first)
        if driver is not None:
            return self._drive(reply, driver, memory)
        return http_responses.json_response(200, reply)

    def _driver(self, started: StartedRun) -> Driver:
        return Driver(
            self._store,
            started.model,
            started.run,
            self._clock,
            self._watchdog,
            max_tool_turns=started.max_tool_turns,
            streamed=started.stream,
        )

    def _drive(
        self, started: StartedRun, driver: Driver, memory: IdempotentRequest | None
    ) -> HttpResponse:
        if started.stream:
            return http_responses.stream_response(self._executor.stream(started.beginning, driver))
        self._executor.work(driver)
        if self._executor.background:
            return http_responses.json_response(200, serialize.run(started.run))
        body = serialize.run(driver.run)
        if memory is not None:
            with self._store.write() as tx:
                memory.settle(tx, body)
        return http_responses.json_response(200, body)

    def _repeat(self, first: IdempotencyRecord) -> HttpResponse:
        """Answer a repeated request as the first one was answered; wait for its run if that one
        did.
        """
        answer = first.answer or {}
        if "body" in answer:
            return http_responses.json_response(200, answer["body"])
        run_id = first.run_id or ""
        if "beginning" in answer:
            events = replay(self._store, run_id, answer["beginning"], self._clock)
            return http_responses.stream_response(self._executor.replay(events))
        return http_responses.json_response(200, serialize.run(self._stopped(run_id)))

    def _stopped(self, run_id: str) -> RunRecord:
        """The run once it has stopped; in background mode, as it is now."""
        if not self._executor.background:
            return wait(self._store, run_id, self._clock)
        with self._store.read() as tx:
            run = tx.runs.get(run_id)
        if run is None:
            raise LookupError(run_id)
        return run


def _read_body(call: HttpRequest) -> JsonObject:
    return read_object(call.body) if call.body and call.method != "GET" else {}


def _poll_hint(body: JsonObject, now: int) -> dict[str, str]:
    """How long a poller should wait before it asks for this run again."""
    if body.get("object") != "thread.run":
        return {}
    age = now - body["created_at"]
    return {"openai-poll-after-ms": "250" if age < 10 else "1000"}
