"""`--each --output`: the same command goes on where it stopped."""

import fcntl
import json
import os
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
    assert "removed an incomplete result" in done.err
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
    assert "name another --output" in changed.err


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


@pytest.mark.parametrize("text", ["my notes", "my\nnotes", '{"a": 1}'])
def test_a_foreign_state_is_left_alone(
    openai: Shell, runs: RunServer, out: Path, text: str
) -> None:
    write_lines(openai.folder / "in.jsonl", numbered(1))
    state = openai.folder / "out.jsonl.state"
    state.write_text(text)
    done = openai(*EACH)
    assert done.code == 2
    assert "name another --output" in done.err
    assert state.read_text().rstrip("\n") == text
    assert not out.exists()


def test_results_that_became_something_else_are_left_alone(
    openai: Shell, runs: RunServer, out: Path
) -> None:
    write_lines(openai.folder / "in.jsonl", numbered(1))
    openai(*EACH)
    out.write_text("my notes")
    done = openai(*EACH)
    assert done.code == 2
    assert "out.jsonl was not written by --each: my notes" in done.err
    assert out.read_text() == "my notes"


def test_a_result_lacks_only_its_line_break(openai: Shell, runs: RunServer, out: Path) -> None:
    runs.honours_keys = False
    write_lines(openai.folder / "in.jsonl", numbered(3))
    openai(*EACH)
    whole = out.read_bytes()
    out.write_bytes(whole[:-1])
    done = openai(*EACH)
    assert done.code == 0
    assert "3 lines done before" in done.err
    assert out.read_bytes() == whole
    assert len(runs.keys) == 3


def test_a_block_of_zeros_after_a_power_cut(openai: Shell, runs: RunServer, out: Path) -> None:
    write_lines(openai.folder / "in.jsonl", numbered(3))
    openai(*EACH)
    lines = out.read_bytes().splitlines(keepends=True)
    out.write_bytes(lines[0] + lines[1] + lines[2][:9] + bytes(70_000))
    assert openai(*EACH).code == 0
    assert sorted(results_in(out)) == [1, 2, 3]


@pytest.mark.parametrize(
    "entry",
    [
        '{"line": -99, "digest": 5}',
        '{"line": 2, "turn": "x"}',
        '{"line": 2, "thread_id": 5, "run_id": null}',
        '{"line": true, "turn": 1}',
    ],
)
def test_a_damaged_state(openai: Shell, runs: RunServer, out: Path, entry: str) -> None:
    write_lines(openai.folder / "in.jsonl", numbered(2))
    openai(*EACH)
    out.write_text("")
    with (openai.folder / "out.jsonl.state").open("a") as state:
        state.write(f"{entry}\n")
    done = openai(*EACH)
    assert done.code == 2
    assert f"out.jsonl.state is damaged: {entry}" in done.err
    assert len(runs.keys) == 2


@pytest.mark.parametrize("line", ['{"line":-3,"run":{}}', '{"line":true}', ""])
def test_what_is_no_result(openai: Shell, runs: RunServer, out: Path, line: str) -> None:
    write_lines(openai.folder / "in.jsonl", numbered(1))
    openai(*EACH)
    with out.open("a") as stream:
        stream.write(f"{line}\n")
    done = openai(*EACH)
    assert done.code == 2
    assert "out.jsonl: line 2 is not a result of --each" in done.err
    assert "remove it" in done.err


def test_more_tokens_than_there_are_numbers(openai: Shell, runs: RunServer, out: Path) -> None:
    write_lines(openai.folder / "in.jsonl", numbered(2))
    openai(*EACH)
    out.write_text('{"line":1,"run":{"usage":{"total_tokens":1e400}}}\n')
    assert openai(*EACH).code == 0
    assert sorted(results_in(out)) == [1, 2]


@pytest.mark.parametrize("flag", ["--ordered", "--retry-failed"])
def test_results_stay_as_private_as_they_are(
    openai: Shell, runs: RunServer, out: Path, flag: str
) -> None:
    refused = Reply(400, {"error": {"message": "no"}})
    runs.fault = lambda _number, text: refused if text == "2" else None
    write_lines(openai.folder / "in.jsonl", numbered(2))
    openai(*EACH)
    lines = out.read_bytes().splitlines(keepends=True)
    out.write_bytes(b"".join(sorted(lines, reverse=True)))
    out.chmod(0o600)
    beside = openai.folder / "out.jsonl.new"
    beside.write_text("mine")
    openai(*EACH, flag)
    assert list(results_in(out)) == [1, 2]
    assert out.stat().st_mode & 0o777 == 0o600
    assert beside.read_text() == "mine"


def test_a_disk_that_fails_lets_runs_end(
    openai: Shell, runs: RunServer, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs.pause = 0.4
    calls: list[int] = []

    def broken(descriptor: int) -> None:
        calls.append(descriptor)
        if len(calls) > 2:  # the state and its folder are there
            raise OSError(5, "Input/output error")

    write_lines(openai.folder / "in.jsonl", numbered(6))
    monkeypatch.setattr(os, "fsync", broken)
    done = openai(*EACH, "--concurrency", "2")
    assert done.code == 1
    assert "cannot write out.jsonl: Input/output error" in done.err
    assert 2 <= len(results_in(out)) == runs.requests["POST runs"] < 6
