"""Runs of a server: workers go on, whoever listens, leaves, cancels or works beside them."""

import socket
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from openai_cli.engine.serve import workers
from openai_cli.engine.serve.limits import ServerLimits
from openai_cli.engine.store_place import StorePlace
from tests.engine.serve.support import Running, Served, connect
from tests.engine.support import FUNCTION, Api, ask, names, one_by_one, parse_frames
from tests.support.shell import Shell
from tests.support.waiting import until

pytestmark = pytest.mark.both_databases

Start = Callable[..., Running]
AskAt = Callable[[str], Api]


def path_of(run: dict[str, Any]) -> str:
    return f"/threads/{run['thread_id']}/runs/{run['id']}"


def test_starting_a_run_is_answered_at_once(running: Start, ask_at: AskAt) -> None:
    api = ask_at(running().url)
    run = api.ask("POST", "/threads/runs", ask("!call look_up", tools=[FUNCTION])).json()
    assert (run["status"], run["started_at"]) == ("queued", None)
    waiting = api.stopped(run)
    assert waiting["status"] == "requires_action"
    (call,) = waiting["required_action"]["submit_tool_outputs"]["tool_calls"]
    outputs = {"tool_outputs": [{"tool_call_id": call["id"], "output": "done"}]}
    again = api.ask("POST", f"{path_of(run)}/submit_tool_outputs", outputs).json()
    assert (again["status"], again["usage"]) == ("queued", None)
    assert api.stopped(again)["status"] == "completed"
    api.post(f"/threads/{run['thread_id']}/messages", {"role": "user", "content": "And now?"})
    more = api.ask("POST", f"/threads/{run['thread_id']}/runs", {"assistant_id": "asst_demo"})
    assert more.json()["status"] == "queued"
    assert api.stopped(more.json())["status"] == "completed"


def test_cancel_from_another_connection(running: Start, ask_at: AskAt) -> None:
    url = running().url
    api, other = ask_at(url), ask_at(url)
    with api.streaming("/threads/runs", ask("word " * 500 + "\n!slow 100")) as events:
        run = next(data for name, data in events if name == "thread.run.in_progress")
        next(data for name, data in events if name == "thread.message.delta")
        assert other.post(f"{path_of(run)}/cancel")["status"] == "cancelling"
        until(lambda: other.get(path_of(run))["status"] == "cancelled")
        rest = names(list(events))
    ends = ["run.cancelling", "message.incomplete", "run.step.cancelled", "run.cancelled", "done"]
    assert rest[-5:] == ends


def test_a_client_that_hangs_up_does_not_end_the_run(running: Start, ask_at: AskAt) -> None:
    service = running()
    api = ask_at(service.url)
    with api.streaming("/threads/runs", ask("one two three\n!slow 1")) as events:
        run = next(data for name, data in events if name == "thread.run.in_progress")
    assert api.stopped(run)["status"] == "completed"
    assert api.texts(run["thread_id"]) == ["one two three\n!slow 1", "one two three"]
    assert service.faults == []


def test_a_client_that_resets_its_connection(running: Start, ask_at: AskAt) -> None:
    service = running()
    api = ask_at(service.url)
    api.post("/assistants", {"model": "echo", "id": "asst_reset"})
    body = b'{"assistant_id":"asst_reset","stream":true,"thread":{"messages":[{"role":"user",'
    body += b'"content":"one two\\n!slow 0.5"}]}}'
    head = b"POST /v1/threads/runs HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n"
    connection = connect(service.url)
    connection.sendall(head % len(body) + body)
    assert connection.recv(10) == b"HTTP/1.1 2"
    connection.close()  # with bytes unread, this is a reset
    with service.store.read() as tx:
        (run,) = tx.runs.all()
    left = {"thread_id": run.thread_id, "id": run.id, "status": run.status}
    assert api.stopped(left)["status"] == "completed"
    assert service.faults == []


def test_comments_keep_a_silent_stream_alive(running: Start, ask_at: AskAt) -> None:
    api = ask_at(running(limits=ServerLimits(ping_every=0.1)).url)
    body = ask("one two\n!slow 1", stream=True)
    with api.client.stream("POST", "/threads/runs", json=body) as response:
        text = "".join(response.iter_text())
    assert text.count(": ping\n\n") >= 2
    events = parse_frames(text.replace(": ping\n\n", ""))
    assert names(events)[-2:] == ["run.completed", "done"]


@pytest.mark.slow
@pytest.mark.both_databases(never=True)  # it is about connections, and takes long
def test_a_client_that_stops_reading_is_left_behind(running: Start, ask_at: AskAt) -> None:
    service = running(limits=ServerLimits(send_time=0.5))
    api = ask_at(service.url)
    body = ask("word " * 100 + "\n!repeat 1000", stream=True)
    with api.client.stream("POST", "/threads/runs", json=body) as response:
        events = one_by_one(response)
        run = next(data for name, data in events if name == "thread.run.created")
        assert api.stopped(run)["status"] == "completed"
        with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
            list(events)
    assert len(api.texts(run["thread_id"])[1]) > 400_000
    assert service.faults == []


def test_nor_is_anybody_held_up_by_one_who_does_not_read_its_answers(
    running: Start, ask_at: AskAt
) -> None:
    service = running(limits=ServerLimits(send_time=0.5))
    api = ask_at(service.url)
    messages = [{"role": "user", "content": "x" * 250_000} for _ in range(60)]
    thread = api.post("/threads", {"messages": messages})["id"]
    request = f"GET /v1/threads/{thread}/messages?limit=100 HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with connect(service.url) as connection:
        connection.sendall(request.encode())
        assert connection.recv(8) == b"HTTP/1.1"
        until(lambda: is_reset(connection))
    assert api.run("x")["status"] == "completed"


def is_reset(connection: socket.socket) -> bool:
    try:
        connection.sendall(b"x")
    except ConnectionError:
        return True
    return False


@pytest.mark.slow
def test_a_long_stream_arrives_whole(running: Start, ask_at: AskAt) -> None:
    api = ask_at(running().url)
    events = api.run_stream("some words to repeat\n!repeat 3000")
    deltas = [data for name, data in events if name == "thread.message.delta"]
    text = "".join(delta["delta"]["content"][0]["text"]["value"] for delta in deltas)
    assert text == "\n".join(["some words to repeat"] * 3000)
    assert names(events)[-2:] == ["run.completed", "done"]


@pytest.mark.slow
@pytest.mark.parametrize("stream", [False, True])
def test_fifty_runs_at_once(running: Start, ask_at: AskAt, stream: bool) -> None:
    service = running()
    api = ask_at(service.url)

    def one(number: int) -> tuple[str, str]:
        own = Api(api.place, url=service.url)
        if stream:
            events = own.run_stream(f"this is {number}\n!slow 0.5")
            run = events[-2][1]
        else:
            run = own.run(f"this is {number}\n!slow 0.5")
        text = own.texts(run["thread_id"])[-1]
        own.close()
        return run["status"], text

    with ThreadPoolExecutor(50) as pool:
        ends = list(pool.map(one, range(50)))
    assert ends == [("completed", f"this is {number}") for number in range(50)]
    assert service.faults == []


def test_more_runs_than_workers(running: Start, ask_at: AskAt) -> None:
    """Those that have no worker stay queued, can be cancelled, and have their turn."""
    api = ask_at(running(limits=ServerLimits(runs=2)).url)

    def start(text: str) -> Any:
        return api.ask("POST", "/threads/runs", ask(text)).json()

    long, short = [start("one two\n!slow 300") for _ in range(2)], [start("x") for _ in range(9)]
    last = short.pop()
    assert {api.get(path_of(run))["status"] for run in (*short, last)} == {"queued"}
    api.post(f"{path_of(last)}/cancel")
    assert api.get(path_of(last))["status"] == "cancelled"
    for run in long:
        api.post(f"{path_of(run)}/cancel")
    assert {api.stopped(run)["status"] for run in long} == {"cancelled"}
    assert {api.stopped(run)["status"] for run in short} == {"completed"}


def test_one_run_a_thread(running: Start, ask_at: AskAt) -> None:
    service = running()
    api = ask_at(service.url)
    thread = api.post("/threads", {"messages": [{"role": "user", "content": "x\n!slow 300"}]})["id"]

    def one(_: int) -> int:
        own = Api(api.place, url=service.url)
        answer = own.ask("POST", f"/threads/{thread}/runs", {"assistant_id": "asst_demo"})
        own.close()
        return answer.status_code

    with ThreadPoolExecutor(8) as pool:
        assert Counter(pool.map(one, range(8))) == {200: 1, 400: 7}
    (run,) = api.get(f"/threads/{thread}/runs")["data"]
    api.post(f"{path_of(run)}/cancel")
    assert api.stopped(run)["status"] == "cancelled"


def test_repeats_are_answered_as_the_first_time(running: Start, ask_at: AskAt) -> None:
    api = ask_at(running().url)
    body, key = ask("one two\n!slow 0.5"), {"Idempotency-Key": "k"}
    first = api.ask("POST", "/threads/runs", body, headers=key).json()
    assert first["status"] == "queued"
    assert api.ask("POST", "/threads/runs", body, headers=key).json() == first
    assert api.stopped(first)["status"] == "completed"
    assert api.ask("POST", "/threads/runs", body, headers=key).json() == first


def test_a_repeated_stream_waits_for_the_run_and_tells_it(running: Start, ask_at: AskAt) -> None:
    url = running().url
    body, key = ask("one two\n!slow 1", stream=True), {"Idempotency-Key": "k"}
    told: list[str] = []

    def again() -> None:
        other = ask_at(url)
        told.append(other.client.post("/threads/runs", json=body, headers=key).text)

    api = ask_at(url)
    with api.client.stream("POST", "/threads/runs", json=body, headers=key) as response:
        events = one_by_one(response)
        first = [next(events)]
        thread = threading.Thread(target=again)
        thread.start()
        first += events
    thread.join()
    assert names(parse_frames(told[0])) == names(first)


@pytest.mark.slow
def test_the_command_beside_the_server(
    serve: Callable[..., Served], openai: Shell, ask_at: AskAt, place: StorePlace
) -> None:
    """Each sees the runs of the other, and may cancel them."""
    api, own = ask_at(serve().url), Api(place)
    run = api.ask("POST", "/threads/runs", ask("one two\n!slow 300")).json()
    call = ["beta:threads", "create-and-run", "--assistant-id", "asst_demo", "--message"]
    beside = openai("--base-url", f"local:{place}", *call, "Beside", "--format", "json")
    assert beside.code == 0, beside.err
    assert api.get(path_of(beside.json))["status"] == "completed"
    until(lambda: own.get(path_of(run))["status"] == "in_progress")
    own.post(f"{path_of(run)}/cancel")
    until(lambda: api.get(path_of(run))["status"] == "cancelled")
    own.close()


@pytest.mark.both_databases(never=True)  # a shared store has the end of the stream
def test_a_run_whose_store_breaks_is_failed_when_it_can_be(
    running: Start, ask_at: AskAt, monkeypatch: pytest.MonkeyPatch
) -> None:
    from openai_cli.engine.runs.recorder import Recorder
    from openai_cli.errors import StoreError

    def broken(*_: Any, **__: Any) -> Any:
        raise StoreError("The disk is full.")

    service = running()
    api = ask_at(service.url)
    monkeypatch.setattr(Recorder, "finish", broken)
    events = api.client.post("/threads/runs", json=ask("x", stream=True)).text
    assert 'event: error\ndata: {"error":{"message":"The run cannot be reported."' in events
    assert events.endswith("event: done\ndata: [DONE]\n\n")
    with service.store.read() as tx:
        (run,) = tx.runs.all()
    failed = until(lambda: ended(api, run))
    assert failed["last_error"]["message"] == "The store could not be used."
    assert [what for what, _ in service.faults] == ["a stream broke"]


def test_a_cancelled_run_whose_store_breaks_is_cancelled(
    running: Start, ask_at: AskAt, monkeypatch: pytest.MonkeyPatch
) -> None:
    from openai_cli.engine.runs.recorder import Recorder
    from openai_cli.errors import StoreError

    service = running()
    api = ask_at(service.url)

    def cancelled_and_broken(recorder: Any, _event: Any) -> Any:
        run = recorder._run
        api.post(f"/threads/{run.thread_id}/runs/{run.id}/cancel")
        raise StoreError("The disk is full.")

    monkeypatch.setattr(Recorder, "record", cancelled_and_broken)
    api.client.post("/threads/runs", json=ask("x", stream=True))
    with service.store.read() as tx:
        (run,) = tx.runs.all()
    assert until(lambda: ended(api, run))["status"] == "cancelled"


def ended(api: Api, run: Any) -> Any:
    found = api.get(f"/threads/{run.thread_id}/runs/{run.id}")
    return found if found["status"] in ("failed", "cancelled") else None


def test_cancelling_is_prompt(running: Start, ask_at: AskAt) -> None:
    api = ask_at(running().url)
    run = api.ask("POST", "/threads/runs", ask("one two\n!slow 300")).json()
    until(lambda: api.get(path_of(run))["status"] == "in_progress")
    api.post(f"{path_of(run)}/cancel")
    began = time.monotonic()
    until(lambda: api.get(path_of(run))["status"] == "cancelled")
    # Far from the five minutes of the model, without being a stop watch.
    assert time.monotonic() - began < 20


@pytest.mark.both_databases(never=True)  # the run of a shared store is answered before
@pytest.mark.parametrize("stream", [False, True])
def test_a_machine_that_gives_no_thread(
    running: Start, ask_at: AskAt, monkeypatch: pytest.MonkeyPatch, stream: bool
) -> None:
    class NoThread(threading.Thread):
        def start(self) -> None:
            raise RuntimeError("can't start new thread")

    service = running()
    api = ask_at(service.url)
    monkeypatch.setattr(workers, "threading", SimpleNamespace(Thread=NoThread))
    answer = api.client.post("/threads/runs", json=ask("x", stream=stream))
    assert answer.status_code == 200
    if stream:
        assert answer.text.endswith("event: done\ndata: [DONE]\n\n")
        assert "The run cannot be reported." in answer.text
    with service.store.read() as tx:
        (run,) = tx.runs.all()
    assert (run.status, run.last_error["message"]) == (
        "failed",
        "The server has no room for the run.",
    )
    monkeypatch.undo()
    assert api.run("Better now")["status"] == "completed"
    assert [what for what, _ in service.faults] == ["a worker could not be started"]
