"""Quick runs of the command, and answers to run it against."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.support.inprocess import run_inprocess
from tests.support.server import Server
from tests.support.shell import Result, Shell

Run = Callable[..., Result]
RUN = ("beta:threads", "create-and-run", "--assistant-id", "asst_demo")


@pytest.fixture
def quick(server: Server, tmp_path: Path) -> Run:
    """The command in this process, against the server; `env` adds to an empty environment."""

    def run(*args: str, env: Mapping[str, str] | None = None, stdin: str | None = None) -> Result:
        body = tmp_path / "stdin"
        body.write_text(stdin or "")
        environ = {"HOME": str(tmp_path), "OPENAI_BASE_URL": server.url, **(env or {})}
        words = Shell.words(args)
        return run_inprocess(words, environ=environ, stdin=body if stdin is not None else None)

    return run


@pytest.fixture
def done(example_run: dict[str, Any]) -> dict[str, Any]:
    """The documented run, completed."""
    return {**example_run, "status": "completed", "last_error": None, "required_action": None}


def message(text: str, **more: Any) -> dict[str, Any]:
    """An assistant's message."""
    part = {"type": "text", "text": {"value": text, "annotations": []}}
    whole = {"id": "msg_1", "object": "thread.message", "role": "assistant", "content": [part]}
    return {**whole, "status": "completed", **more}


def reply_events(run: dict[str, Any], *pieces: str) -> list[tuple[str, Any]]:
    """A stream in which the assistant says these pieces and the run completes."""
    deltas = [
        {"id": "msg_1", "object": "thread.message.delta", "delta": {"content": [part]}}
        for part in ({"index": 0, "type": "text", "text": {"value": piece}} for piece in pieces)
    ]
    return [
        ("thread.run.created", {**run, "status": "queued"}),
        *(("thread.message.delta", delta) for delta in deltas),
        ("thread.message.completed", message("".join(pieces))),
        ("thread.run.completed", run),
    ]
