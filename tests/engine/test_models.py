"""What a model may say, beyond what echo says: the seam that adapters are written against."""

import time
from collections.abc import Generator, Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

from openai_cli.engine.engine import Engine
from openai_cli.engine.models import (
    AnnotationAdded,
    Finished,
    ItemKept,
    MessageEnded,
    ModelError,
    ModelEvent,
    Prompt,
    RefusalDelta,
    TextDelta,
    ToolCallDelta,
    ToolCallEnded,
    ToolCallStarted,
    Unsupported,
    UsageReported,
)
from openai_cli.engine.models.registry import ModelRegistry
from openai_cli.engine.store import Store
from openai_cli.engine.store_place import StorePlace
from openai_cli.engine.transport import EngineTransport
from tests.engine.support import FUNCTION, Api, names
from tests.support.http import PLAIN

pytestmark = pytest.mark.both_databases

START = ["created", "run.created", "run.queued", "run.in_progress"]
OPEN_STEP = ["run.step.created", "run.step.in_progress"]
OPEN_MESSAGE = [*OPEN_STEP, "message.created", "message.in_progress", "message.delta"]
END_MESSAGE = ["message.completed", "run.step.completed"]


class Scripted:
    """A model that says what it is told to, and remembers what it was asked."""

    backend = "scripted"

    def __init__(self, *answers: Sequence[ModelEvent | Exception]) -> None:
        self.answers = list(answers)
        self.turns: list[Prompt] = []
        self.closed = False

    def refuse(self, turn: Prompt) -> Iterator[Unsupported]:
        if turn.model == "refused":
            yield Unsupported("model", "refused")

    def count_tokens(self, text: str) -> int:
        return len(text)

    def answer(self, turn: Prompt) -> Generator[ModelEvent, None, None]:
        self.turns.append(turn)
        for event in self.answers.pop(0):
            if isinstance(event, Exception):
                raise event
            yield event

    def close(self) -> None:
        self.closed = True


class OneModel(ModelRegistry):
    """Picks the same model for every name."""

    def __init__(self, model: Any) -> None:
        super().__init__({})
        self._model = model

    def pick(self, name: str) -> Any:
        assert name
        return self._model

    def close(self) -> None:
        self._model.close()


def api_with(model: Any, file: Path) -> Api:
    api = Api(file)
    transport = EngineTransport(Engine(Store(file), OneModel(model)))
    api.client.close()
    api.client = httpx.Client(base_url="http://local", transport=transport, **PLAIN)
    return api


def stream(file: Path, *events: ModelEvent | Exception, **fields: Any) -> list[tuple[str, Any]]:
    api = api_with(Scripted(events), file)
    found = api.run_stream("question", **fields)
    api.close()
    return found


def test_two_messages_and_parts(place: StorePlace) -> None:
    events = stream(
        place,
        TextDelta("a"),
        TextDelta("b", 1),
        RefusalDelta("no", 2),
        MessageEnded(),
        TextDelta("c"),
        UsageReported(5, 7, 12),
        Finished(),
    )
    assert names(events) == [
        *START,
        *OPEN_MESSAGE,
        *END_MESSAGE,
        *OPEN_MESSAGE,
        *END_MESSAGE,
        "run.completed",
        "done",
    ]
    first = next(data for name, data in events if name == "thread.message.completed")
    assert first["content"] == [
        {"type": "text", "text": {"value": "a", "annotations": []}},
        {"type": "text", "text": {"value": "b", "annotations": []}},
        {"type": "refusal", "refusal": "no"},
    ]
    steps = [data["usage"] for name, data in events if name == "thread.run.step.completed"]
    nothing = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}
    whole = {"prompt_tokens": 5, "completion_tokens": 7, "total_tokens": 12}
    assert steps == [nothing, whole]
    assert events[-2][1]["usage"] == whole


def test_usage_that_nobody_tells_is_null(place: StorePlace) -> None:
    events = stream(place, TextDelta("a"), Finished())
    assert events[-2][1]["usage"] is None
    assert dict(events)["thread.run.step.completed"]["usage"] is None


def test_annotations_are_numbered_in_deltas(place: StorePlace) -> None:
    note = {
        "type": "file_citation",
        "text": "",
        "file_citation": {"file_id": "file-1"},
        "start_index": 1,
        "end_index": 1,
    }
    events = stream(
        place, TextDelta("ab"), AnnotationAdded(note), AnnotationAdded(note), Finished()
    )
    deltas = [data["delta"]["content"][0] for name, data in events if "delta" in name]
    assert deltas[1:] == [
        {"index": 0, "type": "text", "text": {"annotations": [{"index": place, **note}]}}
        for place in range(2)
    ]
    content = dict(events)["thread.message.completed"]["content"]
    assert content[0]["text"]["annotations"] == [note, note]


def test_text_then_calls(place: StorePlace) -> None:
    events = stream(
        place,
        TextDelta("Let me see."),
        ToolCallStarted("call_1", "function", "look_up"),
        ToolCallStarted("call_2", "function", "look_up"),
        ToolCallDelta("call_1", '{"q"'),
        ToolCallDelta("call_2", "{}"),
        ToolCallDelta("call_1", ":1}"),
        UsageReported(1, 2, 3),
        Finished(),
        tools=[FUNCTION],
    )
    assert names(events) == [
        *START,
        *OPEN_MESSAGE,
        *END_MESSAGE,
        *OPEN_STEP,
        "run.step.delta",
        "run.requires_action",
        "done",
    ]
    run = events[-2][1]
    calls = run["required_action"]["submit_tool_outputs"]["tool_calls"]
    assert [call["function"]["arguments"] for call in calls] == ['{"q":1}', "{}"]
    assert run["usage"]["total_tokens"] == 3


def test_upstream_tools(place: StorePlace) -> None:
    results = [{"file_id": "file-1", "file_name": "a.md", "score": 0.5, "content": []}]
    search = {"ranking_options": {"ranker": "auto", "score_threshold": 0.0}, "results": results}
    events = stream(
        place,
        ToolCallStarted("fs_1", "file_search"),
        ToolCallEnded("fs_1", search),
        ToolCallStarted("ci_1", "code_interpreter"),
        ToolCallDelta("ci_1", "1+1"),
        ToolCallEnded("ci_1", {"outputs": [{"type": "logs", "logs": "2"}]}),
        TextDelta("Two."),
        UsageReported(1, 1, 2),
        Finished(),
    )
    tool_step = [*OPEN_STEP, "run.step.delta", "run.step.completed"]
    assert names(events) == [
        *START,
        *tool_step,
        *tool_step,
        *OPEN_MESSAGE,
        *END_MESSAGE,
        "run.completed",
        "done",
    ]
    searched, computed, _ = (
        data["step_details"] for name, data in events if name == "thread.run.step.completed"
    )
    assert "content" not in searched["tool_calls"][0]["file_search"]["results"][0]
    assert computed["tool_calls"][0]["code_interpreter"] == {
        "input": "1+1",
        "outputs": [{"type": "logs", "logs": "2"}],
    }
    api = Api(place)
    run = events[-2][1]
    path = f"/threads/{run['thread_id']}/runs/{run['id']}/steps"
    wanted = {"include[]": "step_details.tool_calls[*].file_search.results[*].content"}
    step = api.get(path, order="asc", **wanted)["data"][0]
    assert step["step_details"]["tool_calls"][0]["file_search"] == search
    api.close()


def test_kept_items_and_outputs_come_back(place: StorePlace) -> None:
    item = {"type": "reasoning", "encrypted_content": "…"}
    model = Scripted(
        [
            TextDelta("Hm."),
            ItemKept(item),
            ToolCallStarted("call_1", "function", "look_up"),
            Finished(),
        ],
        [TextDelta("Done."), Finished()],
    )
    api = api_with(model, place)
    run = api.run("question", tools=[FUNCTION], temperature=0, instructions="Be kind.")
    path = f"/threads/{run['thread_id']}/runs/{run['id']}/submit_tool_outputs"
    api.post(path, {"tool_outputs": [{"tool_call_id": "call_1", "output": "found"}]})
    first, second = model.turns
    assert first.instructions == "Be kind."
    assert first.settings.temperature == 0
    assert first.settings.top_p is None
    assert first.settings.truncation is None
    assert len(first.history) == 1
    question, said, called = second.history
    assert question.text == "question"
    assert question.field.startswith("message msg_")
    assert (said.role, said.text) == ("assistant", "Hm.")
    assert called.calls[0].output == "found"
    assert (*said.kept, *called.kept) == (item,)
    api.close()
    assert model.closed


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (ModelError("rate_limit_exceeded", "Slow down."), "rate_limit_exceeded", "Slow down."),
        (ModelError("invalid_prompt", "No."), "invalid_prompt", "No."),
        (RuntimeError("oops"), "server_error", "The scripted backend failed: RuntimeError: oops"),
    ],
)
def test_errors(place: StorePlace, error: Exception, code: str, message: str) -> None:
    events = stream(place, TextDelta("a"), error)
    assert events[-2][1]["last_error"] == {"code": code, "message": message}
    step = dict(events)["thread.run.step.failed"]
    assert step["last_error"]["code"] in ("server_error", "rate_limit_exceeded")


@pytest.mark.parametrize(
    "events",
    [
        [TextDelta("cut")],
        [ToolCallDelta("call_x", "{}"), Finished()],
        [ToolCallStarted("call_x", "function", "f")] * 2,
    ],
)
def test_broken_answers_fail_the_run(place: StorePlace, events: list[ModelEvent]) -> None:
    found = stream(place, *events)
    assert names(found)[-2:] == ["run.failed", "done"]
    assert found[-2][1]["last_error"]["code"] == "server_error"


def test_content_filter(place: StorePlace) -> None:
    events = stream(place, TextDelta("a"), Finished("content_filter"))
    assert dict(events)["thread.message.incomplete"]["incomplete_details"] == {
        "reason": "content_filter"
    }
    assert events[-2][1]["incomplete_details"] == {}


def test_calls_cut_by_a_limit_are_not_asked_for(place: StorePlace) -> None:
    events = stream(
        place,
        ToolCallStarted("call_1", "function", "f"),
        ToolCallDelta("call_1", '{"a'),
        Finished("max_completion_tokens"),
    )
    assert names(events)[-3:] == ["run.step.completed", "run.incomplete", "done"]


class Blocked(Scripted):
    """A model that hangs until somebody closes its line."""

    def answer(self, turn: Prompt) -> Generator[ModelEvent, None, None]:
        hung = [True]
        yield TextDelta("Once upon a time")
        with turn.cancellation.closing(lambda: hung.__setitem__(0, False)):
            while hung[0]:
                time.sleep(0.01)
        raise OSError("the line was closed")


def test_cancellation_closes_a_blocked_answer(place: StorePlace) -> None:
    api = api_with(Blocked(), place)
    with api.streaming("/threads/runs", {"assistant_id": "asst_demo"}) as events:
        run = next(data for name, data in events if name == "thread.run.in_progress")
        api.post(f"/threads/{run['thread_id']}/runs/{run['id']}/cancel")
        ends = [name for name, _ in events]
    assert ends[-5:] == [
        "thread.run.cancelling",
        "thread.message.incomplete",
        "thread.run.step.cancelled",
        "thread.run.cancelled",
        "done",
    ]
    api.close()
