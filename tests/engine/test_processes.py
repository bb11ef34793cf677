"""Several processes on one file: nothing lost, nothing double, nothing stuck."""

import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from openai_cli.engine import serialize
from openai_cli.engine.store import ACTIVE, Store
from openai_cli.engine.store_place import StorePlace
from tests.engine.support import FUNCTION, Api, ask, check

pytestmark = pytest.mark.both_databases
PRELUDE = """
import json, random, sys, httpx
from openai_cli.engine import open_transport
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
while won < int(sys.argv[2]):
    answer = client.post(f"/threads/{thread}/runs", json={"assistant_id": "asst_demo"})
    if answer.status_code == 200:
        assert answer.json()["status"] == "completed", answer.text
        won += 1
    else:
        assert "already has an active run" in answer.text, answer.text
        refused += 1
print(won, refused)
"""
TO_CANCEL = """
for number in range(int(sys.argv[2])):
    answer = client.post("/threads/runs", json=ask(f"{sys.argv[3]} {number}\\n!slow 0.05"))
    assert answer.status_code == 200, answer.text
    print(answer.json()["id"], answer.json()["status"])
"""
CANCELS = """
import pathlib, zlib
from openai_cli.engine.store_place import store_place
from openai_cli.engine.store import Store
store = Store(store_place("local:" + sys.argv[1], {}))
print("ready", flush=True)
while not pathlib.Path(sys.argv[2]).exists():
    with store.read() as tx:
        active = [run for run in tx.runs.all() if run.status in ("queued", "in_progress")]
    for run in active:
        if zlib.crc32(run.id.encode()) % 2:
            answer = client.post(f"/threads/{run.thread_id}/runs/{run.id}/cancel", json={})
            if answer.status_code == 200:
                assert answer.json()["status"] == "cancelling", answer.text
                print(run.id)
            else:
                assert "Cannot cancel run with status" in answer.text, answer.text
"""
SUBMITS = """
name = sys.argv[2]
for line in open(sys.argv[3], encoding="ascii"):
    thread, run, call = line.split()
    body = {"tool_outputs": [{"tool_call_id": call, "output": name}]}
    answer = client.post(f"/threads/{thread}/runs/{run}/submit_tool_outputs", json=body)
    if answer.status_code == 200:
        assert answer.json()["status"] == "completed", answer.text
        print(run, name)
    else:
        assert "do not accept tool outputs" in answer.text, answer.text
"""
ENDLESS = """
while True:
    tools = [{"type": "function", "function": {"name": "f"}}]
    text = random.choice(["a few words", "!call f", "word\\n!repeat 500", "w w\\n!slow 0.05"])
    with client.stream("POST", "/threads/runs", json=ask(text, tools=tools, stream=True)) as got:
        told = b"".join(got.iter_bytes()).decode()
    last = json.loads(told.split("data: ")[-2].partition("\\n")[0])
    print(last["id"], last["status"], flush=True)
"""


def start(code: str, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", PRELUDE + code, *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(*processes: subprocess.Popen[str]) -> list[str]:
    """What the processes printed; none of them may have complained."""
    said = [process.communicate(timeout=120) for process in processes]
    assert [errors for _, errors in said] == [""] * len(processes)
    return [output for output, _ in said]


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
    if isinstance(store.place, Path):
        connection = sqlite3.connect(store.place)
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        connection.close()
    found = everything(store)
    for kind, show in (
        ("threads", serialize.thread),
        ("messages", serialize.message),
        ("runs", serialize.run),
        ("steps", serialize.step),
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


@pytest.mark.slow
def test_first_use_by_many_at_once(place: StorePlace) -> None:
    finish(*(start(RUNS, place, 1, number) for number in range(4)))
    store = Store(place)
    found = assert_consistent(store)
    assert len(found["runs"]) == 4
    store.close()


@pytest.mark.slow
def test_runs_from_three_processes(store: Store) -> None:
    count = 250
    finish(*(start(RUNS, store.place, count, name) for name in "abc"))
    found = assert_consistent(store)
    texts = Counter(
        message.content[0]["text"]["value"]
        for message in found["messages"]
        if message.role == "assistant"
    )
    assert texts == Counter(f"{name} {number}" for name in "abc" for number in range(count))
    assert len(found["runs"]) == len(found["steps"]) == 3 * count


@pytest.mark.slow
def test_messages_on_one_thread_from_three_processes(store: Store) -> None:
    count = 400
    api = Api(store.place)
    thread = api.post("/threads")["id"]
    finish(*(start(MESSAGES, store.place, count, thread, name) for name in "abc"))
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


@pytest.mark.slow
def test_one_active_run_a_thread_across_processes(store: Store) -> None:
    count = 100
    api = Api(store.place)
    text = "x\n!slow 0.01"
    thread = api.post("/threads", {"messages": [{"role": "user", "content": text}]})["id"]
    api.close()
    said = finish(*(start(ONE_THREAD, store.place, count, thread) for _ in range(3)))
    assert all(int(line.split()[0]) == count for line in said)
    assert sum(int(line.split()[1]) for line in said) > 0
    found = assert_consistent(store)
    assert len(found["runs"]) == 3 * count
    assert len(found["messages"]) == 3 * count + 1
    times = [(run.started_at, run.completed_at) for run in found["runs"]]
    assert all(done <= begun for (_, done), (begun, _) in pairwise(times))


@pytest.mark.slow
def test_cancels_from_other_processes(store: Store, tmp_path: Path) -> None:
    """A run is cancelled if and only if one cancel was accepted, and only one can be."""
    count = 150
    stop = tmp_path / "stop"
    cancellers = [start(CANCELS, store.place, stop) for _ in range(2)]
    for process in cancellers:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    said = finish(*(start(TO_CANCEL, store.place, count, name) for name in "abc"))
    stop.touch()
    accepted = [run for text in finish(*cancellers) for run in text.split()]
    found = assert_consistent(store)
    told = dict(line.split() for text in said for line in text.splitlines())
    assert told == {run.id: run.status for run in found["runs"]}
    assert len(told) == 3 * count
    assert Counter(accepted) == Counter(
        run for run, status in told.items() if status != "completed"
    )
    assert set(told.values()) == {"completed", "cancelled"}
    replies = {one.run_id: one for one in found["messages"] if one.role == "assistant"}
    for run, status in told.items():
        reply = replies.get(run)
        if status == "completed":
            assert reply is not None
            assert reply.status == "completed"
        elif reply is not None:
            assert (reply.status, reply.incomplete_reason) == ("incomplete", "run_cancelled")


@pytest.mark.slow
def test_outputs_are_taken_once_across_processes(store: Store, tmp_path: Path) -> None:
    count = 100
    api = Api(store.place)
    waiting = [api.post("/threads/runs", ask("!call f", tools=[FUNCTION])) for _ in range(count)]
    runs = tmp_path / "runs"
    lines = [
        f"{run['thread_id']} {run['id']} "
        f"{run['required_action']['submit_tool_outputs']['tool_calls'][0]['id']}\n"
        for run in waiting
    ]
    runs.write_text("".join(lines))
    said = finish(*(start(SUBMITS, store.place, name, runs) for name in "abc"))
    winners = [line.split() for text in said for line in text.splitlines()]
    assert sorted(run for run, _ in winners) == sorted(run["id"] for run in waiting)
    for run_id, name in winners:
        run = next(one for one in waiting if one["id"] == run_id)
        assert api.texts(run["thread_id"]) == ["!call f", name]
    api.close()
    assert_consistent(store)


@pytest.mark.slow
def test_killed_at_any_moment(store: Store) -> None:
    """What was told is there, what was not told is over, and nothing is broken."""
    rounds = 15
    dice = random.Random(7)
    told: dict[str, str] = {}
    for _ in range(rounds):
        processes = [start(ENDLESS, store.place) for _ in range(2)]
        first = []
        for process in processes:
            assert process.stdout is not None
            first.append(process.stdout.readline())
        time.sleep(dice.random() * 0.4)
        for process in processes:
            process.send_signal(signal.SIGKILL)
        outputs = [process.communicate()[0] for process in processes]
        for line in "".join([*first, *outputs]).splitlines(keepends=True):
            if line.endswith("\n"):
                run_id, status = line.split()
                told[run_id] = status
        api = Api(store.place)
        api.get("/assistants")
        found = assert_consistent(store)
        statuses = {run.id: run.status for run in found["runs"]}
        assert {run_id: statuses.get(run_id) for run_id in told} == told
        untold = [run for run in found["runs"] if run.id not in told]
        assert {run.status for run in untold} <= {"failed", "completed", "requires_action"}
        failed = [run for run in found["runs"] if run.status == "failed"]
        assert all(run.last_error["message"] == "worker stopped" for run in failed)
        api.close()
    assert len(told) >= 2 * rounds
    assert set(told.values()) == {"completed", "requires_action"}


@pytest.mark.slow
def test_killed_while_the_store_is_made(tmp_path: Path) -> None:
    """Whenever its first user dies, a store is either not there yet or whole."""
    rounds = 30
    dice = random.Random(11)
    begun = time.monotonic()
    finish(start("", tmp_path / "warm.db"))
    usual = time.monotonic() - begun
    for number in range(rounds):
        file = tmp_path / str(number) / "x.db"
        process = start("import time; time.sleep(60)", file)
        time.sleep(usual * (0.5 + dice.random() / 2))
        process.kill()
        process.communicate()
        api = Api(file)
        assert api.get("/assistants")["data"][0]["id"] == "asst_demo"
        assert api.run("x")["status"] == "completed"
        api.close()
        left = [one.name for one in file.parent.iterdir() if not one.name.startswith(".")]
        assert left == ["x.db"]
