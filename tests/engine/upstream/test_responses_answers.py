"""What becomes of a Responses answer, well-behaved or not."""

from typing import Any

import pytest

from tests.engine.support import FUNCTION, Api, names
from tests.engine.upstream.support import (
    COUNTED,
    Upstream,
    answer_events,
    answers,
    data,
    events,
    function_call,
    item_events,
    message,
    named,
    reasoning,
    wire,
)
from tests.support.server import Reply

STORE = {"file_search": {"vector_store_ids": ["vs_1"]}}
SEARCH = {
    "type": "file_search",
    "file_search": {"ranking_options": {"ranker": "auto", "score_threshold": 0.0}},
}
ENDED = ["message.completed", "run.step.completed", "run.completed", "done"]


def last_message(api: Api, run: Any) -> Any:
    [found] = api.get(f"/threads/{run['thread_id']}/messages", limit=1)["data"]
    return found


def steps(api: Api, run: Any, **query: Any) -> list[Any]:
    path = f"/threads/{run['thread_id']}/runs/{run['id']}/steps"
    found: list[Any] = api.get(path, order="asc", **query)["data"]
    return found


def test_words_as_they_come(responses: Api, upstream: Upstream) -> None:
    upstream.reply(answers(reasoning(), message("Hello")))
    told = responses.run_stream("Hi", model="m")
    assert names(told)[8:] == ["message.delta", *ENDED]
    pieces = [
        one["delta"]["content"][0]["text"]["value"] for one in named(told, "thread.message.delta")
    ]
    assert pieces == ["He", "llo"]
    assert told[-2][1]["usage"] == told[-3][1]["usage"] == COUNTED


def test_two_messages_are_two_messages(responses: Api, upstream: Upstream) -> None:
    upstream.reply(answers(message("One", "msg_1"), message("Two", "msg_2")))
    run = responses.run("Hi", model="m")
    assert responses.texts(run["thread_id"]) == ["Hi", "One", "Two"]
    first, second = steps(responses, run)
    assert first["usage"] == dict.fromkeys(COUNTED, 0)
    assert second["usage"] == run["usage"] == COUNTED


def test_parts_of_one_message(responses: Api, upstream: Upstream) -> None:
    item = message("One")
    item["content"] += [
        {"type": "output_text", "text": "Two", "annotations": []},
        {"type": "refusal", "refusal": "No more"},
    ]
    upstream.reply(answers(item))
    content = last_message(responses, responses.run("Hi", model="m"))["content"]
    assert [block.get("refusal") or block["text"]["value"] for block in content] == [
        "One",
        "Two",
        "No more",
    ]
    assert [block["type"] for block in content] == ["text", "text", "refusal"]


def test_a_refusal_as_it_comes(responses: Api, upstream: Upstream) -> None:
    at = {"output_index": 0, "item_id": "msg_up", "content_index": 0}
    item = {**message(""), "content": [{"type": "refusal", "refusal": "I won't."}]}
    first, *_, last = answer_events(item)
    pieces = [{"type": "response.refusal.delta", **at, "delta": one} for one in ("I ", "won't.")]
    upstream.reply(wire(*events(first, *pieces, last)))
    told = responses.run_stream("Hi", model="m")
    deltas = [one["delta"]["content"][0] for one in named(told, "thread.message.delta")]
    assert [one["refusal"] for one in deltas] == ["I ", "won't."]
    [ended] = named(told, "thread.message.completed")
    assert ended["content"] == [{"type": "refusal", "refusal": "I won't."}]
    assert ended["status"] == "completed"


def test_text_then_calls(responses: Api, upstream: Upstream) -> None:
    first, second = function_call("a", "f", '{"q": 1}'), function_call("b", "g")
    upstream.reply(answers(message("Look."), first, second))
    told = responses.run_stream("Hi", model="m", tools=[FUNCTION])
    assert names(told)[8:] == [
        "message.delta",
        "message.completed",
        "run.step.completed",
        "run.step.created",
        "run.step.in_progress",
        "run.step.delta",
        "run.requires_action",
        "done",
    ]
    run = told[-2][1]
    calls = run["required_action"]["submit_tool_outputs"]["tool_calls"]
    assert [(call["id"], call["function"]) for call in calls] == [
        ("a", {"name": "f", "arguments": '{"q": 1}'}),
        ("b", {"name": "g", "arguments": "{}"}),
    ]
    assert run["usage"] == COUNTED


def test_annotations(responses: Api, upstream: Upstream) -> None:
    text = "See the chart and the file."
    marks = [
        {"type": "file_citation", "file_id": "file-1", "index": 7, "filename": "a.txt"},
        {"type": "file_citation", "file_id": "file-2", "index": 999, "filename": "b.txt"},
        {
            "type": "container_file_citation",
            "container_id": "cntr_1",
            "file_id": "cfile_1",
            "start_index": 8,
            "end_index": 13,
        },
        {"type": "file_path", "file_id": "file-3", "index": 4},
        {"type": "url_citation", "url": "https://example.com", "start_index": 0, "end_index": 3},
    ]
    upstream.reply(answers(message(text, annotations=marks)))
    told = responses.run_stream("Hi", model="m")
    expected = [
        citation("file_citation", "file-1", "", 7, 7),
        citation("file_citation", "file-2", "", 27, 27),
        citation("file_path", "cfile_1", "chart", 8, 13),
        citation("file_path", "file-3", "", 4, 4),
    ]
    [ended] = named(told, "thread.message.completed")
    assert ended["content"][0]["text"] == {"value": text, "annotations": expected}
    deltas = [one["delta"]["content"][0]["text"] for one in named(told, "thread.message.delta")]
    added = [one["annotations"] for one in deltas if "value" not in one]
    assert added == [[{"index": place, **one}] for place, one in enumerate(expected)]


def citation(kind: str, file_id: str, text: str, start: int, end: int) -> dict[str, Any]:
    offsets = {"start_index": start, "end_index": end}
    return {"type": kind, "text": text, **offsets, kind: {"file_id": file_id}}


def test_an_annotation_that_only_came_by_itself(responses: Api, upstream: Upstream) -> None:
    mark = {"type": "file_citation", "file_id": "file-1", "index": 2}
    at = {"output_index": 0, "item_id": "msg_up", "content_index": 0}
    added = {"type": "response.output_text.annotation.added", **at, "annotation": mark}
    begun, opened, piece, *rest = answer_events(message("Hello"))
    upstream.reply(wire(*events(begun, opened, piece, added, *rest)))
    run = responses.run("Hi", model="m")
    [text] = [block["text"] for block in last_message(responses, run)["content"]]
    assert text["annotations"] == [citation("file_citation", "file-1", "", 2, 2)]


def test_a_file_search(responses: Api, upstream: Upstream) -> None:
    result = {"file_id": "file-1", "filename": "a.txt", "score": 0.5, "text": "found"}
    search = {"type": "file_search_call", "id": "fs_1", "queries": ["q"], "results": [result]}
    upstream.reply(answers(search, message("Ok")))
    tools = {"tools": [SEARCH], "tool_resources": STORE}
    told = responses.run_stream("Hi", model="m", **tools)
    assert names(told)[4:10] == [
        "run.step.created",
        "run.step.in_progress",
        "run.step.delta",
        "run.step.completed",
        "run.step.created",
        "run.step.in_progress",
    ]
    [first, *_] = named(told, "thread.run.step.delta")
    call = {"index": 0, "id": "fs_1", "type": "file_search", "file_search": {}}
    assert first["delta"]["step_details"]["tool_calls"] == [call]
    contents = "step_details.tool_calls[*].file_search.results[*].content"
    told_result = {"file_id": "file-1", "file_name": "a.txt", "score": 0.5}
    for include, expected in (
        ({}, told_result),
        (
            {"include[]": contents},
            {**told_result, "content": [{"type": "text", "text": "found"}]},
        ),
    ):
        step, _ = steps(responses, told[-2][1], **include)
        [made] = step["step_details"]["tool_calls"]
        assert made["file_search"]["results"] == [expected]


def test_code_that_ran(responses: Api, upstream: Upstream) -> None:
    outputs = [{"type": "logs", "logs": "4\n"}, {"type": "image", "url": "https://example.com/i"}]
    code = {"type": "code_interpreter_call", "id": "ci_1", "code": "print(2 + 2)"}
    upstream.reply(answers({**code, "outputs": outputs}, message("4")))
    told = responses.run_stream("Hi", model="m", tools=[{"type": "code_interpreter"}])
    deltas = [
        one["delta"]["step_details"]["tool_calls"][0]["code_interpreter"]
        for one in named(told, "thread.run.step.delta")
    ]
    kept = [
        {"type": "logs", "logs": "4\n"},
        {"type": "image", "image": {"file_id": "https://example.com/i"}},
    ]
    assert deltas == [
        {"input": "", "outputs": []},
        {"input": "print("},
        {"input": "2 + 2)"},
        {"outputs": [{"index": place, **one} for place, one in enumerate(kept)]},
    ]
    step, _ = steps(responses, told[-2][1])
    [call] = step["step_details"]["tool_calls"]
    assert call["code_interpreter"] == {"input": "print(2 + 2)", "outputs": kept}
    assert (call["id"], step["status"]) == ("ci_1", "completed")


def test_a_hosted_tool_without_a_word_after_it(responses: Api, upstream: Upstream) -> None:
    code = {"type": "code_interpreter_call", "id": "ci_1", "code": "pass", "outputs": None}
    upstream.reply(answers(code))
    run = responses.run("Hi", model="m", tools=[{"type": "code_interpreter"}])
    assert run["status"] == "completed"
    assert responses.texts(run["thread_id"]) == ["Hi", ""]


@pytest.mark.parametrize(
    ("reason", "details", "why"),
    [
        ("max_output_tokens", {"reason": "max_completion_tokens"}, "max_tokens"),
        ("content_filter", {}, "content_filter"),
    ],
)
def test_an_answer_that_ends_early(
    responses: Api, upstream: Upstream, reason: str, details: dict[str, str], why: str
) -> None:
    early = {"status": "incomplete", "incomplete_details": {"reason": reason}}
    item = {**message("Once"), "status": "incomplete"}
    upstream.reply(answers(item, **early))
    told = responses.run_stream("Hi", model="m")
    assert names(told)[9:] == [
        "message.incomplete",
        "run.step.completed",
        "run.incomplete",
        "done",
    ]
    assert told[-4][1]["incomplete_details"] == {"reason": why}
    run = told[-2][1]
    assert (run["status"], run["incomplete_details"]) == ("incomplete", details)
    assert run["usage"] == COUNTED


BEGUN = list(answer_events(message("Hello")))


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(wire(*events(*BEGUN[:2], BEGUN[-1])), id="no pieces"),
        pytest.param(wire(*events(BEGUN[-1])), id="only the end"),
        pytest.param(
            wire(*events(*BEGUN[:4], {**BEGUN[-1], "response": {}})), id="no end of the item"
        ),
        pytest.param(wire(*events(*BEGUN[2:4], {**BEGUN[-1], "response": None})), id="only pieces"),
        pytest.param(
            wire(*(data({**one, "output_index": None, "item_id": None}) for one in BEGUN)),
            id="no names, places or ids",
        ),
        pytest.param(wire(*events(*BEGUN), b"data: [DONE]\n\n"), id="an end mark"),
        pytest.param(
            wire(*events(BEGUN[0], {"type": "response.brand_new", "delta": 7}, *BEGUN[1:])),
            id="an unknown event",
        ),
        pytest.param(Reply(body=BEGUN[-1]["response"]), id="no stream"),
    ],
)
def test_answers_that_lack_something(responses: Api, upstream: Upstream, reply: Reply) -> None:
    upstream.reply(reply)
    run = responses.run("Hi", model="m")
    assert run["status"] == "completed", run["last_error"]
    assert responses.texts(run["thread_id"]) == ["Hi", "Hello"]


def test_no_usage_is_estimated(responses: Api, upstream: Upstream) -> None:
    upstream.reply(answers(message("One", "msg_1"), message("Two", "msg_2"), usage=None))
    run = responses.run("Hi", model="m")
    assert run["status"] == "completed"
    counts = {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3, "estimated": True}
    assert run["usage"] == steps(responses, run)[-1]["usage"] == counts


def test_a_call_that_only_comes_whole(responses: Api, upstream: Upstream) -> None:
    call = function_call("", "f", '{"q": 1}')
    piece = {"type": "response.function_call_arguments.delta", "output_index": 0, "delta": "{"}
    _, *_, end = answer_events(call)
    upstream.reply(wire(*events(piece, end)), answers(message("Ok")))
    run = responses.run("Hi", model="m", tools=[FUNCTION])
    [asked] = run["required_action"]["submit_tool_outputs"]["tool_calls"]
    assert asked["id"].startswith("call_")
    assert asked["function"] == {"name": "f", "arguments": '{"q": 1}'}
    path = f"/threads/{run['thread_id']}/runs/{run['id']}/submit_tool_outputs"
    responses.post(path, {"tool_outputs": [{"tool_call_id": asked["id"], "output": "x"}]})
    assert [one.get("call_id") for one in upstream.last.json["input"]] == [None, *[asked["id"]] * 2]


FAILED = {"type": "response.failed", "response": {"status": "failed"}}


@pytest.mark.parametrize(
    ("end", "code", "text"),
    [
        (
            {**FAILED, "response": {"error": {"code": "server_error", "message": "Oh"}}},
            "server_error",
            "reported an error (server_error): Oh",
        ),
        (
            {**FAILED, "response": {"error": {"code": "rate_limit_exceeded", "message": "Slow"}}},
            "rate_limit_exceeded",
            "Slow",
        ),
        (
            {**FAILED, "response": {"error": {"code": "invalid_prompt", "message": "Bad"}}},
            "invalid_prompt",
            "Bad",
        ),
        (FAILED, "server_error", "the answer failed"),
        (
            {"type": "error", "code": "ERR", "message": "Broken sk-secret-of-the-tests"},
            "server_error",
            "reported an error (ERR): Broken [redacted]",
        ),
        (
            {"type": "error", "error": {"code": "rate_limit_exceeded", "message": "Slow"}},
            "rate_limit_exceeded",
            "Slow",
        ),
        (
            {"type": "response.incomplete", "response": {"incomplete_details": None}},
            "server_error",
            "ended its answer early: no reason given",
        ),
    ],
)
def test_answers_that_fail(
    responses: Api, upstream: Upstream, end: dict[str, Any], code: str, text: str
) -> None:
    upstream.reply(wire(*events(*BEGUN[:4], end)))
    told = responses.run_stream("Hi", model="m")
    assert names(told)[9:] == ["message.incomplete", "run.step.failed", "run.failed", "done"]
    error = told[-2][1]["last_error"]
    assert error["code"] == code
    assert text in error["message"]
    assert len(upstream.seen) == 1


@pytest.mark.parametrize("cut", [True, False])
def test_a_cut_stream(responses: Api, upstream: Upstream, cut: bool) -> None:
    upstream.reply(wire(*events(*BEGUN[:4]), cut=cut))
    run = responses.run("Hi", model="m")
    assert run["last_error"]["code"] == "server_error"
    assert responses.texts(run["thread_id"]) == ["Hi", "Hello"]
    assert last_message(responses, run)["incomplete_details"] == {"reason": "run_failed"}


def test_pieces_of_an_item_and_its_whole_do_not_double(responses: Api, upstream: Upstream) -> None:
    first, *pieces, last = answer_events(message("Hello"))
    assert pieces == list(item_events(0, message("Hello")))
    upstream.reply(wire(*events(first, *pieces, *pieces[-1:], last)))
    run = responses.run("Hi", model="m")
    assert responses.texts(run["thread_id"]) == ["Hi", "Hello"]
