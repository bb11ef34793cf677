"""`--each` as a process: Ctrl-C, closed pipes, kill -9, memory, a terminal."""

import json
import os
import random
import re
import signal
import subprocess
import threading
import time
from pathlib import Path

import pytest

from tests.each.conftest import CREATE, numbered, request, results_in, write_lines
from tests.support.cpus import ALL_CPUS, cpus_of_threads, is_on_one_cpu, several_cpus
from tests.support.run_server import RunServer
from tests.support.server import Reply
from tests.support.shell import OPENAI, Shell
from tests.support.terminal import Terminal
from tests.support.waiting import until

EACH = (*CREATE, "--each", "in.jsonl", "--output", "out.jsonl", "--concurrency", "4")


@pytest.mark.first_by_default
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_finishes_what_is_in_flight(openai: Shell, runs: RunServer, number: int) -> None:
    runs.pause = 0.3
    write_lines(openai.folder / "in.jsonl", numbered(100))
    process = openai.start(*EACH, stderr=subprocess.PIPE)
    until(lambda: len(runs.keys) >= 4)
    process.send_signal(number)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert b"in flight are finished first; Ctrl-C again stops at once" in err
    assert b"the same command continues from there" in err
    done = results_in(openai.folder / "out.jsonl")
    assert len(done) == len(runs.keys) < 100
    assert all(result["run"]["status"] == "completed" for result in done.values())


def test_a_second_ctrl_c_stops_at_once(openai: Shell, runs: RunServer) -> None:
    runs.pause = 600
    write_lines(openai.folder / "in.jsonl", numbered(100))
    with openai.start(*EACH, stderr=subprocess.PIPE) as process:
        until(lambda: runs.most_at_once == 4)
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        assert b"4 in flight" in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert b"100 lines not done" in err


@pytest.mark.slow
def test_ctrl_c_lets_go_of_what_was_only_turned_away(openai: Shell, runs: RunServer) -> None:
    for seconds in ("600", "60"):  # too long for the client, and not
        wait = Reply(429, {"error": {"message": "slow"}}, headers={"retry-after": seconds})
        runs.fault = lambda _number, text, wait=wait: wait if text == "2" else None
        write_lines(openai.folder / "in.jsonl", numbered(2))
        out = f"out-{seconds}.jsonl"
        each = (*CREATE, "--each", "in.jsonl", "--output", out, "--concurrency", "1")
        sent = len(runs.keys)
        process = openai.start(*each, stderr=subprocess.PIPE)
        until(lambda: len(runs.keys) == sent + 2)  # noqa: B023
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=20)
        assert process.returncode == 130
        assert b"1 line not done" in err
        assert list(results_in(openai.folder / out)) == [1]


@pytest.mark.slow
def test_results_that_waited_for_their_turn_are_not_lost(openai: Shell, runs: RunServer) -> None:
    stuck = threading.Event()

    def fault(_number: int, text: str) -> None:
        if text == "1":
            runs._lock.release()
            stuck.wait(30)
            runs._lock.acquire()

    runs.fault = fault
    write_lines(openai.folder / "in.jsonl", numbered(4))
    each = (*CREATE, "--each", "in.jsonl", "--ordered", "--concurrency", "4")
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with openai.start(*each, **pipes) as process:
        until(lambda: sum(runs.started.values()) == 3)
        time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        assert b"1 in flight" in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=20)
    stuck.set()
    assert process.returncode == 130
    assert [json.loads(line)["line"] for line in out.splitlines()] == [2, 3, 4]


@pytest.mark.slow
def test_a_reader_of_a_named_pipe_goes_away(openai: Shell, runs: RunServer) -> None:
    runs.pause = 0.02
    write_lines(openai.folder / "in.jsonl", numbered(300))
    pipe = openai.folder / "pipe"
    os.mkfifo(pipe)
    each = (*CREATE, "--each", "in.jsonl", "--output", "pipe")
    with openai.start(*each, stderr=subprocess.PIPE) as process:
        with pipe.open("rb") as reader:
            assert reader.readline().startswith(b'{"line":')
        process.communicate(timeout=30)
    assert process.returncode == 0
    assert len(runs.keys) < 300


@pytest.mark.slow
def test_a_second_ctrl_c_ends_tool_commands(openai: Shell) -> None:
    function = {"type": "function", "function": {"name": "f"}}
    write_lines(openai.folder / "in.jsonl", [request("!call f {}", tools=[function])] * 3)
    tool = openai.folder / "tool"
    tool.write_text("#!/bin/sh\necho $$ >> pids\nexec sleep 600\n")
    tool.chmod(0o755)
    asked = openai("beta:assistants", "create", "--model", "echo", "--local")
    create = ("beta:threads", "create-and-run", "--local", "--assistant-id", asked.json["id"])
    each = (*create, "--each", "in.jsonl", "--on-tool-call", "f=./tool", "-o", "out.jsonl")
    pids = openai.folder / "pids"
    with openai.start(*each, stderr=subprocess.PIPE) as process:
        until(lambda: pids.exists() and len(pids.read_text().splitlines()) == 3)
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        assert b"3 in flight" in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
    assert process.returncode == 130
    until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids.read_text().split()))
    assert (openai.folder / "out.jsonl").read_bytes() == b""


@pytest.mark.slow
def test_ctrl_c_while_standard_input_brings_nothing(openai: Shell, runs: RunServer) -> None:
    each = (*CREATE, "--each", "-", "--output", "out.jsonl")
    with openai.start(*each, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdin is not None
        process.stdin.write(b'{"thread": {"messages": [{"role": "user", "content": "1"}]}}\n')
        process.stdin.flush()
        until(lambda: len(runs.keys) == 1)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 130
    assert list(results_in(openai.folder / "out.jsonl")) == [1]


@pytest.mark.slow
def test_a_bar_on_a_terminal(openai: Shell, runs: RunServer) -> None:
    runs.pause = 0.2
    write_lines(openai.folder / "in.jsonl", numbered(12))
    environ = {**openai.environ, "TERM": "xterm"}
    terminal = Terminal([OPENAI, *EACH, "--wait"], folder=openai.folder, environ=environ)
    terminal.expect("4 of 12 lines")
    terminal.expect("0 failed  4 in flight")
    screen = terminal.finish()
    assert screen.code == 0
    assert "12 lines in" in screen.text
    assert screen.data.rstrip().endswith(b"(95 %)")


def test_a_closed_pipe_ends_it(openai: Shell, runs: RunServer) -> None:
    runs.pause = 0.02
    write_lines(openai.folder / "in.jsonl", numbered(300))
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with openai.start(*CREATE, "--each", "in.jsonl", **pipes) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith(b'{"line":')
        process.stdout.close()
        assert process.stderr is not None
        err = process.stderr.read()
        assert process.wait(timeout=30) == 0
    assert b"Traceback" not in err
    assert len(runs.keys) < 300


@pytest.mark.slow
def test_a_full_disk_loses_nothing(openai: Shell, runs: RunServer) -> None:
    out = openai.folder / "out.jsonl"
    write_lines(openai.folder / "in.jsonl", numbered(60))
    limited = ["sh", "-c", 'ulimit -f 4; exec "$0" "$@"', OPENAI, *EACH]
    full = subprocess.run(
        limited, cwd=openai.folder, env=openai.environ, capture_output=True, check=False
    )
    assert full.returncode == 1
    assert b"cannot write out.jsonl: File too large" in full.stderr
    assert out.read_bytes().endswith(b"}\n")
    kept = results_in(out)
    rescued = {json.loads(line)["line"] for line in full.stdout.splitlines()}
    assert rescued
    assert not kept.keys() & rescued
    assert kept.keys() | rescued == {int(text) for text in runs.started}
    with out.open("ab") as stream:
        stream.write(full.stdout)
    assert openai(*EACH).code == 0
    assert sorted(results_in(out)) == list(range(1, 61))
    assert set(runs.started.values()) == {1}


@pytest.mark.slow
def test_kill_9_at_random_moments(openai: Shell, runs: RunServer) -> None:
    """Every line is in the journal once; what was journalled is not sent again."""
    count = 400
    runs.pause = 0.01
    runs.polls = 2
    out = openai.folder / "out.jsonl"
    write_lines(openai.folder / "in.jsonl", numbered(count))
    kills = 0
    code: int | None = None
    while code != 0:
        before = set(results_in_torn(out))
        sent_before = len(runs.keys)
        process = openai.start(*EACH, "--wait", stderr=subprocess.DEVNULL)
        enough = sent_before + random.randint(1, 60)
        until(lambda: len(runs.keys) >= enough or process.poll() is not None)  # noqa: B023
        time.sleep(random.uniform(0, 0.05))
        kills += process.poll() is None
        process.kill()
        code = process.wait()
        assert not before & {int(text) for text in runs.texts[sent_before:]}
    assert kills > 3
    assert sorted(results_in(out)) == list(range(1, count + 1))
    assert {result["run"]["status"] for result in results_in(out).values()} == {"completed"}
    assert set(runs.started.values()) == {1}


def results_in_torn(path: Path) -> list[int]:
    """The lines that have a whole result."""
    data = path.read_bytes() if path.exists() else b""
    whole = data[: data.rfind(b"\n") + 1]
    path.with_suffix(".whole").write_bytes(whole)
    return list(results_in(path.with_suffix(".whole")))


@pytest.mark.slow
def test_memory_does_not_grow_with_the_file(openai: Shell, runs: RunServer) -> None:
    """100,000 lines take about as much as 1,000."""
    used = {}
    for count in (1_000, 100_000):
        name = f"{count}.jsonl"
        write_lines(openai.folder / name, numbered(count))
        # All but the last are invalid: the lines are read and journalled as others are.
        text = (openai.folder / name).read_text().replace('"user"', '"boss"', count - 1)
        (openai.folder / name).write_text(text)
        flags = ("--skip-invalid", "--output", f"out-{name}")
        process = openai.start(*CREATE, "--each", name, *flags, stderr=subprocess.DEVNULL)
        while process.poll() is None:
            used[count] = most_memory(process.pid) or used.get(count, 0)
            time.sleep(0.02)
        assert len(results_in(openai.folder / f"out-{name}")) == count
    assert used[100_000] < used[1_000] * 1.25


def most_memory(pid: int) -> int:
    """The most memory that a process ever had, in kB; 0 if it has ended."""
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(r"VmHWM:\s*(\d+) kB", status)
    return int(found[1]) if found else 0


@several_cpus
def test_threads_stay_on_one_cpu(openai: Shell, runs: RunServer) -> None:
    runs.pause = 600
    write_lines(openai.folder / "in.jsonl", numbered(4))
    with openai.start(*EACH, stderr=subprocess.PIPE) as process:
        until(lambda: runs.most_at_once == 4)
        until(lambda: is_on_one_cpu(process.pid))
        process.kill()


@several_cpus
def test_commands_for_tool_calls_may_use_all_cpus(openai: Shell, runs: RunServer) -> None:
    runs.pause = 600
    write_lines(openai.folder / "in.jsonl", numbered(4))
    with openai.start(*EACH, "--on-tool-call", "f=cat", stderr=subprocess.PIPE) as process:
        until(lambda: runs.most_at_once == 4)
        assert all(cpus == ALL_CPUS for cpus in cpus_of_threads(process.pid))
        process.kill()
