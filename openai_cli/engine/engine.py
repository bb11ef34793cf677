"""The engine: one request in, one answer out.

    call ─▶ route ─▶ validation ─▶ handler, in one transaction ─▶ answer
                                         └─ a run was queued ─▶ driver ─▶ answer or stream

The engine's `Executor` decides which thread or process drives the queued run.
"""

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import TypeVar, cast

from openai_cli.engine import http_responses, model_list, refusals, routes, serialize
from openai_cli.engine.executor import Executor, InlineExecutor
from openai_cli.engine.handlers import EngineRequest, Reply, StartedRun
from openai_cli.engine.http import HttpRequest, HttpResponse
from openai_cli.engine.idempotency import IdempotentRequest, idempotent_request
from openai_cli.engine.json_body import read_object
from openai_cli.engine.models import Model
from openai_cli.engine.models.registry import ModelRegistry
from openai_cli.engine.refusals import RefusalError
from openai_cli.engine.runs.driver import Driver
from openai_cli.engine.runs.event_log import EventLog
from openai_cli.engine.runs.expiry import expire_stale_runs, has_stale_runs
from openai_cli.engine.runs.stream_replay import replay, wait
from openai_cli.engine.runs.watchdog import Watchdog
from openai_cli.engine.store import (
    IdempotencyRecord,
    RunRecord,
    Store,
    Transaction,
    UnstorableTextError,
)
from openai_cli.engine.strict_json import JsonObject
from openai_cli.engine.validation import check_request

T = TypeVar("T")

_STREAM = ("stream", "true")
"""The query parameter that requests the stream of an existing run."""
_LAST_EVENT = "last-event-id"

_Done = IdempotencyRecord | JsonObject | tuple[StartedRun, Driver]
"""The result of a writing request: an earlier answer, an answer, or a run to execute."""


class Engine:
    """All operations of the Assistants family over one store."""

    def __init__(
        self, store: Store, models: ModelRegistry, executor: Executor | None = None
    ) -> None:
        self._store = store
        self._models = models
        self._executor = executor or InlineExecutor()
        self._clock = store.clock()
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
            follows = "run_id" in ids and "step_id" not in ids and _STREAM in call.query
            if follows:
                call = call._replace(query=[one for one in call.query if one != _STREAM])
            query, body = check_request(
                route.operation, route.request, ids, call.query, _read_body(call)
            )
            new_owner = self._executor.new_owner
            request = EngineRequest(ids, query, body, self._clock.now(), self._models, new_owner)
            if call.method == "GET" and follows:
                return self._follow(route, request, call.headers)
            if call.method == "GET":
                return self._read(route, request)
            return self._write(route, request, idempotent_request(call))
        except RefusalError as error:
            return http_responses.error_response(error)
        except UnstorableTextError:
            return http_responses.error_response(refusals.unstorable_text())

    def close(self) -> None:
        """Release the store and the models."""
        self._watchdog.close()
        self._models.close()
        self._store.close()

    def _read(self, route: routes.Route, request: EngineRequest) -> HttpResponse:
        def look(tx: Transaction) -> JsonObject:
            found: JsonObject = route.handler(tx, request)
            return found

        body = self._without_stale_runs(self._store.view, look, request.now)
        return http_responses.json_response(200, body, _poll_hint(body, request.now))

    def _follow(
        self, route: routes.Route, request: EngineRequest, headers: Mapping[str, str]
    ) -> HttpResponse:
        """The stream of an existing run, after the last event that the client received."""
        self._store.view(lambda tx: route.handler(tx, request))  # refuses an unknown run
        run_id = request.ids["run_id"]
        last = headers.get(_LAST_EVENT, "")
        frames = self._executor.follow(run_id, int(last) if re.fullmatch(r"\d{1,15}", last) else 0)
        if frames is None:
            frames = self._executor.replay(replay(self._store, run_id, [], self._clock))
        return http_responses.stream_response(frames)

    def _write(
        self, route: routes.Route, request: EngineRequest, memory: IdempotentRequest | None
    ) -> HttpResponse:

        def work(tx: Transaction) -> _Done:
            first = memory.recall(tx) if memory else None
            if first is not None:
                return first
            reply: Reply = route.handler(tx, request)
            if memory is not None:
                memory.keep(tx, reply, request.now, background=self._executor.background)
            return self._begun(tx, reply) if isinstance(reply, StartedRun) else reply

        transact = partial(self._store.transact, idempotent=memory is not None)
        done: _Done = self._without_stale_runs(transact, work, request.now)
        if isinstance(done, IdempotencyRecord):
            return self._repeat(done)
        if isinstance(done, dict):
            return http_responses.json_response(200, done)
        return self._drive(*done, memory)

    def _without_stale_runs(
        self,
        transaction: Callable[[Callable[[Transaction], T | None]], T | None],
        work: Callable[[Transaction], T],
        now: int,
    ) -> T:
        """Do the work in a transaction; before, expire stale runs in separate transactions."""

        def unless_stale(tx: Transaction) -> T | None:
            return None if has_stale_runs(tx, now) else work(tx)

        done = transaction(unless_stale)
        if done is None:
            expire_stale_runs(self._store, now)
            done = transaction(work)
        return cast("T", done)

    def _begun(self, tx: Transaction, started: StartedRun) -> tuple[StartedRun, Driver]:
        driver = self._driver(
            started.run, started.model, started.max_tool_turns, streamed=started.stream
        )
        self._executor.queued(tx, started)
        if self._executor.begins_at_once(stream=started.stream):
            driver.begin(tx)  # saves a transaction
        return started, driver

    def driver(self, log: EventLog) -> Driver:
        """The driver for a run that this or another process has queued.

        Raises:
            RefusalError: this process has no model for the run.
        """
        model, turns = self._models.pick(log.run.model), self._models.max_tool_turns
        return self._driver(log.run, model, turns, streamed=log.kept, log=log)

    def wake(self) -> None:
        """Wake the watchdog, because the status of a run has changed."""
        self._watchdog.wake()

    def _driver(
        self,
        run: RunRecord,
        model: Model,
        max_tool_turns: int,
        *,
        streamed: bool,
        log: EventLog | None = None,
    ) -> Driver:
        return Driver(
            self._store,
            model,
            run,
            self._clock,
            self._watchdog,
            max_tool_turns=max_tool_turns,
            streamed=streamed,
            log=log,
        )

    def _drive(
        self, started: StartedRun, driver: Driver, memory: IdempotentRequest | None
    ) -> HttpResponse:
        if started.stream:
            frames = self._executor.stream(started.beginning, driver)
            return http_responses.stream_response(frames)._replace(run_id=started.run.id)
        if self._executor.background:
            self._executor.work(driver)
            body = serialize.run(started.run)
            return http_responses.json_response(200, body)._replace(run_id=started.run.id)
        if memory is not None:
            driver.at_end = lambda tx, run: memory.settle(tx, serialize.run(run))
        self._executor.work(driver)
        return http_responses.json_response(200, serialize.run(driver.run))

    def _repeat(self, first: IdempotencyRecord) -> HttpResponse:
        """Repeat the answer to the first request; wait for the run if the first request waits for
        it.
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
        """Wait until the run has stopped; in background mode, return its current state."""
        if not self._executor.background:
            return wait(self._store, run_id, self._clock)
        run = self._store.view(lambda tx: tx.runs.get(run_id))
        if run is None:
            raise LookupError(run_id)
        return run


def _read_body(call: HttpRequest) -> JsonObject:
    return read_object(call.body) if call.body and call.method != "GET" else {}


def _poll_hint(body: JsonObject, now: int) -> dict[str, str]:
    """The header with the time in ms to wait before the next poll of this run."""
    if body.get("object") != "thread.run":
        return {}
    age = now - body["created_at"]
    return {"openai-poll-after-ms": "250" if age < 10 else "1000"}
