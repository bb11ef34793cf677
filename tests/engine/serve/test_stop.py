"""Stopping: runs get their time, the rest is failed, nothing stays stuck; not by SIGKILL either."""

import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from openai_cli.engine.store import Store
from openai_cli.engine.store_place import StorePlace
from tests.engine.serve.support import Served, connect
from tests.engine.support import FUNCTION, Api, ask, names, one_by_one, parse_frames
from tests.support.http import PLAIN
from tests.support.shell import Shell
from tests.support.waiting import until

pytestmark = pytest.mark.both_databases

Serve = Callable[..., Served]
AskAt = Callable[[str], Api]
SLOW = "word " * 300 + "\n!slow 60"


def runs(file: Path) -> list[Any]:
    """All runs as they are in the store, with nobody tidying up first."""
    store = Store(file)
    with store.read() as tx:
        found = tx.runs.all()
    store.close()
    return found


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_with_nothing_to_do_it_ends_well(serve: Serve, number: int, place: StorePlace) -> None:
    served = serve()
    assert httpx.get(f"{served.url}/assistants", **PLAIN).status_code == 200
    assert served.stop(number) == 0
    assert served.said == f"note: serving {place} at {served.url}\n".encode()


@pytest.mark.slow
def test_a_hang_up_that_is_ignored_stays_ignored(openai: Shell, place: StorePlace) -> None:
    def ignore() -> None:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup does

    served = Served(openai, "--store", str(place), preexec_fn=ignore)
    served.process.send_signal(signal.SIGHUP)
    for _ in range(2):
        assert httpx.get(f"{served.url}/assistants", **PLAIN).status_code == 200
    assert served.stop() == 0


@pytest.mark.first_by_default
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_runs_get_the_time_to_end(
    serve: Serve, ask_at: AskAt, place: StorePlace, number: int
) -> None:
    served = serve("--grace", "30")
    api = ask_at(served.url)
    alone = api.ask("POST", "/threads/runs", ask("one two\n!slow 1.2")).json()
    path = f"/threads/{alone['thread_id']}/runs/{alone['id']}"
    until(lambda: api.get(path)["status"] == "in_progress")
    with api.streaming("/threads/runs", ask("one two\n!slow 1.2")) as events:
        next(event for event in events if event[0] == "thread.run.in_progress")
        served.process.send_signal(number)
        rest = names(list(events))
    assert rest[-2:] == ["run.completed", "done"]
    assert served.wait() == 0
    assert [run.status for run in runs(place)] == ["completed"] * 2
    assert alone["id"] in {run.id for run in runs(place)}


@pytest.mark.both_databases(never=True)  # in a shared store, others take the run
def test_no_new_request_is_taken_meanwhile(serve: Serve, ask_at: AskAt) -> None:
    served = serve("--grace", "30")
    api = ask_at(served.url)
    body = ask("one two\n!slow 1.2", stream=True)
    with api.client.stream("POST", "/threads/runs", json=body) as response:
        events = one_by_one(response)
        next(events)
        served.process.send_signal(signal.SIGTERM)
        until(lambda: is_refused(served.url))
        assert names(list(events))[-1] == "done"
    assert served.wait() == 0


def is_refused(url: str) -> bool:
    try:
        connect(url).close()
    except ConnectionRefusedError:
        return True
    return False


@pytest.mark.slow
@pytest.mark.parametrize("hurried", [False, True])
def test_runs_that_take_longer_are_failed(
    serve: Serve, ask_at: AskAt, place: StorePlace, hurried: bool
) -> None:
    served = serve("--grace", "1000" if hurried else "1")
    api = ask_at(served.url)
    api.ask("POST", "/threads/runs", ask("silent\n!slow 60"))
    with api.streaming("/threads/runs", ask(SLOW)) as events:
        next(data for name, data in events if name == "thread.message.delta")
        served.process.send_signal(signal.SIGTERM)
        if hurried:
            until(lambda: is_refused(served.url))
            served.process.send_signal(signal.SIGINT)
        told = list(events)
    ends = ["message.incomplete", "run.step.failed", "run.failed", "done"]
    assert names(told)[-4:] == ends
    partial = dict(told)["thread.message.incomplete"]["content"][0]["text"]["value"]
    assert partial.startswith("word ")
    assert served.wait() == 0
    assert b"2 runs were still active and were marked as failed" in served.said
    error = {"code": "server_error", "message": "The server was stopped."}
    assert [(run.status, run.last_error) for run in runs(place)] == [("failed", error)] * 2


@pytest.mark.slow
def test_a_run_that_waits_for_outputs_goes_on_after_a_restart(
    serve: Serve, ask_at: AskAt, place: StorePlace
) -> None:
    served = serve()
    run = ask_at(served.url).run("!call look_up", tools=[FUNCTION])
    assert served.stop() == 0
    assert [run.status for run in runs(place)] == ["requires_action"]
    api = ask_at(serve().url)
    (call,) = run["required_action"]["submit_tool_outputs"]["tool_calls"]
    outputs = {"tool_outputs": [{"tool_call_id": call["id"], "output": "done"}]}
    path = f"/threads/{run['thread_id']}/runs/{run['id']}"
    assert api.post(f"{path}/submit_tool_outputs", outputs)["status"] == "completed"


@pytest.mark.slow
def test_killed_and_started_again(serve: Serve, ask_at: AskAt, place: StorePlace) -> None:
    served = serve()
    api = ask_at(served.url)
    started = [api.ask("POST", "/threads/runs", ask(SLOW)).json() for _ in range(5)]
    until(lambda: {run.status for run in runs(place)} == {"in_progress"})
    served.stop(signal.SIGKILL)
    assert {run.status for run in runs(place)} == {"in_progress"}
    api = ask_at(serve().url)
    for run in started:
        found = api.get(f"/threads/{run['thread_id']}/runs/{run['id']}")
        error = {"code": "server_error", "message": "worker stopped"}
        assert (found["status"], found["last_error"]) == ("failed", error)
        again = api.post(f"/threads/{run['thread_id']}/messages", {"role": "user", "content": "x"})
        assert again["thread_id"] == run["thread_id"]


@pytest.mark.slow
@pytest.mark.both_databases(never=True)  # a shared store waits for missing heartbeats
def test_killed_while_others_use_the_store(serve: Serve, ask_at: AskAt, place: StorePlace) -> None:
    """The second server is alive all the time, and its runs are left alone."""
    first, second = serve(), serve()
    lost = ask_at(first.url).ask("POST", "/threads/runs", ask(SLOW)).json()
    api = ask_at(second.url)
    with api.streaming("/threads/runs", ask("one two\n!slow 1.2")) as events:
        next(events)
        first.stop(signal.SIGKILL)
        found = api.get(f"/threads/{lost['thread_id']}/runs/{lost['id']}")
        assert found["status"] == "failed"
        assert names(list(events))[-2:] == ["run.completed", "done"]


@pytest.mark.slow
def test_stopping_is_not_held_up_by_clients(serve: Serve, ask_at: AskAt) -> None:
    served = serve("--grace", "1")
    with connect(served.url) as idle, connect(served.url) as half, connect(served.url) as slow:
        half.sendall(b"POST /v1/threads HTTP/1.1\r\nHost: loc")
        slow.sendall(b"POST /v1/threads HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{")
        assert ask_at(served.url).get("/assistants")
        assert served.stop() == 0
        for connection in (idle, half):
            assert connection.recv(100) == b""
    assert served.said.count(b"\n") == 1, served.said


@pytest.mark.slow
def test_killed_at_any_moment(serve: Serve, ask_at: AskAt, place: StorePlace) -> None:
    import random
    import threading
    import time

    dice = random.Random(5)
    for _ in range(15):
        served = serve()
        answered = threading.Semaphore(0)

        def load(url: str = served.url, answered: threading.Semaphore = answered) -> None:
            with httpx.Client(base_url=url, **PLAIN) as client:
                while True:
                    body = ask("some words to say", stream=bool(dice.getrandbits(1)))
                    with suppress(httpx.HTTPError):
                        client.post("/threads/runs", json=body)
                        answered.release()
                        continue
                    return

        threads = [threading.Thread(target=load) for _ in range(4)]
        for thread in threads:
            thread.start()
        for _ in range(4):  # on a machine that is busy, the first answers take a second
            assert answered.acquire(timeout=60)
        time.sleep(dice.random())
        served.stop(signal.SIGKILL)
        for thread in threads:
            thread.join()
    api = ask_at(serve().url)
    api.get("/assistants")
    api.run("Still there")
    found = runs(place)
    assert len(found) > 50
    assert {run.status for run in found} <= {"completed", "failed"}
    assert found[-1].status == "completed"
    answer = api.client.post("/threads/runs", json=ask("x", stream=True))
    assert names(parse_frames(answer.text))[-1] == "done"
