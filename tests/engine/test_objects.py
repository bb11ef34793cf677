"""Objects and their operations: defaults, updates, deletions, what a run takes from where."""

from typing import Any

import pytest

from tests.engine.support import BOTH_DOORS, FUNCTION, Api, ask, names

pytestmark = [BOTH_DOORS, pytest.mark.both_databases]

NAMED = {"type": "function", "function": {"name": "named", "parameters": {"type": "object"}}}
DEFAULTS = {
    "instructions": "",
    "tools": [],
    "metadata": {},
    "temperature": 1.0,
    "top_p": 1.0,
    "response_format": "auto",
    "tool_choice": "auto",
    "parallel_tool_calls": True,
    "truncation_strategy": {"type": "auto", "last_messages": None},
    "max_prompt_tokens": None,
    "max_completion_tokens": None,
}


def shown(run: dict[str, Any]) -> dict[str, Any]:
    return {name: run[name] for name in DEFAULTS}


def test_run_shows_defaults(api: Api) -> None:
    run = api.run("x")
    assert shown(run) == DEFAULTS
    assert run["model"] == "echo"


def test_run_takes_from_request_before_assistant_before_default(api: Api) -> None:
    assistant = api.post(
        "/assistants",
        {
            "model": "some-model",
            "instructions": "Be brief.",
            "tools": [FUNCTION],
            "temperature": 0.5,
            "top_p": 0,
            "response_format": {"type": "json_object"},
            "metadata": {"of": "assistant"},
        },
    )
    run = api.run(
        "x",
        assistant_id=assistant["id"],
        model="echo",
        instructions=None,
        tools=[NAMED],
        temperature=0,
        metadata={"of": "run"},
    )
    assert shown(run) == DEFAULTS | {
        "instructions": "Be brief.",
        "tools": [NAMED],
        "temperature": 0,
        "top_p": 0,
        "response_format": {"type": "json_object"},
        "metadata": {"of": "run"},
    }
    assert (run["model"], run["assistant_id"]) == ("echo", assistant["id"])


def test_other_models_need_an_upstream(api: Api) -> None:
    refusal = api.refused("POST", "/threads/runs", ask("x", model="gpt-4o"))
    assert refusal[0] == 401
    assert refusal[1].startswith("The upstream api.openai.com needs a key: set OPENAI_API_KEY, or")


def test_additional_instructions_and_messages(api: Api) -> None:
    thread = api.post("/threads")["id"]
    run = api.post(
        f"/threads/{thread}/runs",
        {
            "assistant_id": "asst_demo",
            "instructions": "One.",
            "additional_instructions": "Two.",
            "additional_messages": [{"role": "user", "content": "Three"}],
            "reasoning_effort": "low",
        },
    )
    assert run["instructions"] == "One.\n\nTwo."
    assert api.texts(thread) == ["Three", "Three"]


def test_assistant_life(api: Api) -> None:
    made = api.post("/assistants", {"model": "echo", "id": "asst_old", "name": "A"})
    assert made["id"] == "asst_old"
    assert made["tools"] == []
    assert made["tool_resources"] == {}
    message = "Invalid 'id': an assistant with id 'asst_old' exists or existed already."
    refusal = api.refused("POST", "/assistants", {"model": "echo", "id": "asst_old"})
    assert refusal == (400, message, "id", "invalid_value")
    updated = api.post("/assistants/asst_old", {"name": None, "temperature": 0.2, "tools": [NAMED]})
    assert updated == made | {"name": None, "temperature": 0.2, "tools": [NAMED]}
    assert api.get("/assistants/asst_old") == updated
    assert api.post("/assistants/asst_old", {"temperature": None})["temperature"] == 1.0
    assert api.delete("/assistants/asst_old") == {
        "id": "asst_old",
        "object": "assistant.deleted",
        "deleted": True,
    }
    assert api.refused("GET", "/assistants/asst_old")[0] == 404


def test_thread_life(api: Api) -> None:
    resources = {"code_interpreter": {"file_ids": ["file-1"]}}
    thread = api.post("/threads", {"metadata": {"a": "b"}, "tool_resources": resources})
    path = f"/threads/{thread['id']}"
    assert api.post(path, {"metadata": {"c": "d"}}) == thread | {"metadata": {"c": "d"}}
    assert api.post(path, {"tool_resources": None})["tool_resources"] == {}
    assert api.get(path)["metadata"] == {"c": "d"}
    assert api.delete(path)["object"] == "thread.deleted"
    for method, gone in (("GET", path), ("GET", f"{path}/messages"), ("DELETE", path)):
        assert api.refused(method, gone)[0] == 404


def test_message_shapes(api: Api) -> None:
    blocks = [
        {"type": "text", "text": "Look:"},
        {"type": "image_url", "image_url": {"url": "https://example.com/a.png", "detail": "low"}},
        {"type": "image_file", "image_file": {"file_id": "file-9"}},
    ]
    run = api.post(
        "/threads/runs",
        {
            "assistant_id": "asst_demo",
            "thread": {"messages": [{"role": "user", "content": blocks}]},
        },
    )
    question = api.get(f"/threads/{run['thread_id']}/messages", order="asc")["data"][0]
    text = {"type": "text", "text": {"value": "Look:", "annotations": []}}
    assert question["content"] == [text, *blocks[1:]]
    assert question["status"] == "completed"
    assert question["completed_at"] == question["created_at"]
    assert (
        api.get(f"/threads/{run['thread_id']}/messages")["data"][0]["content"][0]["text"]["value"]
        == "Look:\n[image]\n[image]"
    )


def test_message_and_run_metadata(api: Api) -> None:
    run = api.run("x", metadata={"a": "b"})
    message = api.get(f"/threads/{run['thread_id']}/messages")["data"][0]
    for path, before in (
        (f"/threads/{run['thread_id']}/messages/{message['id']}", message),
        (f"/threads/{run['thread_id']}/runs/{run['id']}", run),
    ):
        assert api.post(path, {"metadata": {"c": "d"}}) == before | {"metadata": {"c": "d"}}
        assert api.post(path) == before | {"metadata": {"c": "d"}}
        assert api.post(path, {"metadata": None}) == before | {"metadata": {}}
        assert api.refused("POST", path, {"content": "y"})[3] == "unknown_parameter"


def test_no_thread_makes_an_empty_one(api: Api) -> None:
    events = api.stream("/threads/runs", {"assistant_id": "asst_demo"})
    assert events[0][1]["metadata"] == {}
    assert events[-2][1]["usage"] == {
        "prompt_tokens": 0,
        "completion_tokens": 0,
        "total_tokens": 0,
    }
    assert api.texts(events[0][1]["id"]) == [""]


def conversation(api: Api, *texts: str) -> str:
    messages = [{"role": "user", "content": text} for text in texts]
    return f"/threads/{api.post('/threads', {'messages': messages})['id']}/runs"


def test_last_messages(api: Api) -> None:
    path = conversation(api, "one one one", "two two", "three")
    strategy = {"type": "last_messages", "last_messages": 2}
    run = api.post(path, {"assistant_id": "asst_demo", "truncation_strategy": strategy})
    assert run["truncation_strategy"] == strategy
    assert run["usage"]["prompt_tokens"] == 3


def test_prompt_limit_drops_the_oldest(api: Api) -> None:
    path = conversation(api, "a " * 200, "b " * 150, "c " * 100)
    run = api.post(path, {"assistant_id": "asst_demo", "max_prompt_tokens": 256})
    assert run["status"] == "completed"
    assert run["usage"]["prompt_tokens"] == 250


def test_one_message_beyond_the_prompt_limit(api: Api) -> None:
    events = api.run_stream("word " * 300, max_prompt_tokens=256)
    assert names(events)[-3:] == ["run.in_progress", "run.incomplete", "done"]
    assert events[-2][1]["incomplete_details"] == {"reason": "max_prompt_tokens"}


def test_completion_limit(api: Api) -> None:
    run = api.run("word\n!repeat 300", max_completion_tokens=256)
    assert run["status"] == "incomplete"
    assert run["incomplete_details"] == {"reason": "max_completion_tokens"}
    assert run["usage"]["completion_tokens"] == 256
    message = api.get(f"/threads/{run['thread_id']}/messages")["data"][0]
    assert message["status"] == "incomplete"


def test_completion_limit_spans_all_answers_of_a_run(api: Api) -> None:
    arguments = f'{{"a": "{"x " * 299}"}}'
    run = api.run(f"!call f {arguments}", max_completion_tokens=256)
    call = run["required_action"]["submit_tool_outputs"]["tool_calls"][0]["id"]
    path = f"/threads/{run['thread_id']}/runs/{run['id']}"
    done = api.post(
        f"{path}/submit_tool_outputs", {"tool_outputs": [{"tool_call_id": call, "output": "x"}]}
    )
    assert done["status"] == "incomplete"
    assert done["incomplete_details"] == {"reason": "max_completion_tokens"}


@pytest.mark.parametrize(
    ("text", "reply"),
    [
        ("Hello\n!repeat 3", "Hello\nHello\nHello"),
        ("!important: not a directive", "!important: not a directive"),
        ("above\n!slow 0.01\nbelow", "above\nbelow"),
        (" !call not at the start", " !call not at the start"),
    ],
)
def test_directives(api: Api, text: str, reply: str) -> None:
    assert api.texts(api.run(text)["thread_id"])[-1] == reply


@pytest.mark.parametrize("text", ["!slow", "!slow fast", "!repeat -1", "!repeat 1000000", "!call"])
def test_broken_directives_fail_the_run(api: Api, text: str) -> None:
    run = api.run(text)
    assert run["status"] == "failed"
    assert run["last_error"]["code"] == "invalid_prompt"


def test_poll_hint(api: Api) -> None:
    run = api.run("x")
    response = api.ask("GET", f"/threads/{run['thread_id']}/runs/{run['id']}")
    assert response.headers["openai-poll-after-ms"] == "250"


@pytest.mark.slow
def test_long_stream(api: Api) -> None:
    events = api.run_stream("word\n!repeat 3000")
    text = "".join(
        data["delta"]["content"][0]["text"]["value"]
        for name, data in events
        if name == "thread.message.delta"
    )
    assert text == dict(events)["thread.message.completed"]["content"][0]["text"]["value"]
    assert text.split() == ["word"] * 3000
