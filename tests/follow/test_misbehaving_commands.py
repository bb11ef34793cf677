"""--on-tool-call: every way in which commands misbehave."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from openai_cli.follow import process
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
    replies,
    requests,
    run,
    submitted,
)
from tests.support.server import Reply, Server
from tests.support.shell import Shell
from tests.support.waiting import alive, until

LIMIT = 512 * 1024


def failed(server: Server) -> dict[str, str]:
    error: dict[str, str] = json.loads(answer(server))
    return error


def test_a_command_that_fails(quick: Go, server: Server, script: Script) -> None:
    one_call(server)
    bad = script("bad", "echo half an answer; exit 3", shell=True)
    result = quick(*CREATE, "--on-tool-call", f"work={bad}")
    assert (result.code, result.json) == (0, DONE)
    assert result.err == "warning: the command for work ended with exit status 3\n"
    told = "the command for work ended with exit status 3"
    assert failed(server) == {"error": told, "output": "half an answer\n"}


def test_a_command_that_a_signal_ends(quick: Go, server: Server, script: Script) -> None:
    one_call(server)
    quick(*CREATE, "--on-tool-call", f"work={script('dies', 'kill -SEGV $$', shell=True)}")
    assert failed(server)["error"] == f"the command for work was ended by signal {signal.SIGSEGV:d}"


@pytest.mark.parametrize(
    ("made", "why"),
    [
        (None, "No such file or directory"),
        ("plain", "Permission denied"),
        ("folder", "Permission denied"),
        ("no program", "Exec format error"),
        ("no interpreter", "No such file or directory"),
    ],
)
def test_a_command_that_cannot_be_started(
    quick: Go, server: Server, tmp_path: Path, made: str | None, why: str
) -> None:
    one_call(server)
    path = tmp_path / "tool"
    if made == "folder":
        path.mkdir()
    elif made:
        path.write_text("#!/no/such/thing\n" if made == "no interpreter" else "\x01\x02")
        path.chmod(0o644 if made == "plain" else 0o755)
    result = quick(*CREATE, "--on-tool-call", f"work={path}")
    assert (result.code, result.json) == (0, DONE)
    assert result.err == f"warning: the command for work cannot be started: {path}: {why}\n"
    assert failed(server) == {"error": "the command for work cannot be started"}


@pytest.mark.parametrize("name", ["nul\x00name", "half\ud83d", "x" * 200_000])
def test_a_name_that_no_environment_can_hold(quick: Go, server: Server, name: str) -> None:
    one_call(server, name=name)
    result = quick(*CREATE, "--on-tool-call", "*=/bin/echo fine")
    assert result.code == 0
    assert "internal error" not in result.err
    assert len(submitted(server)) == 1


def test_tool_errors_fail_cancels_the_run(quick: Go, server: Server) -> None:
    waits = asking(("call_1", "good"), ("call_2", "bad"))
    server.reply(*replies(run("queued"), waits, run("cancelling")))
    words = ("--on-tool-call", "good=/bin/echo", "--on-tool-call", "bad=/bin/false")
    result = quick(*CREATE, *words, "--tool-errors", "fail")
    assert (result.code, result.out) == (1, "")
    assert requests(server)[-1] == f"POST {RUN_PATH}/cancel"
    assert submitted(server) == []
    assert result.err.splitlines() == [
        "warning: the command for bad ended with exit status 1",
        "error: the command for bad failed; the run run_7 of thread thread_7 is cancelled",
    ]


def test_a_cancellation_that_is_refused_is_said(quick: Go, server: Server) -> None:
    server.reply(*replies(asking(("call_1", "bad"))), Reply(status=501, body={"detail": "never"}))
    words = ("--on-tool-call", "bad=/bin/false", "--tool-errors", "fail", "--max-retries", "0")
    result = quick(*RETRIEVE, *words)
    assert result.code == 1
    assert "could not be cancelled: never" in result.err


def test_large_arguments_that_nobody_reads(quick: Go, server: Server, script: Script) -> None:
    one_call(server, json.dumps("x" * 3_000_000))
    deaf = script("deaf", "exec <&-; echo deaf", shell=True)
    assert quick(*CREATE, "--on-tool-call", f"work={deaf}").code == 0
    assert answer(server) == "deaf\n"


def test_large_arguments_to_a_command_that_only_ends(quick: Go, server: Server) -> None:
    one_call(server, json.dumps("x" * 3_000_000))
    assert quick(*CREATE, "--on-tool-call", "work=/bin/true").code == 0
    assert answer(server) == ""


def test_large_arguments_arrive_whole_whatever_the_output_does(
    quick: Go, server: Server, script: Script, tmp_path: Path
) -> None:
    arguments = json.dumps("xyz" * 400_000)
    one_call(server, arguments)
    kept = tmp_path / "kept"
    quiet = script("quiet", f"exec >&-; sleep 0.1; cat > {kept}", shell=True)
    assert quick(*CREATE, "--on-tool-call", f"work={quiet}", "--tool-timeout", "50").code == 0
    assert kept.read_text() == arguments
    assert answer(server) == ""


def test_a_long_output_is_sent_whole_up_to_the_limit(quick: Go, server: Server) -> None:
    one_call(server, "é" * (LIMIT // 2))
    assert quick(*CREATE, "--on-tool-call", "work=/bin/cat").err == ""
    assert answer(server) == "é" * (LIMIT // 2)


def test_a_flood_is_cut_off_and_said(quick: Go, server: Server) -> None:
    one_call(server)
    result = quick(*CREATE, "--on-tool-call", "work=/usr/bin/yes éé")
    assert result.code == 0
    what = "wrote more than 512 KiB; it was stopped, and the first 512 KiB are sent"
    assert result.err == f"warning: the command for work {what}\n"
    text, cut, end = answer(server).rpartition("\n[cut off after 512 KiB]")
    assert (cut, end) == ("\n[cut off after 512 KiB]", "")
    assert LIMIT - 4 < len(text.encode()) <= LIMIT
    assert set(text) == {"é", "\n"}


def test_bytes_that_are_no_text_are_replaced_and_said(
    quick: Go, server: Server, script: Script
) -> None:
    one_call(server)
    binary = script("binary", r"printf 'a\377\376b\0c\303'", shell=True)
    result = quick(*CREATE, "--on-tool-call", f"work={binary}")
    assert answer(server) == "a��b\0c�"
    assert "bytes that are not UTF-8" in result.err


def test_a_replacement_character_of_its_own_is_no_reason_to_warn(quick: Go, server: Server) -> None:
    one_call(server, "�")
    assert quick(*CREATE, "--on-tool-call", "work=/bin/cat").err == ""


def test_a_command_that_leaves_its_output_open_is_not_waited_for(
    quick: Go, server: Server, script: Script, tmp_path: Path
) -> None:
    one_call(server)
    left = script("left", f"sleep 600 & echo $! > {tmp_path}/pid; echo started", shell=True)
    result = quick(*CREATE, "--on-tool-call", f"work={left}")
    child = int((tmp_path / "pid").read_text())
    try:
        assert (result.code, answer(server)) == (0, "started\n")
        assert alive(child)  # a command may leave a server behind
    finally:
        os.kill(child, signal.SIGKILL)


@pytest.mark.first_by_default
@pytest.mark.parametrize("stubborn", [False, True])
def test_a_command_that_hangs_is_ended_with_all_it_started(
    quick: Go, server: Server, script: Script, tmp_path: Path, stubborn: bool
) -> None:
    one_call(server)
    trap = "trap '' TERM\n" if stubborn else ""
    text = f"{trap}echo begun\nsleep 600 & echo $! > {tmp_path}/pid\nwait\nwait\nsleep 600"
    hangs = script("hangs", text, shell=True)
    result = quick(*CREATE, "--on-tool-call", f"work={hangs}", "--tool-timeout", "0.7")
    assert (result.code, result.json) == (0, DONE)
    told = "did not end within 0.7 s"
    assert result.err == f"warning: the command for work {told}\n"
    assert failed(server) == {"error": f"the command for work {told}", "output": "begun\n"}
    assert not alive(int((tmp_path / "pid").read_text()))


LEAVES = {
    "session": "setsid sleep 600 & echo $! >> {pids}",
    "deaf session": "setsid sh -c 'trap \"\" TERM; echo $$ >> {pids}; while :; do sleep 1; done' &",
    "daemon": "setsid -f sh -c 'echo $$ >> {pids}; exec sleep 600'",
    "daemon's child": "setsid -f sh -c 'setsid -f sh -c \"echo \\$\\$ >> {pids}; exec sleep 600\"'",
    "no environment": "env -i /usr/bin/setsid sh -c 'echo $$ >> {pids}; exec sleep 600' &",
}


@pytest.mark.first_by_default
@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere only the process group is ended")
@pytest.mark.parametrize("leaves", LEAVES)
@pytest.mark.parametrize("ends", ["timeout", "flood", "SIGTERM"])
def test_what_left_the_process_group_is_ended_too(
    openai: Shell, server: Server, script: Script, tmp_path: Path, leaves: str, ends: str
) -> None:
    one_call(server)
    pids = tmp_path / "pids"
    start = LEAVES[leaves].format(pids=pids)
    then = "exec yes" if ends == "flood" else "sleep 600"
    text = f"{start}\nuntil [ -s {pids} ]; do sleep 0.05; done\n{then}"
    words = ("--on-tool-call", f"work={script('leaves', text, shell=True)}", "--tool-timeout")
    environ = {"OPENAI_BASE_URL": server.url, "OPENAI_API_KEY": "sk-test"}
    timeout = "2" if ends == "timeout" else "600"
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL}
    with openai.start(*CREATE, *words, timeout, env=environ, **pipes) as running:
        until(lambda: pids.exists() and pids.read_text().strip())
        if ends == "SIGTERM":
            running.send_signal(signal.SIGTERM)
        _, err = running.communicate(timeout=30)
    left = [pid for pid in map(int, pids.read_text().split()) if alive(pid)]
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    assert left == []
    assert running.returncode == (-signal.SIGTERM if ends == "SIGTERM" else 0), err


def test_a_command_that_ends_well_keeps_what_it_left_behind(
    quick: Go, server: Server, script: Script, tmp_path: Path
) -> None:
    """Though another one of the same turn is ended with all it started."""
    server.reply(*replies(asking(("call_1", "one"), ("call_2", "two")), run("queued"), DONE))
    start = "setsid -f sh -c 'echo $$ > {0}.new; mv {0}.new {0}; exec sleep 600'"
    commands = [
        f"{name}={script(name, f'{start.format(tmp_path / name)}; {then}', shell=True)}"
        for name, then in (("one", "sleep 0.3"), ("two", "sleep 600"))
    ]
    words = ("--on-tool-call", commands[0], "--on-tool-call", commands[1], "--tool-timeout", "2")
    assert quick(*RETRIEVE, *words).code == 0
    kept, lost = (int((tmp_path / name).read_text()) for name in ("one", "two"))
    found = [pid for pid in (kept, lost) if alive(pid)]
    for pid in found:
        os.kill(pid, signal.SIGKILL)
    assert found == [kept]


def test_a_second_shutdown_request_kills_at_once(
    script: Script, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "_TERM_GRACE", 600.0)
    begun = tmp_path / "begun"
    text = f"trap '' TERM; touch {begun}; while true; do sleep 0.1; done"
    started = subprocess.Popen(
        [script("deaf", text, shell=True)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    shutdown = process.Shutdown()
    running = process.CommandProcess(started, b"", 600.0, shutdown, b"A=b")
    thread = threading.Thread(target=running.communicate, daemon=True)
    thread.start()
    until(begun.exists)
    shutdown.request()
    shutdown.request()
    thread.join(30)
    assert not thread.is_alive()
    assert (running.ended_by, running.code) == ("shutdown", -signal.SIGKILL)
