"""Errors in every shape that was reported: told in the server's words, and retried like the status.

The ids name the server that a shape was seen at, or reported for.
"""

import json
from typing import Any

import pytest

from openai_cli.engine.models.upstream import model
from tests.engine.support import Api
from tests.engine.upstream.support import (
    DONE,
    Upstream,
    answers,
    chat_says,
    chunk,
    data,
    events,
    message,
    wire,
)
from tests.support.server import Reply


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model, "backoff", lambda _attempt: 0.0)


def named_error(text: str) -> bytes:
    """An event named `error`."""
    return f"event: error\ndata: {text}\n\n".encode()


TRANSIENT = [
    pytest.param(data({"error": {"type": "overloaded_error", "message": "Overloaded"}}), id="type"),
    pytest.param(data({"error": {"code": 429, "message": "Slow down"}}), id="OpenRouter: a number"),
    pytest.param(data({"error": {"code": "429", "message": "Slow down"}}), id="a number as text"),
    pytest.param(
        data({"id": "x", "error": {"code": 502, "message": "Provider"}, "choices": []}),
        id="OpenRouter: inside of a chunk",
    ),
    pytest.param(
        data([{"error": {"code": 503, "status": "UNAVAILABLE", "message": "Busy"}}]),
        id="Gemini: an array of one",
    ),
    pytest.param(
        data({"object": "error", "message": "x", "type": "InternalServerError", "code": 500}),
        id="vLLM: object error",
    ),
    pytest.param(data({"error": {"code": "server_error", "message": "x"}}), id="server_error"),
    pytest.param(data({"error": "The model is overloaded"}), id="only words"),
    pytest.param(named_error("Rate limit reached, try again later"), id="event with bare words"),
    pytest.param(named_error('{"message": "x", "code": 503}'), id="event with an object"),
    pytest.param(data({"detail": "Too many requests"}), id="detail"),
    pytest.param(
        data({"choices": [{"finish_reason": "error", "error": {"code": 502, "message": "x"}}]}),
        id="OpenRouter: inside of a choice",
    ),
]


@pytest.mark.parametrize("first", TRANSIENT)
@pytest.mark.parametrize(
    "before", [b": ping\n\n", b": OPENROUTER PROCESSING\n\n" + chunk(role="assistant")]
)
def test_a_transient_error_as_the_first_event_is_retried(
    chat: Api, upstream: Upstream, before: bytes, first: bytes
) -> None:
    upstream.reply(wire(before, first, DONE), wire(first), chat_says("Hello"))
    run = chat.run("Hi", model="m")
    assert run["status"] == "completed", run["last_error"]
    assert len(upstream.seen) == 3
    first_body, *others = upstream.bodies
    assert others == [first_body, first_body]


@pytest.mark.parametrize("first", TRANSIENT)
def test_after_the_first_word_nothing_is_retried(
    chat: Api, upstream: Upstream, first: bytes
) -> None:
    upstream.reply(wire(chunk(content="Once"), first))
    run = chat.run("Hi", model="m")
    assert (run["status"], len(upstream.seen)) == ("failed", 1)
    assert chat.texts(run["thread_id"]) == ["Hi", "Once"]


@pytest.mark.parametrize(
    "first",
    [
        {"type": "error", "code": "server_error", "message": "x"},
        {"type": "error", "error": {"type": "overloaded_error", "message": "x"}},
        {"type": "response.failed", "response": {"error": {"code": "rate_limit_exceeded"}}},
        {"type": "response.failed", "response": {"error": {"code": "server_error"}}},
    ],
)
def test_a_transient_error_of_responses(responses: Api, upstream: Upstream, first: Any) -> None:
    begun = {"type": "response.created", "response": {"status": "in_progress"}}
    upstream.reply(wire(*events(begun, first)), answers(message("Hello")))
    assert responses.run("Hi", model="m")["status"] == "completed"
    assert len(upstream.seen) == 2


def test_a_transient_error_that_stays(chat: Api, upstream: Upstream) -> None:
    upstream.reply(wire(data({"error": {"code": 429, "message": "Slow down"}})))
    run = chat.run("Hi", model="m")
    assert run["last_error"]["code"] == "rate_limit_exceeded"
    assert run["last_error"]["message"].endswith("reported an error (429): Slow down")
    assert len(upstream.seen) == 3


def dump(*fields: str) -> str:
    """What pydantic says of a request, as llama-cpp-python passes it on."""
    found = [
        {"type": "x", "loc": ("body", name, 0), "msg": "Input should be 'a'", "input": {"y": [1]}}
        for name in fields
    ]
    return str(found)


VALIDATION = """2 validation errors for Request
messages.0.content
  Input should be a valid string [type=string_type, input_value=None, input_type=NoneType]
    For further information visit https://errors.example.com/2.11/v/string_type"""


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        pytest.param(
            400,
            [{"error": {"code": 400, "message": "Bad", "status": "INVALID_ARGUMENT"}}],
            "answered 400: Bad",
            id="Gemini: an array of one",
        ),
        pytest.param(
            500,
            'data: {"error": {"message": "No deployment", "code": "500"}}\n\ndata: [DONE]\n\n',
            "answered 500: No deployment",
            id="LiteLLM: an event as the body",
        ),
        pytest.param(500, "data: It broke\n\n", "answered 500: It broke", id="an event of words"),
        pytest.param(
            400,
            {"object": "error", "message": "Bad", "type": "BadRequestError", "code": 400},
            "answered 400: Bad",
            id="vLLM",
        ),
        pytest.param(400, {"detail": "Not here"}, "answered 400: Not here", id="FastAPI: words"),
        pytest.param(
            422,
            {"detail": [{"loc": ["body", "model"], "msg": "Field required", "input": {}}]},
            "answered 422: body.model: Field required",
            id="FastAPI: a list",
        ),
        pytest.param(400, {"error": "out of memory"}, "answered 400: out of memory", id="Ollama"),
        pytest.param(
            400,
            {"error": {"message": dump("messages"), "type": "invalid"}},
            "answered 400 (invalid): body.messages.0: Input should be 'a'",
            id="llama-cpp-python: a dump",
        ),
        pytest.param(
            400,
            {"error": {"message": dump(*"abcde")}},
            "body.c.0: Input should be 'a'; and 2 more",
            id="a page of it",
        ),
        pytest.param(
            400,
            {"error": {"message": VALIDATION}},
            "2 validation errors for Request messages.0.content Input should be a valid string",
            id="pydantic in words",
        ),
        pytest.param(
            400,
            {
                "error": {
                    "message": "Provider returned error",
                    "code": 400,
                    "metadata": {"raw": '{"error": {"message": "Too hot"}}'},
                }
            },
            "answered 400: Provider returned error: Too hot",
            id="OpenRouter: the words behind it",
        ),
    ],
)
def test_bodies_of_refusals(
    chat: Api, upstream: Upstream, status: int, body: Any, words: str
) -> None:
    content = body if isinstance(body, str) else json.dumps(body)
    upstream.reply(Reply(status=status, body=content, headers={"x-should-retry": "false"}))
    run = chat.run("Hi", model="m")
    assert run["status"] == "failed"
    assert words in run["last_error"]["message"]
    assert len(run["last_error"]["message"]) < 300
    assert {sent["messages"][0]["content"] for sent in upstream.bodies} == {"Hi"}


def test_a_fault_that_names_fields_is_not_retried(chat: Api, upstream: Upstream) -> None:
    """llama-cpp-python answers 500 to a request that it cannot take, such as one with a schema."""
    error = {"message": dump("response_format"), "type": "internal_server_error"}
    upstream.reply(Reply(status=500, body={"error": error}))
    run = chat.run("Hi", model="m", response_format={"type": "json_object"})
    assert "body.response_format.0: Input should be 'a'" in run["last_error"]["message"]
    assert [sent["response_format"]["type"] for sent in upstream.bodies] == ["json_object"]


TOO_LONG = "This model's maximum context length is 9 tokens."


@pytest.mark.parametrize(
    "error",
    [
        {"code": "context_length_exceeded", "message": TOO_LONG},
        {"code": 400, "message": TOO_LONG},
        {"type": "invalid_request_error", "message": TOO_LONG},
        {"message": TOO_LONG},
    ],
)
def test_an_overflow_inside_of_a_stream_halves_the_prompt_once(
    chat: Api, upstream: Upstream, error: Any
) -> None:
    messages = [{"role": "user", "content": f"message {n}"} for n in range(6)]
    body = {"assistant_id": "asst_demo", "model": "m", "thread": {"messages": messages}}
    upstream.reply(wire(data({"error": error})), chat_says("Ok"))
    assert chat.post("/threads/runs", body)["status"] == "completed"
    assert [len(sent["messages"]) for sent in upstream.bodies] == [6, 3]
    upstream.seen.clear()
    upstream.reply(wire(data({"error": error})))
    run = chat.post("/threads/runs", body)
    assert run["last_error"]["code"] == "invalid_prompt"
    assert run["last_error"]["message"].endswith(TOO_LONG)
    assert {len(sent["messages"]) for sent in upstream.bodies} == {6, 3}


def test_an_overflow_inside_of_a_responses_stream(responses: Api, upstream: Upstream) -> None:
    error = {"code": "context_length_exceeded", "message": TOO_LONG}
    failed = {"type": "response.failed", "response": {"error": error}}
    messages = [{"role": "user", "content": f"message {n}"} for n in range(6)]
    upstream.reply(wire(*events(failed)), answers(message("Ok")))
    body = {"assistant_id": "asst_demo", "model": "m", "thread": {"messages": messages}}
    assert responses.post("/threads/runs", body)["status"] == "completed"
    assert [len(sent["input"]) for sent in upstream.bodies] == [6, 3]
