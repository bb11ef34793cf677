"""What a Chat Completions server is asked: the mapping, field by field."""

from typing import Any

import pytest

from tests.engine.support import FUNCTION, Api, ask
from tests.engine.upstream.support import Upstream, called, chat_calls, chat_says, refusal

PLAIN = {"messages": [{"role": "user", "content": "Hi"}], "model": "m", "stream": True}
COUNT = {"stream_options": {"include_usage": True}}
NO_PARAMETERS = {"type": "object", "properties": {}}
TOOL = {"type": "function", "function": {"name": "look_up", "parameters": NO_PARAMETERS}}
SCHEMA = {
    "type": "json_schema",
    "json_schema": {"name": "n", "schema": {"type": "object"}, "strict": True},
}


def sent(api: Api, upstream: Upstream, text: str = "Hi", **fields: Any) -> Any:
    """The request that a run makes."""
    upstream.reply(chat_says("Ok"))
    assert api.run(text, model="m", **fields)["status"] == "completed"
    return upstream.last.json


def test_defaults_are_not_sent(chat: Api, upstream: Upstream) -> None:
    assert sent(chat, upstream, metadata={"secret": "kept here"}) == {**PLAIN, **COUNT}
    assert upstream.last.path == "/v1/chat/completions"
    assert upstream.last.header("authorization") is None


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"temperature": 0}, {"temperature": 0}),
        ({"top_p": 0.5}, {"top_p": 0.5}),
        ({"response_format": "auto"}, {}),
        ({"response_format": {"type": "text"}}, {"response_format": {"type": "text"}}),
        (
            {"response_format": {"type": "json_object"}},
            {"response_format": {"type": "json_object"}},
        ),
        ({"response_format": SCHEMA}, {"response_format": SCHEMA}),
        ({"max_completion_tokens": 300}, {"max_completion_tokens": 300}),
        ({"max_prompt_tokens": 300}, {}),
        ({"truncation_strategy": {"type": "auto"}}, {}),
        ({"tool_choice": "none", "parallel_tool_calls": False}, {}),
        (
            {"tools": [FUNCTION], "tool_choice": "auto", "parallel_tool_calls": False},
            {"tools": [TOOL], "tool_choice": "auto", "parallel_tool_calls": False},
        ),
        (
            {"tools": [FUNCTION], "tool_choice": FUNCTION},
            {"tools": [TOOL], "tool_choice": FUNCTION},
        ),
        ({"temperature": None, "tools": None}, {}),
    ],
)
def test_settings(
    chat: Api, upstream: Upstream, fields: dict[str, Any], expected: dict[str, Any]
) -> None:
    assert sent(chat, upstream, **fields) == {**PLAIN, **COUNT, **expected}


def test_settings_of_the_assistant_and_of_the_run(chat: Api, upstream: Upstream) -> None:
    settings = {"model": "m", "instructions": "A", "temperature": 1, "reasoning_effort": "low"}
    assistant = chat.post("/assistants", settings)["id"]
    thread = chat.post("/threads", {"messages": [{"role": "user", "content": "Hi"}]})["id"]
    upstream.reply(chat_says("Ok"))
    run = {"assistant_id": assistant, "additional_instructions": "B", "reasoning_effort": "high"}
    chat.post(f"/threads/{thread}/runs", {**run, "temperature": 0.2})
    assert upstream.last.json == {
        **PLAIN,
        **COUNT,
        "messages": [
            {"role": "system", "content": "A\n\nB"},
            {"role": "user", "content": "Hi"},
        ],
        "temperature": 0.2,
        "reasoning_effort": "high",
    }


def test_messages(chat: Api, upstream: Upstream) -> None:
    image = {"url": "https://example.com/a.png"}
    parts = [
        {"type": "text", "text": "Look"},
        {"type": "image_url", "image_url": image},
        {"type": "image_url", "image_url": {**image, "detail": "low"}},
    ]
    texts = [{"type": "text", "text": "one"}, {"type": "text", "text": "two"}]
    upstream.reply(chat_says("Ok"))
    messages = [
        {"role": "user", "content": texts},
        {"role": "assistant", "content": "Yes?"},
        {"role": "user", "content": parts},
    ]
    chat.post(
        "/threads/runs",
        {"assistant_id": "asst_demo", "model": "m"} | {"thread": {"messages": messages}},
    )
    assert upstream.last.json["messages"] == [
        {"role": "user", "content": "one\ntwo"},
        {"role": "assistant", "content": "Yes?"},
        {"role": "user", "content": parts},
    ]


def test_only_the_last_messages(chat: Api, upstream: Upstream) -> None:
    thread = chat.post(
        "/threads", {"messages": [{"role": "user", "content": str(n)} for n in range(5)]}
    )["id"]
    upstream.reply(chat_says("Ok"))
    last = {"type": "last_messages", "last_messages": 2}
    chat.post(
        f"/threads/{thread}/runs",
        {"assistant_id": "asst_demo", "model": "m", "truncation_strategy": last},
    )
    assert [one["content"] for one in upstream.last.json["messages"]] == ["3", "4"]


def test_a_prompt_limit_drops_the_oldest(chat: Api, upstream: Upstream) -> None:
    words = [f"{n} " + "word " * 100 for n in range(5)]
    messages = [{"role": "user", "content": text} for text in words]
    upstream.reply(chat_says("Ok"))
    chat.post(
        "/threads/runs",
        {
            "assistant_id": "asst_demo",
            "model": "m",
            "thread": {"messages": messages},
            "max_prompt_tokens": 256,
        },
    )
    assert [one["content"] for one in upstream.last.json["messages"]] == words[3:]


@pytest.mark.parametrize("before", ["", "Let me look."])
def test_a_tool_turn_is_given_back(chat: Api, upstream: Upstream, before: str) -> None:
    calls = [called("a", "look_up", '{"q": 1}'), called("b", "look_up", "", index=1)]
    upstream.reply(chat_calls(*calls, before=before), chat_says("Done"))
    run = chat.run("Hi", model="m", tools=[FUNCTION], tool_choice="required")
    assert run["status"] == "requires_action"
    asked = run["required_action"]["submit_tool_outputs"]["tool_calls"]
    assert [(call["id"], call["function"]["arguments"]) for call in asked] == [
        ("a", '{"q": 1}'),
        ("b", ""),
    ]
    outputs = [{"tool_call_id": "b", "output": "two"}, {"tool_call_id": "a", "output": "one"}]
    path = f"/threads/{run['thread_id']}/runs/{run['id']}/submit_tool_outputs"
    assert chat.post(path, {"tool_outputs": outputs})["status"] == "completed"
    first, second = upstream.bodies
    assert first["tool_choice"] == "required"
    assert "tool_choice" not in second
    assert second["messages"] == [
        {"role": "user", "content": "Hi"},
        {
            "role": "assistant",
            "content": before,
            "tool_calls": [
                {
                    "id": "a",
                    "type": "function",
                    "function": {"name": "look_up", "arguments": '{"q": 1}'},
                },
                {"id": "b", "type": "function", "function": {"name": "look_up", "arguments": "{}"}},
            ],
        },
        {"role": "tool", "tool_call_id": "a", "content": "one"},
        {"role": "tool", "tool_call_id": "b", "content": "two"},
    ]


def test_an_earlier_answer_is_not_taken_for_the_words_before_a_call(
    chat: Api, upstream: Upstream
) -> None:
    messages = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Earlier"}]
    upstream.reply(chat_calls(called("a", "look_up")), chat_says("Done"))
    body = {"assistant_id": "asst_demo", "model": "m", "tools": [FUNCTION]}
    run = chat.post("/threads/runs", {**body, "thread": {"messages": messages}})
    path = f"/threads/{run['thread_id']}/runs/{run['id']}/submit_tool_outputs"
    chat.post(path, {"tool_outputs": [{"tool_call_id": "a", "output": "one"}]})
    roles = [(one["role"], one["content"]) for one in upstream.last.json["messages"]]
    assert roles[1:3] == [("assistant", "Earlier"), ("assistant", "")]


def test_a_refusal_in_the_thread(chat: Api, upstream: Upstream) -> None:
    from tests.engine.upstream.support import DONE, chunk, wire

    upstream.reply(
        wire(chunk(refusal="I "), chunk("stop", refusal="won't."), DONE), chat_says("Ok")
    )
    run = chat.run("Hi", model="m")
    thread = f"/threads/{run['thread_id']}"
    [message] = chat.get(f"{thread}/messages", limit=1)["data"]
    assert message["content"] == [{"type": "refusal", "refusal": "I won't."}]
    chat.post(f"{thread}/messages", {"role": "user", "content": "Please"})
    chat.post(f"{thread}/runs", {"assistant_id": "asst_demo", "model": "m"})
    assert upstream.last.json["messages"][1] == {"role": "assistant", "content": "I won't."}


@pytest.mark.parametrize(
    ("fields", "param", "value"),
    [
        ({"tools": [FUNCTION, {"type": "code_interpreter"}]}, "tools[1].type", "code_interpreter"),
        ({"tools": [{"type": "file_search"}]}, "tools[0].type", "file_search"),
        (
            {"tools": [{"type": "file_search"}], "tool_choice": {"type": "file_search"}},
            "tools[0].type",
            "file_search",
        ),
    ],
)
def test_tools_that_chat_cannot_carry(
    chat: Api, fields: dict[str, Any], param: str, value: str
) -> None:
    assert chat.refused("POST", "/threads/runs", ask("x", model="m", **fields)) == (
        400,
        f"'{param}': '{value}' is not supported by the chat backend.",
        param,
        "unsupported_parameter",
    )


@pytest.mark.parametrize(
    ("message", "param"),
    [
        (
            {"content": "x", "attachments": [{"file_id": "file-1", "tools": []}]},
            "thread.messages[1].attachments",
        ),
        (
            {"content": [{"type": "image_file", "image_file": {"file_id": "file-1"}}]},
            "thread.messages[1].content[0].type",
        ),
        (
            {
                "role": "assistant",
                "content": [
                    {"type": "text", "text": "x"},
                    {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
                ],
            },
            "thread.messages[1].content[1].type",
        ),
    ],
)
def test_messages_that_chat_cannot_carry(
    chat: Api, upstream: Upstream, message: dict[str, Any], param: str
) -> None:
    messages = [{"role": "user", "content": "fine"}, {"role": "user", **message}]
    body = {"assistant_id": "asst_demo", "model": "m", "thread": {"messages": messages}}
    status, text, found, code = chat.refused("POST", "/threads/runs", body)
    assert (status, found, code) == (400, param, "unsupported_parameter")
    assert text.endswith("is not supported by the chat backend.")
    assert upstream.seen == []


def test_older_names_where_the_newer_are_refused(chat: Api, upstream: Upstream) -> None:
    upstream.reply(
        refusal(400, "Unsupported parameter: 'max_completion_tokens'"),
        refusal(422, "Extra inputs are not permitted: stream_options"),
        chat_says("Ok"),
    )
    assert chat.run("Hi", model="m", max_completion_tokens=300)["status"] == "completed"
    assert chat.run("Hi", model="m", max_completion_tokens=300)["status"] == "completed"
    first, second, third, next_run = upstream.bodies
    assert first == {**PLAIN, **COUNT, "max_completion_tokens": 300}
    assert second == {**PLAIN, **COUNT, "max_tokens": 300}
    assert third == next_run == {**PLAIN, "max_tokens": 300}


def test_a_vague_refusal_is_tried_without_stream_options(chat: Api, upstream: Upstream) -> None:
    upstream.reply(refusal(400, "Bad request"), refusal(400, "The model is broken"))
    run = chat.run("Hi", model="m")
    assert run["last_error"]["code"] == "invalid_prompt"
    assert run["last_error"]["message"].endswith("answered 400: The model is broken")
    assert upstream.bodies == [{**PLAIN, **COUNT}, PLAIN]


def test_a_refusal_that_names_a_setting_is_final(chat: Api, upstream: Upstream) -> None:
    text = "Unsupported value: 'temperature' does not support 0."
    upstream.reply(refusal(400, text, param="temperature", code="unsupported_value"))
    run = chat.run("Hi", model="m", temperature=0)
    assert len(upstream.seen) == 1
    assert run["status"] == "failed"
    assert run["last_error"]["message"].endswith(f"answered 400 (unsupported_value): {text}")


TOO_LONG = refusal(
    400, "This model's maximum context length is 9 tokens.", code="context_length_exceeded"
)


def test_a_prompt_that_is_too_long_is_halved_once(chat: Api, upstream: Upstream) -> None:
    messages = [{"role": "user", "content": f"message {n}"} for n in range(6)]
    body = {"assistant_id": "asst_demo", "model": "m", "thread": {"messages": messages}}
    upstream.reply(TOO_LONG, chat_says("Ok"))
    assert chat.post("/threads/runs", body)["status"] == "completed"
    assert [len(sent["messages"]) for sent in upstream.bodies] == [6, 3]
    assert upstream.last.json["messages"] == messages[3:]
    upstream.seen.clear()
    upstream.reply(TOO_LONG)
    assert chat.post("/threads/runs", body)["last_error"]["code"] == "invalid_prompt"
    assert len(upstream.seen) == 2


def test_a_length_that_was_ordered_is_kept(chat: Api, upstream: Upstream) -> None:
    messages = [{"role": "user", "content": f"message {n}"} for n in range(6)]
    strategy = {"type": "last_messages", "last_messages": 4}
    body = {"assistant_id": "asst_demo", "model": "m", "truncation_strategy": strategy}
    upstream.reply(TOO_LONG)
    run = chat.post("/threads/runs", {**body, "thread": {"messages": messages}})
    assert run["status"] == "failed"
    assert [len(sent["messages"]) for sent in upstream.bodies] == [4]
