"""Ctrl-C and other ends while a run is followed: real processes, real signals."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.follow.conftest import (
    CREATE,
    KEY,
    RETRIEVE,
    RUN_PATH,
    Script,
    asking,
    replies,
    requests,
    run,
)
from tests.support.server import Reply, Server, sse
from tests.support.shell import Shell
from tests.support.waiting import alive, until


def start(openai: Shell, server: Server, *args: str, **options: Any) -> subprocess.Popen[bytes]:
    environ = {"OPENAI_BASE_URL": server.url, "OPENAI_API_KEY": KEY}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL}
    return openai.start(*args, env=environ, **pipes, **options)


def finish(process: subprocess.Popen[bytes]) -> tuple[int, bytes, list[str]]:
    out, err = process.communicate(timeout=30)
    return process.returncode, out, err.decode().splitlines()


def ways(server: Server, *more: str) -> list[str]:
    place = f"openai --base-url {server.url} beta:threads:runs"
    return [
        f"hint: continue with: {place} retrieve thread_7 run_7 {' '.join(more) or '--wait'}",
        f"  or cancel it: {place} cancel thread_7 run_7",
    ]


def test_ctrl_c_says_where_the_run_is(openai: Shell, server: Server) -> None:
    server.reply(*replies(run("queued"), run("in_progress")))
    with start(openai, server, *CREATE, "--wait") as process:
        until(lambda: len(server.seen) > 2)
        process.send_signal(signal.SIGINT)
        code, out, err = finish(process)
    assert (code, out) == (130, b"")
    assert err == [
        "error: interrupted; the run run_7 of thread thread_7 is still active",
        *ways(server),
    ]
    assert not [line for line in requests(server) if line.endswith("cancel")]


@pytest.mark.slow
def test_ctrl_c_can_cancel(openai: Shell, server: Server) -> None:
    server.reply(*replies(run("queued"), run("in_progress"), after_ms="300"))
    with start(openai, server, *CREATE, "--wait", "--cancel-on-interrupt") as process:
        until(lambda: len(server.seen) > 2)
        process.send_signal(signal.SIGINT)
        code, out, err = finish(process)
    assert (code, out) == (130, b"")
    assert err == ["error: interrupted; the run run_7 of thread thread_7 is cancelled"]
    assert requests(server)[-1] == f"POST {RUN_PATH}/cancel"


@pytest.mark.slow
def test_ctrl_c_twice_does_not_wait_for_the_cancellation(openai: Shell, server: Server) -> None:
    server.reply(*replies(run("queued")), Reply(hang=30))
    with start(openai, server, *CREATE, "--wait", "--cancel-on-interrupt") as process:
        until(lambda: len(server.seen) == 2)
        process.send_signal(signal.SIGINT)
        until(lambda: len(server.seen) == 3)
        process.send_signal(signal.SIGINT)
        code, _, err = finish(process)
    assert code == 130
    what = "cancelling the run run_7 of thread thread_7 was requested, but not confirmed"
    assert err == [f"error: interrupted; {what}", *ways(server)]


@pytest.fixture
def held() -> Iterator[threading.Event]:
    """Streams of these tests stay open until it is set."""
    over = threading.Event()
    yield over
    over.set()


def endless(over: threading.Event, *events: tuple[str, Any]) -> Iterator[bytes]:
    yield from sse(*events)
    over.wait(40)


@pytest.mark.first_by_default
@pytest.mark.parametrize("cancel", [False, True])
def test_ctrl_c_in_a_stream(
    openai: Shell, server: Server, held: threading.Event, cancel: bool
) -> None:
    events = endless(held, ("thread.run.in_progress", run("in_progress")))
    server.reply(Reply(chunks=events), *replies(run("cancelling")))
    flags = ["--cancel-on-interrupt"] if cancel else []
    with start(openai, server, *CREATE, "--stream", "--format", "jsonl", *flags) as process:
        assert process.stdout is not None
        first = json.loads(process.stdout.readline())
        process.send_signal(signal.SIGINT)
        code, out, err = finish(process)
    assert (code, out, first["data"]["id"]) == (130, b"", "run_7")
    if cancel:
        assert err == ["error: interrupted; the run run_7 of thread thread_7 is cancelled"]
        assert requests(server)[-1] == f"POST {RUN_PATH}/cancel"
    else:
        assert err[0] == "error: interrupted; the run run_7 of thread thread_7 is still active"
        assert err[1:] == ways(server)


@pytest.mark.slow
def test_ctrl_c_in_a_stream_of_the_engine(openai: Shell) -> None:
    words = ("--local", *CREATE[:-1], "asst_demo", "--message", "!slow 60\na b c d e f g h")
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with openai.start(*words, "--stream", "--format", "jsonl", **pipes) as process:
        assert process.stdout is not None
        ids: dict[str, Any] = {}
        for line in iter(process.stdout.readline, b""):
            event = json.loads(line)
            if event["event"] == "thread.run.in_progress":
                ids = event["data"]
                break
        process.send_signal(signal.SIGINT)
        code, _, err = finish(process)
    where = f"the run {ids['id']} of thread {ids['thread_id']}"
    assert code == 130
    assert err == [f"error: interrupted; {where} was cancelled, because it ran in this process"]
    again = openai("--local", "beta:threads:runs", "retrieve", ids["thread_id"], ids["id"])
    assert again.json["status"] == "cancelled"


@pytest.mark.slow
def test_ctrl_c_while_the_engine_works_on_outputs(
    openai: Shell, script: Script, tmp_path: Path
) -> None:
    ids = tmp_path / "ids"
    tool = script("tool", f"echo $OPENAI_THREAD_ID $OPENAI_RUN_ID > {ids}", shell=True)
    message = "!call work\n!slow 60\na b c d"
    words = ("--local", *CREATE[:-1], "asst_demo", "--message", message, "--stream=false")
    function = ("--tool", "{type: function, function: {name: work}}")
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with openai.start(*words, *function, "--on-tool-call", f"work={tool}", **pipes) as process:
        until(ids.exists)

        def status() -> str:
            again = openai("--local", "beta:threads:runs", "retrieve", *ids.read_text().split())
            return str(again.json["status"]) if again.code == 0 else ""

        until(lambda: status() == "in_progress")
        process.send_signal(signal.SIGINT)
        code, out, err = finish(process)
    assert (code, out, status()) == (130, b"", "cancelled")
    assert "was cancelled, because it ran in this process" in err[0]


# While commands work


@pytest.fixture
def tool(script: Script, tmp_path: Path) -> tuple[str, Path]:
    """A command with a child, both of which would work for ever; it leaves their ids."""
    pids = tmp_path / "pids"
    text = f"sleep 600 &\necho $$ $! > {pids}.new; mv {pids}.new {pids}\nwait\nsleep 600"
    return script("tool", text, shell=True), pids


def left(pids: Path) -> list[int]:
    return [pid for pid in map(int, pids.read_text().split()) if alive(pid)]


def working(
    openai: Shell, server: Server, tool: tuple[str, Path], *flags: str, **options: Any
) -> subprocess.Popen[bytes]:
    server.reply(*replies(asking(("call_1", "work")), run("cancelling")))
    words = ("--on-tool-call", f"work={tool[0]}", *flags)
    process = start(openai, server, *RETRIEVE, *words, **options)
    until(tool[1].exists)
    return process


def test_ctrl_c_ends_the_commands_and_says_how_to_go_on(
    openai: Shell, server: Server, tool: tuple[str, Path]
) -> None:
    with working(openai, server, tool) as process:
        process.send_signal(signal.SIGINT)
        code, out, err = finish(process)
    assert (code, out, left(tool[1])) == (130, b"", [])
    assert err[0] == "error: interrupted; the run run_7 of thread thread_7 waits for tool outputs"
    assert err[1:] == ways(server, "--on-tool-call", f"work={tool[0]}")
    assert len(server.seen) == 1


@pytest.mark.slow
def test_ctrl_c_says_which_upstream_to_go_on_with(openai: Shell, tool: tuple[str, Path]) -> None:
    place = ("--local", "--upstream-url", "http://127.0.0.1:9/v1", "--upstream-api", "responses")
    words = ("--assistant-id", "asst_demo", "--message", "!call work")
    function = ("--tool", "{type: function, function: {name: work}}")
    answer = ("--on-tool-call", f"work={tool[0]}")
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL}
    command = (*place, "beta:threads", "create-and-run", *words, *function, *answer)
    with openai.start(*command, **pipes) as process:
        until(tool[1].exists)
        process.send_signal(signal.SIGINT)
        code, _, err = finish(process)
    assert code == 130
    assert err[1].startswith(
        "hint: continue with: openai --local beta:threads:runs retrieve thread_"
    )
    assert err[1].endswith(" ".join((*answer, *place[1:])))
    assert "upstream" not in err[2]


def test_ctrl_c_ends_the_commands_and_cancels(
    openai: Shell, server: Server, tool: tuple[str, Path]
) -> None:
    with working(openai, server, tool, "--cancel-on-interrupt") as process:
        process.send_signal(signal.SIGINT)
        code, _, err = finish(process)
    assert (code, left(tool[1])) == (130, [])
    assert err == ["error: interrupted; the run run_7 of thread thread_7 is cancelled"]
    assert requests(server)[-1] == f"POST {RUN_PATH}/cancel"


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_an_end_from_outside_ends_the_commands_too(
    openai: Shell, server: Server, tool: tuple[str, Path], number: signal.Signals
) -> None:
    with working(openai, server, tool) as process:
        process.send_signal(number)
        code, out, err = finish(process)
    assert (code, out, left(tool[1])) == (-number, b"", [])
    assert err == []
    assert len(server.seen) == 1


@pytest.mark.slow
def test_commands_that_will_not_end_are_ended_at_once_by_a_second_ctrl_c(
    openai: Shell, server: Server, script: Script, tmp_path: Path
) -> None:
    pids = tmp_path / "pids"
    told = tmp_path / "told"
    text = (
        f"exec 2>/dev/null; trap 'echo > {told}' TERM\necho $$ > {pids}.new; mv {pids}.new {pids}\n"
    )
    stubborn = script("stubborn", text + "while true; do sleep 0.1; done", shell=True)
    with working(openai, server, (stubborn, pids)) as process:
        process.send_signal(signal.SIGINT)
        until(told.exists)
        process.send_signal(signal.SIGINT)
        code, _, err = finish(process)
    assert (code, left(pids)) == (130, [])
    assert err[0].startswith("error: interrupted; the run run_7 ")


@pytest.mark.slow
def test_a_hang_up_that_is_ignored_stays_ignored(
    openai: Shell, server: Server, script: Script, tmp_path: Path
) -> None:
    begun, go_on = tmp_path / "begun", tmp_path / "go_on"
    text = f"touch {begun}\nuntil [ -e {go_on} ]; do sleep 0.1; done; echo done"
    tool = script("tool", text, shell=True)
    server.reply(*replies(asking(("call_1", "work")), run("completed")))

    def ignore() -> None:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup does

    words = ("--on-tool-call", f"work={tool}")
    with start(openai, server, *RETRIEVE, *words, preexec_fn=ignore) as process:
        until(begun.exists)
        process.send_signal(signal.SIGHUP)
        go_on.touch()
        code, out, err = finish(process)
    assert (code, json.loads(out)["status"], err) == (0, "completed", [])
    assert server.seen[1].json["tool_outputs"][0]["output"] == "done\n"


@pytest.mark.slow
def test_no_moment_of_an_end_leaves_a_command_behind(
    openai: Shell, server: Server, script: Script, tmp_path: Path
) -> None:
    pids = tmp_path / "all"
    pids.mkdir()
    tool = script("tool", f"sleep 600 & : > {pids}/$!; : > {pids}/$$; wait", shell=True)
    calls = [(f"call_{number}", "work") for number in range(6)]
    chance = random.Random(7)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP) * 12:
        server.seen.clear()
        server.reply(*replies(asking(*calls), run("completed")))
        words = ("--on-tool-call", f"work={tool}", "--tool-concurrency", "3")
        with start(openai, server, *RETRIEVE, *words) as process:
            until(lambda: server.seen)
            time.sleep(chance.random() * 0.3)
            process.send_signal(number)
            finish(process)
        assert not [pid.name for pid in pids.iterdir() if alive(int(pid.name))]
        for pid in pids.iterdir():
            pid.unlink()
