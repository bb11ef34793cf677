"""Several processes on one database: whichever has room works on a run, and any tells of it."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, NoReturn

import psycopg
import pytest

from openai_cli.engine.engine import Engine
from openai_cli.engine.lease import new_claim, new_lease_owner
from openai_cli.engine.models.registry import ModelRegistry
from openai_cli.engine.runs import event_log, lifecycle
from openai_cli.engine.runs.event_log import EventLog
from openai_cli.engine.runs.expiry import expire_stale_runs
from openai_cli.engine.runs.stream_events import StreamEvent
from openai_cli.engine.serve.limits import ServerLimits
from openai_cli.engine.serve.workers import STOPPED
from openai_cli.engine.store import RunRecord, Store, ThreadRecord
from openai_cli.engine.store.postgres import PostgresDatabase
from openai_cli.engine.store.postgres.database_errors import CommitError
from openai_cli.engine.store_place import DatabaseUrl
from openai_cli.errors import StoreError
from tests.engine.serve.support import Running
from tests.engine.support import FUNCTION, Api, ask, names, parse_frames
from tests.support.waiting import until

NOW = 1_700_000_000
DEAD = "another-host/7/1"
FRONT = ServerLimits(runs=0)

Start = Callable[..., Api]


@pytest.fixture
def start(place: DatabaseUrl) -> Iterator[Start]:
    """Starts a server in this process; gives a client of it."""
    running: list[Running] = []
    clients: list[Api] = []

    def begin(**options: Any) -> Api:
        running.append(Running(place, **options))
        clients.append(Api(place, url=running[-1].url))
        return clients[-1]

    yield begin
    for client in clients:
        client.close()
    for one in running:
        one.close(wait=False)
    for one in running:
        one.join()
        assert one.faults == []


def put(store: Store, name: str, **fields: Any) -> RunRecord:
    """A run on a thread of its own."""
    given = {"status": "queued", "model": "echo", "expires_at": NOW + 10**9, **fields}
    run = RunRecord(
        f"run_{name}", NOW, f"thread_{name}", "asst_demo", settings={}, metadata={}, **given
    )
    with store.write() as tx:
        tx.threads.insert(ThreadRecord(run.thread_id, NOW, {}, {}))
        tx.runs.insert(run)
    return run


@pytest.mark.slow
def test_a_front_leaves_the_work_to_others(start: Start) -> None:
    front = start(limits=FRONT)
    run = front.ask("POST", "/threads/runs", ask("Hi")).json()
    assert run["status"] == "queued"
    assert front.get(f"/threads/{run['thread_id']}/runs/{run['id']}")["status"] == "queued"
    start()
    assert front.stopped(run)["status"] == "completed"
    assert front.texts(run["thread_id"]) == ["Hi", "Hi"]


def test_a_stream_of_a_run_that_another_works_on(start: Start) -> None:
    front, _worker = start(limits=FRONT), start()
    events = front.run_stream("a few words\n!slow 0.05")
    assert names(events) == [
        "created", "run.created", "run.queued", "run.in_progress", "run.step.created",
        "run.step.in_progress", "message.created", "message.in_progress", "message.delta",
        "message.completed", "run.step.completed", "run.completed", "done",
    ]  # fmt: skip
    told = [
        data["delta"]["content"][0]["text"]["value"]
        for name, data in events
        if name == "thread.message.delta"
    ]
    assert "".join(told) == "a few words"


def test_events_are_numbered_without_a_gap(start: Start) -> None:
    front, _worker = start(limits=FRONT), start()
    body = {**ask("a few words"), "stream": True}
    lines = front.client.post("/threads/runs", json=body).text.splitlines()
    numbers = [int(line.removeprefix("id: ")) for line in lines if line.startswith("id: ")]
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) == sum(line.startswith("data: ") for line in lines)


def test_outputs_are_streamed_from_where_they_begin(start: Start) -> None:
    front, _worker = start(limits=FRONT), start()
    first = front.run_stream("!call look_up", tools=[FUNCTION])
    run = first[-2][1]
    assert run["status"] == "requires_action"
    (call,) = run["required_action"]["submit_tool_outputs"]["tool_calls"]
    path = f"/threads/{run['thread_id']}/runs/{run['id']}/submit_tool_outputs"
    body = {"tool_outputs": [{"tool_call_id": call["id"], "output": "42"}]}
    second = front.stream(path, body)
    assert names(second)[:3] == ["run.step.completed", "run.queued", "run.in_progress"]
    assert names(second)[-2:] == ["run.completed", "done"]


def test_a_cancellation_reaches_the_worker(start: Start) -> None:
    front, _worker = start(limits=FRONT), start()
    with front.streaming("/threads/runs", ask("never said\n!slow 60")) as events:
        run = next(data for name, data in events if name == "thread.run.in_progress")
        front.post(f"/threads/{run['thread_id']}/runs/{run['id']}/cancel")
        assert names(list(events)) == ["run.cancelling", "run.cancelled", "done"]


def test_a_queued_run_is_cancelled_with_its_stream(start: Start) -> None:
    front = start(limits=FRONT)
    with front.streaming("/threads/runs", ask("Hi")) as events:
        run = next(data for name, data in events if name == "thread.run.queued")
        front.post(f"/threads/{run['thread_id']}/runs/{run['id']}/cancel")
        assert names(list(events)) == ["run.cancelling", "run.cancelled", "done"]


def test_looking_now_and_then_is_enough(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing is told, as behind a pooler of connections, all works, only later."""
    from openai_cli.engine.store.postgres import _Connection

    monkeypatch.setattr(_Connection, "notify", lambda *_: None)
    front, _worker = start(limits=FRONT), start()
    with front.streaming("/threads/runs", ask("never said\n!slow 60")) as events:
        run = next(data for name, data in events if name == "thread.run.in_progress")
        front.post(f"/threads/{run['thread_id']}/runs/{run['id']}/cancel")
        assert names(list(events))[-2:] == ["run.cancelled", "done"]


def test_a_run_is_claimed_once(store: Store) -> None:
    runs = [put(store, name) for name in "abc"]
    with store.write() as first, store.write() as second:
        (one,) = first.runs.claim(1, NOW)
        rest = second.runs.claim(5, NOW)
    assert [one.id, *(run.id for run in rest)] == [run.id for run in runs]
    assert len({run.owner for run in (one, *rest)}) == 3
    with store.write() as tx:
        assert tx.runs.claim(5, NOW) == []


def test_what_has_an_owner_or_has_begun_is_not_claimed(store: Store) -> None:
    put(store, "a", owner=new_lease_owner())
    put(store, "b", status="in_progress")
    with store.write() as tx:
        assert tx.runs.claim(5, NOW) == []


def test_a_claim_of_a_dead_process_goes_back_to_the_queue(store: Store) -> None:
    claimed = put(store, "a", owner=f"{DEAD}/{new_claim().rpartition('/')[2]}", heartbeat_at=NOW)
    expire_stale_runs(store, NOW + 30)
    with store.read() as tx:
        assert tx.runs.get("run_a") == claimed._replace(seq=1)
    expire_stale_runs(store, NOW + 50)
    with store.write() as tx:
        (again,) = tx.runs.claim(5, NOW + 50)
    assert again.id == "run_a"


@pytest.mark.parametrize(
    ("status", "end"), [("in_progress", "failed"), ("cancelling", "cancelled")]
)
def test_a_run_of_a_dead_process_ends_with_its_stream(store: Store, status: str, end: str) -> None:
    run = put(store, "a", status=status, owner=f"{DEAD}/x", heartbeat_at=NOW)
    with store.write() as tx:
        event_log.keep_beginning(tx, run, [StreamEvent("thread.run.created", {})])
    expire_stale_runs(store, NOW + 50)
    with store.read() as tx:
        ended = tx.runs.get("run_a")
        frames = [frame for _, frame in tx.events.after("run_a", 1, 100)]
    assert ended is not None
    assert ended.status == end
    assert f"event: thread.run.{end}\n" in frames[-2]
    assert frames[-1] == "event: done\ndata: [DONE]\n\n"


def test_events_of_a_worker_without_its_lease_are_not_kept(store: Store) -> None:
    run = put(store, "a", status="in_progress", owner=new_lease_owner())
    with store.write() as tx:
        last = event_log.keep_beginning(tx, run, [StreamEvent("thread.run.created", {})]) + 1
    log = EventLog(run, last)
    log.record(StreamEvent("one", {}))
    event_log.write_all(store, [log])
    with store.write() as tx:
        lifecycle.expire(tx, run, NOW)
    log.record(StreamEvent("two", {}))
    event_log.write_all(store, [log])
    with store.read() as tx:
        found = [frame.split("\n")[0] for _, frame in tx.events.after("run_a", 0, 100)]
    assert found == [
        "event: thread.run.created", "event: one", "event: thread.run.expired", "event: done",
    ]  # fmt: skip
    assert log.concluded


def test_a_repeated_transaction_keeps_no_event_twice(store: Store) -> None:
    """Of a commit without an answer nobody knows whether it was done."""
    run = put(store, "a", status="in_progress", owner=new_lease_owner())
    with store.write() as tx:
        last = event_log.keep_beginning(tx, run, [StreamEvent("zero", {})]) + 1
    log = EventLog(run, last)
    log.record(StreamEvent("one", {}))
    with suppress(RuntimeError), log.writing():
        with store.write() as tx:
            log.write(tx, [StreamEvent("two", {})])
        raise RuntimeError("no answer")
    with log.writing(), store.write() as tx:
        log.write(tx, [StreamEvent("two", {})])
    log.record(StreamEvent("three", {}))
    event_log.write_all(store, [log])
    with store.read() as tx:
        found = [frame.split("\n")[0] for _, frame in tx.events.after("run_a", 0, 100)]
    assert found == [f"event: {name}" for name in ("zero", "one", "two", "three")]


def test_old_events_are_removed(store: Store) -> None:
    run = put(store, "a")
    with store.write() as tx:
        event_log.keep_beginning(tx, run, [StreamEvent("zero", {})])
        tx.events.forget_before(NOW)
        assert tx.events.last(run.id) == 1
        tx.events.forget_before(store.clock().now() + 10)
        assert tx.events.last(run.id) == 0


def test_the_clock_is_the_databases(place: DatabaseUrl, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(place)
    there = store.clock().now()
    monkeypatch.setattr(PostgresDatabase, "clock_offset", lambda _: 3600.0)
    assert 3595 < store.clock().now() - there < 3660
    store.close()


def test_a_machines_clock_that_is_set(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """As at its first contact with a time server: nobody's runs expire by that."""
    clock, right = store.clock(), time.time
    for wrong in (3600.0, -3600.0):
        monkeypatch.setattr(time, "time", lambda wrong=wrong: right() + wrong)
        assert abs(clock.now() - right()) < 5
    monkeypatch.setattr(PostgresDatabase, "transaction", _away)
    monkeypatch.setattr(time, "time", lambda: right() + 7200)
    assert abs(clock.now() - right()) < 5


def _away(*_: object, **__: object) -> NoReturn:
    raise StoreError("away")


def test_a_model_that_no_worker_knows(start: Start, store: Store) -> None:
    put(store, "a", model="gpt-nobody")
    api = start()
    run = until(lambda: stopped(api, "a"))
    assert run["last_error"]["code"] == "server_error"
    assert "upstream" in run["last_error"]["message"]


def stopped(api: Api, name: str) -> Any:
    """The run, once it has ended."""
    run = api.get(f"/threads/thread_{name}/runs/run_{name}")
    return run if run["status"] in ("completed", "failed") else None


def test_a_server_that_stops_ends_its_streams_first(place: DatabaseUrl, start: Start) -> None:
    start()
    front = Running(place, limits=FRONT, grace=30)
    client = Api(place, url=front.url)
    with client.streaming("/threads/runs", ask("some words\n!slow 0.3")) as events:
        next(events)
        front.close(wait=False)
        assert names(list(events))[-2:] == ["run.completed", "done"]
    client.close()
    front.close()


def test_a_client_comes_back_to_a_stream(start: Start) -> None:
    """At another server, and behind the last event that it has."""
    front, other, _worker = start(limits=FRONT), start(limits=FRONT), start()
    body = {**ask("some words that take a moment\n!slow 0.1"), "stream": True}
    with front.client.stream("POST", "/threads/runs", json=body) as response:
        lines = response.iter_lines()
        seen = [next(lines) for _ in range(9)]
    run = json.loads(seen[6].removeprefix("data: "))
    path = f"/threads/{run['thread_id']}/runs/{run['id']}"
    again = {"params": {"stream": "true"}, "headers": {"Last-Event-ID": seen[8][4:]}}
    rest = other.client.get(path, **again).text.splitlines()
    whole = other.client.get(path, params={"stream": "true"}).text.splitlines()
    assert [*seen[:8], *whole[8:]] == whole
    assert [line for line in whole if line][-3:] == [whole[-4], "event: done", "data: [DONE]"]
    assert rest == whole[whole.index(rest[0]) :]
    assert int(rest[0][4:]) == int(seen[8][4:]) + 1
    end = {"params": {"stream": "true"}, "headers": {"Last-Event-ID": "999"}}
    assert front.client.get(path, **end).text.endswith("event: done\ndata: [DONE]\n\n")


def test_an_event_that_is_yet_to_come_is_not_waited_for(start: Start) -> None:
    """The number may be of another run: the stream has its end all the same."""
    front, _worker = start(limits=FRONT), start()
    with front.streaming("/threads/runs", ask("some words\n!slow 0.5")) as events:
        run = next(data for name, data in events if name == "thread.run.in_progress")
        path = f"/threads/{run['thread_id']}/runs/{run['id']}"
        later = {"params": {"stream": "true"}, "headers": {"Last-Event-ID": "999"}}
        told = parse_frames(front.client.get(path, **later).text)
    assert names(told)[-2:] == ["run.completed", "done"]


def test_a_claim_whose_commit_had_no_answer(
    store: Store, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run is this process's then, which is alive: nobody else would take it."""
    put(store, "a")
    breaking = Breaking(monkeypatch, [CommitError("x", psycopg.OperationalError("gone"))])
    api = start()
    assert until(lambda: stopped(api, "a"))["status"] == "completed"
    assert breaking.errors == []


def test_a_run_that_cannot_be_refused_holds_up_no_others(
    store: Store, place: DatabaseUrl, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(store, "a", model="gpt-nobody")
    put(store, "b")
    breaking = Breaking(monkeypatch, [None, StoreError("no room")])
    with Running(place) as running:
        api = Api(place, url=running.url)
        assert until(lambda: stopped(api, "a"))["status"] == "failed"
        assert until(lambda: stopped(api, "b"))["status"] == "completed"
        api.close()
    assert breaking.errors == []
    assert [what for what, _ in running.faults] == ["no run could be taken from the queue"]


class Breaking:
    """Lets commits of the thread that takes runs be followed by errors, one after the other."""

    def __init__(self, patch: pytest.MonkeyPatch, errors: list[StoreError | None]) -> None:
        self.errors = errors
        commit = PostgresDatabase._commit

        def work(database: PostgresDatabase, raw: psycopg.Connection) -> None:
            commit(database, raw)
            mine = threading.current_thread().name == "claim"
            if mine and self.errors and (error := self.errors.pop(0)):
                gone = isinstance(error, CommitError)
                raise error from (psycopg.OperationalError("gone") if gone else None)

        patch.setattr(PostgresDatabase, "_commit", work)


def test_a_worker_without_its_lease_does_not_fail_the_run(store: Store) -> None:
    """Not even when it is stopped, or when the store was away from it for a while."""
    put(store, "a")
    with store.write() as tx:
        (run,) = tx.runs.claim(1, NOW)
    driver = Engine(store, ModelRegistry({})).driver(EventLog(run, 0))
    with store.write() as tx:
        tx.runs.update(run.id, owner=f"{DEAD}/x", status="in_progress")
    driver.give_up(STOPPED)
    with store.read() as tx:
        assert [one.status for one in tx.runs.all()] == ["in_progress"]
    with store.write() as tx:
        tx.runs.update(run.id, owner=run.owner)
    driver.give_up(STOPPED)
    with store.read() as tx:
        assert [one.last_error for one in tx.runs.all()] == [STOPPED]


def test_a_run_without_events_is_told_from_the_store(start: Start) -> None:
    api = start()
    run = api.run("Hi")
    path = f"/threads/{run['thread_id']}/runs/{run['id']}"
    told = parse_frames(api.client.get(path, params={"stream": "true"}).text)
    assert names(told)[-2:] == ["run.completed", "done"]
    assert api.client.get(f"{path}x", params={"stream": "true"}).status_code == 404
