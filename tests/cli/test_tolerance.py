"""Compatible servers as they are: what some send, or do not offer, and what becomes of it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.cli.conftest import RUN, Run, message, reply_events
from tests.support.listing import envelope
from tests.support.server import Reply, Server, sse

UUID = "0b0b8e9c-3c0f-4a58-9d39-0d6c1a1d1f9e"
CALL = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
ACTION = {"type": "submit_tool_outputs", "submit_tool_outputs": {"tool_calls": [CALL]}}
GET, POST = "GET", "POST"


def enveloped(*events: tuple[str, Any]) -> list[bytes]:
    """Events with their name beside their data, and no event line."""
    whole = ({"event": name, "data": data} for name, data in events)
    return [f"data: {json.dumps(one)}\n\n".encode() for one in whole]


def methods(server: Server) -> list[str]:
    return [seen.method for seen in server.seen]


def replies(run: Any, text: str) -> Reply:
    """The messages of a run."""
    return Reply(body=envelope([message(text, run_id=run["id"])], has_more=False))


def test_events_in_envelopes_without_an_end_mark(quick: Run, server: Server, done: Any) -> None:
    server.reply(Reply(chunks=enveloped(*reply_events(done, "Good ", "day"))))
    result = quick(*RUN, "--stream", "--format", "jsonl")
    assert (result.code, result.err) == (0, "")
    assert [event["event"] for event in result.lines][-1] == "thread.run.completed"
    assert result.lines[-1]["data"] == done
    assert quick(*RUN, "--format", "text").out == "Good day\n"


def test_a_stream_that_ends_after_the_words(quick: Run, server: Server, done: Any) -> None:
    # No message.completed, no run.completed, no done: the run itself has to be asked.
    created, *deltas = reply_events(done, "Good ", "day")[:3]
    server.reply(Reply(chunks=enveloped(created, *deltas)))
    result = quick(*RUN, "--format", "text")
    assert (result.code, result.out) == (3, "Good day\n")
    assert "the stream broke off before its end" in result.err
    server.seen.clear()
    server.reply(
        Reply(chunks=enveloped(created, *deltas)), Reply(body=done), replies(done, "Good day")
    )
    result = quick(*RUN, "--format", "text", "--wait")
    assert (result.code, result.out) == (0, "Good day\n")
    assert methods(server) == [POST, GET, GET]


def test_a_stream_without_done(quick: Run, server: Server, done: Any) -> None:
    server.reply(Reply(chunks=sse(*reply_events(done, "Hi"))))
    result = quick(*RUN, "--format", "text")
    assert (result.code, result.out, result.err) == (0, "Hi\n", "")


@pytest.mark.parametrize("args", [["--stream"], ["--stream", "--wait"], ["--wait"]])
def test_json_where_a_stream_was_asked_for(
    args: list[str], quick: Run, server: Server, done: Any
) -> None:
    server.reply(Reply(body=done))
    result = quick(*RUN, *args, "--format", "jsonl")
    assert (result.code, result.json, result.err) == (0, done, "")


@pytest.mark.parametrize("args", [[], ["--stream"], ["--wait"], ["--stream", "--wait"]])
def test_json_where_text_was_to_be_streamed(
    args: list[str], quick: Run, server: Server, done: Any
) -> None:
    server.reply(Reply(body=done), replies(done, "Hi"))
    result = quick(*RUN, "--format", "text", *args)
    assert (result.code, result.out, result.err) == (0, "Hi\n", "")


def test_json_of_a_run_still_at_work_where_a_stream_was_asked_for(
    quick: Run, server: Server, done: Any
) -> None:
    queued = {**done, "status": "queued"}
    now = {"openai-poll-after-ms": "1"}
    server.reply(
        Reply(body=queued, headers=now), Reply(body=queued, headers=now), Reply(body=done),
        replies(done, "Hi"),
    )  # fmt: skip
    result = quick(*RUN, "--stream", "--wait", "--format", "text")
    assert (result.code, result.out) == (0, "Hi\n")
    assert methods(server) == [POST, GET, GET, GET]


def test_the_status_is_trusted_over_the_name_of_the_event(
    quick: Run, server: Server, done: Any
) -> None:
    waits = {**done, "status": "requires_action", "required_action": ACTION}
    server.reply(Reply(chunks=sse(("thread.run.completed", waits))))
    result = quick(*RUN, "--stream", "--format", "jsonl")
    assert (result.code, result.lines) == (6, [{"event": "thread.run.completed", "data": waits}])
    assert "waits for the outputs of: f" in result.err
    failed = {**done, "status": "failed", "last_error": {"code": "server_error", "message": "no"}}
    server.reply(Reply(chunks=sse(("thread.run.completed", failed), ("done", "[DONE]"))))
    assert quick(*RUN, "--stream").code == 5
    server.reply(Reply(chunks=sse(("thread.run.failed", done), ("done", "[DONE]"))))
    assert quick(*RUN, "--stream").code == 0


@pytest.mark.parametrize("status", ["completed", "failed"])
def test_a_run_that_ended_but_keeps_its_required_action(
    status: str, quick: Run, server: Server, done: Any
) -> None:
    server.reply(Reply(body={**done, "status": status, "required_action": ACTION}))
    result = quick(*RUN, "--on-tool-call", "*=false", "--format", "jsonl")
    assert (result.code, methods(server)) == (0 if status == "completed" else 5, [POST])
    assert result.json["required_action"] == ACTION


def test_a_cut_stream_leads_to_the_run_and_never_to_a_second_one(
    quick: Run, server: Server, done: Any
) -> None:
    created = ("thread.run.created", {**done, "status": "queued"})
    server.reply(Reply(chunks=sse(created), declared=1), Reply(body=done))
    result = quick(*RUN, "--stream", "--wait", "--format", "jsonl")
    assert (result.code, methods(server)) == (0, [POST, GET])
    assert result.lines[-1] == {"event": "thread.run.completed", "data": done}
    server.seen.clear()
    server.reply(Reply(chunks=sse(created), declared=1))
    assert quick(*RUN, "--stream").code == 3
    assert methods(server) == [POST]


@pytest.mark.parametrize("status", [404, 405, 501])
@pytest.mark.parametrize(
    "command",
    [
        "runs cancel t r",
        "runs:steps list t r",
        "runs:steps retrieve t r s",
        "runs update t r",
    ],
)
def test_what_a_server_does_not_offer(
    command: str, status: int, quick: Run, server: Server
) -> None:
    server.reply(Reply(status, body="Not here"))
    result = quick(f"beta:threads:{command}")
    assert (result.code, result.out, len(server.seen)) == (4, "", 1)
    assert f"error: {status} " in result.err
    assert ": Not here\n" in result.err
    assert ("hint: this server does not offer the command" in result.err) == (status == 501)
    assert "2026" not in result.err


def test_without_fallback_a_missing_create_and_run_is_an_error(quick: Run, server: Server) -> None:
    # A route for POST /threads/{thread_id} may take `runs` for a thread.
    server.reply(Reply(404, body={"detail": "thread runs not found"}))
    for args in ([], ["--stream"], ["--wait"], ["--format=text"], ["--on-tool-call=*=cat"]):
        server.seen.clear()
        result = quick(*RUN, "--no-fallback", *args)
        assert (result.code, result.out) == (4, "")
        assert "error: 404 Not Found: thread runs not found\n" in result.err
        assert [(seen.method, seen.path) for seen in server.seen] == [(POST, "/v1/threads/runs")]


@pytest.mark.parametrize(
    ("body", "kind", "said"),
    [
        ({"detail": "no thread"}, "application/json", "no thread"),
        ({"detail": [{"loc": ["body", "model"], "msg": "field required"}]}, "application/json",
         "body.model: field required"),
        ({"message": "no thread"}, "application/json", "no thread"),
        ({"error": "no thread"}, "application/json", "no thread"),
        ("no thread", "text/plain", "no thread"),
        ("<html><h1>no thread</h1></html>", "text/html", "the server gave no reason"),
        ("", "text/plain", "the server gave no reason"),
    ],
)  # fmt: skip
def test_errors_of_other_shapes(
    body: Any, kind: str, said: str, quick: Run, server: Server
) -> None:
    server.reply(Reply(422, body=body, headers={"Content-Type": kind}))
    result = quick("beta:threads:messages list t")
    assert (result.code, result.out) == (4, "")
    assert result.err == f"error: 422 Unprocessable Entity: {said}\n"


@pytest.mark.parametrize("time", [1700000000, 1700000000.123, 1700000000123])
def test_times_of_any_kind(time: float, quick: Run, server: Server, done: Any) -> None:
    server.reply(Reply(body={**done, "created_at": time, "started_at": time, "expires_at": time}))
    for words in (["beta:threads:runs", "retrieve", "t", "r"], RUN):
        assert quick(*words, "--format", "json").json["created_at"] == time
        assert f'"created_at":{time}' in quick(*words, "--format", "jsonl").out
        assert "2023-11-14" in quick(*words, "--format", "pretty", env={"TZ": "UTC"}).out


def test_ids_without_prefixes(quick: Run, server: Server, done: Any) -> None:
    run = {**done, "id": UUID, "thread_id": UUID[::-1]}
    server.reply(
        Reply(body={**run, "status": "queued"}, headers={"openai-poll-after-ms": "1"}),
        Reply(body=run),
    )
    result = quick(*RUN, "--wait", "--format", "jsonl")
    assert (result.code, result.json) == (0, run)
    assert server.last.path == f"/v1/threads/{UUID[::-1]}/runs/{UUID}"


def test_threads_with_a_misnamed_field(quick: Run, server: Server) -> None:
    thread = {"id": "t", "object": "thread", "metadata_": {"a": "b"}, "created_at": 1.5}
    server.reply(Reply(body=thread))
    result = quick("beta:threads retrieve t --format jsonl")
    assert (result.code, result.json, result.err) == (0, thread, "")
    assert "metadata   a: b" in quick("beta:threads retrieve t --format pretty").out


def test_a_list_without_has_more_ids_or_the_right_name(quick: Run, server: Server) -> None:
    strange = {"object": "runs", "data": [{"id": UUID}], "first_id": "none", "has_more": None}
    server.reply(Reply(body=strange), Reply(body={"data": []}))
    result = quick("beta:threads:runs list t --format jsonl")
    assert (result.code, result.lines, result.err) == (0, [{"id": UUID}], "")


def test_events_in_place_of_an_object_are_not_swallowed(quick: Run, server: Server) -> None:
    server.reply(Reply(chunks=sse(("thread", {"id": "thread_1", "object": "thread"}))))
    result = quick("beta:threads", "retrieve", "thread_1")
    assert (result.code, result.out) == (3, "")
    assert "expected one JSON document, but the server sent events" in result.err
