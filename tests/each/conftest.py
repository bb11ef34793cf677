"""Files of requests, and a server that counts the runs they start."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.support.run_server import RunServer
from tests.support.shell import Shell

CREATE = ("beta:threads", "create-and-run", "--assistant-id", "asst_1")


@pytest.fixture
def runs(openai: Shell) -> Iterator[RunServer]:
    """The server, which `openai` uses."""
    server = RunServer()
    openai.environ |= {"OPENAI_BASE_URL": server.url, "OPENAI_API_KEY": "sk-test-1"}
    yield server
    server.close()


def request(text: str, **more: Any) -> dict[str, Any]:
    """The body of a request with one message."""
    return {"thread": {"messages": [{"role": "user", "content": text}]}, **more}


def write_lines(path: Path, lines: list[Any]) -> None:
    """A file of JSON lines; texts are written as they are."""
    texts = (line if isinstance(line, str) else json.dumps(line) for line in lines)
    path.write_text("".join(f"{text}\n" for text in texts))


def numbered(count: int) -> list[dict[str, Any]]:
    """That many requests; the text of each is its line number."""
    return [request(str(number)) for number in range(1, count + 1)]


def results_in(path: Path) -> dict[int, Mapping[str, Any]]:
    """The results of a file by line; there is one for each."""
    found = [json.loads(line) for line in path.read_bytes().splitlines()]
    by_line = {result["line"]: result for result in found}
    assert len(by_line) == len(found)
    return by_line
