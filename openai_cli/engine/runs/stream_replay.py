"""Recreates a run's stream from the store, for a repeated request with the same key."""

import time
from collections.abc import Iterator
from typing import Any

from openai_cli.engine import serialize
from openai_cli.engine.clock import Clock
from openai_cli.engine.runs import lifecycle, stream_events
from openai_cli.engine.runs.expiry import expire_stale_runs
from openai_cli.engine.runs.stream_events import StreamEvent
from openai_cli.engine.store import MessageRecord, RunRecord, StepRecord, Store, Transaction
from openai_cli.engine.store.records import without_outcome
from openai_cli.engine.strict_json import JsonObject

_GLANCE = 0.1


def wait(store: Store, run_id: str, clock: Clock) -> RunRecord:
    """Wait until the run has stopped; it expires at the latest."""
    while True:
        expire_stale_runs(store, clock.now())
        run = store.view(lambda tx: tx.runs.get(run_id))
        if run is None:
            raise LookupError(run_id)
        if run.status not in ("queued", "in_progress", "cancelling"):
            return run
        time.sleep(_GLANCE)


def replay(
    store: Store, run_id: str, beginning: list[list[Any]], clock: Clock
) -> Iterator[StreamEvent]:
    """The events of a stopped run, each message as one delta."""
    for name, data in beginning:
        yield StreamEvent(name, data)
    run = wait(store, run_id, clock)

    def look(tx: Transaction) -> tuple[list[StepRecord], list[MessageRecord]]:
        return _steps_after(tx, run, beginning), tx.messages.all(run_id=run.id)

    steps, written = store.view(look)
    messages = {message.id: message for message in written}
    if run.started_at is not None:
        yield stream_events.of_run("in_progress", _working(run))
    if run.status == "cancelled":
        yield stream_events.of_cancelling(run)
    for step in steps:
        yield from _step_events(step, run, messages)
    yield stream_events.of_run(run.status, run)


def _steps_after(tx: Transaction, run: RunRecord, beginning: list[list[Any]]) -> list[StepRecord]:
    """The run's steps; after a submission of tool outputs, only the later ones."""
    answered = {data["id"] for name, data in beginning if name == "thread.run.step.completed"}
    steps = tx.steps.all(run_id=run.id)
    last = max((step.seq for step in steps if step.id in answered), default=0)
    return [step for step in steps if step.seq > last]


def _step_events(
    step: StepRecord, run: RunRecord, messages: dict[str, MessageRecord]
) -> Iterator[StreamEvent]:
    opened = without_outcome(step)._replace(
        status="in_progress", expires_at=run.created_at + lifecycle.LIFETIME
    )
    if step.type == "tool_calls":
        opened = opened._replace(details={"type": "tool_calls", "tool_calls": []})
    yield stream_events.of_step("created", opened)
    yield stream_events.of_step("in_progress", opened)
    if step.type == "tool_calls":
        for index, call in enumerate(step.details["tool_calls"]):
            delta = serialize.step_delta(step.id, {"index": index, **call})
            yield StreamEvent("thread.run.step.delta", delta)
    else:
        message = messages.get(step.details["message_creation"]["message_id"])
        if message is not None:
            yield from _message_events(message)
    if step.status != "in_progress":
        yield stream_events.of_step(step.status, step)


def _message_events(message: MessageRecord) -> Iterator[StreamEvent]:
    opened = without_outcome(message)._replace(status="in_progress", content=[])
    yield stream_events.of_message("created", opened)
    yield stream_events.of_message("in_progress", opened)
    for index, block in enumerate(message.content):
        delta: JsonObject = serialize.message_delta(message.id, {"index": index, **block})
        yield StreamEvent("thread.message.delta", delta)
    yield stream_events.of_message(message.status, message)


def _working(run: RunRecord) -> RunRecord:
    return without_outcome(run)._replace(
        status="in_progress", expires_at=run.created_at + lifecycle.LIFETIME
    )
