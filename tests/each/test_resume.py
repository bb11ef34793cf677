"""`--each --output`: the same command goes on where it stopped."""

import fcntl
import json
from pathlib import Path

import pytest

from tests.each.conftest import CREATE, numbered, request, results_in, write_lines
from tests.support.run_server import RunServer
from tests.support.server import Reply
from tests.support.shell import Shell

pytestmark = pytest.mark.in_process(process_when_slow=True)

EACH = (*CREATE, "--each", "in.jsonl", "--output", "out.jsonl")


@pytest.fixture
def out(openai: Shell) -> Path:
    return openai.folder / "out.jsonl"


def test_finished_lines_are_not_sent_again(openai: Shell, runs: RunServer, out: Path) -> None:
    write_lines(openai.folder / "in.jsonl", numbered(5))
    assert openai(*EACH).code == 0
    whole = out.read_bytes()
    lines = whole.splitlines(keepends=True)
    out.write_bytes(b"".join(lines[:3]) + lines[3][:20])
    done = openai(*EACH)
    assert done.code == 0
    assert "removed a result that was not written whole" in done.err
    assert "3 lines done before" in done.err
    assert sorted(results_in(out)) == [1, 2, 3, 4, 5]
    assert sum(runs.requests.values()) == 7
    # The journal's keys are those of the first call, so nothing ran twice.
    assert sum(runs.started.values()) == 5


def test_another_journal_has_other_keys(openai: Shell, runs: RunServer, out: Path) -> None:
    write_lines(openai.folder / "in.jsonl", [request("same"), request("same")])
    openai(*EACH)
    openai(*EACH[:-1], "other.jsonl")
    assert len(set(runs.keys)) == 4


def test_started_runs_are_looked_up(openai: Shell, runs: RunServer, out: Path) -> None:
    runs.polls = 1000
    write_lines(openai.folder / "in.jsonl", numbered(3))
    first = openai(*EACH, "--wait", "--wait-timeout", "0.2", "--concurrency", "3")
    assert first.code == 5
    result = results_in(out)[1]
    assert result["error"]["type"] == "wait_timeout"
    assert result["run"]["status"] == "in_progress"
    for run in runs._runs.values():
        run["polls"] = 0
    second = openai(*EACH, "--wait", "--retry-failed")
    assert second.code == 0, second.err
    assert {one["run"]["status"] for one in results_in(out).values()} == {"completed"}
    assert sum(runs.started.values()) == 3


def test_retry_failed_repeats_errors_only(openai: Shell, runs: RunServer, out: Path) -> None:
    runs.fault = lambda _number, text: (
        Reply(400, {"error": {"message": "no"}}) if text == "2" else None
    )
    write_lines(openai.folder / "in.jsonl", numbered(3))
    assert openai(*EACH).code == 5
    again = openai(*EACH)
    assert again.code == 5
    assert "3 lines done before, of which 1 failed" in again.err
    runs.fault = lambda _number, _text: None
    assert openai(*EACH, "--retry-failed", "--ordered").code == 0
    assert list(results_in(out)) == [1, 2, 3]
    assert len(runs.keys) == 4
    # The refusal was an answer: the next request is a new one for the server.
    assert len(set(runs.keys)) == 4


def test_a_lost_answer_keeps_its_key(openai: Shell, runs: RunServer, out: Path) -> None:
    runs.after = True
    runs.fault = lambda number, _text: Reply(drop=True) if number == 1 else None
    write_lines(openai.folder / "in.jsonl", numbered(1))
    assert openai(*EACH, "--max-retries", "0").code == 5
    assert openai(*EACH, "--retry-failed").code == 0
    assert runs.keys[0] == runs.keys[1]
    assert runs.started == {"1": 1}


def test_a_run_that_failed_is_run_anew(openai: Shell, runs: RunServer, out: Path) -> None:
    body = {"id": "run_x", "thread_id": "thread_x", "object": "thread.run", "status": "failed"}
    runs.fault = lambda number, _text: Reply(body=body) if number == 1 else None
    write_lines(openai.folder / "in.jsonl", numbered(1))
    assert openai(*EACH, "--wait").code == 5
    assert results_in(out)[1]["run"]["id"] == "run_x"
    assert results_in(out)[1]["error"]["type"] == "run_not_completed"
    assert openai(*EACH, "--wait", "--retry-failed").code == 0
    assert runs.keys[0] != runs.keys[1]


def test_a_reply_that_is_missing_takes_no_second_run(
    openai: Shell, runs: RunServer, out: Path
) -> None:
    runs.has_messages = runs.honours_keys = False
    write_lines(openai.folder / "in.jsonl", numbered(1))
    assert openai(*EACH, "--with-reply").code == 5
    assert results_in(out)[1]["run"]["status"] == "completed"
    runs.has_messages = True
    assert openai(*EACH, "--with-reply", "--retry-failed").code == 0
    assert results_in(out)[1]["reply"] == "1"
    assert runs.started == {"1": 1}


@pytest.mark.parametrize("change", ["input", "flags", "shard", "no state"])
def test_another_job_is_refused(openai: Shell, runs: RunServer, out: Path, change: str) -> None:
    write_lines(openai.folder / "in.jsonl", numbered(3))
    openai(*EACH)
    sent = len(runs.keys)
    flags = {"flags": ("--temperature", "1"), "shard": ("--shard", "1/2")}.get(change, ())
    if change == "input":
        write_lines(openai.folder / "in.jsonl", [*numbered(2), request("other")])
    if change == "no state":
        (openai.folder / "out.jsonl.state").unlink()
    before = out.read_bytes()
    done = openai(*EACH, *flags)
    assert done.code == 2
    assert {"no state": "out.jsonl.state does not"}.get(change, "changed") in done.err
    assert (len(runs.keys), out.read_bytes()) == (sent, before)


def test_two_processes_do_not_share_a_journal(openai: Shell, runs: RunServer, out: Path) -> None:
    write_lines(openai.folder / "in.jsonl", numbered(1))
    with (openai.folder / "out.jsonl.state").open("a") as state:
        fcntl.flock(state, fcntl.LOCK_EX)
        done = openai(*EACH)
    assert done.code == 2
    assert "another process is writing out.jsonl" in done.err
    assert runs.keys == []


def test_standard_input_is_compared_line_by_line(openai: Shell, runs: RunServer, out: Path) -> None:
    each = (*CREATE, "--each", "-", "--output", "out.jsonl", "--concurrency", "1")
    lines = [json.dumps(one) + "\n" for one in numbered(4)]
    openai(*each, stdin="".join(lines[:2]))
    assert openai(*each, stdin="".join(lines)).code == 0
    assert sorted(results_in(out)) == [1, 2, 3, 4]
    assert runs.started == {"1": 1, "2": 1, "3": 1, "4": 1}
    changed = openai(*each, stdin="".join([lines[0], lines[2]]))
    assert changed.code == 1
    assert "standard input has changed: line 2" in changed.err


def test_a_foreign_file_is_left_alone(openai: Shell, runs: RunServer, out: Path) -> None:
    write_lines(openai.folder / "in.jsonl", numbered(1))
    out.write_text("my notes\n")
    done = openai(*EACH)
    assert done.code == 2
    assert out.read_text() == "my notes\n"
    assert not (openai.folder / "out.jsonl.state").exists()


def test_a_device_is_no_journal(openai: Shell, runs: RunServer) -> None:
    write_lines(openai.folder / "in.jsonl", numbered(2))
    assert openai(*EACH[:-1], "/dev/null").code == 0
    full = openai(*EACH[:-1], "/dev/full")
    assert full.code == 1
    assert "No space left" in full.err
