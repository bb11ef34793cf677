"""--wait: asking again until the run has stopped, and what is printed then."""

from __future__ import annotations

import json
import shlex
from itertools import pairwise

import pytest

from tests.follow.conftest import (
    CREATE,
    KEY,
    RETRIEVE,
    RUN_PATH,
    Go,
    asking,
    dumped,
    outputs,
    replies,
    requests,
    run,
    said,
    submitted,
)
from tests.support.server import Reply, Server

COMMANDS = {
    "create-and-run": ("POST /v1/threads/runs", CREATE),
    "create": (
        "POST /v1/threads/thread_7/runs",
        ("beta:threads:runs", "create", "--thread-id", "thread_7", "--assistant-id", "asst_1"),
    ),
    "retrieve": (f"GET {RUN_PATH}", RETRIEVE),
    "submit-tool-outputs": (
        f"POST {RUN_PATH}/submit_tool_outputs",
        (
            *("beta:threads:runs", "submit-tool-outputs", "thread_7", "run_7"),
            *("--tool-output", '{"tool_call_id": "call_1", "output": "x"}'),
        ),
    ),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_waits_until_the_run_has_ended(quick: Go, server: Server, name: str) -> None:
    first, words = COMMANDS[name]
    done = run("completed", usage={"total_tokens": 12345678901234567890})
    server.reply(*replies(run("queued"), run("in_progress"), run("in_progress"), done))
    result = quick(*words, "--wait", "--format", "jsonl")
    assert (result.code, result.err) == (0, "")
    assert result.lines == [done]
    assert requests(server) == [first, *[f"GET {RUN_PATH}"] * 3]


@pytest.mark.parametrize("name", COMMANDS)
def test_without_wait_the_first_answer_is_printed(quick: Go, server: Server, name: str) -> None:
    server.reply(*replies(run("queued"), run("completed")))
    result = quick(*COMMANDS[name][1])
    assert (result.code, result.json["status"], len(server.seen)) == (0, "queued", 1)


def test_a_run_that_has_ended_already_is_not_asked_for(quick: Go, server: Server) -> None:
    server.reply(*replies(run("completed")))
    assert quick(*RETRIEVE, "--wait").code == 0
    assert len(server.seen) == 1


@pytest.mark.parametrize("name", ["json", "raw", "jsonl", "yaml", "pretty"])
def test_one_document_is_printed_the_finished_run(quick: Go, server: Server, name: str) -> None:
    body = dumped(run("completed"))[:-1] + ', "x": 1.50}'
    server.reply(*replies(run("queued"), run("in_progress")), Reply(body=body))
    result = quick(*CREATE, "--wait", "--format", name)
    assert result.code == 0
    assert "queued" not in result.out
    assert "in_progress" not in result.out
    if name == "raw":
        assert result.stdout == body.encode()
    if name in ("json", "jsonl"):
        assert result.json["status"] == "completed"
        assert "1.50" in result.out
    if name == "jsonl":
        assert result.out.count("\n") == 1


def test_transform_sees_the_finished_run(quick: Go, server: Server) -> None:
    server.reply(*replies(run("queued"), run("completed")))
    assert quick(*CREATE, "--wait", "--transform", "status", "-r").out == "completed\n"


def test_text_is_the_reply_once_the_run_has_ended(quick: Go, server: Server) -> None:
    server.reply(*replies(run("queued"), run("completed")), said("It is\nfour."))
    result = quick(*CREATE, "--stream=false", "--wait", "--format", "text")
    assert (result.code, result.out, result.err) == (0, "It is\nfour.\n", "")
    assert requests(server)[-1] == "GET /v1/threads/thread_7/messages"
    assert "run_id=run_7" in server.last.path


def test_text_of_an_odd_list_is_a_note_and_no_fault(quick: Go, server: Server) -> None:
    server.reply(*replies(run("completed")), Reply(body="[1]"))
    result = quick(*RETRIEVE, "--wait", "--format", "text")
    assert (result.code, result.out) == (0, "")
    assert result.err == "note: the run run_7 ended as completed without a reply\n"


def test_a_run_without_the_name_of_its_kind_is_followed(quick: Go, server: Server) -> None:
    first, last = run("queued"), run("completed")
    del first["object"], last["object"]
    server.reply(*replies(first, last))
    assert quick(*CREATE, "--wait").json["status"] == "completed"


def test_an_answer_that_is_no_run_cannot_be_waited_for(quick: Go, server: Server) -> None:
    server.reply(Reply(body={"object": "thread", "id": "thread_7"}))
    result = quick(*CREATE, "--wait")
    assert (result.code, result.json["object"]) == (3, "thread")
    assert result.err == "error: the answer is not a run, so --wait does not apply\n"


@pytest.mark.parametrize("ids", [{"thread_id": None}, {"id": "\ud80c"}, {"thread_id": "\udc00"}])
@pytest.mark.parametrize("words", [("--wait",), ("--on-tool-call", "work=/bin/echo")])
def test_a_run_without_ids_cannot_be_waited_for(
    quick: Go, server: Server, ids: dict[str, str | None], words: tuple[str, ...]
) -> None:
    server.reply(Reply(body=run("queued", **ids)))
    result = quick(*CREATE, *words)
    assert (result.code, len(server.seen)) == (3, 1)
    assert "lacks its ids" in result.err


def test_answers_without_ids_are_about_the_run_that_was_asked_for(
    quick: Go, server: Server
) -> None:
    bare = {"object": "thread.run", "status": "in_progress"}
    waits = {**asking(("call_1", "work")), "thread_id": None}
    server.reply(*replies(run("queued"), bare, waits, bare, bare, run("completed")))
    result = quick(*CREATE, "--on-tool-call", "work=/bin/echo")
    assert (result.code, result.json["status"], len(server.seen)) == (0, "completed", 6)


def test_ids_of_any_letters_are_asked_for(quick: Go, server: Server) -> None:
    odd = {"id": "a/b ?é", "thread_id": "t#1"}
    server.reply(*replies(run("queued", **odd), run("completed", **odd)))
    assert quick(*CREATE, "--wait").code == 0
    assert server.last.path == "/v1/threads/t%231/runs/a%2Fb%20%3F%C3%A9"


# How a run ends


@pytest.mark.parametrize(
    ("end", "why"),
    [
        (
            run("failed", last_error={"code": "rate_limit_exceeded", "message": "Slow down."}),
            "ended as failed: rate_limit_exceeded: Slow down.",
        ),
        (
            run("incomplete", incomplete_details={"reason": "max_prompt_tokens"}),
            "ended as incomplete: max_prompt_tokens",
        ),
        (run("cancelled"), "ended as cancelled"),
        (run("expired"), "ended as expired"),
    ],
)
@pytest.mark.parametrize("words", [CREATE, RETRIEVE], ids=["create-and-run", "retrieve"])
def test_a_run_that_did_not_complete_is_printed_with_exit_5(
    quick: Go, server: Server, words: tuple[str, ...], end: dict[str, object], why: str
) -> None:
    server.reply(*replies(run("queued"), end))
    result = quick(*words, "--wait")
    assert (result.code, result.json["status"]) == (5, end["status"])
    assert result.err == f"error: the run run_7 of thread thread_7 {why}\n"


@pytest.mark.parametrize("odd", ["odd", {}, {"message": None}, [1]])
def test_an_odd_last_error_is_no_fault(quick: Go, server: Server, odd: object) -> None:
    server.reply(*replies(run("failed", last_error=odd)))
    result = quick(*RETRIEVE, "--wait")
    assert result.code == 5
    assert result.err.startswith("error: the run run_7 of thread thread_7 ended as failed")


def test_a_run_that_needs_outputs_is_printed_with_exit_6(quick: Go, server: Server) -> None:
    server.reply(*replies(run("queued"), asking(("call_1", "look_up"))))
    result = quick(*CREATE, "--wait")
    assert (result.code, result.json["status"]) == (6, "requires_action")
    assert "waits for the outputs of: look_up" in result.err
    assert len(server.seen) == 2


def test_a_run_that_needs_outputs_says_how_to_give_them(quick: Go, server: Server) -> None:
    server.reply(*replies(asking(("call_1", "a"), ("call_2", "it's")), run("completed")))
    _, hint, cancel = quick(*CREATE, "--wait").err.splitlines()
    start = f"hint: continue with: openai --base-url {server.url} beta:threads:runs "
    assert hint.startswith(f"{start}submit-tool-outputs thread_7 run_7 --tool-output.tool-call-id ")
    assert cancel.startswith("  or cancel it: ")
    words = shlex.split(hint.replace("OUTPUT", "42").partition(": openai ")[2])
    assert quick(*words).code == 0
    assert outputs(submitted(server)[-1]) == {"call_1": "42", "call_2": "42"}


def test_an_unknown_status_is_waited_out(quick: Go, server: Server) -> None:
    server.reply(*replies(run("thinking"), run("resting"), run("completed")))
    assert quick(*CREATE, "--wait").json["status"] == "completed"


# When to ask again


def gaps(server: Server) -> list[float]:
    times = [seen.at for seen in server.seen]
    return [later - earlier for earlier, later in pairwise(times)]


def test_the_server_says_when_to_ask_again_each_time(quick: Go, server: Server) -> None:
    one, two, three = run("queued"), run("in_progress"), run("completed")
    server.reply(
        *replies(one, after_ms="700"),
        *replies(two, after_ms="100"),
        *replies(two, after_ms="900"),
        *replies(three),
    )
    quick(*CREATE, "--wait", "--poll-interval", "30")
    first, second, third = gaps(server)
    assert first >= 0.69
    assert second >= 0.09
    assert third >= 0.89
    assert max(first, second, third) < 20


def test_a_huge_pause_ends_with_the_patience(quick: Go, server: Server) -> None:
    server.reply(*replies(run("queued"), after_ms="99999999999999"))
    result = quick(*CREATE, "--wait", "--wait-timeout", "0.5")
    assert (result.code, len(server.seen)) == (3, 2)


# The end of the patience


def test_a_run_that_does_not_end_in_time(quick: Go, server: Server) -> None:
    server.reply(*replies(run("queued"), run("in_progress", usage={"total_tokens": 3})))
    result = quick(*CREATE, "--wait", "--wait-timeout", "0.6")
    assert (result.code, result.json) == (3, run("in_progress", usage={"total_tokens": 3}))
    place = f"openai --base-url {server.url} beta:threads:runs"
    assert result.err.splitlines() == [
        "error: the run run_7 had not ended after 0.6 s; its last status was in_progress",
        f"hint: continue with: {place} retrieve thread_7 run_7 --wait",
        f"  or cancel it: {place} cancel thread_7 run_7",
    ]


def test_the_first_answer_is_the_last_known_if_no_other_came(quick: Go, server: Server) -> None:
    server.reply(*replies(run("queued")), Reply(status=503))
    result = quick(*CREATE, "--wait", "--wait-timeout", "0.5")
    assert (result.code, result.json) == (3, run("queued"))
    assert "its last status was queued; the last poll failed" in result.err


def test_a_server_that_stops_answering_does_not_hold_us_for_longer(
    quick: Go, server: Server
) -> None:
    server.reply(*replies(run("queued")), Reply(hang=20))
    result = quick(*CREATE, "--wait", "--wait-timeout", "1")
    assert (result.code, result.json["status"]) == (3, "queued")
    assert "took too long to answer" in result.err


def test_the_error_as_json_names_its_kind(quick: Go, server: Server) -> None:
    server.reply(*replies(run("queued")))
    words = ("--wait", "--wait-timeout", "0.2", "--format-error", "json")
    error = json.loads(quick(*CREATE, *words).err)
    assert (error["type"], error["exit_code"]) == ("wait_timeout", 3)
    assert "retrieve thread_7 run_7 --wait" in error["hint"]


def test_a_key_in_the_address_is_not_in_the_hint(quick: Go, server: Server) -> None:
    server.reply(*replies(run("queued")))
    words = (
        "--base-url",
        f"{server.url}?api-key=hush-hush-hush&sig=zz",
        "--header",
        "X-Api-Key: psst-psst",
    )
    result = quick(*CREATE, "--wait", "--wait-timeout", "0.2", *words)
    assert result.code == 3
    assert "hush" not in result.err
    assert "sig=zz" not in result.err
    assert "psst" not in result.err
    assert KEY not in result.err


# Faults on the way


FAULTS = {
    "500": Reply(status=500, body="oops"),
    "dropped": Reply(drop=True),
    "half": Reply(body='{"id": "run_7"', declared=400),
    "503": Reply(status=503, headers={"Retry-After": "0"}),
    "429": Reply(status=429, headers={"Retry-After": "0"}),
    "409": Reply(status=409),
    "not JSON": Reply(body="<html>later</html>"),
    "no run": Reply(body={"object": "thread"}),
    "nothing": Reply(body=""),
}


@pytest.mark.first_by_default(cases=4)
@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_that_passes_does_not_lose_the_run(quick: Go, server: Server, name: str) -> None:
    fault = FAULTS[name]
    server.reply(*replies(run("queued")), fault, fault, fault, *replies(run("completed")))
    result = quick(*CREATE, "--wait", "--poll-interval", "0.1")
    assert (result.code, result.json["status"], result.err) == (0, "completed", "")
    assert len(server.seen) == 5


@pytest.mark.parametrize(("status", "code"), [(401, 4), (403, 4), (404, 4), (400, 4)])
def test_a_refusal_that_will_not_pass_ends_the_wait_at_once(
    quick: Go, server: Server, status: int, code: int
) -> None:
    server.reply(*replies(run("queued")), Reply(status=status, body={"error": {"message": "No."}}))
    result = quick(*CREATE, "--wait")
    assert (result.code, len(server.seen), result.out) == (code, 2, "")
    assert "No." in result.err
    assert "retrieve thread_7 run_7 --wait" in result.err
    assert "cancel thread_7 run_7" in result.err


def test_faults_without_end_end_the_wait(quick: Go, server: Server) -> None:
    server.reply(*replies(run("queued")), Reply(status=500, body={"error": {"message": "Broke."}}))
    result = quick(*CREATE, "--wait", "--poll-interval", "0.01")
    assert (result.code, len(server.seen)) == (4, 11)
    assert "500 Internal Server Error: Broke." in result.err
    assert "retrieve thread_7 run_7 --wait" in result.err


def test_create_and_run_is_not_sent_twice_by_the_wait(quick: Go, server: Server) -> None:
    server.reply(*replies(run("queued")), *[Reply(drop=True)] * 4, *replies(run("completed")))
    quick(*CREATE, "--wait", "--poll-interval", "0.05")
    assert requests(server).count("POST /v1/threads/runs") == 1
