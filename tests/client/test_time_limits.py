"""Servers that are never silent and never done: every command ends all the same."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.client.conftest import RUN
from tests.support.drip import DripServer
from tests.support.shell import Result, Shell

Drip = Callable[..., DripServer]

DEMO = ("beta:threads", "create-and-run", "--assistant-id", "asst_demo")
JSON = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"
EVENTS = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
ACTIVE = {"id": "run_1", "object": "thread.run", "thread_id": "thread_1", "status": "in_progress"}
CREATED = b"event: thread.run.created\ndata: %s\n\n" % json.dumps(ACTIVE).encode()
WHOLE = JSON.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n") + json.dumps(ACTIVE).encode()
DRIPS = {
    "status-line": (b"", b"H"),
    "headers": (b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n"),
    "one-header": (b"HTTP/1.1 200 OK\r\nX-A: ", b"b"),
    "informational": (b"", b"HTTP/1.1 103 Early Hints\r\nX-A: b\r\n\r\n"),
    "body": (JSON + b"{", b" "),
    "counted-body": (JSON.replace(b"\r\n\r\n", b"\r\nContent-Length: 99999\r\n\r\n"), b" "),
    "error-body": (JSON.replace(b"200", b"400"), b" "),
    "comments": (EVENTS, b": still here\n\n"),
    "comments-after-an-event": (EVENTS + CREATED, b": still here\n\n"),
    "one-line": (EVENTS + b"data: ", b"x"),
}
BY_DEFAULT = ("one-header", "comments")
DRIPS_OF_EACH_KIND = [
    name if name in BY_DEFAULT else pytest.param(name, marks=pytest.mark.slow) for name in DRIPS
]


@pytest.fixture
def drip() -> Iterator[Drip]:
    """Servers that drip."""
    with ExitStack() as stack:

        def start(*answers: tuple[bytes, bytes], **options: Any) -> DripServer:
            made = DripServer(*answers, **options)
            stack.callback(made.close)
            return made

        yield start


def ask(openai: Shell, url: str, *args: str) -> Result:
    """Start a run there; fails if the command does not end."""
    return openai("--base-url", url, "--api-key", "sk-test", *RUN, *args, timeout=30)


@pytest.mark.parametrize("name", ["one-header", "body", "comments-after-an-event"])
def test_max_time_bounds_the_whole_command(openai: Shell, drip: Drip, name: str) -> None:
    result = ask(openai, drip(DRIPS[name]).url, "--max-time", "0.5")
    assert result.code == 3, result.err
    assert "not finished after 0.5 s (--max-time)" in result.err
    assert "Traceback" not in result.err


def test_max_time_says_which_run_goes_on(openai: Shell, drip: Drip) -> None:
    service = drip((EVENTS + CREATED, CREATED))
    result = ask(openai, service.url, "--max-time", "1.5", "--stream", "--format-error", "json")
    error = json.loads(result.err)
    assert (result.code, error["type"], error["exit_code"]) == (3, "max_time", 3)
    assert "run run_1" in error["message"]
    assert "beta:threads:runs retrieve" in error["hint"]


def test_max_time_bounds_retries(openai: Shell, drip: Drip) -> None:
    busy = JSON.replace(b"200", b"429").replace(b"\r\n\r\n", b"\r\nRetry-After: 50\r\n\r\n")
    result = ask(openai, drip((busy, b"")).url, "--max-time", "1")
    assert (result.code, result.err.count("--max-time")) == (3, 1)


def test_max_time_ends_tool_commands(openai: Shell, drip: Drip, tmp_path: Path) -> None:
    call = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    waits = {"type": "submit_tool_outputs", "submit_tool_outputs": {"tool_calls": [call]}}
    run = {**ACTIVE, "status": "requires_action", "required_action": waits}
    service = drip((JSON + json.dumps(run).encode(), b""))
    late = tmp_path / "late"
    command = f"sh -c 'sleep 20; touch {late}'"
    result = ask(openai, service.url, "--max-time", "2", "--on-tool-call", f"f={command}")
    assert result.code == 3, result.err
    assert "run run_1" in result.err
    assert not late.exists()


def test_max_time_bounds_the_engine(openai: Shell, drip: Drip) -> None:
    upstream = (
        "--local",
        "--upstream-url",
        drip((EVENTS, b": x\n\n")).url,
        "--upstream-api",
        "chat",
    )
    result = openai(
        *upstream, *DEMO, "--max-time", "1", "--model", "m", "--message", "hi", timeout=30
    )
    assert result.code == 3, result.err
    assert "--max-time" in result.err


def test_max_time_is_a_time(openai: Shell, drip: Drip) -> None:
    result = ask(openai, drip((JSON, b"")).url, "--max-time", "soon")
    assert (result.code, "--max-time" in result.err) == (2, True)


@pytest.mark.parametrize("name", DRIPS_OF_EACH_KIND)
def test_without_it_an_answer_may_take_ten_times_the_timeout(
    openai: Shell, drip: Drip, name: str
) -> None:
    result = ask(openai, drip(DRIPS[name]).url, "--timeout", "0.2", "--stream")
    assert result.code == (4 if name == "error-body" else 3), result.err
    if name != "error-body":
        assert "did not complete its answer in 2 s" in result.err


def test_a_stream_of_events_may_take_longer(openai: Shell, drip: Drip) -> None:
    service = drip((EVENTS, CREATED), every=0.05)
    result = ask(
        openai, service.url, "--timeout", "0.2", "--max-time", "3", "--stream", "--format", "jsonl"
    )
    assert "--max-time" in result.err
    assert len(result.lines) > 10


@pytest.mark.first_by_default(cases=2)
@pytest.mark.parametrize("name", ["status-line", "error-body", "informational", "body"])
def test_wait_timeout_bounds_the_poll_under_way(openai: Shell, drip: Drip, name: str) -> None:
    service = drip((WHOLE, b""), DRIPS[name])
    options = ("--wait", "--wait-timeout", "0.5", "--poll-interval", "0.1")
    result = ask(openai, service.url, *options)
    assert result.code == (4 if name == "error-body" else 3), result.err
    assert "run_1" in result.err
