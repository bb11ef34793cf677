"""The engine: one request in, one answer out.

    call ─▶ route ─▶ checks ─▶ operation, in one transaction ─▶ answer
                                      └─ a run was queued ─▶ driver ─▶ answer or stream

This module is the in-process engine: a run is driven by the request that queued it. A server with
workers of its own replaces `_drive`.
"""

from collections.abc import Iterator
from itertools import chain

from openai_cli.local import jsontext, objects, routes
from openai_cli.local.clock import Clock
from openai_cli.local.errors import ApiError
from openai_cli.local.http import Answer, Call
from openai_cli.local.idempotency import Memory, memory_of
from openai_cli.local.ids import new_id
from openai_cli.local.jsontext import JsonObject
from openai_cli.local.models.choose import Models
from openai_cli.local.operations import Request, Started
from openai_cli.local.owner import new_owner
from openai_cli.local.runs import events
from openai_cli.local.runs.driver import Driver
from openai_cli.local.runs.events import StreamEvent
from openai_cli.local.runs.replay import replay, wait
from openai_cli.local.runs.sweep import sweep, sweep_inside
from openai_cli.local.store import FirstAnswer, Store


class Engine:
    """All operations of the Assistants family over one store."""

    def __init__(self, store: Store, models: Models) -> None:
        self._store = store
        self._models = models
        self._clock = Clock()

    def answer(self, call: Call) -> Answer:
        """Answer one request; refusals are answers too.

        Raises:
            StoreError: the store cannot be read or written.
        """
        try:
            route, ids = routes.find(call.method, call.path)
            body = _read_body(call)
            route.body(body, "")
            request = Request(ids, call.query, body, self._clock.now(), new_owner(), self._models)
            if call.method == "GET":
                return self._read(route, request)
            return self._write(route, request, memory_of(call))
        except ApiError as error:
            return _json(error.status, error.body())

    def close(self) -> None:
        """Release the store and the models."""
        self._models.close()
        self._store.close()

    def _read(self, route: routes.Route, request: Request) -> Answer:
        sweep(self._store, request.now)
        with self._store.read() as tx:
            body = route.operation(tx, request)
        return _json(200, body, _poll_hint(body, request.now))

    def _write(self, route: routes.Route, request: Request, memory: Memory | None) -> Answer:
        first = None
        with self._store.write() as tx:
            sweep_inside(tx, request.now)
            if memory is not None:
                first = memory.recall(tx)
            if first is None:
                reply = route.operation(tx, request)
                if memory is not None:
                    memory.keep(tx, reply, request.now)
        if first is not None:
            return self._repeat(first)
        if isinstance(reply, Started):
            return self._drive(reply, memory)
        return _json(200, reply)

    def _drive(self, started: Started, memory: Memory | None) -> Answer:
        driver = Driver(self._store, started.model, started.run, self._clock)
        if started.stream:
            frames = RunFrames(started.beginning, driver)
            return Answer(200, _headers("text/event-stream"), frames)
        for _ in driver.events():
            pass
        body = objects.run(driver.run)
        if memory is not None:
            with self._store.write() as tx:
                memory.settle(tx, body)
        return _json(200, body)

    def _repeat(self, first: FirstAnswer) -> Answer:
        """Answer as the first time; a run that is still worked on is waited for."""
        answer = first.answer or {}
        if "body" in answer:
            return _json(200, answer["body"])
        run_id = first.run_id or ""
        if "beginning" in answer:
            told = replay(self._store, run_id, answer["beginning"], self._clock)
            return Answer(200, _headers("text/event-stream"), ToldFrames(told))
        return _json(200, objects.run(wait(self._store, run_id, self._clock)))


class RunFrames:
    """The frames of a run that goes on while they are read.

    Nobody else can go on with a run of this process: closing the frames before the end cancels it.
    """

    def __init__(self, beginning: list[StreamEvent], driver: Driver) -> None:
        self._driver = driver
        self._events = driver.events()
        self._beginning = beginning

    def __iter__(self) -> Iterator[bytes]:
        for event in chain(self._beginning, self._events):
            yield event.frame()
        yield events.DONE

    def close(self) -> None:
        """End the run if it has not ended yet."""
        self._events.close()
        self._driver.abandon()


class ToldFrames:
    """The frames of a run that is told again; closing them changes nothing."""

    def __init__(self, told: Iterator[StreamEvent]) -> None:
        self._told = told

    def __iter__(self) -> Iterator[bytes]:
        for event in self._told:
            yield event.frame()
        yield events.DONE

    def close(self) -> None:
        """Nothing is held."""


def _read_body(call: Call) -> JsonObject:
    if not call.body or call.method == "GET":
        return {}
    try:
        body = jsontext.parse(call.body)
    except ValueError as error:
        raise ApiError(f"The body of the request is not valid JSON: {error}.") from error
    if not isinstance(body, dict):
        raise ApiError("The body of the request must be a JSON object.")
    return body


def _headers(content_type: str) -> dict[str, str]:
    return {"content-type": content_type, "x-request-id": new_id("req")}


def _json(status: int, body: JsonObject, headers: dict[str, str] | None = None) -> Answer:
    text = jsontext.dumps(body).encode()
    return Answer(status, _headers("application/json") | (headers or {}), text)


def _poll_hint(body: JsonObject, now: int) -> dict[str, str]:
    """How long a poller should wait before it asks for this run again."""
    if body.get("object") != "thread.run":
        return {}
    age = now - body["created_at"]
    return {"openai-poll-after-ms": "250" if age < 10 else "1000"}
