"""Messages for servers that see less than others, and templates that take less.

The ids name the server or template that a refusal was seen at, or reported for.
"""

from typing import Any

import pytest

from tests.engine.support import FUNCTION, Api
from tests.engine.upstream.support import (
    DONE,
    Upstream,
    answers,
    called,
    chat_calls,
    chat_says,
    data,
    message,
    refusal,
    wire,
)
from tests.support.server import Reply

IMAGE = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}
ALTERNATE = "Conversation roles must alternate user/assistant/user/assistant/..."
REFUSALS = [
    pytest.param(400, ALTERNATE, id="Mistral, Gemma: roles must alternate"),
    pytest.param(500, ALTERNATE, id="the same as a fault of the server"),
    pytest.param(400, "System role not supported", id="Gemma: no system role"),
    pytest.param(400, "Only user and assistant roles are supported!", id="Mistral: two roles"),
    pytest.param(
        400, "Please ensure that multiturn requests alternate between user and model", id="Gemini"
    ),
    pytest.param(
        400,
        "After the optional system message, conversation roles must alternate "
        "user/assistant/user/assistant/...",
        id="Mistral, later templates",
    ),
    pytest.param(
        422, 'messages: first message must use the "user" role', id="Anthropic: assistant first"
    ),
]


def is_strict(messages: list[Any]) -> bool:
    """Whether user and assistant take turns, the user first, and nobody else speaks."""
    roles = [one["role"] for one in messages if one.get("role") != "tool"]
    return roles == [("user", "assistant")[place % 2] for place in range(len(roles))]


def strict_template(status: int, words: str) -> Any:
    """A Chat Completions server behind such a template."""

    def behave(body: Any) -> Reply:
        return chat_says("Ok") if is_strict(body["messages"]) else refusal(status, words)

    return behave


def thread_of(api: Api, *messages: tuple[str, Any]) -> str:
    told = [{"role": role, "content": content} for role, content in messages]
    return str(api.post("/threads", {"messages": told})["id"])


def run_on(api: Api, thread: str, **fields: Any) -> Any:
    return api.post(
        f"/threads/{thread}/runs", {"assistant_id": "asst_demo", "model": "m", **fields}
    )


@pytest.mark.parametrize(("status", "words"), REFUSALS)
def test_a_strict_template(chat: Api, upstream: Upstream, status: int, words: str) -> None:
    upstream.behave = strict_template(status, words)
    thread = thread_of(
        chat, ("user", "One"), ("user", "Two"), ("assistant", "A"), ("assistant", "B")
    )
    chat.post(f"/threads/{thread}/messages", {"role": "user", "content": "Three"})
    run = run_on(chat, thread, instructions="Be brief.")
    assert run["status"] == "completed", run["last_error"]
    assert upstream.last.json["messages"] == [
        {"role": "user", "content": "Be brief.\n\nOne\n\nTwo"},
        {"role": "assistant", "content": "A\n\nB"},
        {"role": "user", "content": "Three"},
    ]
    tries = len(upstream.seen)
    chat.post(f"/threads/{thread}/messages", {"role": "user", "content": "Four"})
    assert run_on(chat, thread)["status"] == "completed"
    assert len(upstream.seen) == tries + 1  # it is remembered
    assert run_on(chat, thread, model="other")["status"] == "completed"
    assert len(upstream.seen) == tries + 3  # for this model only


@pytest.mark.parametrize("way", ["in the stream", "behind an empty stream"])
def test_a_template_that_refuses_inside_of_a_good_status(
    chat: Api, upstream: Upstream, way: str
) -> None:
    def behave(body: Any) -> Reply:
        if is_strict(body["messages"]):
            return chat_says("Ok")
        if way == "in the stream":
            return wire(data({"error": {"message": ALTERNATE}}))
        return wire(DONE) if body["stream"] else refusal(500, ALTERNATE)

    upstream.behave = behave
    assert chat.run("Hi", model="m", instructions="Be brief.")["status"] == "completed"
    assert upstream.last.json["messages"] == [{"role": "user", "content": "Be brief.\n\nHi"}]
    assert upstream.last.json["stream"] is True
    assert len(upstream.seen) == (2 if way == "in the stream" else 3)


def test_an_assistant_that_would_speak_first(chat: Api, upstream: Upstream) -> None:
    upstream.behave = strict_template(400, ALTERNATE)
    thread = thread_of(chat, ("user", "One"), ("assistant", "A"), ("user", "Two"))
    last = {"type": "last_messages", "last_messages": 2}
    assert run_on(chat, thread, truncation_strategy=last)["status"] == "completed"
    assert upstream.last.json["messages"] == [
        {"role": "user", "content": "(Earlier messages are left out.)"},
        {"role": "assistant", "content": "A"},
        {"role": "user", "content": "Two"},
    ]
    chat.post(f"/threads/{thread}/messages", {"role": "user", "content": "Three"})
    run_on(chat, thread, instructions="Be brief.", truncation_strategy=last)
    assert [one["content"] for one in upstream.last.json["messages"]] == [
        "Be brief.",
        "Ok",
        "Three",
    ]


def test_neighbours_with_images(chat: Api, upstream: Upstream) -> None:
    upstream.behave = strict_template(400, ALTERNATE)
    thread = thread_of(chat, ("user", "One"), ("user", [{"type": "text", "text": "Look"}, IMAGE]))
    run_on(chat, thread, instructions="Be brief.")
    [merged] = upstream.last.json["messages"]
    texts = [{"type": "text", "text": text} for text in ("Be brief.\n\nOne", "Look")]
    assert merged == {"role": "user", "content": [*texts, IMAGE]}


def test_an_earlier_answer_before_a_call(chat: Api, upstream: Upstream) -> None:
    def behave(body: Any) -> Reply:
        messages = body["messages"]
        if not is_strict(messages):
            return refusal(400, ALTERNATE)
        calls = messages[-1]["role"] != "tool"
        return chat_calls(called("a", "look_up")) if calls else chat_says("Ok")

    upstream.behave = behave
    thread = thread_of(chat, ("user", "One"), ("assistant", "A"))
    run = chat.submit(run_on(chat, thread, tools=[FUNCTION]))
    assert run["status"] == "completed", run["last_error"]
    user, calling, output = upstream.last.json["messages"]
    assert (user["content"], calling["content"], output["role"]) == ("One", "A", "tool")
    assert [call["id"] for call in calling["tool_calls"]] == ["a"]


def test_a_refusal_that_stays_is_told(chat: Api, upstream: Upstream) -> None:
    upstream.reply(refusal(400, ALTERNATE))
    run = chat.run("Hi", model="m")
    assert run["last_error"]["message"].endswith(f"answered 400: {ALTERNATE}")
    assert len(upstream.seen) <= 3


def test_a_strict_template_behind_responses(responses: Api, upstream: Upstream) -> None:
    def behave(body: Any) -> Reply:
        if body.get("instructions") or not is_strict(body["input"]):
            return refusal(400, ALTERNATE)
        return answers(message("Ok"))

    upstream.behave = behave
    thread = thread_of(responses, ("user", "One"), ("user", "Two"))
    assert run_on(responses, thread, instructions="Be brief.")["status"] == "completed"
    merged = {"type": "message", "role": "user", "content": "Be brief.\n\nOne\n\nTwo"}
    assert upstream.last.json["input"] == [merged]
    assert len(upstream.seen) == 2


def test_servers_that_see_typed_items_and_plain_text_only(
    responses: Api, upstream: Upstream
) -> None:
    """open-responses-server drops items without `type`; LiteLLM hands lists to templates."""

    def behave(body: Any) -> Reply:
        seen = [one for one in body["input"] if one.get("type") == "message"]
        texts = [one["content"] for one in seen if isinstance(one["content"], str)]
        return answers(message(f"You said: {' / '.join(texts)}"))

    upstream.behave = behave
    parts = [{"type": "text", "text": text} for text in ("One", "Two")]
    thread = thread_of(responses, ("user", parts), ("assistant", "A"), ("user", "Three"))
    run_on(responses, thread)
    assert responses.texts(thread)[-1] == "You said: One\nTwo / A / Three"


@pytest.mark.parametrize("api", ["chat", "responses"])
def test_no_message_at_all(request: pytest.FixtureRequest, upstream: Upstream, api: str) -> None:
    engine: Api = request.getfixturevalue(api)
    upstream.reply(chat_says("Ok") if api == "chat" else answers(message("Ok")))
    body = {"assistant_id": "asst_demo", "model": "m"}
    assert engine.refused("POST", "/threads/runs", body) == (
        400,
        f"'thread.messages': '[]' is not supported by the {api} backend without instructions.",
        "thread.messages",
        "unsupported_parameter",
    )
    assert upstream.seen == []
    run = engine.post("/threads/runs", {**body, "instructions": "Greet."})
    assert run["status"] == "completed"
    assert engine.warnings == [
        "the thread has no message: the instructions are sent as a user message"
    ]
    [sent] = upstream.last.json["messages" if api == "chat" else "input"]
    assert (sent["role"], sent["content"]) == ("user", "Greet.")
    assert "instructions" not in upstream.last.json
