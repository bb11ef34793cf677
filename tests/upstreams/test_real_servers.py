"""Runs on real model servers: what the tool makes of what they really send."""

import json
import signal
import subprocess
from typing import Any

import pytest

from tests.engine.serve.support import Served
from tests.support.shell import Shell
from tests.upstreams.servers import CONTEXT, ROOT, ModelServer

pytestmark = pytest.mark.upstreams

WEATHER = json.dumps(
    {
        "type": "function",
        "function": {
            "name": "weather",
            "parameters": {
                "type": "object",
                "properties": {"city": {"type": "string"}},
                "required": ["city"],
            },
        },
    }
)
FORCED = '{"type": "function", "function": {"name": "weather"}}'
"""The one choice that this server obeys: it ignores `required`."""


def run_of(openai: Shell, assistant: str, *more: str, message: str = "What is a cat?") -> Any:
    words = ["beta:threads", "create-and-run", "--assistant-id", assistant, "--message", message]
    return openai(*words, *more, timeout=120)


def test_a_plain_run(openai: Shell, assistant: str) -> None:
    done = run_of(openai, assistant)
    assert done.code == 0, done.err
    run = done.json
    assert run["status"] == "completed"
    assert run["usage"]["total_tokens"] > 0
    thread = run["thread_id"]
    reply = openai(
        "beta:threads:messages", "list", thread, "--run-id", run["id"], "--format", "text"
    )
    assert len(reply.out) > 3, reply


def test_a_streamed_run_says_the_same_in_pieces_and_as_a_whole(
    openai: Shell, assistant: str
) -> None:
    done = run_of(openai, assistant, "--stream", "--format", "jsonl")
    assert done.code == 0, done.err
    names = [line["event"] for line in done.lines]
    assert names[-2:] == ["thread.run.step.completed", "thread.run.completed"]
    pieces = [
        block["text"]["value"]
        for line in done.lines
        if line["event"] == "thread.message.delta"
        for block in line["data"]["delta"]["content"]
    ]
    (whole,) = [line["data"] for line in done.lines if line["event"] == "thread.message.completed"]
    assert len(pieces) > 1
    assert "".join(pieces) == whole["content"][0]["text"]["value"]


def test_a_tool_call_is_answered_by_a_command(openai: Shell, assistant: str) -> None:
    done = run_of(
        openai, assistant, "--tool", WEATHER, "--tool-choice", FORCED,
        "--on-tool-call", "weather=jq -r '\"Sunny in \" + .city'",
        message="What is the weather in Oslo?",
    )  # fmt: skip
    assert done.code == 0, done.err
    run = done.json
    assert run["status"] == "completed", run
    steps = openai(
        "beta:threads:runs:steps", "list", run["thread_id"], run["id"], "--order", "asc",
        "--format", "jsonl",
    )  # fmt: skip
    call, message = steps.lines
    (function,) = [one["function"] for one in call["step_details"]["tool_calls"]]
    assert function["output"].strip() == f"Sunny in {json.loads(function['arguments'])['city']}"
    assert message["type"] == "message_creation"


@pytest.mark.parametrize("more", [(), ("--stream",)])
def test_a_prompt_over_the_context_fails_with_the_servers_reason(
    openai: Shell, assistant: str, more: tuple[str, ...]
) -> None:
    long = "word " * (CONTEXT * 3)
    done = run_of(openai, assistant, *more, "--wait", "--format", "json", message=long)
    assert done.code == 5, done
    assert "context" in done.err, done.err
    assert str(CONTEXT) in done.err, done.err


def test_ctrl_c_cancels_a_run(openai: Shell, assistant: str) -> None:
    words = [
        "beta:threads", "create-and-run", "--assistant-id", assistant, "--stream",
        "--format", "jsonl", "--instructions", "Write a very long story.", "--message", "Begin.",
    ]  # fmt: skip
    process = openai.start(*words, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    seen = []
    for line in process.stdout:
        seen.append(json.loads(line))
        if seen[-1]["event"] == "thread.message.delta":
            process.send_signal(signal.SIGINT)
            break
    process.communicate(timeout=60)
    assert process.returncode == 130
    run = next(line["data"] for line in seen if line["event"] == "thread.run.created")
    shown = openai("beta:threads:runs", "retrieve", run["thread_id"], run["id"])
    assert shown.json["status"] == "cancelled", shown


def test_an_unknown_model_names_those_that_are_there(
    openai: Shell, litellm_server: ModelServer
) -> None:
    """On LiteLLM alone: llama-cpp-python answers under any name."""
    env = {"OPENAI_LOCAL_UPSTREAM_URL": litellm_server.url}
    words = ["--assistant-id", "asst_demo", "--model", "gpt-none", "--message", "Hi"]
    done = openai("--local", "beta:threads", "create-and-run", *words, env=env)
    assert done.code == 5, done
    assert "smol" in done.err, done.err


def test_twenty_runs_side_by_side_through_the_official_sdk(
    openai: Shell, upstream: ModelServer
) -> None:
    served = Served(
        openai, "--store", str(openai.folder / "served.db"),
        env={"OPENAI_LOCAL_UPSTREAM_URL": upstream.url},
    )  # fmt: skip
    script = ROOT / "tests" / "upstreams" / "side_by_side.py"
    environ = {name: text for name, text in openai.environ.items() if name != "PYTHONWARNINGS"}
    try:
        done = subprocess.run(
            [ROOT / ".venv-sdk3" / "bin" / "python", script, served.url],
            env=environ | {"OPENAI_API_KEY": "none"},
            capture_output=True,
            text=True,
            timeout=400,
            check=False,
        )
    finally:
        served.close()
    assert done.returncode == 0, done.stderr
    runs = json.loads(done.stdout)
    assert len(runs) == 20
    for run in runs:
        # A server that is displaced in the middle may fail a run. It must say so.
        if run["status"] == "completed":
            assert run["text"].strip(), run
        else:
            assert run["status"] == "failed", run
            assert run["error"], run
