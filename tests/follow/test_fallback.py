"""create-and-run on servers without `POST /threads/runs`: thread, messages, run, one by one."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from subprocess import DEVNULL, PIPE
from typing import Any

import pytest

from openai_cli.api.models.messages import CreateMessage
from openai_cli.api.models.runs import CreateRun
from openai_cli.api.models.shared import NewMessage
from openai_cli.api.models.threads import CreateThread, CreateThreadAndRun, NewThread
from openai_cli.api.operation import build_request
from openai_cli.api.operations import main_operation
from openai_cli.api.thread_then_run import thread_then_run
from tests.cli.conftest import reply_events
from tests.follow.conftest import (
    CREATE,
    KEY,
    RUN_PATH,
    Go,
    asking,
    outputs,
    replies,
    requests,
    run,
    said,
    submitted,
)
from tests.support.inprocess import run_inprocess
from tests.support.server import Reply, Server, sse
from tests.support.shell import Shell
from tests.support.waiting import until

pytestmark = pytest.mark.in_process(process_when_slow=True)

THREAD = {"id": "thread_7", "object": "thread", "created_at": 1, "metadata": {}}
THREAD_PATH = "/v1/threads/thread_7"
DELETED = Reply(body={"id": "thread_7", "object": "thread.deleted", "deleted": True})
MISSING = {"error": {"message": "No assistant found with id 'asst_x'.", "param": None}}
REFUSALS = {
    "404 in other words": Reply(404, body={"detail": "Thread not found"}),
    "404 of FastAPI": Reply(404, body={"detail": "Not Found"}),
    "404 as OpenAI says it": Reply(404, body={"error": {"message": "Invalid URL (POST /x)"}}),
    "404 without a body": Reply(404),
    "404 as a page": Reply(404, body="<h1>assistants.example.com</h1>"),
    "405": Reply(405, body={"detail": "Method Not Allowed"}),
    "501": Reply(501, body={"error": {"message": "Not implemented"}}),
}  # fmt: skip
ALL = [
    "POST /v1/threads/runs",
    "POST /v1/threads",
    f"POST {THREAD_PATH}/messages",
    f"POST {THREAD_PATH}/messages",
    f"POST {THREAD_PATH}/runs",
]
WAYS = [(), ("--wait",), ("--stream",), ("--format=text",), ("--on-tool-call", "*=cat")]
MESSAGES = ("--message", "Hi", "--message", '{role: assistant, content: "Hello", metadata: {a: b}}')


class WithoutRoute(Server):
    """A server of threads and runs that lacks one route; `answers` are by method and path."""

    def __init__(self) -> None:
        super().__init__()
        self.then: dict[str, list[Reply]] = {}
        """Answers that come first, one after the other."""
        self.answers: dict[str, Reply] = {
            "POST /v1/threads/runs": REFUSALS["404 of FastAPI"],
            "POST /v1/threads": Reply(body=THREAD),
            f"POST {THREAD_PATH}/messages": Reply(body={"id": "msg_7", "object": "thread.message"}),
            f"POST {THREAD_PATH}/runs": replies(run("queued"))[0],
            f"GET {RUN_PATH}": Reply(body=run("completed")),
            f"GET {THREAD_PATH}/messages": said("Hello"),
            f"DELETE {THREAD_PATH}": DELETED,
        }

    def next_reply(self) -> Reply:
        path = self.last.path.partition("?")[0]
        # As some servers do: a thread that comes with messages is a fault.
        if path == "/v1/threads" and "messages" in self.last.json:
            return Reply(500, body="Internal Server Error")
        asked = f"{self.last.method} {path}"
        waiting = self.then.get(asked)
        return waiting.pop(0) if waiting else self.answers[asked]


@pytest.fixture
def server() -> Iterator[WithoutRoute]:
    server = WithoutRoute()
    yield server
    server.close()


@pytest.mark.first_by_default(cases=10)
@pytest.mark.parametrize("why", REFUSALS)
@pytest.mark.parametrize("more", WAYS, ids=str)
def test_the_requests_one_by_one(
    go: Go, server: WithoutRoute, why: str, more: tuple[str, ...]
) -> None:
    server.answers["POST /v1/threads/runs"] = REFUSALS[why]
    streams = more in (("--stream",), ("--format=text",))
    if streams:
        events = reply_events(run("completed"), "Hel", "lo")
        server.answers[f"POST {THREAD_PATH}/runs"] = Reply(chunks=sse(*events, ("done", "[DONE]")))
    words = ("--thread.metadata", "trip=oslo", "--metadata", "run=7", "--temperature", "0.2")
    result = go(*CREATE, *MESSAGES, *words, *more)
    assert result.code == 0
    polls = more in (("--wait",), ("--on-tool-call", "*=cat"))
    assert requests(server) == ALL + [f"GET {RUN_PATH}"] * polls
    combined, thread, *messages, started = [seen.json for seen in server.seen[:5]]
    settings = {"assistant_id": "asst_1", "metadata": {"run": "7"}, "temperature": 0.2}
    stream = {"stream": True} if streams else {}
    said_first = {"role": "user", "content": "Hi"}
    said_next = {"role": "assistant", "content": "Hello", "metadata": {"a": "b"}}
    of_thread = {"metadata": {"trip": "oslo"}}
    whole = {**of_thread, "messages": [said_first, said_next]}
    assert combined == {**settings, **stream, "thread": whole}
    assert thread == of_thread
    assert messages == [said_first, said_next]
    assert started == {**settings, **stream}
    status = REFUSALS[why].status
    assert result.err == (
        f"note: the server has no POST /threads/runs (status {status}): "
        "made thread thread_7 to start the run on it\n"
    )


def test_each_request_has_its_own_key(quick: Go, server: WithoutRoute) -> None:
    assert quick(*CREATE, *MESSAGES).code == 0
    keys = [seen.header("idempotency-key") for seen in server.seen]
    assert len(set(keys)) == len(keys) == 5
    assert all(keys)


def test_a_retry_keeps_the_key_of_its_request(quick: Go, server: WithoutRoute) -> None:
    server.answers[f"POST {THREAD_PATH}/runs"] = Reply(503, headers={"retry-after-ms": "1"})
    result = quick(*CREATE, "--max-retries", "1")
    assert result.code == 4
    first, second = server.seen[-2:]
    assert first.path == second.path == f"{THREAD_PATH}/runs"
    assert first.header("idempotency-key") == second.header("idempotency-key")


def test_the_output_is_that_of_the_combined_request(quick: Go, server: WithoutRoute) -> None:
    assert quick(*CREATE).json == run("queued")
    assert quick(*CREATE, "--wait").json == run("completed")
    assert quick(*CREATE, "--wait", "--format", "text", "--stream=false").out == "Hello\n"


@pytest.mark.parametrize("name", ["jsonl", "raw"])
def test_a_stream_begins_with_the_thread(quick: Go, server: WithoutRoute, name: str) -> None:
    events = reply_events(run("completed"), "Hello")
    server.answers[f"POST {THREAD_PATH}/runs"] = Reply(chunks=sse(*events, ("done", "[DONE]")))
    result = quick(*CREATE, "--stream", "--format", name)
    whole = [("thread.created", THREAD), *events]
    if name == "raw":
        sent = b"".join(sse(*whole, ("done", "[DONE]")))
        head, _, rest = sent.partition(b"\n\n")
        found, _, found_rest = result.stdout.partition(b"\n\n")
        assert found_rest == rest
        assert found.startswith(b"event: thread.created\ndata: {")
        assert json.loads(found.partition(b"data: ")[2]) == json.loads(head.partition(b"data: ")[2])
    else:
        assert result.lines == [{"event": name, "data": data} for name, data in whole]
    shown = quick(*CREATE, "--stream", "--format", "jsonl", "--max-items", "2").lines
    assert [event["event"] for event in shown] == ["thread.created", "thread.run.created"]


def test_the_reply_as_text(go: Go, server: WithoutRoute) -> None:
    events = reply_events(run("completed"), "Hel", "lo")
    server.answers[f"POST {THREAD_PATH}/runs"] = Reply(chunks=sse(*events, ("done", "[DONE]")))
    assert go(*CREATE, "--format", "text").out == "Hello\n"


def test_json_in_place_of_a_stream_and_texts_in_a_list(quick: Go, server: WithoutRoute) -> None:
    part = {"type": "text", "text": [{"value": "Hel"}, {"value": "lo"}]}
    items = [{"id": "msg_8", "object": "thread.message", "role": "assistant", "content": [part]}]
    server.answers[f"GET {THREAD_PATH}/messages"] = Reply(
        body={"object": "list", "data": items, "has_more": False}
    )
    result = quick(*CREATE, "--format", "text", "--wait")
    assert (result.code, result.out) == (0, "Hello\n")


def test_calls_are_answered(go: Go, server: WithoutRoute) -> None:
    server.answers[f"POST {THREAD_PATH}/runs"] = Reply(body=asking(("call_1", "work", '{"a": 1}')))
    server.answers[f"POST {RUN_PATH}/submit_tool_outputs"] = Reply(body=run("completed"))
    assert go(*CREATE, "--on-tool-call", "work=cat").code == 0
    (request,) = submitted(server)
    assert outputs(request) == {"call_1": '{"a": 1}'}


ROUTE = [
    Reply(404, body=MISSING),
    Reply(404, body={"detail": "assistant not found"}),
    Reply(404, body={"detail": "asst_1 does not exist"}),
    Reply(405, body={"detail": "not for this Assistant"}),
    Reply(501, body={"error": {"message": "This assistant has tools that are not supported"}}),
    Reply(404, body={"error": {"message": "There is no model gpt-9", "code": "no_model"}}),
    Reply(404, body={"error": {"message": "No such file", "param": "tool_resources"}}),
    Reply(400, body={"error": {"message": "Bad"}}),
    Reply(401, body={"error": {"message": "No key"}}),
    Reply(410, body={"error": {"message": "Gone"}}),
    Reply(500, body="Internal Server Error"),
    Reply(200, body={"error": {"message": "Not found"}}),
]


@pytest.mark.first_by_default(cases=12)
@pytest.mark.parametrize("reply", ROUTE, ids=lambda reply: f"{reply.status} {reply.body}")
@pytest.mark.parametrize("more", [(), ("--wait",), ("--stream",)], ids=str)
def test_other_refusals_send_nothing_more(
    quick: Go, server: WithoutRoute, reply: Reply, more: tuple[str, ...]
) -> None:
    server.answers["POST /v1/threads/runs"] = reply
    words = ("--message", "Hi", "--model", "gpt-9", "--max-retries", "0")
    result = quick(*CREATE, *words, *more)
    assert (result.code, requests(server)) == (4, ALL[:1])
    assert "note:" not in result.err


def test_a_lost_answer_sends_nothing_more(quick: Go, server: WithoutRoute) -> None:
    server.answers["POST /v1/threads/runs"] = Reply(drop=True)
    assert quick(*CREATE, "--max-retries", "0").code == 3
    assert requests(server) == ALL[:1]


def test_a_missing_assistant_with_the_installed_command(go: Go, server: WithoutRoute) -> None:
    server.answers["POST /v1/threads/runs"] = Reply(404, body=MISSING)
    result = go(*CREATE[:-1], "asst_x", "--message", "Hi")
    assert (result.code, result.out) == (4, "")
    assert result.err == "error: 404 Not Found: No assistant found with id 'asst_x'.\n"
    assert requests(server) == ALL[:1]


def test_it_can_be_switched_off(quick: Go, server: WithoutRoute) -> None:
    result = quick(*CREATE, "--message", "Hi", "--no-fallback")
    assert (result.code, requests(server)) == (4, ALL[:1])
    assert result.err.startswith(
        "error: 404 Not Found: Not Found\nhint: the server may not offer this API"
    )


def test_the_dry_run_shows_the_documented_request(quick: Go, server: WithoutRoute) -> None:
    result = quick(*CREATE, "--message", "Hi", "--dry-run")
    assert result.json["url"].endswith("/v1/threads/runs")
    assert not server.seen


@pytest.mark.parametrize("host", ["api.openai.com", "me.openai.azure.com"])
def test_switched_off_endpoints_are_no_missing_route(
    server: WithoutRoute, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    monkeypatch.setenv("HTTP_PROXY", server.url.removesuffix("/v1"))  # it plays the host
    server.answers[f"POST http://{host}/v1/threads/runs"] = Reply(404, body={"detail": "Not Found"})
    environ = {"HOME": str(tmp_path), "OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": f"http://{host}/v1"}
    result = run_inprocess([*CREATE, "--message", "Hi"], environ=environ)
    assert result.code == 4
    assert "switched the Assistants endpoints off" in result.err
    assert len(server.seen) == 1


def test_a_server_without_threads_gives_its_first_refusal(quick: Go, server: WithoutRoute) -> None:
    server.answers["POST /v1/threads"] = Reply(404, body={"detail": "no threads either"})
    result = quick(*CREATE, "--message", "Hi")
    assert (result.code, requests(server)) == (4, ALL[:2])
    assert result.err.startswith(
        "error: 404 Not Found: Not Found\nhint: the server may not offer this API"
    )


def test_another_refusal_of_the_thread_is_reported(quick: Go, server: WithoutRoute) -> None:
    server.answers["POST /v1/threads"] = Reply(403, body={"detail": "no more threads"})
    result = quick(*CREATE, "--message", "Hi")
    assert (result.code, requests(server)) == (4, ALL[:2])
    assert "no more threads" in result.err


def test_an_answer_that_is_no_thread(quick: Go, server: WithoutRoute) -> None:
    server.answers["POST /v1/threads"] = Reply(body={"object": "thread"})
    result = quick(*CREATE, "--message", "Hi")
    assert (result.code, requests(server)) == (3, ALL[:2])


# Cleaning up

DELETE = f"DELETE {THREAD_PATH}"
DELETED_NOTE = "note: deleted thread thread_7, on which no run was started"


def test_a_name_inside_a_word_is_not_named(quick: Go, server: WithoutRoute) -> None:
    server.answers["POST /v1/threads/runs"] = Reply(404, body={"detail": "No such operation: o11"})
    assert quick(*CREATE, "--model", "o1").code == 0
    assert requests(server) == [*ALL[:2], ALL[4]]


@pytest.mark.first_by_default(cases=4)
@pytest.mark.parametrize("status", [400, 404, 405, 429, 401, 403, 422, 501])
def test_a_thread_made_in_vain_is_deleted(quick: Go, server: WithoutRoute, status: int) -> None:
    server.answers[f"POST {THREAD_PATH}/runs"] = Reply(status, body=MISSING)
    result = quick(*CREATE, "--message", "Hi", "--max-retries", "0")
    assert requests(server) == [*ALL[:3], ALL[4], DELETE]
    assert result.code == 4
    assert DELETED_NOTE in result.err.splitlines()
    assert "No assistant found with id 'asst_x'." in result.err


def test_so_is_one_whose_message_is_refused(quick: Go, server: WithoutRoute) -> None:
    server.answers[f"POST {THREAD_PATH}/messages"] = Reply(422, body={"detail": "no text"})
    result = quick(*CREATE, *MESSAGES)
    assert (result.code, requests(server)) == (4, [*ALL[:3], DELETE])
    assert DELETED_NOTE in result.err.splitlines()


def test_a_thread_that_cannot_be_deleted_is_named(quick: Go, server: WithoutRoute) -> None:
    server.answers[f"POST {THREAD_PATH}/runs"] = Reply(400, body={"detail": "no"})
    server.answers[DELETE] = Reply(405, body={"detail": "Method Not Allowed"})
    result = quick(*CREATE)
    assert (result.code, requests(server)[-1]) == (4, DELETE)
    assert "warning: could not delete thread thread_7, on which no run was started" in result.err
    assert "error: 400 Bad Request: no" in result.err


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        *((Reply(status), 4) for status in (408, 409, 500, 503)),
        (Reply(200, body=MISSING), 4),
        (Reply(drop=True), 3),
        (Reply(), 3),
    ],
    ids=["408", "409", "500", "503", "200 with an error", "dropped", "empty"],
)
def test_a_thread_on_which_a_run_may_be_active_is_kept(
    quick: Go, server: WithoutRoute, reply: Reply, code: int
) -> None:
    server.answers[f"POST {THREAD_PATH}/runs"] = reply
    result = quick(*CREATE, "--max-retries", "0")
    assert result.code == code
    assert requests(server) == [*ALL[:2], ALL[4]]
    assert "a run on thread thread_7 may have started" in result.err
    line = f"openai --base-url {server.url} beta:threads:runs list thread_7"
    assert f"list its runs with: {line}" in result.err


@pytest.mark.parametrize("first", [Reply(drop=True), Reply(500)], ids=["dropped", "500"])
def test_a_refusal_after_an_unclear_attempt_is_not_taken_for_certain(
    quick: Go, server: WithoutRoute, first: Reply
) -> None:
    path, refused = f"POST {THREAD_PATH}/runs", Reply(400, body={"error": {"message": "active"}})
    server.then = {path: [first, refused]}
    result = quick(*CREATE)
    assert requests(server) == [*ALL[:2], ALL[4], ALL[4]]
    assert "a run on thread thread_7 may have started" in result.err
    # So is the missing route itself.
    server.seen.clear()
    server.then = {"POST /v1/threads/runs": [first, REFUSALS["404 of FastAPI"]]}
    assert (quick(*CREATE).code, requests(server)) == (4, [ALL[0], ALL[0]])


# Interruption


def interrupted(openai: Shell, server: Server, path: str) -> tuple[int, str]:
    """Press Ctrl-C when this path has been requested."""
    environ = {"OPENAI_BASE_URL": server.url, "OPENAI_API_KEY": KEY}
    with openai.start(
        *CREATE, *MESSAGES, "--wait", env=environ, stderr=PIPE, stdin=DEVNULL
    ) as process:
        until(lambda: any(seen.path == path for seen in server.seen))
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
    return process.returncode, err.decode()


def test_ctrl_c_before_the_run_deletes_the_thread(openai: Shell, server: WithoutRoute) -> None:
    server.answers[f"POST {THREAD_PATH}/messages"] = Reply(hang=20)
    code, err = interrupted(openai, server, f"{THREAD_PATH}/messages")
    assert (code, requests(server)) == (130, [*ALL[:3], DELETE])
    assert err.splitlines()[1:] == [DELETED_NOTE, "error: interrupted"]


def test_ctrl_c_at_the_start_of_the_run_keeps_it(openai: Shell, server: WithoutRoute) -> None:
    server.answers[f"POST {THREAD_PATH}/runs"] = Reply(hang=20)
    code, err = interrupted(openai, server, f"{THREAD_PATH}/runs")
    assert (code, requests(server)) == (130, ALL)
    assert "error: interrupted; a run on thread thread_7 may have started\n" in err
    assert "beta:threads:runs list thread_7" in err


def test_the_time_of_the_command_is_up(go: Go, server: WithoutRoute) -> None:
    server.answers[f"POST {THREAD_PATH}/runs"] = Reply(hang=20)
    result = go(*CREATE, "--max-time", "1")
    assert (result.code, requests(server)) == (3, [*ALL[:2], ALL[4]])
    assert "(--max-time); a run on thread thread_7 may have started" in result.err


def test_debug_shows_every_request(go: Go, server: WithoutRoute) -> None:
    err = go(*CREATE, *MESSAGES, "--debug").err
    for path in ("threads/runs", "threads", "threads/thread_7/messages", "threads/thread_7/runs"):
        assert f"POST {server.url}/{path}" in err
    assert KEY not in err


# How a body is divided


def divided(body: dict[str, Any]) -> tuple[Any, list[Any], Any] | None:
    parts = thread_then_run(build_request(main_operation(), body))
    if parts is None:
        return None
    messages = [dict(request.body or {}) for request in parts.messages("t/7")]
    assert all(r.path == "/threads/t%2F7/messages" for r in parts.messages("t/7"))
    return parts.thread.body, messages, parts.run("t/7").body


def test_the_models_of_both_ways_have_the_same_fields() -> None:
    assert CreateThread.model_fields.keys() == NewThread.model_fields.keys()
    assert CreateMessage.model_fields.keys() - {"thread_id"} == NewMessage.model_fields.keys()
    more = CreateThreadAndRun.model_fields.keys() - CreateRun.model_fields.keys()
    assert more == {"thread", "tool_resources"}
    assert "tool_resources" in CreateThread.model_fields


def test_unknown_fields_and_nulls_stay_where_they_are() -> None:
    body = {"assistant_id": "a", "model": None, "x_more": 1, "thread": {"metadata": None, "y": 2}}
    run_fields = {"assistant_id": "a", "model": None, "x_more": 1}
    assert divided(body) == ({"metadata": None, "y": 2}, [], run_fields)
    assert divided({"assistant_id": "a", "thread": None}) == ({}, [], {"assistant_id": "a"})
    assert divided({"assistant_id": "a"}) == ({}, [], {"assistant_id": "a"})


def test_resources_of_the_run_are_merged_into_the_thread() -> None:
    of_thread = {"code_interpreter": {"file_ids": ["f1", "f2"]}}
    of_run = {
        "code_interpreter": {"file_ids": ["f2", "f3"]},
        "file_search": {"vector_store_ids": ["v"]},
    }
    merged = {
        "code_interpreter": {"file_ids": ["f1", "f2", "f3"]},
        "file_search": {"vector_store_ids": ["v"]},
    }
    body = {"assistant_id": "a", "thread": {"tool_resources": of_thread}, "tool_resources": of_run}
    assert divided(body) == ({"tool_resources": merged}, [], {"assistant_id": "a"})
    assert divided({"assistant_id": "a", "tool_resources": of_run}) == (
        {"tool_resources": of_run}, [], {"assistant_id": "a"},
    )  # fmt: skip


@pytest.mark.parametrize(
    "thread",
    ["text", ["list"], {"messages": "text"}, {"messages": ["text"]}, {"messages": {"a": 1}}],
)
def test_a_body_of_no_validate_that_cannot_be_divided(
    quick: Go, server: WithoutRoute, tmp_path: Path, thread: Any
) -> None:
    assert divided({"assistant_id": "a", "thread": thread}) is None
    stdin = tmp_path / "body.json"
    stdin.write_text(json.dumps({"thread": thread}))
    result = quick(*CREATE, "--no-validate", stdin=stdin)
    assert (result.code, requests(server)) == (4, ALL[:1])
