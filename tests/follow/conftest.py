"""Runs as a scripted server tells of them, and the command that follows them."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import pytest

from tests.cli.conftest import message
from tests.support.inprocess import run_inprocess
from tests.support.server import Reply, Seen, Server, sse
from tests.support.shell import Result, Shell

KEY = "sk-test-9fQ2vXw7LmZr41"
IDS = ("thread_7", "run_7")
RUN_PATH = "/v1/threads/thread_7/runs/run_7"
CREATE = ("beta:threads", "create-and-run", "--assistant-id", "asst_1")
RETRIEVE = ("beta:threads:runs", "retrieve", *IDS)
PYTHON = sys.executable


def run(status: str, **more: Any) -> dict[str, Any]:
    """A run of this status; more fields replace its own."""
    whole = {"id": "run_7", "object": "thread.run", "thread_id": "thread_7", "status": status}
    return {**whole, "required_action": None, "last_error": None, "usage": None, **more}


def asking(*calls: tuple[str, str] | tuple[str, str, str], **more: Any) -> dict[str, Any]:
    """A run that waits for the outputs of these calls: id, name and, if any, arguments."""
    told = [
        {
            "id": call[0],
            "type": "function",
            "function": {"name": call[1], "arguments": call[2] if len(call) > 2 else "{}"},
        }
        for call in calls
    ]
    action = {"type": "submit_tool_outputs", "submit_tool_outputs": {"tool_calls": told}}
    return run("requires_action", required_action=action, **more)


def replies(*runs: dict[str, Any], after_ms: str = "1") -> list[Reply]:
    """An answer for each run; the server asks to be asked again soon."""
    return [Reply(body=one, headers={"openai-poll-after-ms": after_ms}) for one in runs]


def stream(*events: tuple[str, Any], cut: bool = False) -> Reply:
    """A stream of events; a whole one ends with `done`, a cut one in the middle of nowhere."""
    chunks = sse(*events) if cut else sse(*events, ("done", "[DONE]"))
    return Reply(chunks=chunks, declared=-1 if cut else None)


def said(text: str) -> Reply:
    """The list of what the run said."""
    items = [message(text, run_id="run_7", thread_id="thread_7")]
    return Reply(body={"object": "list", "data": items, "has_more": False})


def requests(server: Server) -> list[str]:
    """Method and path of all that was asked, without queries."""
    return [f"{seen.method} {seen.path.partition('?')[0]}" for seen in server.seen]


def outputs(seen: Seen) -> dict[str, str]:
    """The outputs in a request that submits them, by call."""
    return {one["tool_call_id"]: one["output"] for one in seen.json["tool_outputs"]}


def submitted(server: Server) -> list[Seen]:
    """The requests that brought outputs."""
    return [seen for seen in server.seen if seen.path.endswith("/submit_tool_outputs")]


class Go(Protocol):
    def __call__(self, *args: str, **options: Any) -> Result: ...


@pytest.fixture
def go(openai: Shell, server: Server) -> Go:
    """The installed command against the server, with a key in its environment."""

    def run_it(*args: str, env: Mapping[str, str] | None = None, **options: Any) -> Result:
        environ = {"OPENAI_BASE_URL": server.url, "OPENAI_API_KEY": KEY, **(env or {})}
        return openai(*args, env=environ, **options)

    return run_it


@pytest.fixture
def quick(server: Server, tmp_path: Path) -> Go:
    """The command in this process, for what needs none of its own."""

    def run_it(*args: str, **options: Any) -> Result:
        environ = {"HOME": str(tmp_path), "OPENAI_BASE_URL": server.url, "OPENAI_API_KEY": KEY}
        return run_inprocess(list(args), environ=environ, **options)

    return run_it


class Script(Protocol):
    def __call__(self, name: str, text: str, *, shell: bool = False) -> str: ...


@pytest.fixture
def script(openai: Shell) -> Script:
    """Writes an executable program; gives its path."""

    def write(name: str, text: str, *, shell: bool = False) -> str:
        path = openai.folder / name
        path.write_text(f"#!{'/bin/sh' if shell else PYTHON}\n{text}\n")
        path.chmod(0o755)
        return str(path)

    return write


def dumped(value: Any) -> str:
    """JSON as the server of these tests writes it."""
    return json.dumps(value)


DONE = run("completed")


def one_call(server: Server, arguments: str = "{}", name: str = "work") -> None:
    server.reply(*replies(run("queued"), asking(("call_1", name, arguments)), run("queued"), DONE))


def answer(server: Server) -> str:
    """The output of the one call that was answered."""
    (request,) = submitted(server)
    return outputs(request)["call_1"]
