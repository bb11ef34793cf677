"""The engine: one request in, one answer out.

    call ─▶ route ─▶ checks ─▶ operation, in one transaction ─▶ answer
                                      └─ a run was queued ─▶ driver ─▶ answer or stream

Who drives the run that a request queued is up to the engine's `Hands`.
"""

from openai_cli.local import answers, jsontext, objects, routes
from openai_cli.local.clock import Clock
from openai_cli.local.errors import ApiError
from openai_cli.local.hands import Hands, OwnHands
from openai_cli.local.http import Answer, Call
from openai_cli.local.idempotency import Memory, memory_of
from openai_cli.local.jsontext import JsonObject
from openai_cli.local.models.choose import Models
from openai_cli.local.operations import Request, Started
from openai_cli.local.owner import new_owner
from openai_cli.local.runs.driver import Driver
from openai_cli.local.runs.replay import replay, wait
from openai_cli.local.runs.sweep import sweep, sweep_inside
from openai_cli.local.store import FirstAnswer, Run, Store


class Engine:
    """All operations of the Assistants family over one store."""

    def __init__(self, store: Store, models: Models, hands: Hands | None = None) -> None:
        self._store = store
        self._models = models
        self._hands = hands or OwnHands()
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
            return answers.refusal(error)

    def close(self) -> None:
        """Release the store and the models."""
        self._models.close()
        self._store.close()

    def _read(self, route: routes.Route, request: Request) -> Answer:
        sweep(self._store, request.now)
        with self._store.read() as tx:
            body = route.operation(tx, request)
        return answers.json_answer(200, body, _poll_hint(body, request.now))

    def _write(self, route: routes.Route, request: Request, memory: Memory | None) -> Answer:
        first = None
        with self._store.write() as tx:
            sweep_inside(tx, request.now)
            if memory is not None:
                first = memory.recall(tx)
            if first is None:
                reply = route.operation(tx, request)
                if memory is not None:
                    memory.keep(tx, reply, request.now, at_once=self._hands.at_once)
        if first is not None:
            return self._repeat(first)
        if isinstance(reply, Started):
            return self._drive(reply, memory)
        return answers.json_answer(200, reply)

    def _drive(self, started: Started, memory: Memory | None) -> Answer:
        driver = Driver(self._store, started.model, started.run, self._clock)
        if started.stream:
            return answers.stream(self._hands.stream(started.beginning, driver))
        self._hands.work(driver)
        if self._hands.at_once:
            return answers.json_answer(200, objects.run(started.run))
        body = objects.run(driver.run)
        if memory is not None:
            with self._store.write() as tx:
                memory.settle(tx, body)
        return answers.json_answer(200, body)

    def _repeat(self, first: FirstAnswer) -> Answer:
        """Answer as the first time. Where the first was to wait for the run, so is this."""
        answer = first.answer or {}
        if "body" in answer:
            return answers.json_answer(200, answer["body"])
        run_id = first.run_id or ""
        if "beginning" in answer:
            told = replay(self._store, run_id, answer["beginning"], self._clock)
            return answers.stream(self._hands.tell(told))
        return answers.json_answer(200, objects.run(self._stopped(run_id)))

    def _stopped(self, run_id: str) -> Run:
        """The run once nobody works on it any more; as it is now if answers come at once."""
        if not self._hands.at_once:
            return wait(self._store, run_id, self._clock)
        with self._store.read() as tx:
            run = tx.runs.get(run_id)
        if run is None:
            raise LookupError(run_id)
        return run


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


def _poll_hint(body: JsonObject, now: int) -> dict[str, str]:
    """How long a poller should wait before it asks for this run again."""
    if body.get("object") != "thread.run":
        return {}
    age = now - body["created_at"]
    return {"openai-poll-after-ms": "250" if age < 10 else "1000"}
