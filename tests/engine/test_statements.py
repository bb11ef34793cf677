"""What a run asks of the store and of the system, counted."""

import sqlite3
import threading
from pathlib import Path
from typing import Any

import pytest

from openai_cli.engine.runs import watchdog
from openai_cli.engine.serve import workers
from openai_cli.engine.store.connection import SqliteConnection
from tests.engine.serve.support import Running
from tests.engine.support import FUNCTION, Api, ask


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The statements of all connections that are made from now on."""
    sent: list[str] = []
    connect = sqlite3.connect

    def traced(*args: Any, **options: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = connect(*args, **options)
        connection.set_trace_callback(sent.append)
        return connection

    monkeypatch.setattr(sqlite3, "connect", traced)
    monkeypatch.setattr(watchdog, "_GLANCE", 60)  # it would look at a run that is slow
    return sent


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the threads that are started."""
    started: list[str] = []
    start = threading.Thread.start

    def noted(self: threading.Thread) -> None:
        started.append(self.name)
        start(self)

    monkeypatch.setattr(threading.Thread, "start", noted)
    return started


def writes(sent: list[str]) -> int:
    return sum(one.startswith("BEGIN IMMEDIATE") for one in sent)


def test_statements_of_a_run(sent: list[str], api: Api) -> None:
    """Each write transaction waits for its turn."""
    api.run("Hi")
    sent.clear()
    api.run("Hi")
    assert writes(sent) == 2, "stored and begun, ended"
    assert 20 < len(sent) <= 25


def test_the_answer_to_a_repeat_is_stored_with_the_end(sent: list[str], api: Api) -> None:
    api.run("Hi")
    sent.clear()
    first = api.post("/threads/runs", ask("Hi"), headers={"Idempotency-Key": "k"})
    assert writes(sent) == 2
    assert first["status"] == "completed"
    assert api.post("/threads/runs", ask("Hi"), headers={"Idempotency-Key": "k"}) == first


def test_statements_of_a_run_that_is_followed(sent: list[str], api: Api) -> None:
    api.run_stream("Hi")
    sent.clear()
    api.run_stream("Hi")
    assert writes(sent) == 4, "stored, begun, message opened, ended"
    assert 20 < len(sent) <= 31


def test_statements_of_a_run_that_is_served(store_file: Path, sent: list[str]) -> None:
    with Running(store_file) as running:
        api = Api(store_file, url=running.url)
        api.run("Hi")
        sent.clear()
        api.run("Hi")
        api.close()
        assert writes(sent) == 2, "stored, ended"


def test_sqlite_before_3_35_has_no_returning(
    sent: list[str], api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SqliteConnection, "has_returning", False)
    assert api.run("Hi")["status"] == "completed"
    assert api.run_stream("Hi")[-1] == ("done", "[DONE]")
    waiting = api.post("/threads/runs", ask("!call f", tools=[FUNCTION]))
    path = f"/threads/{waiting['thread_id']}/runs/{waiting['id']}"
    assert api.post(f"{path}/cancel", {})["status"] == "cancelling"
    assert api.get(path)["status"] == "cancelled"
    assert not [one for one in sent if "RETURNING" in one]


def test_statements_of_a_poll(sent: list[str], api: Api) -> None:
    run = api.run("Hi")
    sent.clear()
    api.get(f"/threads/{run['thread_id']}/runs/{run['id']}")
    assert len(sent) == 6, "one transaction: its snapshot, stale runs, thread, run"


def test_runs_share_a_watchdog(
    api: Api, started: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watchdog, "_GLANCE", 60)
    for _ in range(5):
        api.run("Hi")
    assert started == ["watchdog"]


def test_runs_one_after_the_other_share_a_worker(
    store_file: Path, started: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "_IDLE_TIME", 60)
    with Running(store_file) as running:
        api = Api(store_file, url=running.url)
        for _ in range(10):
            api.run("Hi")
        api.close()
        # One is enough, unless the next run comes before it knows that it is idle.
        assert started.count("worker") < 5
