"""How an answer gets into the store: rows that are inserted late, and in which order."""

import pytest

from openai_cli.engine import models
from openai_cli.engine.clock import Clock
from openai_cli.engine.runs.recorder import Recorder
from openai_cli.engine.store import MessageRecord, RunRecord, StepRecord, Store
from tests.engine.support import Api

pytestmark = pytest.mark.both_databases

NOW = 1_700_000_000


@pytest.fixture
def run(api: Api, store: Store) -> RunRecord:
    """A run whose answer has not begun."""
    done = api.run("Hi")
    with store.write() as tx:
        copied = tx.runs.get(done["id"])
        assert copied is not None
        begun = copied._replace(id="run_begun", status="in_progress", owner="somebody")
        tx.runs.insert(begun)
    return begun


def rows(store: Store) -> tuple[list[MessageRecord], list[StepRecord]]:
    with store.read() as tx:
        return tx.messages.all(run_id="run_begun"), tx.steps.all(run_id="run_begun")


def record(recorder: Recorder, *events: models.ModelEvent) -> None:
    for event in events:
        list(recorder.record(event))


def test_what_was_saved_without_an_answer_from_the_database_is_saved_again(
    store: Store, run: RunRecord
) -> None:
    recorder = Recorder(store, run, Clock(), at_once=False)
    for word in ("Good ", "morning"):
        record(recorder, models.TextDelta(word))
        with store.write() as tx:
            recorder.save(tx)
    (message,), (step,) = rows(store)
    assert message.content[0]["text"]["value"] == "Good morning"
    assert (message.status, step.status) == ("in_progress", "in_progress")


def test_steps_keep_the_order_in_which_they_were_opened(store: Store, run: RunRecord) -> None:
    recorder = Recorder(store, run, Clock(), at_once=False)
    search = models.ToolCallStarted("call_1", "file_search", "")
    code = models.ToolCallStarted("call_2", "code_interpreter", "")
    record(recorder, search, code, models.ToolCallEnded("call_2", {"input": "1", "outputs": []}))
    with store.write() as tx:
        list(recorder.finish(tx, NOW, None, waiting=False))
    _, steps = rows(store)
    assert [step.details["tool_calls"][0]["id"] for step in steps] == ["call_1", "call_2"]
    assert [step.status for step in steps] == ["completed", "completed"]
