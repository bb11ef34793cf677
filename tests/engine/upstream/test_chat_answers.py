"""What becomes of a Chat Completions answer, well-behaved or not."""

from typing import Any

import pytest

from tests.engine.support import FUNCTION, Api, names
from tests.engine.upstream.support import (
    COUNTED,
    DONE,
    Upstream,
    called,
    chat_calls,
    chat_says,
    chunk,
    data,
    named,
    refusal,
    usage,
    wire,
)
from tests.support.server import Reply

ESTIMATED = {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3, "estimated": True}
WORDS = [
    "thread.created",
    "run.created",
    "run.queued",
    "run.in_progress",
    "run.step.created",
    "run.step.in_progress",
    "message.created",
    "message.in_progress",
    "message.delta",
]


def outcome(api: Api, upstream: Upstream, *replies: Reply, **fields: Any) -> tuple[Any, str]:
    """The run, and the last text of its thread."""
    upstream.reply(*replies)
    run = api.run("Hi", model="m", **fields)
    return run, api.texts(run["thread_id"])[-1]


def asked_for(run: Any) -> list[tuple[str, str, str]]:
    """Id, name and arguments of the calls that a run waits for."""
    assert run["status"] == "requires_action", run["last_error"]
    return [
        (call["id"], call["function"]["name"], call["function"]["arguments"])
        for call in run["required_action"]["submit_tool_outputs"]["tool_calls"]
    ]


def test_words_as_they_come(chat: Api, upstream: Upstream) -> None:
    upstream.reply(chat_says("Hel", "lo ", "wörld\u2028!"))
    events = chat.run_stream("Hi", model="m")
    short = [name.removeprefix("thread.") for name, _ in events[1:9]]
    assert ["thread.created", *short] == WORDS
    assert names(events)[9:] == ["message.completed", "run.step.completed", "run.completed", "done"]
    deltas = named(events, "thread.message.delta")
    pieces = [one["delta"]["content"][0]["text"]["value"] for one in deltas]
    assert pieces == ["Hel", "lo ", "wörld\u2028!"]
    assert events[-2][1]["usage"] == events[-3][1]["usage"] == COUNTED
    assert events[-2][1]["model"] == "m"


def test_text_then_calls(chat: Api, upstream: Upstream) -> None:
    upstream.reply(
        wire(
            chunk(content="Let me "),
            chunk(content="look."),
            chunk(tool_calls=[called("a", "f", "")]),
            chunk(tool_calls=[{"index": 0, "function": {"arguments": '{"q"'}}]),
            chunk(tool_calls=[{"index": 0, "function": {"arguments": ": 1}"}}]),
            chunk(tool_calls=[called("b", "g")]),
            chunk(tool_calls=[called("c", "f", index=2)]),
            chunk("tool_calls"),
            usage(),
            DONE,
        )
    )
    events = chat.run_stream("Hi", model="m", tools=[FUNCTION])
    assert names(events)[8:] == [
        "message.delta",
        "message.completed",
        "run.step.completed",
        "run.step.created",
        "run.step.in_progress",
        "run.step.delta",
        "run.requires_action",
        "done",
    ]
    run = events[-2][1]
    assert asked_for(run) == [("a", "f", '{"q": 1}'), ("b", "g", "{}"), ("c", "f", "{}")]
    assert run["usage"] == COUNTED
    calls = [
        one["delta"]["step_details"]["tool_calls"][0]
        for one in named(events, "thread.run.step.delta")
    ]
    assert [call["index"] for call in calls] == [0, 0, 0, 1, 1, 2, 2]
    assert [call.get("id") for call in calls] == ["a", None, None, "b", None, "c", None]


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        pytest.param(
            [[called("a", "f", '{"x":1}'), called("b", "g")]],
            [("a", "f", '{"x":1}'), ("b", "g", "{}")],
            id="every index is 0",
        ),
        pytest.param(
            [
                [{"id": "a", "function": {"name": "f", "arguments": "{"}}],
                [{"function": {"arguments": "}"}}],
                [{"id": "b", "function": {"name": "g", "arguments": "{}"}}],
            ],
            [("a", "f", "{}"), ("b", "g", "{}")],
            id="no index",
        ),
        pytest.param(
            [
                [{"index": 0, "id": "a", "function": {"arguments": "{"}}],
                [{"index": 0, "id": "a", "function": {"name": "f", "arguments": "}"}}],
            ],
            [("a", "f", "{}")],
            id="the name comes late",
        ),
        pytest.param(
            [
                [{"index": 0, "id": "a", "function": {"name": "f", "arguments": "{"}}],
                [{"index": 0, "id": "a", "function": {"name": "f", "arguments": "}"}}],
            ],
            [("a", "f", "{}")],
            id="id and name again and again",
        ),
        pytest.param(
            [[{"index": 0, "id": "a", "function": {"name": "f", "arguments": {"q": [1]}}}]],
            [("a", "f", '{"q":[1]}')],
            id="arguments as an object",
        ),
        pytest.param(
            [[called("a", "f", '{"q": ')]], [("a", "f", '{"q": ')], id="arguments that are no JSON"
        ),
    ],
)
def test_calls_in_pieces(
    chat: Api, upstream: Upstream, pieces: list[Any], expected: list[Any]
) -> None:
    chunks = [chunk(tool_calls=piece) for piece in pieces]
    upstream.reply(wire(*chunks, chunk("stop"), DONE))
    run = chat.run("Hi", model="m", tools=[FUNCTION])
    assert asked_for(run) == expected


@pytest.mark.parametrize("given", [None, "", "same"])
def test_ids_are_made_up_where_they_are_missing_or_double(
    chat: Api, upstream: Upstream, given: str | None
) -> None:
    calls = [called(given, "f"), called(given, "g", index=1)]
    upstream.reply(chat_calls(*calls), chat_says("Done"))
    run = chat.run("Hi", model="m", tools=[FUNCTION])
    (first, *_), (second, *_) = asked_for(run)
    assert first != second
    assert second.startswith("call_")
    assert first == "same" or first.startswith("call_")
    outputs = [{"tool_call_id": one, "output": "x"} for one in (first, second)]
    path = f"/threads/{run['thread_id']}/runs/{run['id']}/submit_tool_outputs"
    assert chat.post(path, {"tool_outputs": outputs})["status"] == "completed"
    told = upstream.last.json["messages"]
    assert [call["id"] for call in told[1]["tool_calls"]] == [first, second]
    assert [one["tool_call_id"] for one in told[2:]] == [first, second]


def test_the_older_function_call(chat: Api, upstream: Upstream) -> None:
    call = {"name": "f", "arguments": "{}"}
    upstream.reply(wire(chunk(function_call=call), chunk("function_call"), DONE))
    [(call_id, name, arguments)] = asked_for(chat.run("Hi", model="m", tools=[FUNCTION]))
    assert call_id.startswith("call_")
    assert (name, arguments) == ("f", "{}")


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(wire(chunk(content="Hello"), chunk("stop")), id="no end mark"),
        pytest.param(wire(chunk(content="Hello"), chunk("stop"), cut=True), id="cut after the end"),
        pytest.param(
            wire(chunk(content="Hello"), chunk("stop"), b"data: [DO", cut=True), id="cut end mark"
        ),
        pytest.param(
            wire(chunk(content="Hello"), chunk("stop"), b"data: [DONE]"), id="no blank line"
        ),
        pytest.param(
            wire(
                data({"choices": None, "usage": None}),
                data({"choices": [{"delta": None}]}),
                data({"choices": [{"delta": {"content": "Hello"}}, {"index": 1, "delta": 7}]}),
                chunk("eos"),
                DONE,
            ),
            id="nulls, no index, a second choice, an unknown reason",
        ),
        pytest.param(
            wire(
                b": ping\r\n\r\n", chunk(content=[{"type": "text", "text": "Hello"}]), chunk("stop")
            ),
            id="pings, a list of parts",
        ),
        pytest.param(
            Reply(body={"choices": [{"message": {"content": "Hello"}, "finish_reason": "stop"}]}),
            id="no stream at all",
        ),
        pytest.param(
            wire(b'  {"choices": [{"message": ', b'{"content": "Hello"}}]}'),
            id="no stream behind the content type of one",
        ),
    ],
)
def test_answers_that_lack_something(chat: Api, upstream: Upstream, reply: Reply) -> None:
    run, text = outcome(chat, upstream, reply)
    assert (run["status"], text) == ("completed", "Hello"), run["last_error"]
    assert run["usage"] == ESTIMATED
    assert len(upstream.seen) == 1


def test_usage_from_a_server_that_does_not_stream(chat: Api, upstream: Upstream) -> None:
    counts = {"prompt_tokens": 3, "completion_tokens": 4}
    choice = {"message": {"content": None, "tool_calls": [called("a", "f")]}}
    run = chat_run_once(chat, upstream, {"choices": [choice], "usage": counts})
    assert [call[0] for call in asked_for(run)] == ["a"]
    assert run["usage"] == {**counts, "total_tokens": 7}


def chat_run_once(api: Api, upstream: Upstream, body: dict[str, Any]) -> Any:
    upstream.reply(Reply(body=body))
    return api.run("Hi", model="m", tools=[FUNCTION])


@pytest.mark.parametrize("word", ["length", "max_tokens", "LENGTH"])
def test_a_length_stop(chat: Api, upstream: Upstream, word: str) -> None:
    run, text = outcome(chat, upstream, chat_says("Once upon", finish=word))
    assert (run["status"], text) == ("incomplete", "Once upon")
    assert run["incomplete_details"] == {"reason": "max_completion_tokens"}
    assert run["usage"] == COUNTED
    [message] = chat.get(f"/threads/{run['thread_id']}/messages", limit=1)["data"]
    assert message["incomplete_details"] == {"reason": "max_tokens"}


def test_a_content_filter(chat: Api, upstream: Upstream) -> None:
    run, text = outcome(chat, upstream, chat_says("Once", finish="content_filter"))
    assert (run["status"], run["incomplete_details"], text) == ("incomplete", {}, "Once")
    [message] = chat.get(f"/threads/{run['thread_id']}/messages", limit=1)["data"]
    assert message["incomplete_details"] == {"reason": "content_filter"}


def test_a_budget_over_all_answers(chat: Api, upstream: Upstream) -> None:
    spent = {"prompt_tokens": 9, "completion_tokens": 250, "total_tokens": 259}
    first, second = (chunk("tool_calls", tool_calls=[called(name, "f")]) for name in "ab")
    upstream.reply(wire(first, usage(**spent), DONE), wire(second, usage(**spent), DONE))
    run = chat.run("Hi", model="m", tools=[FUNCTION], max_completion_tokens=300)
    path = f"/threads/{run['thread_id']}/runs/{run['id']}/submit_tool_outputs"
    output = {"tool_outputs": [{"tool_call_id": "a", "output": "x"}]}
    assert chat.post(path, output)["status"] == "requires_action"
    ended = chat.post(path, {"tool_outputs": [{"tool_call_id": "b", "output": "x"}]})
    assert [sent["max_completion_tokens"] for sent in upstream.bodies] == [300, 50]
    assert ended["status"] == "incomplete"
    assert ended["incomplete_details"] == {"reason": "max_completion_tokens"}
    assert ended["usage"]["completion_tokens"] == 500


def test_a_budget_without_usage_is_estimated(chat: Api, upstream: Upstream) -> None:
    arguments = '{"q": "' + "word " * 200 + '"}'
    call = chunk("tool_calls", tool_calls=[called("a", "f", arguments)])
    upstream.reply(wire(call, DONE), chat_says("Ok"))
    run = chat.run("Hi", model="m", tools=[FUNCTION], max_completion_tokens=300)
    path = f"/threads/{run['thread_id']}/runs/{run['id']}/submit_tool_outputs"
    assert run["usage"]["estimated"] is True
    chat.post(path, {"tool_outputs": [{"tool_call_id": "a", "output": "x"}]})
    assert upstream.last.json["max_completion_tokens"] == 300 - (len(arguments) + 3) // 4


def test_a_server_that_knows_no_budget_is_stopped(chat: Api, upstream: Upstream) -> None:
    words = [chunk(content="word ") for _ in range(1000)]
    run, text = outcome(chat, upstream, wire(*words, DONE), max_completion_tokens=256)
    assert run["incomplete_details"] == {"reason": "max_completion_tokens"}
    assert text.count("word") == 257


@pytest.mark.parametrize(
    ("reply", "code", "text"),
    [
        pytest.param(
            wire(chunk(content="Once"), cut=True),
            "server_error",
            "broke off its answer",
            id="cut",
        ),
        pytest.param(
            wire(chunk(content="Once")), "server_error", "before the end", id="no end at all"
        ),
        pytest.param(
            wire(chunk(content="Once"), b"data: {oops\n\n"),
            "server_error",
            "sent what is not a JSON object: {oops",
            id="malformed",
        ),
        pytest.param(
            wire(chunk(content="Once"), data({"error": {"message": "Out of luck", "code": 500}})),
            "server_error",
            "reported an error (500): Out of luck",
            id="error in the stream",
        ),
        pytest.param(
            wire(chunk(content="Once"), data({"error": {"message": "Slow", "code": 429}})),
            "rate_limit_exceeded",
            "reported an error (429): Slow",
            id="rate limit in the stream",
        ),
        pytest.param(
            wire(chunk(content="Once"), chunk("error")),
            "server_error",
            "an error",
            id="the end is one",
        ),
    ],
)
def test_answers_that_break(
    chat: Api, upstream: Upstream, reply: Reply, code: str, text: str
) -> None:
    upstream.reply(reply)
    events = chat.run_stream("Hi", model="m")
    assert names(events)[9:] == ["message.incomplete", "run.step.failed", "run.failed", "done"]
    run = events[-2][1]
    assert run["last_error"]["code"] == code
    assert text in run["last_error"]["message"]
    assert events[-4][1]["content"][0]["text"]["value"] == "Once"
    assert len(upstream.seen) == 1


@pytest.mark.parametrize(
    ("reply", "text"),
    [
        (
            wire(chunk("tool_calls", tool_calls=[{"index": 0, "id": "a"}])),
            "a function without a name",
        ),
        (Reply(body={"object": "chat.completion"}), "sent an empty answer."),
        (Reply(body={"error": {"message": "No"}}), "reported an error: No"),
        (Reply(body="[1, 2]"), "not a JSON object: [1, 2]"),
        (
            Reply(body="<html>Welcome</html>", headers={"Content-Type": "text/html"}),
            "no readable answer",
        ),
        (Reply(status=307, headers={"Location": "http://127.0.0.1:1/"}), "redirects to"),
        (refusal(404, "No model 'm'", code="model_not_found"), "404 (model_not_found): No model"),
        (refusal(401, "Who are you?", type="auth"), "answered 401 (auth): Who are you?"),
        (Reply(status=403, body="<html>blocked</html>"), "answered 403: no reason given"),
        (
            Reply(status=422, body={"detail": [{"loc": ["body", "model"]}]}),
            '"loc": ["body", "model"]',
        ),
    ],
)
def test_answers_that_are_none(chat: Api, upstream: Upstream, reply: Reply, text: str) -> None:
    upstream.reply(reply)
    run = chat.run("Hi", model="m")
    assert run["status"] == "failed"
    assert run["last_error"]["code"] == "server_error"
    assert text in run["last_error"]["message"]
    assert chat.texts(run["thread_id"]) == ["Hi"]
