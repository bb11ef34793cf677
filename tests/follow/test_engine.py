"""Waiting and commands on the embedded engine, as anyone can try them."""

from __future__ import annotations

import pytest

from tests.follow.conftest import Script
from tests.support.shell import Shell

# test_interrupt has what needs a process of its own.
pytestmark = pytest.mark.in_process

RUN = ("--local", "beta:threads", "create-and-run", "--assistant-id", "asst_demo", "--message")
FUNCTIONS = (
    *("--tool", "{type: function, function: {name: add}}"),
    *("--tool", "{type: function, function: {name: say}}"),
)


@pytest.mark.parametrize("stream", [True, False])
def test_a_conversation_with_two_commands(openai: Shell, script: Script, stream: bool) -> None:
    add = script("add", "import json, sys; print(sum(json.load(sys.stdin)['of']))")
    calls = '!call add {"of": [1, 2, 3]}\n!call say {"x": "é"}'
    flags = ("--on-tool-call", f"add={add}", "--on-tool-call", "say=cat")
    how = () if stream else ("--stream=false",)
    result = openai(*RUN, calls, *FUNCTIONS, *flags, "--format", "text", *how)
    assert (result.code, result.err) == (0, "")
    assert result.out == '6\n\n{"x": "é"}\n'


def test_the_finished_run_is_the_one_document(openai: Shell) -> None:
    words = (*FUNCTIONS, "--on-tool-call", "*=echo 7", "--format", "jsonl")
    (run,) = openai(*RUN, "!call add", *words).lines
    assert (run["status"], run["required_action"]) == ("completed", None)
    where = ("--local", "beta:threads:runs", "retrieve", run["thread_id"], run["id"], "--wait")
    assert openai(*where).json["status"] == "completed"


@pytest.mark.parametrize(("message", "code"), [("!length\na b c d", 5), ("!fail broke", 5)])
def test_other_ends(openai: Shell, message: str, code: int) -> None:
    result = openai(*RUN, message, "--wait")
    assert result.code == code
    assert "ended as" in result.err


def test_a_waiting_run_can_be_taken_up_with_a_command(openai: Shell) -> None:
    first = openai(*RUN, "!call add", *FUNCTIONS, "--wait", "--format", "jsonl")
    assert first.code == 6
    where = ("--local", "beta:threads:runs", "retrieve")
    ids = (first.json["thread_id"], first.json["id"])
    done = openai(*where, *ids, "--on-tool-call", "add=echo 5", "--format", "text")
    assert (done.code, done.out) == (0, "5\n\n")


def test_a_failing_command_can_end_the_run(openai: Shell) -> None:
    words = ("--on-tool-call", "add=false", "--tool-errors", "fail")
    result = openai(*RUN, "!call add", *FUNCTIONS, *words)
    assert (result.code, result.out) == (1, "")
    ids = result.err.splitlines()[-1].split()
    run_id, thread_id = ids[ids.index("run") + 1], ids[ids.index("thread") + 1]
    again = openai("--local", "beta:threads:runs", "retrieve", thread_id, run_id)
    assert again.json["status"] == "cancelled"
