"""--stream with --wait and with commands: cut streams, turns, and every format."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.cli.conftest import message
from tests.follow.conftest import (
    CREATE,
    DONE,
    RUN_PATH,
    Go,
    asking,
    outputs,
    replies,
    requests,
    run,
    said,
    stream,
    submitted,
)
from tests.support.server import Reply, Server

CREATED = ("thread.run.created", run("queued"))
WORKS = ("thread.run.in_progress", run("in_progress"))
ENDED = ("thread.run.completed", DONE)


def delta(text: str, ident: str = "msg_1") -> tuple[str, Any]:
    part = {"index": 0, "type": "text", "text": {"value": text}}
    data = {"id": ident, "object": "thread.message.delta", "delta": {"content": [part]}}
    return "thread.message.delta", data


CUT = stream(CREATED, WORKS, delta("It is fo"), cut=True)


def test_a_whole_stream_asks_for_nothing_more(quick: Go, server: Server) -> None:
    server.reply(stream(CREATED, WORKS, ENDED))
    result = quick(*CREATE, "--stream", "--wait", "--format", "jsonl")
    assert (result.code, result.err, len(server.seen)) == (0, "", 1)
    assert [line["event"] for line in result.lines] == [name for name, _ in (CREATED, WORKS, ENDED)]


def test_a_cut_stream_without_wait_is_exit_3(quick: Go, server: Server) -> None:
    server.reply(CUT, *replies(DONE))
    result = quick(*CREATE, "--stream", "--format", "jsonl")
    assert (result.code, len(result.lines), len(server.seen)) == (3, 3, 1)


@pytest.mark.parametrize("name", ["json", "jsonl", "yaml", "pretty"])
def test_a_cut_stream_goes_on_by_asking(quick: Go, server: Server, name: str) -> None:
    server.reply(CUT, *replies(run("in_progress"), DONE))
    result = quick(*CREATE, "--stream", "--wait", "--poll-interval", "0.1", "--format", name)
    assert result.code == 0
    assert requests(server)[1:] == [f"GET {RUN_PATH}"] * 2
    (note,) = result.err.splitlines()
    assert note.startswith("note: ")
    assert note.endswith("; polling the run instead")
    if name == "jsonl":
        assert len(result.lines) == 4
        assert result.lines[-1] == {"event": "thread.run.completed", "data": DONE}
    assert "completed" in result.out


def test_the_numbers_of_the_late_event_are_the_server_s(quick: Go, server: Server) -> None:
    body = '{"id": "run_7", "object": "thread.run", "thread_id": "thread_7", "status": "completed"'
    for name in ("jsonl", "raw"):
        server.reply(CUT, Reply(body=body + ', "x": 1.50, "y": 1e400}'))
        result = quick(*CREATE, "--stream", "--wait", "--poll-interval", "0.1", "--format", name)
        assert '"x":1.50,"y":1e400}' in result.out.splitlines()[-1 if name == "jsonl" else -2]


@pytest.mark.parametrize("half", [b"", b'event: thread.run.step.created\ndata: {"id": "st'])
def test_raw_stays_a_stream_of_events(quick: Go, server: Server, half: bytes) -> None:
    chunks = [*(CUT.chunks or ()), *([half] if half else [])]
    server.reply(Reply(chunks=chunks, declared=-1), *replies(DONE))
    result = quick(*CREATE, "--stream", "--wait", "--poll-interval", "0.1", "--format", "raw")
    assert result.code == 0
    assert result.stdout.startswith(b"".join(chunks))
    frames = result.out.removesuffix("\n\n").split("\n\n")
    event, data = frames[-1].split("\n")
    assert event == "event: thread.run.completed"
    assert json.loads(data.removeprefix("data: ")) == DONE


def test_the_text_of_a_cut_stream_is_made_whole(quick: Go, server: Server) -> None:
    server.reply(CUT, *replies(DONE), said("It is four.\nReally."))
    result = quick(*CREATE, "--wait", "--poll-interval", "0.1", "--format", "text")
    assert (result.code, result.out) == (0, "It is four.\nReally.\n")


def test_a_run_that_failed_behind_a_cut_stream(quick: Go, server: Server) -> None:
    error = {"code": "server_error", "message": "Broke."}
    server.reply(CUT, *replies(run("failed", last_error=error)))
    result = quick(*CREATE, "--wait", "--poll-interval", "0.1", "--format", "text")
    assert (result.code, result.out) == (5, "It is fo\n")
    assert "ended as failed: server_error: Broke." in result.err


def test_a_stream_cut_before_the_run_is_known_is_exit_3(quick: Go, server: Server) -> None:
    server.reply(stream(("thread.created", {"id": "thread_7", "object": "thread"}), cut=True))
    result = quick(*CREATE, "--stream", "--wait")
    assert (result.code, len(server.seen)) == (3, 1)


def test_max_items_ends_the_printing_and_not_the_wait(quick: Go, server: Server) -> None:
    server.reply(CUT, *replies(DONE))
    words = ("--stream", "--wait", "--max-items", "1", "--format", "jsonl")
    result = quick(*CREATE, *words, "--poll-interval", "0.1")
    assert (result.code, len(result.lines), len(server.seen)) == (0, 1, 2)


def test_a_json_answer_to_a_stream_request_is_waited_for(quick: Go, server: Server) -> None:
    server.reply(*replies(run("queued"), DONE))
    result = quick(*CREATE, "--stream", "--wait", "--format", "jsonl")
    assert (result.code, result.lines) == (0, [DONE])


def test_patience_after_a_cut_stream_ends_too(quick: Go, server: Server) -> None:
    server.reply(CUT, *replies(run("in_progress")))
    result = quick(*CREATE, "--stream", "--wait", "--wait-timeout", "0.4", "--format", "jsonl")
    assert (result.code, len(result.lines)) == (3, 3)
    assert "retrieve thread_7 run_7 --wait" in result.err


# Streams and commands

ASKS = ("thread.run.requires_action", asking(("call_1", "work")))
ASKS_MORE = ("thread.run.requires_action", asking(("call_2", "work")))
ECHO = ("--on-tool-call", "work=/bin/echo out")


def test_turns_are_streamed_as_one(quick: Go, server: Server) -> None:
    server.reply(
        stream(CREATED, WORKS, ASKS), stream(WORKS, ASKS_MORE), stream(WORKS, delta("Hi"), ENDED)
    )
    result = quick(*CREATE, "--stream", *ECHO, "--format", "jsonl")
    assert (result.code, result.err) == (0, "")
    names = [line["event"].rpartition(".")[2] for line in result.lines]
    assert names == [
        *("created", "in_progress", "requires_action", "in_progress", "requires_action"),
        *("in_progress", "delta", "completed"),
    ]
    first, second = submitted(server)
    assert (first.json["stream"], second.json["stream"]) == (True, True)
    assert (outputs(first), outputs(second)) == ({"call_1": "out\n"}, {"call_2": "out\n"})
    assert first.header("accept") == "text/event-stream"


def test_text_of_several_turns(quick: Go, server: Server) -> None:
    whole = ("thread.message.completed", message("Let me see.", id="msg_1"))
    server.reply(
        stream(CREATED, delta("Let me "), whole, ASKS),
        stream(WORKS, delta("Four.", "msg_2"), ENDED),
    )
    result = quick(*CREATE, *ECHO, "--format", "text")
    assert (result.code, result.out, result.err) == (0, "Let me see.\nFour.\n", "")


@pytest.mark.parametrize(
    "answer",
    [stream(), stream(cut=True), stream(("thread.run.step.completed", {"id": "step_1"}), cut=True)],
    ids=["empty", "cut", "cut-early"],
)
def test_an_answer_that_tells_nothing_of_the_run_runs_no_command_twice(
    quick: Go, server: Server, answer: Reply
) -> None:
    server.reply(stream(CREATED, ASKS), answer, *replies(run("in_progress"), DONE))
    words = ("--stream", *ECHO, "--format", "jsonl", "--poll-interval", "0.1")
    result = quick(*CREATE, *words)
    assert (result.code, len(submitted(server))) == (0, 1)
    assert result.lines[-1] == {"event": "thread.run.completed", "data": DONE}


def test_a_json_answer_to_outputs_in_a_stream_ends_as_an_event(quick: Go, server: Server) -> None:
    server.reply(stream(CREATED, ASKS), *replies(run("queued"), DONE))
    result = quick(*CREATE, "--stream", *ECHO, "--format", "jsonl")
    assert result.code == 0
    assert result.lines[-1] == {"event": "thread.run.completed", "data": DONE}


def test_the_same_call_in_the_next_stream_is_not_run_again(quick: Go, server: Server) -> None:
    server.reply(stream(CREATED, ASKS), stream(WORKS, ASKS), *replies(run("in_progress"), DONE))
    result = quick(*CREATE, "--stream", *ECHO, "--format", "jsonl")
    assert result.code == 0
    assert result.lines[-1] == {"event": "thread.run.completed", "data": DONE}
    assert len(submitted(server)) == 1


def test_a_false_name_of_the_event_is_not_believed(quick: Go, server: Server) -> None:
    server.reply(stream(CREATED, ("thread.run.completed", ASKS[1])), stream(WORKS, ENDED))
    assert quick(*CREATE, "--stream", *ECHO, "--format", "jsonl").code == 0
    assert len(submitted(server)) == 1


def test_a_stream_without_a_command_for_it_is_exit_6(quick: Go, server: Server) -> None:
    server.reply(stream(CREATED, ASKS))
    result = quick(*CREATE, "--stream", "--on-tool-call", "other=/bin/true", "--format", "jsonl")
    assert (result.code, len(result.lines), len(server.seen)) == (6, 2, 1)
    assert "no --on-tool-call for work: nothing was run" in result.err
