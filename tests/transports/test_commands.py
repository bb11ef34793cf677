"""The same command lines, through both doors: the same output, the same exit codes."""

import signal
import subprocess
from typing import Any

import pytest

from tests.engine.serve.support import Running
from tests.engine.support import Api, check
from tests.support.shell import Result, Shell
from tests.support.waiting import until
from tests.transports.conftest import Door

RUN = ("beta:threads", "create-and-run", "--assistant-id", "asst_demo")
TOOL = ("--tool", "{type: function, function: {name: weather}}")


def say(text: str, *more: str) -> tuple[str, ...]:
    return (*RUN, "--message", text, *more)


def retrieve(run: dict[str, Any]) -> tuple[str, ...]:
    ids = ("--thread-id", run["thread_id"], "--run-id", run["id"])
    return ("beta:threads:runs", "retrieve", *ids, "--format", "json")


def events(done: Result) -> list[str]:
    """The names of the events that were printed, a run of deltas as one."""
    found: list[str] = []
    for event in done.lines:
        check(event["data"])
        if [event["event"]] != found[-1:]:
            found.append(event["event"])
    return found


def test_a_reply_as_text(door: Door) -> None:
    done = door(*say("Good morning", "--format", "text"))
    assert (done.code, done.out, done.err) == (0, "Good morning\n", "")


def test_a_run_that_is_not_streamed(door: Door) -> None:
    """In process, a run that was not finished would be lost; a server goes on with it."""
    done = door(*say("Good morning\n!slow 0.2", "--format", "json"))
    assert (done.code, done.err) == (0, "")
    run = check(done.json)
    assert run["status"] == ("queued" if door.served else "completed")
    final = until(lambda: completed(door, run))
    assert final["usage"]["completion_tokens"] == 2


def completed(door: Door, run: dict[str, Any]) -> Any:
    done = door(*retrieve(run))
    assert (done.code, done.err) == (0, "")
    return done.json if done.json["status"] == "completed" else None


START = ["thread.created", "thread.run.created", "thread.run.queued", "thread.run.in_progress"]
STEP = ["thread.run.step.created", "thread.run.step.in_progress"]
MESSAGE = ["thread.message.created", "thread.message.in_progress", "thread.message.delta"]


@pytest.mark.parametrize(
    ("text", "code", "end"),
    [
        (
            "Good morning to you",
            0,
            [
                *(*STEP, *MESSAGE, "thread.message.completed"),
                *("thread.run.step.completed", "thread.run.completed"),
            ],
        ),
        ("!call weather {}", 6, [*STEP, "thread.run.step.delta", "thread.run.requires_action"]),
        (
            "Half of it\n!fail Too hot.",
            5,
            [
                *(*STEP, *MESSAGE, "thread.message.incomplete"),
                *("thread.run.step.failed", "thread.run.failed"),
            ],
        ),
        ("!fail", 5, ["thread.run.failed"]),
        (
            "one two\n!length",
            5,
            [
                *(*STEP, *MESSAGE, "thread.message.incomplete"),
                *("thread.run.step.completed", "thread.run.incomplete"),
            ],
        ),
    ],
)
def test_streams(door: Door, text: str, code: int, end: list[str]) -> None:
    done = door(*say(text, *TOOL, "--stream", "--format", "jsonl"))
    assert done.code == code, done.err
    assert events(done) == [*START, *end]
    assert ("error: " in done.err) == (code != 0)


@pytest.mark.first_by_default
def test_a_cancelled_stream(door: Door) -> None:
    words = [*door.words, *say("word " * 500 + "\n!slow 100", "--stream", "--format", "jsonl")]
    process = door.openai.start(*words, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    until(lambda: [run.status for run in door.runs()] == ["in_progress"])
    (run,) = door.runs()
    other = Api(door.store)
    other.post(f"/threads/{run.thread_id}/runs/{run.id}/cancel")
    other.close()
    out, err = process.communicate(timeout=60)
    done = Result(process.returncode, out, err)
    assert done.code == 5, done.err
    assert events(done)[-1] == "thread.run.cancelled"
    assert "thread.run.cancelling" in events(done)


@pytest.mark.first_by_default
def test_interrupted(door: Door) -> None:
    """In process the run ends with the command; a server goes on with it."""
    text = "one two three\n!slow " + ("2" if door.served else "300")
    words = [*door.words, *say(text, "--stream", "--format", "jsonl")]
    process = door.openai.start(*words, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    until(lambda: [run.status for run in door.runs()] == ["in_progress"])
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 130
    expected = "completed" if door.served else "cancelled"
    until(lambda: [run.status for run in door.runs()] == [expected])


def test_stopping_early_leaves_the_run_to_end(door: Door) -> None:
    done = door(*say("one two\n!slow 0.3", "--stream", "--format", "jsonl", "--max-items", "2"))
    assert (done.code, events(done)) == (0, START[:2])
    until(lambda: [run.status for run in door.runs()] == ["completed"])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ("--tool", "code_interpreter", "--stream"),
            "400 Bad Request: 'tools[0].type': 'code_interpreter' is not supported by the echo",
        ),
        (("--assistant-id", "asst_gone"), "404 Not Found: No assistant found with id 'asst_gone'."),
        (
            ("--assistant-id", "undefined"),
            "400 Bad Request: Invalid 'assistant_id': 'undefined'. Expected an ID that begins with",
        ),
        (
            ("--no-validate", "--temperature", "3"),
            "400 Bad Request: Invalid 'temperature': decimal above maximum value.",
        ),
    ],
)
def test_refusals(door: Door, words: tuple[str, ...], message: str) -> None:
    done = door(*say("Hi", *words))
    assert (done.code, done.out) == (4, "")
    assert f"error: {message}" in done.err
    assert "request req_" in done.err
    assert door.runs() == []


def test_a_run_that_is_not_there(door: Door) -> None:
    lost = {"thread_id": "thread_gone", "id": "run_gone"}
    done = door(*retrieve(lost))
    assert (done.code, done.out) == (4, "")
    assert "error: 404 Not Found: No thread found with id 'thread_gone'." in done.err


def test_a_server_that_asks_for_a_key(openai: Shell, tmp_path: Any) -> None:
    with Running(tmp_path / "doors.db", key="sk-right") as running:
        words = ["--base-url", running.url, *say("Hi", "--format", "text")]
        done = openai(*words, "--api-key", "sk-right")
        assert (done.code, done.out) == (0, "Hi\n")
        done = openai(*words, "--api-key", "sk-wrong")
        assert (done.code, done.out) == (4, "")
        assert "error: 401 Unauthorized: Incorrect API key provided." in done.err
        done = openai(*words)
        assert (done.code, done.out) == (4, "")
        assert "You didn't provide an API key." in done.err
