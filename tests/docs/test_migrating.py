"""docs/migrating.md from top to bottom in a fresh home, its model servers played on loopback.

The page's own test (test_examples) leaves out what needs a server. Here all of it is run, in order
and in one shell, as a reader who tries one server after the other: each gets its own key only.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest
import trustme

from tests.client.conftest import ca, serve
from tests.docs.page import Step, steps_of
from tests.docs.test_examples import ROOT, problem_of, run
from tests.engine.upstream.support import answers, chat_says, message
from tests.support.proxy import Proxy
from tests.support.server import Seen, Server

__all__ = ["ca", "serve"]

KEYS = {"openai": "sk-of-openai", "azure": "key-of-azure", "gateway": "key-of-the-gateway"}
PROGRAM = """
import json, os, urllib.request
base = os.environ.get("AZURE_OPENAI_ENDPOINT")
base = base + "/openai" if base else os.environ["OPENAI_BASE_URL"]
body = {"assistant_id": "asst_tutor", "thread": {"messages": [{"role": "user", "content": "Hi"}]}}
head = {"Content-Type": "application/json"}
request = urllib.request.Request(f"{base}/threads/runs", json.dumps(body).encode(), head)
urllib.request.urlopen(request).read()
"""


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def stand_in(folder: Path, name: str) -> None:
    """A program of this name that does nothing."""
    file = folder / name
    file.write_text("#!/bin/sh\n")
    file.chmod(0o755)


class Played:
    """The servers of the page: each on loopback, those of OpenAI behind a proxy."""

    def __init__(self, serve: Callable[..., Server], ca: trustme.CA) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        ca.issue_cert("api.openai.com").configure_cert(context)
        chats = {name: serve(chat_says("2")) for name in ("ollama", "vllm", "azure", "gateway")}
        self.servers = {**chats, "openai": serve(answers(message("2")), context=context)}
        self.proxy = Proxy(ports={"api.openai.com:443": self.servers["openai"].port})
        port = free_port()
        served = f"http://127.0.0.1:{port}"
        started = f"& until curl -sf {served}/v1/assistants > reached; do sleep 0.1; done"
        self.stand_ins = {
            "http://localhost:11434/v1": chats["ollama"].url,
            "http://localhost:8000/v1": chats["vllm"].url,
            "https://NAME.openai.azure.com/openai/v1": chats["azure"].url,
            "https://gateway.example.com/v1": chats["gateway"].url,
            "http://127.0.0.1:8080": served,
            "sk-…": KEYS["openai"],
            "openai local serve": f"openai local serve --port {port}",
            "llama3.2 &": f"llama3.2 {started}",
        }

    def step(self, step: Step) -> Step:
        """The step, with its servers and keys replaced by those of the test."""
        for name, place in self.stand_ins.items():
            step.text = step.text.replace(name, place)
            step.shown = step.shown and [line.replace(name, place) for line in step.shown]
        return step

    def each(self, look: Callable[[Seen], set[str]]) -> dict[str, set[str]]:
        """What is found in the requests to each server."""
        return {name: set().union(*map(look, server.seen)) for name, server in self.servers.items()}


def keys_in(seen: Seen) -> set[str]:
    sent = " ".join(value for _, value in seen.headers)
    return {key for key in KEYS.values() if key in sent}


def model_in(seen: Seen) -> set[str]:
    return {seen.json["model"]} if seen.content else set()


@pytest.mark.slow
@pytest.mark.needs("curl", "jq")
def test_the_steps_in_order(ca: trustme.CA, serve: Callable[..., Server], tmp_path: Path) -> None:
    played = Played(serve, ca)
    program = tmp_path / "my_program.py"
    program.write_text(PROGRAM)
    played.stand_ins[program.name] = str(program)
    for name in ("ollama", "vllm"):
        stand_in(tmp_path, name)
    ca.cert_pem.write_to_path(tmp_path / "ca.pem")
    environ = {
        "PATH": str(tmp_path),
        "HTTPS_PROXY": f"http://{played.proxy.place}",
        "SSL_CERT_FILE": str(tmp_path / "ca.pem"),
        "AZURE_OPENAI_API_KEY": KEYS["azure"],
        "GATEWAY_KEY": KEYS["gateway"],
    }
    page = steps_of(ROOT / "docs" / "migrating.md", all_sessions=True)
    steps = [played.step(step) for step in page]
    outcomes = run(steps, tmp_path, environ)
    played.proxy.close()
    wrong = [f"{step.line}: {problem}" for step, outcome in zip(steps, outcomes, strict=True)
             if (problem := problem_of(step, outcome))]  # fmt: skip
    assert not wrong, "\n".join(wrong)
    assert played.each(keys_in) == {
        name: {KEYS[name]} if name in KEYS else set() for name in played.servers
    }
    assert played.each(model_in) == {
        "ollama": {"llama3.2"},
        "vllm": {"Qwen/Qwen3-8B"},
        "azure": {"DEPLOYMENT"},
        "gateway": {"llama3.2"},
        "openai": {"gpt-5-mini"},
    }
