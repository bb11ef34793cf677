"""Every format, on documents, streams and errors, in a pipe."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.cli.conftest import RUN, Run, message, reply_events
from tests.support.server import Reply, Server, sse

ODD = (
    '{ "object":"thread.run" ,"status" : "completed",\r\n"top_p":1.0,"temperature":1e3,'
    '"price":1.10,"zero":-0.0,"big":123456789012345678901234567890,"huge":1E400,"a":1,"z":{},"e":[],'
    '"u":"\\u00e9\\/\\ud83d\\ude00 \u2028 \x7f \x9b é","ünknown":null,"lone":"\\ud800"}\n'
)
"""A run as no client would write it, and as a server may."""


def exact(text: str) -> Any:
    return json.loads(text, parse_float=str, parse_int=str, object_pairs_hook=list)


@pytest.mark.parametrize("name", ["auto", "json", "jsonl", "JSON", "Auto"])
def test_json_keeps_everything_the_server_wrote(quick: Run, server: Server, name: str) -> None:
    server.reply(Reply(body=ODD))
    done = quick(*RUN, "--format", name)
    assert (done.code, done.err) == (0, "")
    assert exact(done.out) == exact(ODD)
    for piece in ("\\u00e9\\/\\ud83d\\ude00 \u2028 \x7f \x9b é", "\\ud800", "1E400", "-0.0"):
        assert piece in done.out
    assert (done.out.count("\n") == 1) is (name == "jsonl")


def test_raw_is_byte_for_byte(quick: Run, server: Server) -> None:
    content = b"\xef\xbb\xbf" + ODD.encode() + b"\r\n \t"
    server.reply(Reply(body=content))
    assert quick(*RUN, "--format", "raw").stdout == content
    chunks = [b": hi\r\n", b"event: thread.created\r\ndata: {}\r\n\r", b"\ndata: [DONE]\n\n"]
    server.reply(Reply(chunks=chunks))
    assert quick(*RUN, "--stream", "--format", "raw").stdout == b"".join(chunks)


def test_yaml_reads_back(quick: Run, server: Server) -> None:
    server.reply(Reply(body=ODD))
    text = quick(*RUN, "--format", "yaml").out
    read = YAML(typ="safe", pure=True).load(io.StringIO(text))
    assert read == json.loads(ODD)
    assert list(read) == list(json.loads(ODD))
    assert "temperature: 1e3\n" in text


def test_numbers_survive_in_pretty_too(quick: Run, server: Server) -> None:
    server.reply(Reply(body=ODD))
    text = quick(*RUN, "--format", "pretty").out
    for number in ("1.0", "1e3", "1.10", "-0.0", "1E400", "123456789012345678901234567890"):
        assert f" {number} " in text


@pytest.mark.parametrize("name", ["json", "jsonl", "yaml", "pretty", "text"])
def test_an_integer_of_any_length_is_no_fault(quick: Run, server: Server, name: str) -> None:
    run = '{"object":"thread.run","id":"run_1","status":"queued","n":%s}' % ("9" * 5000)
    server.reply(Reply(body=run), Reply(chunks=sse(("thread.run.queued", run), ("done", "[DONE]"))))
    for stream in ("false", "true"):
        done = quick(*RUN, "--format", name, f"--stream={stream}")
        assert done.code == 0, done.err
        assert "fault" not in done.err


def test_every_format_of_a_stream(quick: Run, server: Server, done: dict[str, Any]) -> None:
    server.reply(Reply(chunks=sse(*reply_events(done, "Hi ", "there"))))
    stream = [*RUN, "--stream", "--format"]
    events = quick(*stream, "jsonl").lines
    assert [event["event"] for event in events] == [
        "thread.run.created", "thread.message.delta", "thread.message.delta",
        "thread.message.completed", "thread.run.completed",
    ]  # fmt: skip
    documents = YAML(typ="safe", pure=True).load_all(io.StringIO(quick(*stream, "yaml").out))
    assert list(documents) == events
    assert quick(*stream, "text").out == "Hi there\n"
    assert quick(*stream, "pretty").out.splitlines()[1:3] == [
        'thread.message.delta  msg_1  "Hi "',
        'thread.message.delta  msg_1  "there"',
    ]
    decoder, text = json.JSONDecoder(), quick(*stream, "auto").out
    assert decoder.raw_decode(text)[0] == events[0]
    assert quick(*stream, "json").out == text


def test_events_named_inside_their_data_keep_their_spelling(quick: Run, server: Server) -> None:
    data = '{"event":"thread.created","data":{"n":1E400,"m":1.10}}'
    server.reply(Reply(chunks=[f"data: {data}\n\ndata: [DONE]\n\n".encode()]))
    assert quick(*RUN, "--stream", "--format", "jsonl").out == data + "\n"


def test_transform_and_bare_strings_per_document_and_per_event(
    quick: Run, server: Server, done: dict[str, Any]
) -> None:
    server.reply(Reply(body=done))
    assert quick(*RUN, "--transform", "status", "-r").out == "completed\n"
    assert quick(*RUN, "--transform", "status").out == '"completed"\n'
    assert quick(*RUN, "--transform", "no.such", "--format", "json").json == done
    server.reply(Reply(chunks=sse(*reply_events(done, "Hi"))))
    path = "data.delta.content.0.text.value"
    lines = quick(*RUN, "--stream", "--transform", path, "-r", "--format", "jsonl").out.splitlines()
    assert lines[1] == "Hi"
    assert json.loads(lines[0])["event"] == "thread.run.created"


@pytest.mark.parametrize(
    ("count", "lines"), [("0", 0), ("1", 1), ("3", 3), ("99", 5), ("-1", 5), ("=-1", 5)]
)
def test_max_items(
    quick: Run, server: Server, done: dict[str, Any], count: str, lines: int
) -> None:
    server.reply(Reply(chunks=sse(*reply_events(done, "a", "b"))))
    flag = [f"--max-items{count}"] if "=" in count else ["--max-items", count]
    ended = quick(*RUN, "--stream", "--format", "jsonl", *flag)
    assert (ended.code, ended.err, len(ended.lines)) == (0, "", lines)


@pytest.mark.parametrize("count", ["-2", "one", "1.5", "", "null"])
def test_max_items_that_are_no_count(quick: Run, server: Server, count: str) -> None:
    refused = quick(*RUN, f"--max-items={count}")
    assert (refused.code, server.seen) == (2, [])
    assert refused.err == (
        f'error: --max-items: expected a whole number, or -1 for all, found "{count}";'
        " nothing was sent\n"
    )


@pytest.mark.parametrize("flag", ["--format", "--format-error"])
def test_a_wrong_format_is_refused_with_the_right_one(
    quick: Run, server: Server, flag: str
) -> None:
    refused = quick(*RUN, flag, "Jsn")
    assert (refused.code, refused.out, server.seen) == (2, "", [])
    assert "(did you mean json?)" in refused.err
    assert "did you mean" not in quick(*RUN, flag, "xml").err


def test_a_transform_of_text_is_of_the_run(
    quick: Run, server: Server, done: dict[str, Any]
) -> None:
    server.reply(Reply(body=done))
    result = quick(*RUN, "--format", "text", "--transform", "status", "-r")
    assert (result.code, result.out, result.err) == (0, "completed\n", "")
    assert [("stream" in seen.json) for seen in server.seen] == [False]


def test_text_fetches_the_reply_of_a_run_that_has_ended(
    quick: Run, server: Server, done: dict[str, Any]
) -> None:
    found = {
        "object": "list",
        "data": [message("One【1†s】"), message("Two", id="msg_2")],
        "has_more": False,
    }
    server.reply(Reply(body={**done, "thread_id": "thread/ü"}), Reply(body=found))
    ended = quick(*RUN, "--format", "text", "--stream=false")
    assert (ended.code, ended.out, ended.err) == (0, "One【1†s】\nTwo\n", "")
    query = "run_id=id&order=asc&limit=100"
    assert server.last.path == f"/v1/threads/thread%2F%C3%BC/messages?{query}"


@pytest.mark.parametrize(
    ("answer", "note"),
    [
        ({"object": "thread.run", "id": "run_1", "status": "queued"},
         "the run run_1 is queued: there is no reply yet"),
        ({"object": "thread", "id": "thread_1"},
         "this answer contains no reply; --format json shows all of it"),
        ([1], "this answer contains no reply; --format json shows all of it"),
    ],
)  # fmt: skip
def test_text_says_so_where_there_is_no_reply(
    quick: Run, server: Server, answer: Any, note: str
) -> None:
    server.reply(Reply(body=json.dumps(answer)))
    ended = quick(*RUN, "--format", "text", "--stream=false")
    assert (ended.code, ended.out, ended.err) == (0, "", f"note: {note}\n")


def test_text_says_so_where_the_run_left_none(
    quick: Run, server: Server, done: dict[str, Any]
) -> None:
    note = "note: the run id ended as completed without a reply\n"
    server.reply(Reply(body=done), Reply(body={"object": "list", "data": []}))
    assert quick(*RUN, "--format", "text", "--stream=false").err == note
    server.reply(Reply(chunks=sse(("thread.run.completed", done))))
    streamed = quick(*RUN, "--format", "text")
    assert (streamed.code, streamed.out, streamed.err) == (0, "", note)
    failed = {**done, "status": "failed", "last_error": {"code": "c", "message": "m"}}
    server.reply(Reply(chunks=sse(("thread.run.failed", failed))))
    streamed = quick(*RUN, "--format", "text")
    assert (streamed.code, streamed.out) == (5, "")
    assert streamed.err == "error: the run id of thread thread_id ended as failed: c: m\n"


@pytest.mark.first_by_default
@pytest.mark.parametrize(
    "odd",
    [
        *(None, "x", [None], {"message": None}),
        *(pytest.param(odd, marks=pytest.mark.slow) for odd in (1, [], {}, [{}], {"a": [1]})),
    ],
)
def test_answers_of_any_shape_are_no_fault_of_ours(quick: Run, server: Server, odd: Any) -> None:
    run = {"object": "thread.run", "id": odd, "thread_id": odd, "status": "requires_action"}
    shapes = [
        odd,
        {**run, "required_action": odd},
        {**run, "required_action": {"submit_tool_outputs": odd}},
        {**run, "required_action": {"submit_tool_outputs": {"tool_calls": odd}}},
        {**run, "status": "failed", "last_error": odd, "incomplete_details": odd},
        {**run, "status": odd},
        {**run, "status": "completed"},
        {"error": odd},
    ]
    for shape in shapes:
        text = json.dumps(shape)
        for reply in (Reply(body=text), Reply(chunks=sse(("e", text))), Reply(400, body=text)):
            server.reply(reply)
            for name in ("text", "pretty"):
                ended = quick(*RUN, "--format", name, "--stream", "--max-retries", "0")
                assert ended.code in (0, 3, 4, 5, 6), (text, ended.err)


def test_text_of_messages(quick: Run, server: Server) -> None:
    mine = message("What is it?", role="user", id="msg_0")
    server.reply(Reply(body=mine))
    shown = quick("beta:threads:messages retrieve t msg_0 --format text")
    assert (shown.code, shown.out, shown.err) == (0, "What is it?\n", "")
    whole = {"object": "list", "data": [mine, message("It is.")], "has_more": False}
    server.reply(Reply(body=whole))
    shown = quick("beta:threads:messages list t --order asc --format text")
    assert (shown.code, shown.out, shown.err) == (0, "It is.\n", "")
    server.reply(Reply(body={**whole, "data": [mine]}))
    shown = quick("beta:threads:messages list t --format text")
    assert (shown.code, shown.out) == (0, "")
    assert shown.err == "note: this list contains no assistant messages\n"


def test_annotations_below_the_text(quick: Run, server: Server, done: dict[str, Any]) -> None:
    note = {"type": "file_citation", "text": "【1†s】", "file_citation": {"file_id": "file-1"}}
    said = message("See 【1†s】.")
    said["content"][0]["text"]["annotations"] = [note]
    server.reply(Reply(body=said))
    flags = ("--format", "text", "--annotations")
    expected = "See 【1†s】.\n[1] 【1†s】  file-1\n"
    assert quick("beta:threads:messages", "retrieve", "t", "m", *flags).out == expected
    server.reply(Reply(body=done), Reply(body={"object": "list", "data": [said]}))
    assert quick(*RUN, "--stream=false", *flags).out == expected
    events = [("thread.message.completed", said), ("thread.run.completed", done)]
    server.reply(Reply(chunks=sse(*events)))
    assert quick(*RUN, *flags).out == expected
