"""`create-and-run --continue`: the next turn on the newest thread of the embedded engine."""

from __future__ import annotations

import json
import subprocess

import pytest

from tests.support.server import Server
from tests.support.shell import Result, Shell
from tests.support.waiting import until

pytestmark = pytest.mark.in_process(process_when_slow=True)

RUN = ("--local", "beta:threads", "create-and-run", "--assistant-id", "asst_demo")
TEXT = ("--format", "text")
SLOW = "!slow 60\none after the other"


def refusal(result: Result) -> str:
    assert (result.code, result.out) == (2, ""), result
    return result.err


def test_a_conversation_turn_by_turn(openai: Shell) -> None:
    assert openai(*RUN, *TEXT, "--message", "elsewhere").out == "elsewhere\n"
    run = openai(*RUN, "--message", "one").json
    assert openai(*RUN, *TEXT, "--continue", "--message", "two").out == "two\n"
    last = openai(*RUN, "--continue", "--message", "three", "--message", "four").json
    assert last["thread_id"] == run["thread_id"]
    listed = openai("--local", "beta:threads:messages", "list", run["thread_id"], "--order", "asc",
                    "--transform", "content.0.text.value", "-r").out  # fmt: skip
    assert listed.split() == ["one", "one", "two", "two", "three", "four", "four"]


def test_every_field_of_the_run_is_kept_and_none_is_needed(openai: Shell) -> None:
    openai(*RUN, "--message", "again")
    run = openai(*RUN, "--continue", "--metadata", "a=b", "--instructions", "Short.").json
    assert (run["metadata"], run["instructions"], run["status"]) == (
        {"a": "b"}, "Short.", "completed",
    )  # fmt: skip


def test_a_dry_run_shows_the_request_it_becomes(openai: Shell) -> None:
    thread = openai(*RUN, "--message", "x").json["thread_id"]
    shown = openai(*RUN, "--continue", "--message", "y", "--stream", "--dry-run").json
    assert (shown["method"], shown["url"]) == ("POST", f"local:/threads/{thread}/runs")
    assert shown["body"] == {
        "assistant_id": "asst_demo",
        "stream": True,
        "additional_messages": [{"role": "user", "content": "y"}],
    }
    assert len(openai("--local", "beta:threads:runs", "list", thread, "--format=jsonl").lines) == 1


def test_a_server_is_refused_and_nothing_is_sent(openai: Shell, server: Server) -> None:
    err = refusal(openai("--base-url", server.url, *RUN[1:], "--continue"))
    assert "--continue: works with the embedded engine only (--local)" in err
    assert "beta:threads:runs create THREAD --additional-message TEXT" in err
    assert server.seen == []


def test_without_a_thread_no_store_is_made(openai: Shell) -> None:
    words = ("--base-url", "local:new.db", *RUN[1:], "--continue", "--message", "x")
    err = refusal(openai(*words))
    assert f"--continue: there is no thread yet in {openai.folder / 'new.db'}" in err
    assert "hint: the same command without --continue creates one" in err
    assert not (openai.folder / "new.db").exists()


@pytest.mark.parametrize(
    ("words", "field"),
    [(["--thread.metadata", "a=b"], "metadata"),
     (["--thread", '{tool_resources: {code_interpreter: {file_ids: ["f"]}}}'], "tool_resources"),
     (["--tool-resources", '{code_interpreter: {file_ids: ["f"]}}'], "tool_resources")],
)  # fmt: skip
def test_what_only_a_new_thread_can_have(words: list[str], field: str, openai: Shell) -> None:
    openai(*RUN, "--message", "x")
    err = refusal(openai(*RUN, "--continue", "--message", "y", *words))
    assert f"--continue: the thread already exists and cannot be created with {field}" in err


def test_messages_of_an_unknown_shape(openai: Shell) -> None:
    openai(*RUN, "--message", "x")
    body = json.dumps({"thread": {"messages": "no list"}})
    err = refusal(openai(*RUN, "--continue", "--no-validate", "--body", body))
    assert "--continue: the messages have a form that cannot be added" in err


def test_a_thread_that_is_being_worked_on_is_refused_as_by_the_api(openai: Shell) -> None:
    run = openai(*RUN, "--message", "x").json
    with openai.start(*RUN, "--continue", "--message", SLOW, stdout=subprocess.DEVNULL) as first:
        until(lambda: '"in_progress"' in openai("--local", "local", "threads").out)
        second = openai(*RUN, "--continue", "--message", "too early")
        first.kill()
    assert (second.code, second.out) == (4, "")
    assert f"Thread {run['thread_id']} already has an active run run_" in second.err
    assert "too early" not in openai("--local", "local", "show").out
