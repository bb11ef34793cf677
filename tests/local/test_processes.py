"""Several processes on one file: nothing lost, nothing double, nothing stuck."""

import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from openai_cli.local import objects
from openai_cli.local.store import ACTIVE, Store
from tests.local.support import Api, check

PRELUDE = """
import json, random, sys, httpx
from openai_cli.local import open_transport
client = httpx.Client(
    base_url="http://local", transport=open_transport("local:" + sys.argv[1], {}), trust_env=False
)
def ask(text, **more):
    thread = {"messages": [{"role": "user", "content": text}]}
    return {"assistant_id": "asst_demo", "thread": thread, **more}
"""
RUNS = """
for number in range(int(sys.argv[2])):
    answer = client.post("/threads/runs", json=ask(f"{sys.argv[3]} {number}"))
    assert answer.status_code == 200, answer.text
    assert answer.json()["status"] == "completed", answer.text
client.close()
"""
MESSAGES = """
thread = sys.argv[3]
for number in range(int(sys.argv[2])):
    body = {"role": "user", "content": f"{sys.argv[4]} {number}"}
    answer = client.post(f"/threads/{thread}/messages", json=body)
    assert answer.status_code == 200, answer.text
client.close()
"""
ONE_THREAD = """
thread, won, refused = sys.argv[3], 0, 0
for number in range(int(sys.argv[2])):
    answer = client.post(f"/threads/{thread}/runs", json={"assistant_id": "asst_demo"})
    if answer.status_code == 200:
        assert answer.json()["status"] == "completed", answer.text
        won += 1
    else:
        assert "already has an active run" in answer.text, answer.text
        refused += 1
print(won, refused)
"""
ENDLESS = """
while True:
    tools = [{"type": "function", "function": {"name": "f"}}]
    text = random.choice(["a few words", "!call f", "word\\n!repeat 500", "w w\\n!slow 0.05"])
    with client.stream("POST", "/threads/runs", json=ask(text, tools=tools, stream=True)) as got:
        for _ in got.iter_bytes():
            pass
    print("alive", flush=True)
"""


def start(code: str, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", PRELUDE + code, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(*processes: subprocess.Popen[str]) -> list[str]:
    """What the processes printed; none of them may have complained."""
    said = [process.communicate(timeout=120) for process in processes]
    assert [errors for _, errors in said] == [""] * len(processes)
    return [output for output, _ in said]


@pytest.fixture
def store(store_file: Path) -> Iterator[Store]:
    opened = Store(store_file)
    yield opened
    opened.close()


def everything(store: Store) -> dict[str, list[Any]]:
    with store.read() as tx:
        return {
            "threads": tx.threads.all(),
            "messages": tx.messages.all(),
            "runs": tx.runs.all(),
            "steps": tx.steps.all(),
        }


def assert_consistent(store: Store) -> dict[str, list[Any]]:
    """No dangling, half-written or doubly active rows, and every object is whole."""
    connection = sqlite3.connect(store.path)
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    connection.close()
    found = everything(store)
    for kind, show in (
        ("threads", objects.thread),
        ("messages", objects.message),
        ("runs", objects.run),
        ("steps", objects.step),
    ):
        for record in found[kind]:
            check(show(record))
    active = Counter(run.thread_id for run in found["runs"] if run.status in ACTIVE)
    assert all(count == 1 for count in active.values())
    ended = {run.id for run in found["runs"] if run.status not in ACTIVE}
    open_rows = [
        row
        for row in (*found["messages"], *found["steps"])
        if row.status == "in_progress" and row.run_id in ended
    ]
    assert open_rows == []
    return found


def test_first_use_by_many_at_once(store_file: Path) -> None:
    finish(*(start(RUNS, store_file, 1, number) for number in range(4)))
    store = Store(store_file)
    found = assert_consistent(store)
    assert len(found["runs"]) == 4
    store.close()


@pytest.mark.parametrize("count", [25, pytest.param(250, marks=pytest.mark.slow)])
def test_runs_from_three_processes(store: Store, count: int) -> None:
    finish(*(start(RUNS, store.path, count, name) for name in "abc"))
    found = assert_consistent(store)
    texts = Counter(
        message.content[0]["text"]["value"]
        for message in found["messages"]
        if message.role == "assistant"
    )
    assert texts == Counter(f"{name} {number}" for name in "abc" for number in range(count))
    assert len(found["runs"]) == len(found["steps"]) == 3 * count


@pytest.mark.parametrize("count", [50, pytest.param(400, marks=pytest.mark.slow)])
def test_messages_on_one_thread_from_three_processes(store: Store, count: int) -> None:
    api = Api(store.path)
    thread = api.post("/threads")["id"]
    finish(*(start(MESSAGES, store.path, count, thread, name) for name in "abc"))
    found = assert_consistent(store)
    texts = [message.content[0]["text"]["value"] for message in found["messages"]]
    assert sorted(texts) == sorted(f"{name} {n}" for name in "abc" for n in range(count))
    seen: list[str] = []
    page = api.get(f"/threads/{thread}/messages", limit=100, order="asc")
    seen += [message["id"] for message in page["data"]]
    while page["has_more"]:
        page = api.get(f"/threads/{thread}/messages", limit=100, order="asc", after=page["last_id"])
        seen += [message["id"] for message in page["data"]]
    assert len(seen) == len(set(seen)) == 3 * count
    api.close()


@pytest.mark.parametrize("count", [25, pytest.param(200, marks=pytest.mark.slow)])
def test_one_active_run_a_thread_across_processes(store: Store, count: int) -> None:
    api = Api(store.path)
    thread = api.post("/threads", {"messages": [{"role": "user", "content": "x"}]})["id"]
    api.close()
    said = finish(*(start(ONE_THREAD, store.path, count, thread) for _ in range(3)))
    won = sum(int(line.split()[0]) for line in said)
    found = assert_consistent(store)
    assert len(found["runs"]) == won
    assert len(found["messages"]) == won + 1


@pytest.mark.slow
def test_killed_at_any_moment(store: Store) -> None:
    dice = random.Random(7)
    for _ in range(25):
        processes = [start(ENDLESS, store.path) for _ in range(2)]
        for process in processes:
            assert process.stdout is not None
            process.stdout.readline()
        time.sleep(dice.random() * 0.4)
        for process in processes:
            process.send_signal(signal.SIGKILL)
            process.communicate()
        api = Api(store.path)
        api.get("/assistants")
        found = assert_consistent(store)
        stuck = [run for run in found["runs"] if run.status in ("queued", "in_progress")]
        assert stuck == []
        api.close()
    assert len(found["runs"]) > 100
    stopped = [run for run in found["runs"] if run.status == "failed"]
    assert stopped
    assert {run.last_error["message"] for run in stopped} == {"worker stopped"}
