"""The installed command as a process, on its way to servers of loopback."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import pytest

from tests.client.conftest import authority, ca, secure, serve
from tests.support.server import Reply, Server
from tests.support.shell import Result, Shell

__all__ = ["authority", "ca", "secure", "serve"]

KEY = "sk-test-51H8aXQ2ZcL0pW"
RUN = ("beta:threads", "create-and-run", "--assistant-id", "asst_demo")


class Ask(Protocol):
    def __call__(self, url: str, *args: Any, **env: str) -> Result: ...


@pytest.fixture
def ask(openai: Shell) -> Ask:
    """`openai … beta:threads create-and-run` at a base URL, one attempt, in this environment."""

    def run(url: str, *args: Any, **env: str) -> Result:
        words = ("--base-url", url, "--api-key", KEY, "--max-retries", "0")
        return openai(*words, *RUN, *args, env=env)

    return run


@pytest.fixture
def ask_upstream(openai: Shell) -> Ask:
    """The same on the engine, which asks its upstream at that URL."""

    def run(url: str, *args: Any, **env: str) -> Result:
        upstream = ("--upstream-url", url, "--upstream-key", KEY, "--upstream-api", "chat")
        words = ("--model", "m", "--message", "Hi", "--format", "text")
        return openai("--local", *upstream, *RUN, *words, *args, env=env)

    return run


CHAT = {
    "choices": [{"message": {"role": "assistant", "content": "Ok"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
}
"""What a Chat Completions API answers."""


@pytest.fixture
def model(serve: Callable[..., Server]) -> Server:
    """A server of a Chat Completions API."""
    return serve(Reply(body=CHAT))
