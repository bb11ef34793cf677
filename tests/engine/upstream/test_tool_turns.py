"""Turns that call functions: what is sent of a function, and what comes back of a turn.

The ids name the server that a shape was seen at, or reported for.
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
    chat_message,
    chat_says,
    chunk,
    function_call,
    message,
    reasoning,
    refusal,
    wire,
)
from tests.support.server import Reply

NO_PARAMETERS = {"type": "object", "properties": {}}
WITH_A_NULL = {"type": "function", "function": {"name": "look_up", "strict": None}}


@pytest.fixture(params=["chat", "responses"])
def engine(request: pytest.FixtureRequest) -> Api:
    found: Api = request.getfixturevalue(request.param)
    return found


def sent_functions(upstream: Upstream) -> list[Any]:
    """The functions of the last request, in one shape for both APIs."""
    tools = upstream.last.json["tools"]
    return [tool.get("function") or {**tool, "type": None} for tool in tools]


@pytest.mark.parametrize("tool", [FUNCTION, WITH_A_NULL])
def test_a_function_is_whole_and_without_nulls(chat: Api, upstream: Upstream, tool: Any) -> None:
    def llama_cpp(body: Any) -> Reply:
        if any("parameters" not in tool["function"] for tool in body["tools"]):
            return refusal(500, "[{'type': 'missing', 'loc': ('body',), 'msg': 'Field required'}]")
        return chat_says("Ok")

    upstream.behave = llama_cpp
    assert chat.run("Hi", model="m", tools=[tool])["status"] == "completed"
    assert sent_functions(upstream) == [{"name": "look_up", "parameters": NO_PARAMETERS}]


@pytest.mark.parametrize("tool", [FUNCTION, WITH_A_NULL])
def test_a_function_of_responses(responses: Api, upstream: Upstream, tool: Any) -> None:
    upstream.reply(answers(message("Ok")))
    assert responses.run("Hi", model="m", tools=[tool])["status"] == "completed"
    assert upstream.last.json["tools"] == [
        {"type": "function", "name": "look_up", "parameters": NO_PARAMETERS, "strict": False}
    ]


def test_a_strict_function_without_parameters(engine: Api, upstream: Upstream) -> None:
    upstream.reply(chat_says("Ok") if engine_is_chat(engine) else answers(message("Ok")))
    strict = {"type": "function", "function": {"name": "look_up", "strict": True}}
    engine.run("Hi", model="m", tools=[strict])
    [function] = sent_functions(upstream)
    assert function["parameters"] == {
        **NO_PARAMETERS,
        "required": [],
        "additionalProperties": False,
    }


def engine_is_chat(engine: Api) -> bool:
    return "OPENAI_LOCAL_UPSTREAM_API" not in engine.environ


def test_nulls_of_a_schema_are_not_sent(chat: Api, upstream: Upstream) -> None:
    upstream.reply(chat_says("{}"))
    schema = {"type": "object", "properties": {"a": {"default": None}}}
    named = {"name": "n", "schema": schema, "strict": None}
    chat.run("Hi", model="m", response_format={"type": "json_schema", "json_schema": named})
    told = upstream.last.json["response_format"]["json_schema"]
    assert told == {"name": "n", "schema": schema}


def test_the_text_beside_calls_is_empty_and_not_null(chat: Api, upstream: Upstream) -> None:
    def llama_cpp(body: Any) -> Reply:
        if any(not isinstance(one.get("content"), str) for one in body["messages"]):
            return refusal(500, "Input should be a valid string")
        return (
            chat_says("Done") if len(body["messages"]) > 1 else chat_calls(called("a", "look_up"))
        )

    upstream.behave = llama_cpp
    run = chat.submit(chat.run("Hi", model="m", tools=[FUNCTION]))
    assert run["status"] == "completed", run["last_error"]
    assert len(upstream.seen) == 2


def test_anthropic_behind_litellm_takes_no_empty_text(chat: Api, upstream: Upstream) -> None:
    def anthropic(body: Any) -> Reply:
        if any(one.get("content") == "" for one in body["messages"]):
            return refusal(400, "messages: text content blocks must be non-empty")
        return chat_calls(called("a", "look_up"))

    upstream.behave = anthropic
    run = chat.submit(chat.run("Hi", model="m", tools=[FUNCTION]))
    assert run["status"] == "requires_action", run["last_error"]
    assert len(upstream.seen) == 3
    chat.submit(run)
    assert len(upstream.seen) == 4  # it is remembered
    turns = [one for one in upstream.last.json["messages"] if "tool_calls" in one]
    assert [one["content"] for one in turns] == [None, None]


@pytest.mark.parametrize(
    ("arguments", "replayed"),
    [
        ('{"q": 1}', '{"q": 1}'),
        ("", "{}"),
        (" ", "{}"),
        ("null", "{}"),
        ('{"q": ', '{"invalid_arguments":"{\\"q\\": "}'),
        ("5", '{"invalid_arguments":"5"}'),
        ("[1]", '{"invalid_arguments":"[1]"}'),
        ('{"q": NaN}', '{"invalid_arguments":"{\\"q\\": NaN}"}'),
    ],
)
def test_arguments_go_back_as_an_object(
    engine: Api, upstream: Upstream, arguments: str, replayed: str
) -> None:
    """vLLM and SGLang answer 400 to a history with anything else."""
    is_chat = engine_is_chat(engine)
    if is_chat:
        upstream.reply(chat_calls(called("a", "look_up", arguments)), chat_says("Sorry"))
    else:
        upstream.reply(answers(function_call("a", "look_up", arguments)), answers(message("Sorry")))
    run = engine.run("Hi", model="m", tools=[FUNCTION])
    [call] = run["required_action"]["submit_tool_outputs"]["tool_calls"]
    assert call["function"]["arguments"] == arguments
    assert engine.submit(run, "error: the arguments are no JSON")["status"] == "completed"
    *_, made, output = upstream.last.json["messages" if is_chat else "input"]
    function = made["tool_calls"][0]["function"] if is_chat else made
    assert function["arguments"] == replayed
    assert output["content" if is_chat else "output"] == "error: the arguments are no JSON"


DETAILS = [
    {"type": "reasoning.text", "text": "Let me ", "index": 0, "format": "x"},
    {"type": "reasoning.text", "text": "see.", "index": 0, "signature": "sig"},
    {"type": "reasoning.encrypted", "data": "sealed", "index": 1},
]
WHOLE_DETAILS = [
    {
        "type": "reasoning.text",
        "text": "Let me see.",
        "index": 0,
        "format": "x",
        "signature": "sig",
    },
    {"type": "reasoning.encrypted", "data": "sealed", "index": 1},
]
SIGNED = {"google": {"thought_signature": "c2ln"}}


@pytest.mark.parametrize(
    ("pieces", "fields", "of_call"),
    [
        pytest.param(
            [{"reasoning_content": "Let me "}, {"reasoning_content": "see."}],
            {"reasoning_content": "Let me see."},
            {},
            id="DeepSeek, Qwen",
        ),
        pytest.param([{"reasoning": "Let me see."}], {"reasoning": "Let me see."}, {}, id="vLLM"),
        pytest.param(
            [{"reasoning_details": [one]} for one in DETAILS],
            {"reasoning_details": WHOLE_DETAILS},
            {},
            id="OpenRouter",
        ),
        pytest.param([], {}, {"extra_content": SIGNED}, id="Gemini"),
    ],
)
@pytest.mark.parametrize("way", ["streamed", "whole"])
def test_fields_of_a_provider_come_back_within_the_loop(
    chat: Api, upstream: Upstream, pieces: list[Any], fields: Any, of_call: Any, way: str
) -> None:
    first = {**called("a", "look_up"), **of_call}
    calling = wire(*(chunk(**one) for one in pieces), chunk("tool_calls", tool_calls=[first]), DONE)
    if way == "whole":
        calling = Reply(body=chat_message(None, "tool_calls", **fields, tool_calls=[first]))
    upstream.reply(calling, chat_calls(called("b", "look_up")), chat_says("Done"))
    run = chat.submit(chat.run("Hi", model="m", tools=[FUNCTION]))
    run = chat.submit(run)
    assert run["status"] == "completed"
    for sent in upstream.bodies[1:]:
        turn = sent["messages"][1]
        assert turn == {
            "role": "assistant",
            "content": "",
            **fields,
            "tool_calls": [made("a", of_call)],
        }
    assert upstream.last.json["messages"][3]["tool_calls"] == [made("b", {})]
    chat.post(f"/threads/{run['thread_id']}/runs", {"assistant_id": "asst_demo", "model": "m"})
    assert [sorted(one) for one in upstream.last.json["messages"]] == [["content", "role"]] * 2


def made(call_id: str, more: dict[str, Any]) -> dict[str, Any]:
    """A call as it is given back."""
    function = {"name": "look_up", "arguments": "{}"}
    return {"id": call_id, "type": "function", "function": function, **more}


def test_words_and_fields_before_a_call_are_one_message(chat: Api, upstream: Upstream) -> None:
    pieces = [chunk(reasoning_content="Hm."), chunk(content="Let me look.")]
    end = chunk("tool_calls", tool_calls=[called("a", "look_up")])
    upstream.reply(wire(*pieces, end, DONE), chat_says("Done"))
    chat.submit(chat.run("Hi", model="m", tools=[FUNCTION]))
    assert upstream.last.json["messages"][1] == {
        "role": "assistant",
        "content": "Let me look.",
        "reasoning_content": "Hm.",
        "tool_calls": [made("a", {})],
    }


@pytest.mark.parametrize(
    "words",
    ["property 'reasoning' is unsupported", "Extra inputs are not permitted: reasoning_content"],
)
def test_fields_that_are_refused_are_left_out(chat: Api, upstream: Upstream, words: str) -> None:
    def strict(body: Any) -> Reply:
        if any(one.keys() & {"reasoning", "reasoning_content"} for one in body["messages"]):
            return refusal(400, words)
        call = called("a", "look_up")
        return wire(
            chunk(reasoning_content="Hm.", reasoning="Hm."), chunk("stop", tool_calls=[call])
        )

    upstream.behave = strict
    run = chat.submit(chat.run("Hi", model="m", tools=[FUNCTION]))
    assert (run["status"], len(upstream.seen)) == ("requires_action", 3)
    chat.submit(run)
    assert len(upstream.seen) == 4


def test_a_phase_comes_back(responses: Api, upstream: Upstream) -> None:
    said = {**message("Let me look."), "phase": "commentary"}
    upstream.reply(answers(reasoning(), said, function_call("a", "f")), answers(message("Ok")))
    responses.submit(responses.run("Hi", model="m", tools=[FUNCTION]))
    assert upstream.last.json["input"][2] == {
        "type": "message",
        "role": "assistant",
        "content": "Let me look.",
        "phase": "commentary",
    }
