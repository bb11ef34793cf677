"""--on-tool-call: commands that answer calls."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.follow.conftest import (
    CREATE,
    DONE,
    RETRIEVE,
    RUN_PATH,
    Go,
    Script,
    answer,
    asking,
    one_call,
    outputs,
    replies,
    requests,
    run,
    submitted,
)
from tests.support.server import Reply, Server

# What a command is given and what it gives


def test_the_run_goes_on_with_what_the_command_says(
    quick: Go, server: Server, script: Script
) -> None:
    arguments = '{"city":  "Zürich \\u00fc", "n": 1.0}\n'
    one_call(server, arguments)
    result = quick(
        *CREATE, "--on-tool-call", f"work={script('cat', 'cat; echo; echo', shell=True)}"
    )
    assert (result.code, result.json, result.err) == (0, DONE, "")
    assert answer(server) == arguments + "\n\n"
    poll, submit = f"GET {RUN_PATH}", f"POST {RUN_PATH}/submit_tool_outputs"
    assert requests(server) == ["POST /v1/threads/runs", poll, submit, poll]
    assert "stream" not in submitted(server)[0].json


def test_words_are_split_as_a_shell_would_and_no_shell_runs(quick: Go, server: Server) -> None:
    one_call(server)
    words = r"""/usr/bin/printf '%s|' "a b" c\ d '$HOME' '*' "it's" ; x"""
    quick(*CREATE, "--on-tool-call", f"work={words}")
    assert answer(server) == "a b|c d|$HOME|*|it's|;|x|"


def test_a_command_knows_what_it_is_called_for(quick: Go, server: Server) -> None:
    one_call(server, name="läs $(x)")
    quick(*CREATE, "--on-tool-call", "*=/usr/bin/env")
    told = sorted(line for line in answer(server).splitlines() if line.startswith("OPENAI_"))
    assert told == [
        f"OPENAI_BASE_URL={server.url}",
        "OPENAI_RUN_ID=run_7",
        "OPENAI_THREAD_ID=thread_7",
        "OPENAI_TOOL_CALL_ID=call_1",
        "OPENAI_TOOL_NAME=läs $(x)",
    ]


@pytest.mark.slow
@pytest.mark.parametrize("flag", ["", "sk-of-the-flag-77"])
def test_no_command_sees_a_key_under_any_name(
    go: Go, server: Server, script: Script, flag: str
) -> None:
    one_call(server)
    keys = {
        "OPENAI_API_KEY": "sk-of-the-environment-1",
        "OPENAI_ADMIN_KEY": "sk-admin-2222",
        "OPENAI_WEBHOOK_SECRET": "whsec-33333",
        "COPY_OF_KEY": "sk-of-the-environment-1",
        "WITHIN": "Bearer sk-of-the-environment-1;",
        "COPY_OF_ADMIN": "sk-admin-2222",
        "COPY_OF_FLAG": "sk-of-the-flag-77",
        "COPY_OF_HEADER": "header-secret-4",
        "HARMLESS": "kept",
    }
    words = ["--header", "X-Api-Key: header-secret-4", *(["--api-key", flag] if flag else [])]
    ps = script(
        "look", "env; tr '\\0' '\\n' < /proc/self/environ; cat /proc/$$/cmdline", shell=True
    )
    result = go(*CREATE, *words, "--on-tool-call", f"work={ps}", env=keys)
    seen = answer(server)
    assert "HARMLESS=kept" in seen
    assert "PATH=" in seen
    secrets = {value for name, value in keys.items() if name not in ("HARMLESS", "COPY_OF_FLAG")}
    assert not [secret for secret in {*secrets, flag} - {""} if secret in seen + result.err]


def test_no_command_sees_what_names_a_secret(go: Go, server: Server) -> None:
    one_call(server)
    names = (
        *(
            "OPENAI_LOCAL_SERVER_KEY",
            "AZURE_OPENAI_API_KEY",
            "GITHUB_TOKEN",
            "npm_config_authtoken",
        ),
        *("AWS_SECRET_ACCESS_KEY", "PGPASSWORD", "MYSQL_PASSWD", "Passphrase", "MY_CREDENTIALS"),
    )
    go(*CREATE, "--on-tool-call", "work=env", env={name: f"of {name}" for name in names})
    assert not [name for name in names if name in answer(server)]


@pytest.mark.slow
def test_no_command_sees_what_we_hold_under_another_name(go: Go, server: Server) -> None:
    one_call(server)
    env = {
        "OPENAI_LOCAL_SERVER_KEY": "of-the-server-1",
        "COPY": "Bearer of-the-server-1",
        "AZURE_OPENAI_API_KEY": "azure-22222",
        "COPY_OF_AZURE": "azure-22222",
        "no_proxy": "127.0.0.1",
        "HTTPS_PROXY": "http://me:proxy%40pass3@proxy.example:3128/",
        "http_proxy": "me:bare-p@ss4@proxy.example:3128",
        "DATABASE": "postgres://u:db-pass55@db.example/x?y=a:b@c",
        "COPY_OF_PASSWORD": "proxy@pass3",
        "PLAIN": "https://git@example.org/a:b@c",
        "EMAIL": "me:you@example.org",
    }
    go(*CREATE, "--on-tool-call", "work=env", env=env)
    seen = dict(line.split("=", 1) for line in answer(server).splitlines())
    assert {name: seen[name] for name in env if name in seen} == {
        "no_proxy": "127.0.0.1",
        "HTTPS_PROXY": "http://proxy.example:3128/",
        "http_proxy": "proxy.example:3128",
        "DATABASE": "postgres://db.example/x?y=a:b@c",
        "PLAIN": "https://git@example.org/a:b@c",
        "EMAIL": "me:you@example.org",
    }


@pytest.mark.slow
def test_a_short_key_does_not_empty_the_environment(go: Go, server: Server) -> None:
    one_call(server)
    go(*CREATE, "--on-tool-call", "work=env", env={"OPENAI_API_KEY": "bin", "SAME": "bin"})
    names = {line.partition("=")[0] for line in answer(server).splitlines()}
    assert "PATH" in names
    assert not {"SAME", "OPENAI_API_KEY"} & names


@pytest.mark.slow
def test_standard_input_is_the_body_and_not_the_command_s(go: Go, server: Server) -> None:
    one_call(server, '{"a": 1}')
    body = "assistant_id: asst_1\nmetadata: {from: stdin}\n"
    result = go("beta:threads", "create-and-run", "--on-tool-call", "work=cat", stdin=body)
    assert result.code == 0
    assert server.seen[0].json["metadata"] == {"from": "stdin"}
    assert answer(server) == '{"a": 1}'


@pytest.mark.slow
def test_what_a_command_says_on_stderr_is_seen(go: Go, server: Server, script: Script) -> None:
    one_call(server)
    loud = script("loud", "echo about to work >&2", shell=True)
    result = go(*CREATE, "--on-tool-call", f"work={loud}")
    assert (result.code, result.err, answer(server)) == (0, "about to work\n", "")
    assert result.json == DONE


@pytest.mark.slow
def test_debug_shows_outputs_and_no_key(go: Go, server: Server) -> None:
    one_call(server)
    result = go(*CREATE, "--debug", "--on-tool-call", "work=echo the-output")
    assert result.code == 0
    assert "the-output" in result.err
    assert "sk-test" not in result.err


# Which command answers


def test_a_name_s_own_command_comes_before_the_one_for_all(quick: Go, server: Server) -> None:
    calls = [("call_1", "b"), ("call_2", "a"), ("call_3", "c")]
    server.reply(*replies(asking(*calls), DONE))
    words = ("--on-tool-call", "*=/bin/echo any", "--on-tool-call", "a=/bin/echo own")
    assert quick(*RETRIEVE, *words).code == 0
    assert outputs(submitted(server)[0]) == {
        "call_1": "any\n",
        "call_2": "own\n",
        "call_3": "any\n",
    }
    assert [one["tool_call_id"] for one in submitted(server)[0].json["tool_outputs"]] == [
        *("call_1", "call_2", "call_3")
    ]


def test_one_call_without_a_command_and_none_is_run(
    quick: Go, server: Server, script: Script, tmp_path: Path
) -> None:
    server.reply(*replies(asking(("call_1", "a"), ("call_2", "b"), ("call_3", "c"))))
    touch = script("touch", f"touch {tmp_path}/ran", shell=True)
    result = quick(*RETRIEVE, "--on-tool-call", f"a={touch}")
    assert (result.code, result.json["status"]) == (6, "requires_action")
    assert not (tmp_path / "ran").exists()
    assert len(server.seen) == 1
    warning, error, hint, _ = result.err.splitlines()
    assert warning == "warning: no --on-tool-call for b, c: nothing was run"
    assert error == "error: the run run_7 of thread thread_7 waits for the outputs of: a, b, c"
    assert "submit-tool-outputs" in hint


def test_a_run_that_waits_for_nothing_known_is_exit_6(quick: Go, server: Server) -> None:
    server.reply(Reply(body=run("requires_action", required_action={"type": "something"})))
    result = quick(*RETRIEVE, "--on-tool-call", "*=/bin/true")
    assert (result.code, len(server.seen)) == (6, 1)


def test_turn_after_turn(quick: Go, server: Server) -> None:
    first, second = asking(("call_1", "a", '"1"')), asking(("call_2", "a", '"2"'), ("call_3", "b"))
    third = asking(("call_4", "b", '"4"'))
    server.reply(*replies(first, second, run("queued"), third, run("in_progress"), DONE))
    result = quick(*RETRIEVE, "--on-tool-call", "*=/bin/cat", "--format", "jsonl")
    assert (result.code, result.lines) == (0, [DONE])
    assert [outputs(one) for one in submitted(server)] == [
        {"call_1": '"1"'},
        {"call_2": '"2"', "call_3": "{}"},
        {"call_4": '"4"'},
    ]


def test_the_patience_is_for_all_turns_together(quick: Go, server: Server) -> None:
    turn = replies(asking(("call_1", "a")), run("queued"), after_ms="300")
    server.reply(*turn * 40)
    result = quick(*RETRIEVE, "--on-tool-call", "a=/bin/true", "--wait-timeout", "1")
    assert result.code == 3
    assert len(submitted(server)) < 20
    assert "--on-tool-call a=/bin/true" in result.err


# Side by side

MEET = """
import os, pathlib, sys, time
me = os.environ["OPENAI_TOOL_NAME"]
pathlib.Path(me).touch()
until = time.monotonic() + float(sys.argv[1])
while not all(pathlib.Path(name).exists() for name in ("one", "two")) and time.monotonic() < until:
    time.sleep(0.02)
print(sum(pathlib.Path(name).exists() for name in ("one", "two")))
"""


@pytest.fixture
def _inside(openai: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path / "work")


@pytest.mark.usefixtures("_inside")
@pytest.mark.parametrize(("count", "met"), [("4", {"2"}), ("1", {"1", "2"})])
def test_commands_meet_if_they_may(
    quick: Go, server: Server, script: Script, count: str, met: set[str]
) -> None:
    server.reply(*replies(asking(("call_1", "one"), ("call_2", "two")), DONE))
    patience = "20" if count == "4" else "0.2"
    words = ("--on-tool-call", f"*={script('meet', MEET)} {patience}", "--tool-concurrency", count)
    assert quick(*RETRIEVE, *words).code == 0
    assert {text.strip() for text in outputs(submitted(server)[0]).values()} == met


# Outputs are sent until they are there, and never worked out again


@pytest.fixture
def counted(script: Script, tmp_path: Path) -> tuple[str, Path]:
    """A command that leaves a line for each time it is run."""
    log = tmp_path / "log"
    return f"work={script('counted', f'echo run >> {log}; echo out', shell=True)}", log


WAITS = asking(("call_1", "work"))


@pytest.mark.parametrize(
    ("after", "times"),
    [
        ([Reply(drop=True), *replies(WAITS, DONE)], 2),
        ([Reply(drop=True), *replies(DONE)], 1),
        ([Reply(drop=True), *replies(run("queued"), DONE)], 1),
        ([Reply(body='{"id"', declared=99), *replies(WAITS, DONE)], 2),
        ([Reply(drop=True), *replies(WAITS), Reply(status=400), *replies(run("queued"), DONE)], 2),
        ([Reply(status=500), *replies(run("in_progress"), DONE)], 1),
        ([*replies(WAITS, WAITS, run("queued"), DONE)], 1),
        ([Reply(body={"ok": True}), *replies(run("queued"), DONE)], 1),
    ],
    ids=[
        *("dropped", "dropped-done", "dropped-taken", "half", "refused-late", "failed-taken"),
        *("shown-still", "other-words"),
    ],
)
def test_a_submission_without_an_answer(
    quick: Go, server: Server, counted: tuple[str, Path], after: list[Reply], times: int
) -> None:
    server.reply(*replies(WAITS), *after)
    words = ("--on-tool-call", counted[0], "--max-retries", "0", "--poll-interval", "0.1")
    result = quick(*RETRIEVE, *words)
    assert (result.code, result.json["status"], result.err) == (0, "completed", "")
    assert counted[1].read_text() == "run\n"
    assert [outputs(one) for one in submitted(server)] == [{"call_1": "out\n"}] * times


def test_a_server_that_shows_the_calls_for_ever(
    quick: Go, server: Server, counted: tuple[str, Path]
) -> None:
    server.reply(*replies(WAITS))
    result = quick(*RETRIEVE, "--on-tool-call", counted[0])
    assert (result.code, result.json["status"]) == (6, "requires_action")
    assert counted[1].read_text() == "run\n"
    assert "they are not run again" in result.err


@pytest.mark.parametrize(
    "after",
    [
        [WAITS, DONE],
        [run("queued"), WAITS, run("in_progress"), DONE],
        [run("queued"), WAITS, run("queued"), WAITS, WAITS, run("in_progress"), DONE],
        [run("in_progress"), asking(("call_1", "work", '{"a": 1}')), DONE],
    ],
    ids=["at once", "after work", "again and again", "written anew"],
)
def test_a_server_that_goes_back_to_answered_calls(
    quick: Go, server: Server, counted: tuple[str, Path], after: list[dict[str, Any]]
) -> None:
    """A replica that lags behind: the call is there once more, its command has been run."""
    server.reply(*replies(WAITS, run("queued"), *after))
    result = quick(*RETRIEVE, "--on-tool-call", counted[0])
    assert (result.code, result.json, result.err) == (0, DONE, "")
    assert counted[1].read_text() == "run\n"
    assert len(submitted(server)) == 1


def test_of_old_and_new_calls_only_the_new_ones_run(
    quick: Go, server: Server, counted: tuple[str, Path]
) -> None:
    """The server wants all outputs of a turn: those that are known are sent again."""
    both = asking(("call_1", "work"), ("call_2", "work"))
    server.reply(*replies(WAITS, run("queued"), both, run("queued"), DONE))
    assert quick(*RETRIEVE, "--on-tool-call", counted[0]).code == 0
    assert counted[1].read_text() == "run\nrun\n"
    assert [outputs(one) for one in submitted(server)] == [
        {"call_1": "out\n"},
        {"call_1": "out\n", "call_2": "out\n"},
    ]


# A model that calls for ever


def turns(count: int) -> list[Reply]:
    """A run that asks for one new call after the other."""
    return replies(
        *(
            one
            for number in range(count)
            for one in (asking((f"call_{number}", "work")), run("queued"))
        )
    )


@pytest.mark.first_by_default
@pytest.mark.parametrize(
    ("words", "env", "most"),
    [
        (("--max-tool-turns", "3"), {}, 3),
        ((), {}, 32),
        ((), {"OPENAI_MAX_TOOL_TURNS": "2"}, 2),
        (("--max-tool-turns", "1"), {"OPENAI_MAX_TOOL_TURNS": "2"}, 1),
    ],
)
def test_turns_have_an_end(
    go: Go, server: Server, counted: tuple[str, Path], words: Any, env: dict[str, str], most: int
) -> None:
    server.reply(*turns(most + 3))
    result = go(*RETRIEVE, "--on-tool-call", counted[0], *words, env=env)
    assert (result.code, result.json["status"]) == (6, "requires_action")
    assert len(submitted(server)) == counted[1].read_text().count("run") == most
    what = f"asks for tool outputs again after {most} turns, the limit of --max-tool-turns"
    assert f"error: the run run_7 of thread thread_7 {what}\n" in result.err
    assert "retrieve thread_7 run_7 --on-tool-call" in result.err


def test_the_end_of_turns_as_data(quick: Go, server: Server) -> None:
    server.reply(*turns(5))
    words = ("--on-tool-call", "*=/bin/true", "--max-tool-turns", "1", "--format-error", "jsonl")
    error = json.loads(quick(*RETRIEVE, *words).err)
    assert (error["type"], error["exit_code"]) == ("tool_turns_exceeded", 6)


def test_as_many_turns_as_are_allowed(quick: Go, server: Server) -> None:
    server.reply(*turns(3), *replies(DONE))
    words = ("--on-tool-call", "*=/bin/true", "--max-tool-turns", "3")
    assert quick(*RETRIEVE, *words).code == 0


def test_outputs_that_never_arrive(quick: Go, server: Server, counted: tuple[str, Path]) -> None:
    drop, shown = Reply(drop=True), replies(WAITS)
    server.reply(*shown, drop, *shown, drop, *shown, drop)
    words = ("--on-tool-call", counted[0], "--max-retries", "0", "--poll-interval", "0.1")
    result = quick(*RETRIEVE, *words)
    assert (result.code, result.out) == (3, "")
    assert len(submitted(server)) == 3
    assert counted[1].read_text() == "run\n"
    assert "retrieve thread_7 run_7 --on-tool-call" in result.err


def test_outputs_that_are_refused(quick: Go, server: Server, counted: tuple[str, Path]) -> None:
    server.reply(*replies(WAITS), Reply(status=400, body={"error": {"message": "Not these."}}))
    result = quick(*RETRIEVE, "--on-tool-call", counted[0])
    assert (result.code, len(submitted(server))) == (4, 1)
    assert "Not these." in result.err
    assert "cancel thread_7 run_7" in result.err


@pytest.mark.parametrize("odd", [1, True, "x", {"a": 1}, None, [1]])
def test_calls_of_any_shape_are_no_fault_of_ours(quick: Go, server: Server, odd: object) -> None:
    waiting = asking()
    waiting["required_action"]["submit_tool_outputs"]["tool_calls"] = odd
    server.reply(*replies(waiting))
    result = quick(*RETRIEVE, "--on-tool-call", "*=/bin/true")
    assert (result.code, result.json) == (6, waiting)
    assert result.err.endswith("waits for the outputs of: unknown\n")
    assert submitted(server) == []
