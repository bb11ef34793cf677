"""A run reads what it needs of a long thread, and its prompt is the same as if it read all."""

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openai_cli.engine.models.chat import request as chat
from openai_cli.engine.models.echo import Echo
from openai_cli.engine.models.responses import request as responses
from openai_cli.engine.runs import prompt_builder
from openai_cli.engine.store import (
    MessageRecord,
    RunRecord,
    StepRecord,
    Store,
    ThreadRecord,
    Transaction,
    tables,
)
from tests.engine.support import Api

pytestmark = pytest.mark.both_databases

MODEL = Echo()
BLOCKS: dict[str, list[dict[str, Any]]] = {
    "silent": [],
    "image_url": [{"type": "image_url", "image_url": {"url": "https://x/y"}}],
    "image_file": [{"type": "image_file", "image_file": {"file_id": "file_1"}}],
}
ATTACHED = [{"file_id": "file_2", "tools": [{"type": "file_search"}]}]


class Said(NamedTuple):
    """A message of the thread: who, how many words, and what beside them."""

    role: str
    words: int
    extra: str = ""
    own: bool = False


saids = st.builds(
    Said,
    st.sampled_from(["user", "assistant"]),
    st.integers(0, 4),
    st.sampled_from(["", "", "", "silent", "image_url", "image_file", "attached"]),
    st.just(False),
)
own_words = st.lists(st.builds(Said, st.just("assistant"), st.integers(0, 4), own=st.just(True)))


def record(number: int, said: Said) -> MessageRecord:
    text = {"type": "text", "text": {"value": " ".join(["word"] * said.words), "annotations": []}}
    return MessageRecord(
        id=f"msg_{number}",
        created_at=number // 3,
        thread_id="thread_1",
        role=said.role,
        status="completed",
        content=BLOCKS.get(said.extra, [text]),
        attachments=ATTACHED if said.extra == "attached" else [],
        metadata={},
        run_id="run_1" if said.own else None,
    )


def stored(tx: Transaction, thread: list[Said], run_settings: dict[str, Any]) -> RunRecord:
    """The thread and a run on it, with a step for each message of its own."""
    tx.threads.insert(ThreadRecord("thread_1", 0, {}, {}))
    run = RunRecord(
        id="run_1", created_at=0, thread_id="thread_1", assistant_id="asst_1",
        status="in_progress", model="echo", settings=run_settings, metadata={}, expires_at=1,
    )  # fmt: skip
    tx.runs.insert(run)
    for number, said in enumerate(thread):
        tx.messages.insert(record(number, said))
        if said.own:
            details = {
                "type": "message_creation",
                "message_creation": {"message_id": f"msg_{number}"},
            }
            tx.steps.insert(
                StepRecord(
                    id=f"step_{number}", created_at=number, run_id="run_1", thread_id="thread_1",
                    assistant_id="asst_1", type="message_creation", status="completed",
                    details=details, metadata={}, kept=[], expires_at=1,
                )
            )  # fmt: skip
    return run


def whole_history(tx: Transaction, run: RunRecord, last: int | None) -> tuple[Any, ...]:
    """The history from all messages of the thread: what a run read before it read pages."""
    messages = tx.messages.all(thread_id=run.thread_id)
    own = [message for message in messages if message.run_id == run.id]
    if last is not None:
        messages = messages[-(last + len(own)) :]
    earlier = [message for message in messages if message.run_id != run.id]
    return tuple(
        prompt_builder._message(message, {})
        for message in [*earlier, *own]
        if prompt_builder._says_something(message)
    )


def kept(prompt: Any, limit: int | None) -> Any:
    try:
        return prompt_builder.fit(prompt, MODEL, limit)
    except prompt_builder.PromptTooLongError:
        return "too long"


def settings_of(limit: int | None, last: int | None) -> dict[str, Any]:
    found: dict[str, Any] = {"instructions": "be brief"}
    if limit is not None:
        found["max_prompt_tokens"] = limit
    if last is not None:
        found["truncation_strategy"] = {"type": "last_messages", "last_messages": last}
    return found


@settings(max_examples=60, deadline=None)
@given(
    st.lists(saids, max_size=14),
    own_words,
    st.none() | st.integers(0, 30),
    st.none() | st.integers(1, 8),
    st.integers(1, 4),
)
@pytest.mark.slow
def test_the_prompt_is_the_same_as_from_the_whole_thread(
    earlier: list[Said], own: list[Said], limit: int | None, last: int | None, page_size: int
) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(tables.Messages.newest_first, "__defaults__", (page_size,))
        store = Store(Path(folder) / "s.db")
        with store.write() as tx:
            run = stored(tx, [*earlier, *own], settings_of(limit, last))
            prompt = prompt_builder.prepare(tx, run, MODEL.count_tokens)
            whole = replace(prompt, history=whole_history(tx, run, last))
        store.close()
    assert kept(prompt, limit) == kept(whole, limit)


@settings(max_examples=40, deadline=None)
@given(st.lists(saids, max_size=10), st.none() | st.integers(1, 8))
def test_what_is_refused_is_the_same_as_from_the_whole_thread(
    thread: list[Said], last: int | None
) -> None:
    fields = {"msg_1": "thread.messages[1]"}
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder) / "s.db")
        with store.write() as tx:
            run = stored(tx, thread, settings_of(None, last))
            prompt = prompt_builder.prepare_to_refuse(tx, run, fields)
            history = whole_history(tx, run, last)
        store.close()
    named = tuple(
        one._replace(field=fields.get(one.field.split()[1], one.field)) for one in history
    )
    whole = replace(prompt, history=named)
    assert bool(prompt.history) == bool(whole.history)
    for refuse in (MODEL.refuse, chat.refuse, responses.refuse):
        assert list(refuse(prompt)) == list(refuse(whole))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("asked", "at_most"),
    [
        ({"max_prompt_tokens": 256}, 400),
        ({"truncation_strategy": {"type": "last_messages", "last_messages": 5}}, 40),
    ],
)
def test_a_run_on_a_long_thread_reads_its_end(
    api: Api, monkeypatch: pytest.MonkeyPatch, asked: dict[str, Any], at_most: int
) -> None:
    thread = api.post("/threads", {})
    for _ in range(1000):
        api.post(f"/threads/{thread['id']}/messages", {"role": "user", "content": "two words"})
    read = []
    decode = tables.Messages._decode

    def counting(self: tables.Messages, row: Any) -> MessageRecord:
        read.append(1)
        return decode(self, row)

    monkeypatch.setattr(tables.Messages, "_decode", counting)
    run = api.post(f"/threads/{thread['id']}/runs", {"assistant_id": "asst_demo", **asked})
    assert run["status"] == "completed"
    assert len(read) < at_most
