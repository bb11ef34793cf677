"""What is an answer, and what only looks like one: streams without an end, and without a word.

The ids name the server that a shape was seen at.
"""

from typing import Any

import pytest

from tests.engine.support import FUNCTION, Api, names
from tests.engine.upstream.support import (
    COUNTED,
    DONE,
    Upstream,
    answer_events,
    answers,
    called,
    chat_message,
    chat_says,
    chunk,
    data,
    events,
    message,
    reasoning,
    refusal,
    wire,
)
from tests.support.server import Reply

OVERFLOW = refusal(
    400,
    "This model's maximum context length is 512 tokens, however you requested 900 tokens.",
    code="context_length_exceeded",
)
ROLE = chunk(role="assistant", content="")


def streamed(upstream: Upstream) -> list[bool]:
    """Of each request, whether it asked for a stream."""
    return [sent["stream"] for sent in upstream.bodies]


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(wire(ROLE, chunk(content="Half"), DONE), id="llama-cpp-python: displaced"),
        pytest.param(wire(ROLE, chunk(content="Half")), id="no mark either"),
        pytest.param(wire(ROLE, chunk(content="Half"), cut=True), id="the connection breaks"),
    ],
)
def test_a_cut_answer_is_not_completed(chat: Api, upstream: Upstream, reply: Reply) -> None:
    upstream.reply(reply)
    told = chat.run_stream("Hi", model="m")
    assert names(told)[-4:] == ["message.incomplete", "run.step.failed", "run.failed", "done"]
    run = told[-2][1]
    assert run["last_error"]["code"] == "server_error"
    assert "before the end" in run["last_error"]["message"]
    assert chat.texts(run["thread_id"]) == ["Hi", "Half"]
    assert len(upstream.seen) == 1


def test_calls_without_an_end_are_not_asked_for(chat: Api, upstream: Upstream) -> None:
    upstream.reply(wire(chunk(tool_calls=[called("a", "look_up", '{"q"')]), DONE))
    run = chat.run("Hi", model="m", tools=[FUNCTION])
    assert (run["status"], run["required_action"]) == ("failed", None)
    assert len(upstream.seen) == 1


@pytest.mark.parametrize("items", [[message("Half")], [reasoning(), message("Half")]])
def test_a_cut_answer_of_responses(responses: Api, upstream: Upstream, items: list[Any]) -> None:
    upstream.reply(wire(*events(*answer_events(*items)[:-1]), DONE))
    run = responses.run("Hi", model="m")
    assert run["status"] == "failed"
    assert responses.texts(run["thread_id"]) == ["Hi", "Half"]
    assert len(upstream.seen) == 1


def test_a_cut_before_the_first_word_is_asked_again(chat: Api, upstream: Upstream) -> None:
    upstream.reply(wire(ROLE, cut=True), chat_says("Hello"))
    run = chat.run("Hi", model="m")
    assert (run["status"], streamed(upstream)) == ("completed", [True, True])
    assert chat.texts(run["thread_id"]) == ["Hi", "Hello"]


NOTHING = [
    pytest.param(wire(DONE), id="llama-cpp-python: only the mark"),
    pytest.param(wire(b""), id="llama-cpp-python: an empty stream"),
    pytest.param(wire(b": ping\n\n", b"data: \n\n"), id="only heartbeats"),
    pytest.param(wire(ROLE, DONE), id="a role, and the mark"),
    pytest.param(wire(ROLE, chunk("stop"), DONE), id="LiteLLM: an empty stream becomes a stop"),
    pytest.param(wire(chunk("tool_calls", tool_calls=[]), DONE), id="calls without a call"),
]


@pytest.mark.parametrize("nothing", NOTHING)
def test_nothing_is_asked_once_more_without_streaming(
    chat: Api, upstream: Upstream, nothing: Reply
) -> None:
    upstream.reply(nothing, Reply(body=chat_message("Hello")))
    run = chat.run("Hi", model="m")
    assert (run["status"], run["usage"]) == ("completed", COUNTED)
    assert chat.texts(run["thread_id"]) == ["Hi", "Hello"]
    first, second = upstream.bodies
    del first["stream_options"]
    assert second == {**first, "stream": False}


@pytest.mark.parametrize("nothing", NOTHING)
def test_nothing_twice_is_a_failure(chat: Api, upstream: Upstream, nothing: Reply) -> None:
    upstream.reply(nothing, Reply(body=chat_message("")))
    run = chat.run("Hi", model="m")
    assert (run["status"], run["last_error"]["code"]) == ("failed", "server_error")
    assert "sent an empty answer (its finish reason: stop)" in run["last_error"]["message"]
    assert chat.texts(run["thread_id"]) == ["Hi"]
    assert streamed(upstream) == [True, False]


def test_the_reason_for_nothing_is_told(chat: Api, upstream: Upstream) -> None:
    def llama_cpp(body: Any) -> Reply:
        return wire(DONE) if body["stream"] else OVERFLOW

    upstream.behave = llama_cpp
    run = chat.run("Hi", model="m")
    assert run["last_error"]["code"] == "invalid_prompt"
    assert "answered 400 (context_length_exceeded): This model's" in run["last_error"]["message"]
    assert streamed(upstream) == [True, False]


def test_an_overflow_behind_an_empty_stream_halves_the_prompt(
    chat: Api, upstream: Upstream
) -> None:
    def llama_cpp(body: Any) -> Reply:
        if len(body["messages"]) <= 3:
            return chat_says("Hello")
        return wire(DONE) if body["stream"] else OVERFLOW

    upstream.behave = llama_cpp
    messages = [{"role": "user", "content": f"message {n}"} for n in range(6)]
    body = {"assistant_id": "asst_demo", "model": "m", "thread": {"messages": messages}}
    assert chat.post("/threads/runs", body)["status"] == "completed"
    assert [len(sent["messages"]) for sent in upstream.bodies] == [6, 6, 3]
    assert streamed(upstream) == [True, False, True]


@pytest.mark.parametrize(
    ("first", "words"),
    [
        (wire(data({"err": "The GPU fell off"}), DONE), '{"err":"The GPU fell off"}'),
        (wire(data({"status": "busy", "queue": 7})), '{"status":"busy","queue":7}'),
    ],
)
def test_what_came_in_place_of_an_answer_is_quoted(
    chat: Api, upstream: Upstream, first: Reply, words: str
) -> None:
    upstream.reply(first)
    run = chat.run("Hi", model="m")
    assert run["last_error"]["message"].endswith(f"sent an empty answer: {words}")
    assert streamed(upstream) == [True, False]


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
def test_reasoning_without_an_answer_is_said(chat: Api, upstream: Upstream, field: str) -> None:
    upstream.reply(wire(chunk(**{field: "Hm. "}), chunk("stop", **{field: "Well."}), DONE))
    run = chat.run("Hi", model="m")
    assert run["status"] == "failed"
    assert "sent its reasoning, but no answer" in run["last_error"]["message"]
    assert len(upstream.seen) == 1


def test_reasoning_that_spends_the_budget(chat: Api, upstream: Upstream) -> None:
    upstream.reply(wire(chunk("length", reasoning_content="Hm, hm, hm"), DONE))
    run = chat.run("Hi", model="m", max_completion_tokens=300)
    assert run["incomplete_details"] == {"reason": "max_completion_tokens"}
    [warning] = chat.warnings
    assert warning.endswith("spent all tokens on its reasoning")
    assert len(upstream.seen) == 1


@pytest.mark.parametrize("items", [[], [message("")]])
def test_nothing_of_responses(responses: Api, upstream: Upstream, items: list[Any]) -> None:
    whole = answer_events(message("Hello"))[-1]["response"]
    upstream.reply(answers(*items), Reply(body=whole))
    run = responses.run("Hi", model="m")
    assert (run["status"], streamed(upstream)) == ("completed", [True, False])
    assert responses.texts(run["thread_id"]) == ["Hi", "Hello"]
    upstream.seen.clear()
    upstream.reply(wire(DONE), Reply(body={**whole, "output": items}))
    run = responses.run("Hi", model="m")
    assert (run["status"], streamed(upstream)) == ("failed", [True, False])
    assert "sent an empty answer" in run["last_error"]["message"]


def test_reasoning_of_responses_without_an_answer(responses: Api, upstream: Upstream) -> None:
    upstream.reply(answers(reasoning()))
    run = responses.run("Hi", model="m")
    assert run["status"] == "failed"
    assert "sent its reasoning, but no answer" in run["last_error"]["message"]
    assert len(upstream.seen) == 1


@pytest.mark.parametrize("api", ["chat", "responses"])
def test_an_empty_message_is_never_given_back(
    request: pytest.FixtureRequest, upstream: Upstream, api: str
) -> None:
    engine: Api = request.getfixturevalue(api)
    messages = [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": [{"type": "text", "text": ""}]},
        {"role": "user", "content": "Hello?"},
    ]
    filtered = wire(chunk("content_filter"), DONE)
    if api == "responses":
        early = {"status": "incomplete", "incomplete_details": {"reason": "content_filter"}}
        filtered = answers(**early)
    upstream.reply(filtered, chat_says("Ok") if api == "chat" else answers(message("Ok")))
    body = {"assistant_id": "asst_demo", "model": "m"}
    run = engine.post("/threads/runs", {**body, "thread": {"messages": messages}})
    assert run["status"] == "incomplete"
    engine.post(f"/threads/{run['thread_id']}/runs", body)
    told = upstream.last.json["messages" if api == "chat" else "input"]
    assert [(one["role"], one["content"]) for one in told] == [("user", "Hi"), ("user", "Hello?")]
