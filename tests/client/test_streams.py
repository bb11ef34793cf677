"""Streams: each event the moment it comes, and an honest end."""

from __future__ import annotations

import gzip
import json
import subprocess
import threading
from collections.abc import Iterator
from typing import IO, Any

import pytest

from openai_cli.client.sse import RawEvent
from openai_cli.client.wrapped_events import unwrapped
from openai_cli.errors import ApiError, NoAnswerError
from tests.client.conftest import KEY, RUN, STREAM, Ask, Connect
from tests.support.server import Reply, Server, sse
from tests.support.shell import Shell

CREATED = ("thread.created", {"id": "thread_1", "object": "thread"})
WORKING = ("thread.run.in_progress", {"id": "run_1", "object": "thread.run", "status": "queued"})
COMPLETED = (
    "thread.run.completed",
    {"id": "run_1", "object": "thread.run", "status": "completed"},
)
DONE = ("done", "[DONE]")


def events(connect: Connect) -> list[tuple[str, str]]:
    """The events of a whole stream."""
    stream: Any = connect().send(STREAM)
    return [(event.name, event.data) for event in stream.events()]


def printed(*parts: tuple[str, Any]) -> list[dict[str, Any]]:
    return [{"event": name, "data": data} for name, data in parts]


@pytest.mark.first_by_default
@pytest.mark.parametrize("format_", ["jsonl", "raw"])
def test_each_event_is_printed_while_the_server_still_works(
    openai: Shell, server: Server, format_: str
) -> None:
    go_on = threading.Semaphore(0)

    def chunks() -> Iterator[bytes]:
        for chunk in sse(CREATED, WORKING, COMPLETED, DONE):
            yield chunk
            assert go_on.acquire(timeout=30)

    server.reply(Reply(chunks=chunks()))
    command = ("--base-url", server.url, *RUN, "--stream", "--format", format_)
    with openai.start(*command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        lines: IO[bytes] = process.stdout
        for name, _ in (CREATED, WORKING, COMPLETED):
            # Nothing more comes before we say so: what is read here was flushed on its own.
            assert name in lines.readline().decode()
            if format_ == "raw":
                assert lines.readline().startswith(b"data: ")
                assert lines.readline() == b"\n"
            go_on.release()
        go_on.release()
        rest, talk = process.communicate()
    assert (process.returncode, talk) == (0, b"")
    assert rest == (b"event: done\ndata: [DONE]\n\n" if format_ == "raw" else b"")


def test_stream_true_from_stdin_streams(openai: Shell, server: Server) -> None:
    server.reply(Reply(chunks=sse(CREATED, COMPLETED, DONE)))
    words = ("--base-url", server.url, *RUN[:2], "--format", "jsonl")
    result = openai(*words, stdin='{"assistant_id": "asst_abc", "stream": true}')
    assert result.lines == printed(CREATED, COMPLETED)
    assert server.last.header("accept") == "text/event-stream"


def test_a_server_that_stays_on_the_line_after_done_is_left(openai: Shell, server: Server) -> None:
    over = threading.Event()

    def chunks() -> Iterator[bytes]:
        yield from sse(CREATED, DONE)
        over.wait(30)

    server.reply(Reply(chunks=chunks()))
    result = openai("--base-url", server.url, *RUN, "--stream", "--format", "jsonl", timeout=20)
    over.set()
    assert (result.code, result.lines) == (0, printed(CREATED))


@pytest.mark.parametrize(
    "data",
    [
        {"error": {"message": "out of quota", "type": "server_error", "code": "rate_limit"}},
        {"message": "out of quota", "type": "server_error", "code": "rate_limit"},
    ],
    ids=["wrapped", "bare"],
)
def test_an_error_event_is_an_api_error_after_what_came_before(
    ask: Ask, server: Server, data: dict[str, Any]
) -> None:
    headers = {"x-request-id": "req_7"}
    server.reply(Reply(chunks=sse(CREATED, ("error", data), COMPLETED, DONE), headers=headers))
    result = ask("--stream", "--format", "jsonl")
    assert (result.code, result.lines) == (4, printed(CREATED))
    assert "error: out of quota (type server_error, code rate_limit, request req_7)" in result.err


@pytest.mark.parametrize("format_", ["jsonl", "raw"])
def test_a_cut_stream_is_no_success_after_everything_is_printed(
    ask: Ask, server: Server, format_: str
) -> None:
    pieces = [*sse(CREATED, WORKING), b"event: thread.message.delta\ndata: {"]
    server.reply(Reply(chunks=pieces, declared=1))
    result = ask("--stream", "--format", format_)
    assert result.code == 3
    came = [name for name in ("created", "run.in_progress", "message.delta") if name in result.out]
    assert len(came) == (3 if format_ == "raw" else 2)
    assert "incomplete" in result.err
    assert "beta:threads:runs retrieve" in result.err
    assert "Traceback" not in result.err


@pytest.mark.parametrize(
    ("chunks", "words"),
    [
        ([], "the stream broke off before its end"),
        ([b": only a comment\n\n"], "the stream broke off before its end"),
        (sse(CREATED), "the stream broke off before its end"),
        (sse(CREATED, WORKING), "the stream broke off before its end"),
        ([b"data: {}\n"], "the stream broke off in the middle of an event"),
        ([b"data: [DONE]"], "the stream broke off in the middle of an event"),
        ([b"data: so sorry\n\n"], "not JSON: so sorry"),
        ([b'data: {"a": NaN}\n\n'], "not JSON"),
        ([b"data: " + b"[" * 100_000 + b"\n\n"], "not JSON"),
        ([b"<html>gateway</html>\n\n"], "broke off"),
        ([b"\x00\xff\xfe garbage " * 99], "broke off"),
    ],
)
def test_a_stream_without_an_end_or_sense_is_no_answer(
    connect: Connect, server: Server, chunks: list[bytes], words: str
) -> None:
    server.reply(Reply(chunks=chunks))
    with pytest.raises(NoAnswerError, match=words):
        events(connect)


@pytest.mark.parametrize("last", [True, False], ids=["clean end", "cut"])
@pytest.mark.parametrize(
    "status", ["completed", "failed", "cancelled", "expired", "incomplete", "requires_action"]
)
def test_a_stream_may_stop_once_the_run_has_ended(
    connect: Connect, server: Server, status: str, last: bool
) -> None:
    run = {"object": "thread.run", "status": status}
    server.reply(Reply(chunks=sse(("thread.run", run)), declared=None if last else 1))
    assert events(connect) == [("thread.run", json.dumps(run))]


def test_data_only_events_carry_their_name_inside(connect: Connect, server: Server) -> None:
    spelled = '{"event":"thread.created", "data" : {"n":1.10,"big":12345678901234567890123,"é":[]}}'
    parts = [spelled, '{"event": "x", "data": null, "extra": "}"}', '{"event":"done","data":""}']
    server.reply(Reply(chunks=[f"data: {part}\n\n".encode() for part in parts]))
    assert events(connect) == [
        ("thread.created", '{"n":1.10,"big":12345678901234567890123,"é":[]}'),
        ("x", "null"),
    ]


@pytest.mark.parametrize(
    "data", ['{"event": 7, "data": 1}', '{"event": "a"}', '"event"', '{"event": "a", "data": ']
)
def test_other_data_is_left_alone(data: str) -> None:
    assert unwrapped(RawEvent("", data)) == RawEvent("", data)


def test_an_enveloped_error_is_an_error(connect: Connect, server: Server) -> None:
    wrapped = {"event": "error", "data": {"message": "boom", "code": "c"}}
    server.reply(Reply(chunks=[b"data: %s\n\n" % json.dumps(wrapped).encode()]))
    with pytest.raises(ApiError, match="boom") as caught:
        events(connect)
    assert caught.value.fields["code"] == "c"


def test_an_error_without_a_name_is_an_error(connect: Connect, server: Server) -> None:
    server.reply(Reply(chunks=[b'data: {"error": "boom"}\n\n']))
    with pytest.raises(ApiError, match="boom"):
        events(connect)


def test_signs_of_life_are_no_events(connect: Connect, server: Server) -> None:
    pieces = [b": ping\n\n", b"event: ping\ndata:\n\n", b"retry: 5\n\n", *sse(CREATED, DONE)]
    server.reply(Reply(chunks=pieces))
    assert [name for name, _ in events(connect)] == ["thread.created"]


def test_plain_data_events_are_called_message(connect: Connect, server: Server) -> None:
    server.reply(Reply(chunks=[b"data: 1\n\ndata: null\n\ndata: [DONE]\n\n"]))
    assert events(connect) == [("message", "1"), ("message", "null")]


@pytest.mark.parametrize("type_", ["text/event-stream; charset=utf-8", "TEXT/EVENT-STREAM", ""])
def test_the_type_of_a_stream_may_be_spelled_freely(
    connect: Connect, server: Server, type_: str
) -> None:
    server.reply(Reply(chunks=sse(CREATED, DONE), headers={"Content-Type": type_}))
    assert [name for name, _ in events(connect)] == ["thread.created"]


def test_a_json_answer_to_a_stream_request_is_printed(
    ask: Ask, server: Server, example_run: dict[str, Any]
) -> None:
    assert ask("--stream").json == example_run


def test_a_page_in_answer_to_a_stream_request_is_no_answer(ask: Ask, server: Server) -> None:
    server.reply(Reply(body="<html>Sign in</html>", headers={"Content-Type": "text/html"}))
    result = ask("--stream")
    assert (result.code, result.out) == (3, "")
    assert "the answer is not JSON (text/html): <html>Sign in</html>" in result.err


def test_a_stream_in_answer_to_a_plain_request_is_printed(ask: Ask, server: Server) -> None:
    server.reply(Reply(chunks=sse(CREATED, COMPLETED, DONE)))
    result = ask("--format", "jsonl")
    assert (result.code, result.lines) == (0, printed(CREATED, COMPLETED))


def test_a_compressed_stream_is_read_all_the_same(connect: Connect, server: Server) -> None:
    packed = gzip.compress(b"".join(sse(CREATED, COMPLETED, DONE)))
    pieces = [packed[at : at + 7] for at in range(0, len(packed), 7)]
    server.reply(Reply(chunks=pieces, headers={"Content-Encoding": "gzip"}))
    assert [name for name, _ in events(connect)] == ["thread.created", "thread.run.completed"]


def test_a_stream_not_compressed_as_it_says_is_no_answer(connect: Connect, server: Server) -> None:
    server.reply(Reply(chunks=sse(CREATED, DONE), headers={"Content-Encoding": "gzip"}))
    with pytest.raises(NoAnswerError, match="does not match its content encoding"):
        events(connect)


def test_an_event_of_five_megabytes_arrives_whole(ask: Ask, server: Server) -> None:
    text = "x" * 5_000_000
    message = ("thread.message.completed", {"object": "thread.message", "text": text})
    [whole] = sse(message)
    pieces = [whole[at : at + 100_001] for at in range(0, len(whole), 100_001)]
    server.reply(Reply(chunks=[*pieces, *sse(DONE)]))
    result = ask("--stream", "--format", "jsonl")
    assert result.code == 0
    assert result.lines[0]["data"]["text"] == text


def test_the_connection_is_let_go_when_nobody_listens_any_more(ask: Ask, server: Server) -> None:
    def endless() -> Iterator[bytes]:
        while True:
            yield from sse(CREATED)

    server.reply(Reply(chunks=endless()))
    result = ask("--stream", "--format", "jsonl", "--max-items", "2", timeout=20)
    assert (result.code, result.lines) == (0, printed(CREATED, CREATED))


def test_a_run_of_the_engine_goes_on_when_nobody_listens_any_more(openai: Shell) -> None:
    words = ("--local", *RUN[:3], "asst_demo", "--message", "Hi", "--stream", "--format", "jsonl")
    result = openai(*words, "--max-items", "2")
    assert (result.code, result.err) == (0, "")
    run = result.lines[1]["data"]
    assert run["status"] == "queued"
    again = openai("--local", "beta:threads:runs", "retrieve", run["thread_id"], run["id"])
    assert again.json["status"] == "completed"


def test_a_client_closes_streams_left_open(connect: Connect, server: Server) -> None:
    server.reply(Reply(chunks=sse(CREATED, WORKING, DONE), pause=0.01))
    with connect() as client:
        stream: Any = client.send(STREAM)
        assert next(stream.events()).name == "thread.created"
    assert stream._response.is_closed
    assert KEY not in repr(client)
