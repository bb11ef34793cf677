"""What a server does not say: tokens that nobody counted, and fields that had no effect."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.engine.serve.support import Served
from tests.engine.support import FUNCTION, Api
from tests.engine.upstream.support import (
    COUNTED,
    DONE,
    Upstream,
    answers,
    called,
    chat_calls,
    chat_message,
    chat_says,
    chunk,
    function_call,
    message,
    usage,
    wire,
)
from tests.support.inprocess import run_inprocess
from tests.support.server import Reply
from tests.support.shell import Shell

ESTIMATED = {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3, "estimated": True}
SCHEMA = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}
AS_SCHEMA = {"type": "json_schema", "json_schema": {"name": "n", "schema": SCHEMA}}
AS_OBJECT = {"type": "json_object"}
NAMED = {"type": "function", "function": {"name": "look_up"}}
OTHER = {"type": "function", "function": {"name": "other"}}


def spoken(*more: bytes) -> Reply:
    """A chat answer without a count, unless `more` has one."""
    return wire(chunk(content="Hello"), chunk("stop"), *more, DONE)


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(spoken(), id="llama-cpp-python: stream_options are ignored"),
        pytest.param(spoken(usage(prompt_tokens=3)), id="half a count"),
        pytest.param(
            spoken(usage(prompt_tokens=0, completion_tokens=0, total_tokens=0)), id="zeros"
        ),
        pytest.param(Reply(body={**chat_message("Hello"), "usage": None}), id="null, not streamed"),
    ],
)
def test_usage_that_nobody_counted_is_estimated(
    chat: Api, upstream: Upstream, reply: Reply
) -> None:
    upstream.reply(reply)
    run = chat.run("Hi", model="m")
    [step] = chat.get(f"/threads/{run['thread_id']}/runs/{run['id']}/steps")["data"]
    assert run["usage"] == step["usage"] == ESTIMATED
    assert upstream.last.json["stream_options"] == {"include_usage": True}


def test_a_count_is_not_marked(chat: Api, upstream: Upstream) -> None:
    upstream.reply(spoken(usage()))
    assert chat.run("Hi", model="m")["usage"] == COUNTED


def test_a_sum_of_counts_and_estimates_is_marked(chat: Api, upstream: Upstream) -> None:
    upstream.reply(chat_calls(called("a", "look_up")), spoken())
    run = chat.submit(chat.run("Hi", model="m", tools=[FUNCTION]))
    counted, estimated = COUNTED["completion_tokens"], ESTIMATED["completion_tokens"]
    assert run["usage"]["completion_tokens"] == counted + estimated
    assert run["usage"]["estimated"] is True


def test_the_estimate_counts_what_was_sent(chat: Api, upstream: Upstream) -> None:
    upstream.reply(spoken())
    run = chat.run("word " * 100, model="m", instructions="be brief", tools=[FUNCTION])
    sent = sum(len(one["content"]) for one in upstream.last.json["messages"])
    assert run["usage"]["prompt_tokens"] >= sent / 4


def test_pretty_says_that_it_is_an_estimate(store_file: Path, upstream: Upstream) -> None:
    upstream.reply(spoken())
    shown = run_inprocess(words_for(store_file, upstream, "--format", "pretty"))
    assert "1 prompt, 2 completion, 3 total, estimated" in shown.out


def words_for(store_file: Path, upstream: Upstream, *more: str) -> list[str]:
    """A command line for one run at the upstream."""
    where = ["--base-url", f"local:{store_file}", "--upstream-url", upstream.url]
    what = ["--assistant-id", "asst_demo", "--message", "Hi", "--model", "m"]
    return [*where, "beta:threads", "create-and-run", *what, *more]


DROPPED: dict[str, tuple[Reply, dict[str, Any], str]] = {
    "transformers: required, and no call": (
        chat_says("Hello"),
        {"tools": [FUNCTION], "tool_choice": "required"},
        "tool_choice had no effect at the upstream {place} (m): 'required' was set, but nothing "
        "was called",
    ),
    "llama-cpp-python: a function, and no call": (
        chat_says("Hello"),
        {"tools": [FUNCTION], "tool_choice": NAMED},
        "tool_choice had no effect at the upstream {place} (m): a call of look_up was requested, "
        "but nothing was called",
    ),
    "a function, and another one is called": (
        chat_calls(called("a", "other")),
        {"tools": [FUNCTION, OTHER], "tool_choice": NAMED},
        "tool_choice had no effect at the upstream {place} (m): a call of look_up was requested, "
        "but other was called",
    ),
    "none, and a call": (
        chat_calls(called("a", "look_up")),
        {"tools": [FUNCTION], "tool_choice": "none"},
        "tool_choice had no effect at the upstream {place} (m): 'none' was set, but look_up was "
        "called",
    ),
    "no parallel calls, and two": (
        chat_calls(called("a", "look_up"), called("b", "look_up", index=1)),
        {"tools": [FUNCTION], "parallel_tool_calls": False},
        "parallel_tool_calls had no effect at the upstream {place} (m): 2 calls came in one answer",
    ),
    "a schema, and words": (
        chat_says("Hel", "lo"),
        {"response_format": AS_SCHEMA},
        "response_format had no effect at the upstream {place} (m): the answer is not JSON",
    ),
    "a schema, and other JSON": (
        chat_says('{"a": "one"}'),
        {"response_format": AS_SCHEMA},
        "response_format had no effect at the upstream {place} (m): the answer does not fit its "
        "schema: $.a: 'one' is not of type 'integer'",
    ),
    "an object, and an array": (
        chat_says("[1]"),
        {"response_format": AS_OBJECT},
        "response_format had no effect at the upstream {place} (m): the answer is not a JSON "
        "object",
    ),
}


@pytest.mark.parametrize(("reply", "fields", "warning"), DROPPED.values(), ids=DROPPED)
def test_a_field_without_effect_is_named(
    chat: Api, upstream: Upstream, reply: Reply, fields: dict[str, Any], warning: str
) -> None:
    upstream.reply(reply)
    chat.run("Hi", model="m", **fields)
    assert chat.warnings == [warning.format(place=upstream.url.partition("://")[2][:-3])]
    assert upstream.last.json.keys() >= fields.keys()


@pytest.mark.parametrize(
    ("reply", "fields"),
    [
        (chat_calls(called("a", "look_up")), {"tools": [FUNCTION], "tool_choice": "required"}),
        (chat_calls(called("a", "look_up")), {"tools": [FUNCTION], "tool_choice": NAMED}),
        (chat_says("Hello"), {"tools": [FUNCTION], "tool_choice": "none"}),
        (chat_says('{"a": ', "1}"), {"response_format": AS_SCHEMA}),
        (chat_says("{}"), {"response_format": AS_OBJECT}),
        (chat_says('{"a"', finish="length"), {"response_format": AS_SCHEMA}),
        (chat_calls(called("a", "f")), {"tools": [FUNCTION], "response_format": AS_SCHEMA}),
        (
            chat_says("{}"),
            {
                "response_format": {
                    "type": "json_schema",
                    "json_schema": {"name": "n", "schema": {"type": "nonsense"}},
                }
            },
        ),
        (
            chat_says("{}"),
            {
                "response_format": {
                    "type": "json_schema",
                    "json_schema": {"name": "n", "schema": {"$ref": "http://127.0.0.1:9/x"}},
                }
            },
        ),
    ],
)
def test_a_field_with_effect_is_not(
    chat: Api, upstream: Upstream, reply: Reply, fields: dict[str, Any]
) -> None:
    upstream.reply(reply)
    chat.run("Hi", model="m", **fields)
    assert chat.warnings == []


def test_after_the_forced_call_words_are_fine(chat: Api, upstream: Upstream) -> None:
    upstream.reply(chat_calls(called("a", "look_up")), chat_says("Done"))
    run = chat.run("Hi", model="m", tools=[FUNCTION], tool_choice="required")
    assert chat.submit(run)["status"] == "completed"
    assert chat.warnings == []


def test_fields_of_responses(responses: Api, upstream: Upstream) -> None:
    upstream.reply(answers(message("Hello")))
    wanted = {"tool_choice": "required", "response_format": AS_SCHEMA}
    responses.run("Hi", model="m", tools=[FUNCTION], **wanted)
    assert [one.partition(" ")[0] for one in responses.warnings] == [
        "tool_choice",
        "response_format",
    ]
    upstream.reply(answers(function_call("a", "look_up")))
    responses.warnings.clear()
    responses.run("Hi", model="m", tools=[FUNCTION], **wanted)
    assert responses.warnings == []


def test_the_command_line_warns_on_stderr(store_file: Path, upstream: Upstream) -> None:
    upstream.reply(chat_says("Hello"))
    words = words_for(store_file, upstream, "--response-format", "{type: json_object}")
    done = run_inprocess([*words, "--format", "text"])
    assert (done.code, done.out) == (0, "Hello\n")
    assert done.err.startswith("warning: response_format had no effect at the upstream 127.0.0.1")


@pytest.mark.slow
def test_a_server_warns_in_its_log(openai: Shell, store_file: Path, upstream: Upstream) -> None:
    upstream.reply(chat_says("Hello"))
    served = Served(openai, "--store", str(store_file), "--upstream-url", upstream.url)
    api = Api(store_file, url=served.url)
    assert api.run("Hi", model="m", response_format=AS_OBJECT)["status"] == "completed"
    api.close()
    served.stop()
    assert b"warning: response_format had no effect at the upstream 127.0.0.1" in served.said
