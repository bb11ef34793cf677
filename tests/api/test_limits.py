"""Every limit of the documented page, on both sides, and what is said when one is broken."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.reading import Read, create_and_run


def given(field: str, value: Any) -> Read:
    return create_and_run(stdin=json.dumps({field: value}))


def tool(**settings: Any) -> list[Any]:
    return [{"type": "file_search", "file_search": settings}]


def function(name: str) -> list[Any]:
    return [{"type": "function", "function": {"name": name}}]


def schema(name: str) -> Any:
    return {"type": "json_schema", "json_schema": {"name": name, "schema": {}}}


def message(**fields: Any) -> Any:
    return {"messages": [{"role": "user", "content": "x", **fields}]}


PAIRS_16 = {f"k{i}": "v" for i in range(16)}
PAIRS_17 = {f"k{i}": "v" for i in range(17)}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("temperature", 0), ("temperature", 2), ("temperature", 2.0), ("temperature", None),
        ("top_p", 0), ("top_p", 1), ("top_p", 1.0), ("top_p", None),
        ("metadata", {}), ("metadata", None), ("metadata", PAIRS_16),
        ("metadata", {"k" * 64: "v" * 512}), ("metadata", {"é" * 64: "😀" * 512}),
        ("metadata", {"": ""}),
        ("tools", tool(max_num_results=1)), ("tools", tool(max_num_results=50)),
        ("tools", tool(ranking_options={"score_threshold": 0})),
        ("tools", tool(ranking_options={"score_threshold": 1.0, "ranker": "auto"})),
        ("tools", function("a")), ("tools", function("A-z_9" + "x" * 59)), ("tools", []),
        ("tools", None), ("tools", [{"type": "code_interpreter"}] * 21),
        ("response_format", "auto"), ("response_format", schema("a" * 64)),
        ("response_format", {"type": "text"}), ("response_format", {"type": "json_object"}),
        ("tool_choice", "none"), ("tool_choice", "required"), ("tool_choice", None),
        ("tool_choice", {"type": "file_search"}),
        ("tool_choice", {"type": "function", "function": {"name": "f"}}),
        ("truncation_strategy", {"type": "auto"}),
        ("truncation_strategy", {"type": "last_messages", "last_messages": 1}),
        ("thread", message(role="assistant")), ("thread", message(content=[])),
        ("thread", message(content=[{"type": "text", "text": ""}])),
        ("thread", message(content=[{"type": "image_url", "image_url": {"url": "x"}}])),
        ("thread", message(content=[{"type": "image_file", "image_file": {"file_id": "f"}}])),
        ("thread", message(attachments=[{"file_id": "f", "tools": [{"type": "file_search"}]}])),
        ("thread", message(metadata=PAIRS_16)), ("thread", {}),
        # Known only from the API description, so the server's business
        ("max_prompt_tokens", 1), ("max_completion_tokens", 0), ("max_prompt_tokens", 1e3),
    ],
)  # fmt: skip
def test_allowed(field: str, value: Any) -> None:
    read = given(field, value)
    assert read.problems == ()
    assert read.body[field] == value


CHOICE = '"none", "auto" or "required", or an object whose type is "function", "code_interpreter"'
FORMAT = 'expected "auto", or an object whose type is "text", "json_object" or "json_schema", found'
NAME = "expected 1 to 64 letters, digits, underscores or dashes, found"


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("temperature", -0.01, "temperature: expected a number of at least 0, found -0.01"),
        ("temperature", 2.01, "temperature: expected a number of at most 2, found 2.01"),
        ("temperature", "1", 'temperature: expected a number, found "1"'),
        ("temperature", True, "temperature: expected a number, found true"),
        ("top_p", -1, "top_p: expected a number of at least 0, found -1"),
        ("top_p", 1.001, "top_p: expected a number of at most 1, found 1.001"),
        ("metadata", PAIRS_17, "metadata: expected at most 16 pairs, found 17"),
        ("metadata", {"k" * 65: ""}, "expected a key of at most 64 characters, found 65: "),
        ("metadata", {"k": "v" * 513}, "metadata.k: expected at most 512 characters, found 513: "),
        ("metadata", {"k": 1}, "metadata.k: expected a text, found 1"),
        ("metadata", {"k": None}, "metadata.k: expected a text, found null"),
        ("metadata", {"k": {"x": "y"}}, 'metadata.k: expected a text, found {"x": "y"}'),
        ("metadata", "k=v", 'metadata: expected an object, found "k=v"'),
        ("tools", tool(max_num_results=0),
         "tools[0].file_search.max_num_results: expected a number of at least 1, found 0"),
        ("tools", tool(max_num_results=51),
         "tools[0].file_search.max_num_results: expected a number of at most 50, found 51"),
        ("tools", tool(max_num_results=1.5), "expected a whole number, found 1.5"),
        ("tools", tool(ranking_options={"score_threshold": 1.1}),
         "ranking_options.score_threshold: expected a number of at most 1, found 1.1"),
        ("tools", tool(ranking_options={"score_threshold": -0.1}), "of at least 0, found -0.1"),
        ("tools", tool(ranking_options={}), "score_threshold: is required"),
        ("tools", tool(ranking_options={"score_threshold": 0, "ranker": "best"}),
         'ranker: expected "auto" or "default_2024_08_21", found "best"'),
        ("tools", function(""), f'tools[0].function.name: {NAME} ""'),
        ("tools", function("x" * 65), f'tools[0].function.name: {NAME} "xxx'),
        ("tools", function("a b"), f'{NAME} "a b"'), ("tools", function("é"), f'{NAME} "é"'),
        ("tools", function("f\n"), NAME),
        ("tools", [{"type": "function"}], "tools[0].function: is required"),
        ("tools", [{"type": "file-search"}], "(did you mean file_search?)"),
        ("tools", ["file_search"], '"file_search" (write {type: file_search})'),
        ("tools", ["function"], '"function" (write {type: function, function: …})'),
        ("response_format", "json_schema", "(write {type: json_schema, json_schema: …})"),
        ("tools", {"type": "file_search"}, "tools: expected a list, found {"),
        ("response_format", schema("a.b"), f'response_format.json_schema.name: {NAME} "a.b"'),
        ("response_format", schema("x" * 65), NAME), ("response_format", "text", FORMAT),
        ("response_format", {"type": "json_schema"}, "response_format.json_schema: is required"),
        ("response_format", {"type": "xml"}, f'response_format: {FORMAT} {{"type": "xml"}}'),
        ("tool_choice", "requierd", "(did you mean required?)"), ("tool_choice", True, CHOICE),
        ("tool_choice", {"type": "function"},
         'tool_choice.function: needed when type is "function": {name: …}'),
        ("tool_choice", {"type": "function", "function": {}}, "function.name: is required"),
        ("tool_choice", {"type": "function", "function": {"name": ""}}, "that is not empty"),
        ("truncation_strategy", {}, "truncation_strategy.type: is required"),
        ("truncation_strategy", {"type": "last"},
         'truncation_strategy.type: expected "auto" or "last_messages", found "last"'),
        ("thread", message(role="system"), 'expected "user" or "assistant", found "system"'),
        ("thread", message(role="User"), "(did you mean user?)"),
        ("thread", message(content=7), "expected a text or a list of parts, found 7"),
        ("thread", message(content=[{"type": "text"}]), "content[0].text: is required"),
        ("thread", message(content=[{"type": "image", "image": "x"}]), "content[0]: expected"),
        ("thread", message(metadata={"k": 1}), "thread.messages[0].metadata.k: expected a text"),
        ("thread", message(attachments=[{"tools": [{"type": "function"}]}]),
         'attachments[0].tools[0].type: expected "code_interpreter" or "file_search"'),
        ("thread", {"metadata": PAIRS_17}, "thread.metadata: expected at most 16 pairs, found 17"),
        ("thread", {"tool_resources": []}, "thread.tool_resources: expected an object, found []"),
        ("thread", [], "thread: expected an object, found []"),
        ("parallel_tool_calls", None, "parallel_tool_calls: expected true or false, found null"),
        ("parallel_tool_calls", 1, "parallel_tool_calls: expected true or false, found 1"),
        ("stream", "true", 'stream: expected true or false, found "true"'),
        ("model", 4.1, "model: expected a text, found 4.1"),
        ("instructions", {"a": 1}, 'instructions: expected a text, found {"a": 1}'),
        ("max_prompt_tokens", 1.5, "max_prompt_tokens: expected a whole number, found 1.5"),
        ("max_prompt_tokens", True, "max_prompt_tokens: expected a whole number, found true"),
    ],
)  # fmt: skip
def test_refused(field: str, value: Any, says: str) -> None:
    (problem,) = given(field, value).problems
    assert problem.startswith("stdin: ")
    assert says in problem


def test_the_assistant_is_required() -> None:
    assert create_and_run("--assistant-id=").problems == (
        '--assistant-id (no. 2): expected a text that is not empty, found ""',
    )


def test_long_values_are_cut_in_messages() -> None:
    (problem,) = given("metadata", {"k": "v" * 100_000}).problems
    assert len(problem) < 150
    assert problem.endswith("…")


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"model": "m", "modle": "x"}, "stdin: modle: unknown key, sent as it is "
                                       "(did you mean model?)"),
        ({"max-prompt-tokens": 1}, "stdin: max-prompt-tokens: unknown key, sent as it is "
                                   "(did you mean max_prompt_tokens?)"),
        ({"thread": {"message": []}}, "stdin: thread.message: unknown key, sent as it is "
                                      "(did you mean messages?)"),
        ({"thread": message(attachment=[])}, "stdin: thread.messages[0].attachment: unknown key, "
                                             "sent as it is (did you mean attachments?)"),
        ({"tools": tool(max_num_result=1)}, "stdin: tools[0].file_search.max_num_result: unknown "
                                            "key, sent as it is (did you mean max_num_results?)"),
    ],
)  # fmt: skip
def test_slips_are_sent_with_a_warning(body: dict[str, Any], says: str) -> None:
    read = create_and_run(stdin=json.dumps(body))
    assert read.warnings == (says,)
    assert read.body == {**body, "assistant_id": "a"}


def test_a_slip_in_a_flag_names_the_flag() -> None:
    read = create_and_run("--thread", "{metdata: {}}", "--message", "x")
    assert read.warnings == (
        "--thread: metdata: unknown key, sent as it is (did you mean metadata?)",
    )


def test_extensions_pass_in_silence() -> None:
    body = {"x_vendor": {"deep": [1, None]}, "thread": {"ttl": 5}, "seed": 7, "assistant_id": "a"}
    read = create_and_run(stdin=json.dumps(body))
    assert (read.body, read.warnings) == (body, ())


def test_without_validation_values_go_out_as_they_are() -> None:
    body = {"temperature": 9, "metadata": {"k": 1}, "thread": [], "modle": "x", "tools": "all"}
    read = create_and_run(stdin=json.dumps(body), check=False)
    assert read.body == {**body, "assistant_id": "a"}
    assert read.warnings == ()


def test_without_validation_texts_must_still_be_readable() -> None:
    read = create_and_run("--thread", "{", "--temperature", "hot", check=False)
    assert [problem.split(":")[0] for problem in read.problems] == ["--thread", "--temperature"]
