"""The event sequences of a run, exactly."""

import pytest

from tests.engine.support import BOTH_DOORS, FUNCTION, Api, ask, names

pytestmark = [BOTH_DOORS, pytest.mark.both_databases]

START = ["created", "run.created", "run.queued", "run.in_progress"]
MESSAGE = [
    "run.step.created",
    "run.step.in_progress",
    "message.created",
    "message.in_progress",
    "message.delta",
]
CALLS = ["run.step.created", "run.step.in_progress", "run.step.delta"]


def test_text(api: Api) -> None:
    events = api.run_stream("Good morning, engine")
    end = ["message.completed", "run.step.completed", "run.completed", "done"]
    assert names(events) == [*START, *MESSAGE, *end]
    data = dict(events)
    assert [
        run["status"]
        for name, run in events
        if name.startswith("thread.run.") and "step" not in name
    ] == [
        "queued",
        "queued",
        "in_progress",
        "completed",
    ]
    assert data["thread.message.in_progress"]["content"] == []
    assert data["thread.run.step.completed"]["usage"] == data["thread.run.completed"]["usage"]
    assert data["thread.run.completed"]["usage"] == {
        "prompt_tokens": 3,
        "completion_tokens": 3,
        "total_tokens": 6,
    }


def test_first_delta_carries_annotations_and_later_ones_only_text(api: Api) -> None:
    deltas = [data for name, data in api.run_stream("one two three") if "delta" in name]
    blocks = [delta["delta"]["content"][0] for delta in deltas]
    assert blocks == [
        {"index": 0, "type": "text", "text": {"value": "one ", "annotations": []}},
        {"index": 0, "type": "text", "text": {"value": "two "}},
        {"index": 0, "type": "text", "text": {"value": "three"}},
    ]


def test_empty_reply_still_has_a_block(api: Api) -> None:
    events = api.run_stream("")
    assert names(events)[4:9] == MESSAGE
    content = dict(events)["thread.message.completed"]["content"]
    assert content == [{"type": "text", "text": {"value": "", "annotations": []}}]


def test_function_calls(api: Api) -> None:
    events = api.run_stream('!call look_up {"q": "a b"}\n!call other', tools=[FUNCTION])
    assert names(events) == [*START, *CALLS, "run.requires_action", "done"]
    data = dict(events)
    assert data["thread.run.step.in_progress"]["step_details"]["tool_calls"] == []
    pieces = [
        data["delta"]["step_details"]["tool_calls"][0] for name, data in events if "delta" in name
    ]
    calls = data["thread.run.requires_action"]["required_action"]["submit_tool_outputs"]
    first, second = calls["tool_calls"]
    opening = [piece for piece in pieces if "id" in piece]
    assert opening == [
        {
            "index": index,
            "id": call["id"],
            "type": "function",
            "function": {"name": call["function"]["name"], "arguments": "", "output": None},
        }
        for index, call in enumerate((first, second))
    ]
    assert all(set(piece["function"]) == {"arguments"} for piece in pieces if "id" not in piece)
    assert first["function"] == {"name": "look_up", "arguments": '{"q": "a b"}'}
    assert second["function"] == {"name": "other", "arguments": "{}"}


def test_failure_with_an_open_message(api: Api) -> None:
    events = api.run_stream("Half of it\n!fail The disk is on fire.")
    end = ["message.incomplete", "run.step.failed", "run.failed", "done"]
    assert names(events) == [*START, *MESSAGE, *end]
    data = dict(events)
    assert data["thread.message.incomplete"]["content"][0]["text"]["value"] == "Half of it"
    assert data["thread.message.incomplete"]["incomplete_details"] == {"reason": "run_failed"}
    error = {"code": "server_error", "message": "The disk is on fire."}
    assert data["thread.run.failed"]["last_error"] == error
    assert data["thread.run.step.failed"]["last_error"] == error


def test_failure_before_any_step(api: Api) -> None:
    events = api.run_stream("!fail")
    assert names(events) == [*START, "run.failed", "done"]


def test_length(api: Api) -> None:
    events = api.run_stream("one two three four\n!length")
    end = ["message.incomplete", "run.step.completed", "run.incomplete", "done"]
    assert names(events) == [*START, *MESSAGE, *end]
    data = dict(events)
    assert data["thread.message.incomplete"]["content"][0]["text"]["value"] == "one two "
    assert data["thread.message.incomplete"]["incomplete_details"] == {"reason": "max_tokens"}
    assert data["thread.run.incomplete"]["incomplete_details"] == {
        "reason": "max_completion_tokens"
    }


@pytest.mark.parametrize("text", ["Zeile\u2028mit\u0085Trennern", "tab\tand\r\nreturn", "😀 ok"])
def test_any_text_comes_back_unharmed(api: Api, text: str) -> None:
    events = api.run_stream(text)
    assert dict(events)["thread.message.completed"]["content"][0]["text"]["value"] == text


def test_events_come_while_the_run_runs(api: Api) -> None:
    with api.streaming("/threads/runs", ask("one two\n!slow 0.5")) as events:
        assert next(events)[0] == "thread.created"
        run = next(events)[1]
        path = f"/threads/{run['thread_id']}/runs/{run['id']}"
        # A worker has gone on at once; in process, the run goes on as it is read.
        assert api.get(path)["status"] in (("queued", "in_progress") if api.served else ("queued",))
        assert [name for name, _ in events][-1] == "done"
    assert api.get(path)["status"] == "completed"
