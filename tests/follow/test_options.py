"""The flags of waiting and of commands: what is refused, and what a dry run shows."""

from __future__ import annotations

import json

import pytest

from tests.follow.conftest import CREATE, RETRIEVE, Go
from tests.support.server import Server


def test_all_that_is_wrong_is_said_at_once_and_nothing_is_sent(quick: Go, server: Server) -> None:
    words = [
        *("--poll-interval", "0", "--wait-timeout", "soon"),
        *("--on-tool-call", "work", "--on-tool-call", "=x", "--on-tool-call", "a="),
        *("--on-tool-call", "b='open", "--on-tool-call", "c=one", "--on-tool-call", "c=two"),
        *("--tool-timeout", "-1", "--tool-concurrency", "65", "--tool-errors", "maybe"),
        *("--max-tool-turns", "0"),
        *("--top-p", "7"),
    ]
    result = quick(*CREATE, *words, "--format-error", "json")
    problems = {(one["source"], one["message"]) for one in json.loads(result.err)["problems"]}
    assert (result.code, result.out, server.seen) == (2, "", [])
    seconds = "a number of seconds above 0, up to a day"
    said = {source: message for source, message in problems if not source.startswith("--on-tool")}
    assert set(said) == {
        *("--poll-interval", "--wait-timeout", "--tool-timeout"),
        *("--tool-concurrency", "--tool-errors", "--top-p", "--max-tool-turns"),
    }
    assert seconds in said["--poll-interval"]
    assert seconds in said["--wait-timeout"]
    assert "from 1 to 64" in said["--tool-concurrency"]
    assert "from 1 to 100000" in said["--max-tool-turns"]
    assert "send or fail" in said["--tool-errors"]
    commands = " ".join(message for source, message in problems if source.startswith("--on-tool"))
    for part in (
        'expected NAME=COMMAND, found "work"',
        'expected NAME=COMMAND, found "=x"',
        'expected a command after "a="',
        "the command cannot be split into words: No closing quotation",
        "there is already a command for c",
    ):
        assert part in commands


@pytest.mark.parametrize(
    ("words", "other"),
    [
        (("--poll-interval", "2"), "--wait"),
        (("--wait-timeout", "2"), "--wait"),
        (("--tool-timeout", "2"), "--on-tool-call"),
        (("--tool-concurrency", "2"), "--on-tool-call"),
        (("--tool-errors", "fail"), "--on-tool-call"),
        (("--max-tool-turns", "5"), "--on-tool-call"),
        (("--wait", "--tool-timeout", "2"), "--on-tool-call"),
    ],
)
def test_a_flag_that_needs_another(
    quick: Go, server: Server, words: tuple[str, ...], other: str
) -> None:
    result = quick(*CREATE, *words)
    assert (result.code, server.seen) == (2, [])
    assert f"{words[-2]}: needs {other} too; nothing was sent" in result.err


def test_commands_cannot_be_explored(quick: Go, server: Server) -> None:
    result = quick(*CREATE, "--on-tool-call", "a=b", "--format", "explore")
    assert (result.code, server.seen) == (2, [])
    assert "--on-tool-call: works with any format but explore" in result.err


@pytest.mark.parametrize(
    "words",
    [
        ("beta:threads:runs", "cancel", "t", "r"),
        ("beta:threads:runs", "list", "t"),
        ("beta:assistants", "retrieve", "a"),
    ],
)
def test_other_commands_do_not_know_them(quick: Go, server: Server, words: tuple[str, ...]) -> None:
    for flag in ("--wait", "--on-tool-call=a=b", "--cancel-on-interrupt"):
        result = quick(*words, flag)
        assert (result.code, server.seen) == (2, [])
        assert flag.partition("=")[0] in result.err


def test_a_dry_run_neither_sends_nor_waits_nor_runs(quick: Go, server: Server) -> None:
    words = ("--wait", "--on-tool-call", "*=/bin/touch ran", "--dry-run", "--format", "jsonl")
    plain = quick(*CREATE, "--dry-run", "--format", "jsonl")
    result = quick(*CREATE, *words)
    assert (result.code, server.seen) == (0, [])
    assert result.json == plain.json


def test_a_refused_option_is_refused_in_a_dry_run_too(quick: Go, server: Server) -> None:
    assert quick(*CREATE, "--on-tool-call", "nothing", "--dry-run").code == 2


def test_the_same_command_twice_is_one(quick: Go, server: Server) -> None:
    words = ("--on-tool-call", "a=x", "--on-tool-call", "a=x", "--dry-run")
    assert quick(*RETRIEVE, *words).code == 0
