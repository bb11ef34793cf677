"""Random walks over the operations, checked against a simple model of what must hold."""

import tempfile
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from openai_cli.engine.store import ACTIVE, Store
from tests.engine.support import FUNCTION, Api, names

TEXTS = st.sampled_from(
    [
        "plain words",
        "",
        "!call f {}",
        "a\n!call f\n!call g {1}",
        "!fail",
        "x\n!fail y",
        "a b\n!length",
    ]
)
ORDERS = st.sampled_from(["asc", "desc"])
TERMINAL = ("completed", "failed", "cancelled", "incomplete", "expired")


class Walk(RuleBasedStateMachine):
    """Clients that do things in any order; the model knows each thread's messages and last run."""

    threads = Bundle("threads")
    runs = Bundle("runs")
    places = threads | runs
    """Threads, also by a run on them: so that many a thread is one that a run holds."""

    def __init__(self) -> None:
        super().__init__()
        self.directory = tempfile.TemporaryDirectory()
        self.api = Api(Path(self.directory.name, "x.db"))
        self.messages: dict[str, list[str]] = {}
        self.known: dict[str, dict[str, Any]] = {}

    def teardown(self) -> None:
        self.api.close()
        self.directory.cleanup()

    # What the model remembers

    def active(self, thread: str) -> str | None:
        found = [
            run["id"]
            for run in self.known.values()
            if run["thread_id"] == thread and run["status"] in ACTIVE
        ]
        return found[0] if found else None

    def saw(self, run: dict[str, Any]) -> None:
        """A run's new state: it never leaves a terminal status, and times fit the status."""
        before = self.known.get(run["id"])
        if before and before["status"] in TERMINAL:
            assert {**before, "metadata": None} == {**run, "metadata": None}
        for status in ("completed", "failed", "cancelled"):
            assert (run[f"{status}_at"] is not None) == (run["status"] == status)
        assert (run["required_action"] is not None) == (run["status"] == "requires_action")
        assert (run["last_error"] is not None) == (run["status"] == "failed")
        assert (run["incomplete_details"] is not None) == (run["status"] == "incomplete")
        self.known[run["id"]] = run

    def learn_messages(self, thread: str) -> None:
        """New messages come after the known ones, none is lost."""
        page = self.api.get(f"/threads/{thread}/messages", order="asc", limit=100)
        ids = [message["id"] for message in page["data"]]
        assert ids[: len(self.messages[thread])] == self.messages[thread]
        self.messages[thread] = ids

    def thread_at(self, place: str) -> str:
        return str(self.known[place]["thread_id"]) if place in self.known else place

    def path(self, run: dict[str, Any]) -> str:
        return f"/threads/{run['thread_id']}/runs/{run['id']}"

    # What clients do

    @rule(target=threads, texts=st.lists(TEXTS, max_size=2))
    def create_thread(self, texts: list[str]) -> str:
        messages = [{"role": "user", "content": text} for text in texts]
        thread = str(self.api.post("/threads", {"messages": messages})["id"])
        self.messages[thread] = []
        self.learn_messages(thread)
        assert len(self.messages[thread]) == len(texts)
        return thread

    @rule(target=runs, text=TEXTS, stream=st.booleans())
    def create_and_run(self, text: str, stream: bool) -> str:
        body = {"thread": {"messages": [{"role": "user", "content": text}]}}
        run = self.start("/threads/runs", body, stream)
        self.messages[run["thread_id"]] = []
        self.learn_messages(run["thread_id"])
        return str(run["id"])

    @rule(target=runs, place=places, stream=st.booleans())
    def create_run(self, place: str, stream: bool) -> Any:
        thread = self.thread_at(place)
        active = self.active(thread)
        path = f"/threads/{thread}/runs"
        if active:
            refusal = self.api.refused("POST", path, {"assistant_id": "asst_demo"})
            assert refusal[1] == f"Thread {thread} already has an active run {active}."
            return multiple()
        run = self.start(path, {}, stream)
        self.learn_messages(thread)
        return str(run["id"])

    def start(self, path: str, body: dict[str, Any], stream: bool) -> dict[str, Any]:
        body = {"assistant_id": "asst_demo", "tools": [FUNCTION], **body}
        if stream:
            events = self.api.stream(path, body)
            run: dict[str, Any] = events[-2][1]
            assert names(events)[-2] == f"run.{run['status']}"
        else:
            run = self.api.post(path, body)
        assert run["status"] in (*TERMINAL, "requires_action")
        self.saw(run)
        return run

    @rule(run_id=runs, right=st.booleans(), stream=st.booleans())
    def submit(self, run_id: str, right: bool, stream: bool) -> None:
        run = self.known[run_id]
        path = f"{self.path(run)}/submit_tool_outputs"
        calls = (run["required_action"] or {}).get("submit_tool_outputs", {}).get("tool_calls", [])
        outputs = [{"tool_call_id": call["id"], "output": "out"} for call in calls]
        if run["status"] != "requires_action":
            message = f'Runs in status "{run["status"]}" do not accept tool outputs.'
            assert self.api.refused("POST", path, {"tool_outputs": []})[1] == message
        elif not right:
            wrong = {"tool_outputs": outputs[1:]}
            assert self.api.refused("POST", path, wrong)[0] == 400
        else:
            body: dict[str, Any] = {"tool_outputs": outputs}
            done = self.api.stream(path, body)[-2][1] if stream else self.api.post(path, body)
            assert done["status"] == "completed"
            self.saw(done)
            self.learn_messages(run["thread_id"])

    @rule(run_id=runs)
    def cancel(self, run_id: str) -> None:
        run = self.known[run_id]
        path = f"{self.path(run)}/cancel"
        if run["status"] in TERMINAL:
            message = f"Cannot cancel run with status '{run['status']}'."
            assert self.api.refused("POST", path, {})[1] == message
        else:
            assert self.api.post(path)["status"] == "cancelling"
            self.saw(self.api.get(self.path(run)))
            assert self.known[run_id]["status"] == "cancelled"

    @rule(run_id=runs)
    def let_time_pass(self, run_id: str) -> None:
        run = self.known[run_id]
        store = Store(self.api.place)
        with store.write() as tx:
            if run["status"] in ACTIVE:
                tx.runs.update(run_id, expires_at=int(time.time()) - 1)
        store.close()
        now = self.api.get(self.path(run))
        assert now["status"] == (run["status"] if run["status"] in TERMINAL else "expired")
        self.saw(now)

    @rule(place=places, text=TEXTS)
    def add_message(self, place: str, text: str) -> None:
        thread = self.thread_at(place)
        active = self.active(thread)
        path = f"/threads/{thread}/messages"
        body = {"role": "user", "content": text}
        if active:
            message = f"Can't add messages to {thread} while a run {active} is active."
            assert self.api.refused("POST", path, body)[1] == message
        else:
            self.messages[thread].append(self.api.post(path, body)["id"])

    @rule(place=places, which=st.integers(0, 9))
    def delete_message(self, place: str, which: int) -> None:
        thread = self.thread_at(place)
        if which < len(self.messages[thread]):
            self.api.delete(f"/threads/{thread}/messages/{self.messages[thread].pop(which)}")

    @rule(place=places, order=ORDERS, limit=st.integers(1, 3), backwards=st.booleans())
    def page_through(self, place: str, order: str, limit: int, backwards: bool) -> None:
        thread = self.thread_at(place)
        path = f"/threads/{thread}/messages"
        expected = self.messages[thread] if order == "asc" else self.messages[thread][::-1]
        if not expected:
            return
        seen: list[str] = []
        cursor = {"before": expected[-1]} if backwards else {"after": expected[0]}
        while True:
            page = self.api.get(path, order=order, limit=limit, **cursor)
            ids = [message["id"] for message in page["data"]]
            assert len(ids) <= limit
            ends = (ids[0], ids[-1]) if ids else (None, None)
            assert (page["first_id"], page["last_id"]) == ends
            seen = ids + seen if backwards else seen + ids
            assert page["has_more"] == (len(seen) < len(expected) - 1)
            if not page["has_more"]:
                break
            assert len(ids) == limit
            cursor = {"before": ids[0]} if backwards else {"after": ids[-1]}
        assert seen == (expected[:-1] if backwards else expected[1:])

    @rule(run_id=runs)
    def look_at_steps(self, run_id: str) -> None:
        run = self.known[run_id]
        steps = self.api.get(f"{self.path(run)}/steps", order="asc")["data"]
        for step in steps:
            assert self.api.get(f"{self.path(run)}/steps/{step['id']}") == step
        is_open = [step["status"] == "in_progress" for step in steps]
        assert any(is_open) == (run["status"] == "requires_action")
        if run["status"] == "completed":
            total = sum(step["usage"]["total_tokens"] for step in steps)
            assert run["usage"]["total_tokens"] == total

    @invariant()
    def runs_are_as_they_were_seen(self) -> None:
        for run in list(self.known.values())[-3:]:
            assert self.api.get(self.path(run)) == run


def walk(examples: int, steps: int) -> None:
    run_state_machine_as_test(
        Walk,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
        ),
    )


@pytest.mark.slow
def test_short_walks() -> None:
    walk(examples=12, steps=25)


@pytest.mark.slow
def test_long_walks() -> None:
    walk(examples=100, steps=40)
