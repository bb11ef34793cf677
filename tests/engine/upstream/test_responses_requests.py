"""What a Responses server is asked: the mapping, field by field."""

from typing import Any

import pytest

from tests.engine.support import FUNCTION, Api, ask
from tests.engine.upstream.support import (
    Upstream,
    answers,
    function_call,
    message,
    reasoning,
    refusal,
)

TEXT = {"type": "message", "role": "user", "content": "Hi"}
PLAIN = {"model": "m", "input": [TEXT], "stream": True, "store": False}
SEALED = "reasoning.encrypted_content"
NO_PARAMETERS = {"type": "object", "properties": {}}
TOOL = {"type": "function", "name": "look_up", "parameters": NO_PARAMETERS, "strict": False}
CONTENTS = "step_details.tool_calls[*].file_search.results[*].content"
SEARCH = {"type": "file_search"}
CODE = {"type": "code_interpreter"}
STORE = {"file_search": {"vector_store_ids": ["vs_run"]}}
JSON_SCHEMA = {"name": "n", "schema": {"type": "object"}, "strict": True, "description": "d"}
FULL_FUNCTION = {
    "name": "f",
    "description": "d",
    "parameters": {"type": "object", "properties": {}},
    "strict": True,
}


def said(text: str) -> dict[str, Any]:
    """A message of the assistant as an input item."""
    return {"type": "message", "role": "assistant", "content": text}


def sent(api: Api, upstream: Upstream, **fields: Any) -> Any:
    """The request that a run makes."""
    upstream.reply(answers(message("Ok")))
    run = api.run("Hi", model="m", **fields)
    assert run["status"] == "completed", run["last_error"]
    return upstream.last.json


def test_defaults_are_not_sent(responses: Api, upstream: Upstream) -> None:
    assert sent(responses, upstream, metadata={"secret": "kept here"}) == PLAIN
    assert upstream.last.path == "/v1/responses"
    assert upstream.last.header("authorization") == "Bearer sk-secret-of-the-tests"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"temperature": 0}, {"temperature": 0}),
        ({"top_p": 0.5}, {"top_p": 0.5}),
        ({"response_format": "auto"}, {}),
        ({"response_format": {"type": "text"}}, {"text": {"format": {"type": "text"}}}),
        (
            {"response_format": {"type": "json_object"}},
            {"text": {"format": {"type": "json_object"}}},
        ),
        (
            {"response_format": {"type": "json_schema", "json_schema": JSON_SCHEMA}},
            {"text": {"format": {"type": "json_schema", **JSON_SCHEMA}}},
        ),
        ({"max_completion_tokens": 300}, {"max_output_tokens": 300}),
        ({"max_prompt_tokens": 300}, {}),
        ({"truncation_strategy": {"type": "auto"}}, {"truncation": "auto"}),
        (
            {"truncation_strategy": {"type": "last_messages", "last_messages": 3}},
            {"truncation": "disabled"},
        ),
        ({"tool_choice": "none", "parallel_tool_calls": False}, {}),
        ({"instructions": "Be brief."}, {"instructions": "Be brief."}),
        ({"instructions": ""}, {}),
        (
            {"tools": [FUNCTION], "tool_choice": "auto", "parallel_tool_calls": False},
            {
                "tools": [TOOL],
                "tool_choice": "auto",
                "parallel_tool_calls": False,
                "include": [SEALED],
            },
        ),
        (
            {"tools": [FUNCTION], "tool_choice": FUNCTION},
            {
                "tools": [TOOL],
                "tool_choice": {"type": "function", "name": "look_up"},
                "include": [SEALED],
            },
        ),
        (
            {"tools": [{"type": "function", "function": FULL_FUNCTION}]},
            {"tools": [{"type": "function", **FULL_FUNCTION}], "include": [SEALED]},
        ),
        (
            {"tools": [CODE], "tool_choice": CODE},
            {
                "tools": [{**CODE, "container": {"type": "auto"}}],
                "tool_choice": CODE,
                "include": ["code_interpreter_call.outputs"],
            },
        ),
        (
            {"tools": [SEARCH], "tool_resources": STORE},
            {"tools": [{**SEARCH, "vector_store_ids": ["vs_run"]}]},
        ),
    ],
)
def test_settings(
    responses: Api, upstream: Upstream, fields: dict[str, Any], expected: dict[str, Any]
) -> None:
    assert sent(responses, upstream, **fields) == {**PLAIN, **expected}


def test_hosted_tools_and_their_files(responses: Api, upstream: Upstream) -> None:
    options = {
        "max_num_results": 3,
        "ranking_options": {"ranker": "default_2024_08_21", "score_threshold": 0.5},
    }
    assistant = responses.post(
        "/assistants",
        {
            "model": "m",
            "tools": [{**SEARCH, "file_search": options}, CODE],
            "tool_resources": {**STORE, "code_interpreter": {"file_ids": ["file-a", "file-b"]}},
            "reasoning_effort": "low",
        },
    )["id"]
    attachment = {"file_id": "file-c", "tools": [CODE]}
    thread = responses.post(
        "/threads",
        {
            "messages": [{"role": "user", "content": "Hi", "attachments": [attachment]}],
            "tool_resources": {
                "file_search": {"vector_store_ids": ["vs_thread"]},
                "code_interpreter": {"file_ids": ["file-b", "file-d"]},
            },
        },
    )["id"]
    upstream.reply(answers(message("Ok")))
    responses.post(
        f"/threads/{thread}/runs", {"assistant_id": assistant}, params={"include[]": CONTENTS}
    )
    assert upstream.last.json == {
        **PLAIN,
        "reasoning": {"effort": "low"},
        "tools": [
            {
                "type": "file_search",
                "vector_store_ids": ["vs_run", "vs_thread"],
                "max_num_results": 3,
                "ranking_options": {"ranker": "auto", "score_threshold": 0.5},
            },
            {
                "type": "code_interpreter",
                "container": {"type": "auto", "file_ids": ["file-a", "file-b", "file-d", "file-c"]},
            },
        ],
        "include": ["file_search_call.results", "code_interpreter_call.outputs"],
    }


def test_messages(responses: Api, upstream: Upstream) -> None:
    parts = [
        {"type": "text", "text": "Look"},
        {"type": "image_url", "image_url": {"url": "https://example.com/a.png", "detail": "low"}},
        {"type": "image_file", "image_file": {"file_id": "file-1"}},
    ]
    texts = [{"type": "text", "text": "one"}, {"type": "text", "text": "two"}]
    messages = [
        {"role": "user", "content": parts},
        {"role": "assistant", "content": "Yes?"},
        {"role": "assistant", "content": texts},
    ]
    upstream.reply(answers(message("Ok")))
    body = {"assistant_id": "asst_demo", "model": "m", "thread": {"messages": messages}}
    responses.post("/threads/runs", body)
    assert upstream.last.json["input"] == [
        {
            "type": "message",
            "role": "user",
            "content": [
                {"type": "input_text", "text": "Look"},
                {
                    "type": "input_image",
                    "image_url": "https://example.com/a.png",
                    "detail": "low",
                },
                {"type": "input_image", "file_id": "file-1", "detail": "auto"},
            ],
        },
        said("Yes?"),
        said("one\ntwo"),
    ]


@pytest.mark.parametrize(
    ("fields", "param", "text"),
    [
        (
            {"tools": [FUNCTION, SEARCH]},
            "tools[1].type",
            "'tools[1].type': 'file_search' is not supported by the responses backend "
            "without a vector store.",
        ),
        (
            {
                "tools": [SEARCH],
                "tool_resources": STORE,
                "thread": {
                    "messages": [
                        {
                            "role": "user",
                            "content": "x",
                            "attachments": [{"file_id": "file-1", "tools": [CODE, SEARCH]}],
                        }
                    ]
                },
            },
            "thread.messages[0].attachments[0].tools",
            "'thread.messages[0].attachments[0].tools': 'file_search' is not supported by the "
            "responses backend without a vector store for it.",
        ),
        (
            {
                "thread": {
                    "messages": [
                        {
                            "role": "assistant",
                            "content": [
                                {"type": "image_file", "image_file": {"file_id": "file-1"}}
                            ],
                        }
                    ]
                }
            },
            "thread.messages[0].content[0].type",
            "'thread.messages[0].content[0].type': 'image_file' is not supported by the "
            "responses backend.",
        ),
    ],
)
def test_what_responses_cannot_carry(
    responses: Api, upstream: Upstream, fields: dict[str, Any], param: str, text: str
) -> None:
    found = responses.refused("POST", "/threads/runs", {**ask("x", model="m"), **fields})
    assert found == (400, text, param, "unsupported_parameter")
    assert upstream.seen == []


def test_a_message_already_there_is_refused_by_its_id(responses: Api) -> None:
    attachment = {"file_id": "file-1", "tools": [SEARCH]}
    thread = responses.post("/threads")["id"]
    written = responses.post(
        f"/threads/{thread}/messages",
        {"role": "user", "content": "x", "attachments": [attachment]},
    )["id"]
    run = {"assistant_id": "asst_demo", "model": "m"}
    param = responses.refused("POST", f"/threads/{thread}/runs", run)[2]
    assert param == f"message {written}.attachments[0].tools"
    assert responses.get(f"/threads/{thread}/runs")["data"] == []


def test_the_answer_is_given_back_as_it_came(responses: Api, upstream: Upstream) -> None:
    search = {"type": "file_search_call", "id": "fs_1", "status": "completed", "queries": ["q"]}
    first = [
        reasoning(),
        search,
        message("Let me look."),
        function_call("a", "look_up", '{"q": 1}'),
        {**reasoning("more"), "id": "rs_2"},
        function_call("b", "look_up"),
    ]
    upstream.reply(answers(*first), answers(function_call("c", "look_up")), answers(message("Ok")))
    body = {"assistant_id": "asst_demo", "model": "m", "tools": [FUNCTION]}
    messages = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Earlier"}]
    run = responses.post("/threads/runs", {**body, "thread": {"messages": messages}})
    path = f"/threads/{run['thread_id']}/runs/{run['id']}/submit_tool_outputs"
    both = [{"tool_call_id": one, "output": f"out {one}"} for one in "ab"]
    run = responses.post(path, {"tool_outputs": both})
    assert run["status"] == "requires_action", run["last_error"]
    run = responses.post(path, {"tool_outputs": [{"tool_call_id": "c"}]})
    assert run["status"] == "completed", run["last_error"]
    told = [
        TEXT,
        said("Earlier"),
        {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "sealed"},
        {"type": "file_search_call", "id": "fs_1", "queries": ["q"]},
        said("Let me look."),
        {"type": "function_call", "call_id": "a", "name": "look_up", "arguments": '{"q": 1}'},
        {"type": "reasoning", "id": "rs_2", "summary": [], "encrypted_content": "more"},
        {"type": "function_call", "call_id": "b", "name": "look_up", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "a", "output": "out a"},
        {"type": "function_call_output", "call_id": "b", "output": "out b"},
    ]
    assert upstream.bodies[1]["input"] == told
    assert upstream.bodies[2]["input"] == [
        *told,
        {"type": "function_call", "call_id": "c", "name": "look_up", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c", "output": ""},
    ]
    assert responses.texts(run["thread_id"]) == ["Hi", "Earlier", "Let me look.", "Ok"]


def test_an_earlier_run_is_given_back_as_messages_only(responses: Api, upstream: Upstream) -> None:
    upstream.reply(answers(reasoning(), function_call("a", "look_up")), answers(message("Ok")))
    run = responses.run("Hi", model="m", tools=[FUNCTION])
    thread = f"/threads/{run['thread_id']}"
    path = f"{thread}/runs/{run['id']}/submit_tool_outputs"
    responses.post(path, {"tool_outputs": [{"tool_call_id": "a", "output": "x"}]})
    responses.post(f"{thread}/runs", {"assistant_id": "asst_demo", "model": "m"})
    assert upstream.last.json["input"] == [TEXT, said("Ok")]


def test_sealed_reasoning_that_is_refused_is_left_out(responses: Api, upstream: Upstream) -> None:
    upstream.reply(
        refusal(400, "Encrypted content is not supported with this model.", param="include"),
        answers(reasoning(None), function_call("a", "look_up")),
        answers(message("Ok")),
    )
    run = responses.run("Hi", model="m", tools=[FUNCTION])
    path = f"/threads/{run['thread_id']}/runs/{run['id']}/submit_tool_outputs"
    responses.post(path, {"tool_outputs": [{"tool_call_id": "a", "output": "x"}]})
    first, second, third = upstream.bodies
    assert first == {**PLAIN, "tools": [TOOL], "include": [SEALED]}
    assert second == {**PLAIN, "tools": [TOOL]}
    assert third == {
        **second,
        "input": [
            TEXT,
            {"type": "function_call", "call_id": "a", "name": "look_up", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "a", "output": "x"},
        ],
    }


def test_a_budget_below_what_can_be_asked_for_is_used_up(
    responses: Api, upstream: Upstream
) -> None:
    counts = {"input_tokens": 9, "output_tokens": 290, "total_tokens": 299}
    upstream.reply(answers(function_call("a", "look_up"), usage=counts))
    run = responses.run("Hi", model="m", tools=[FUNCTION], max_completion_tokens=300)
    path = f"/threads/{run['thread_id']}/runs/{run['id']}/submit_tool_outputs"
    ended = responses.post(path, {"tool_outputs": [{"tool_call_id": "a", "output": "x"}]})
    assert ended["status"] == "incomplete"
    assert ended["incomplete_details"] == {"reason": "max_completion_tokens"}
    assert ended["usage"]["completion_tokens"] == 290
    assert len(upstream.seen) == 1
