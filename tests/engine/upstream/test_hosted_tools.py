"""Runs of assistants whose hosted tools the backend does not have: refused, or without them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.engine.serve.support import Served
from tests.engine.support import FUNCTION, Api
from tests.engine.upstream.support import Upstream, chat_says
from tests.support.inprocess import run_inprocess

VARIABLE = "OPENAI_LOCAL_DROP_UNSUPPORTED_TOOLS"
CODE, SEARCH = {"type": "code_interpreter"}, {"type": "file_search"}
BOTH = {"OPENAI_LOCAL_UPSTREAM_API": "responses", "OPENAI_LOCAL_UPSTREAM_KEY": "sk-1"}


def message(*tools: dict[str, str]) -> dict[str, Any]:
    attached = [{"file_id": "file_1", "tools": list(tools)}] if tools else []
    return {"role": "user", "content": "Hi", "attachments": attached}


@pytest.fixture
def engine(store_file: Path, upstream: Upstream) -> Callable[..., Api]:
    def open_engine(**environ: str) -> Api:
        return Api(store_file, {"OPENAI_LOCAL_UPSTREAM_URL": upstream.url, **environ})

    return open_engine


def run(api: Api, *tools: dict[str, Any], model: str = "m", **more: Any) -> Any:
    thread = {"messages": [message(*(tool for tool in tools if tool in (CODE, SEARCH)))]}
    body = {"assistant_id": "asst_demo", "model": model, "thread": thread, "tools": list(tools)}
    return api.post("/threads/runs", {**body, **more})


@pytest.mark.parametrize("model", ["m", "echo"])
def test_a_run_goes_without_them(
    engine: Callable[..., Api], upstream: Upstream, model: str
) -> None:
    upstream.reply(chat_says("Ok"))
    api = engine(**{VARIABLE: "1"})
    ended = run(api, CODE, SEARCH, FUNCTION, model=model, tool_choice=CODE)
    assert (ended["status"], ended["tools"], ended["tool_choice"]) == (
        "completed",
        [FUNCTION],
        "auto",
    )
    for body in upstream.bodies:
        assert [tool["type"] for tool in body["tools"]] == ["function"]
        assert "tool_choice" not in body
        assert "file_1" not in str(body)


def test_a_choice_that_needs_none_of_them_stays(
    engine: Callable[..., Api], upstream: Upstream
) -> None:
    upstream.reply(chat_says("Ok"))
    api = engine(**{VARIABLE: "true"})
    assert run(api, CODE, FUNCTION, tool_choice="required")["tool_choice"] == "required"
    assert run(api, CODE, tool_choice="required")["tool_choice"] == "auto"
    assert [body.get("tool_choice") for body in upstream.bodies] == ["required", None]
    assert "tools" not in upstream.last.json


def test_what_the_backend_has_stays(engine: Callable[..., Api], upstream: Upstream) -> None:
    upstream.reply(chat_says("Ok"))
    api = engine(**BOTH, **{VARIABLE: "1"})
    run(api, CODE, SEARCH)
    assert [tool["type"] for tool in upstream.last.json["tools"]] == ["code_interpreter"]
    assert "file_search" not in str(upstream.last.json)
    run(api, SEARCH, tool_resources={"file_search": {"vector_store_ids": ["vs_1"]}})
    assert [tool["type"] for tool in upstream.last.json["tools"]] == ["file_search"]


def test_other_refusals_stay(engine: Callable[..., Api], upstream: Upstream) -> None:
    api = engine(**{VARIABLE: "1"})
    image = [{"type": "image_file", "image_file": {"file_id": "file_1"}}]
    thread = {"messages": [{"role": "user", "content": image}]}
    body = {"assistant_id": "asst_demo", "model": "m", "thread": thread}
    found = api.ask("POST", "/threads/runs", body)
    assert "'image_file' is not supported by the chat backend" in found.text
    assert upstream.seen == []


@pytest.mark.parametrize("value", ["", "0", "false"])
def test_refused_by_default(engine: Callable[..., Api], value: str) -> None:
    thread = {"messages": [message()]}
    body = {"assistant_id": "asst_demo", "model": "echo", "thread": thread, "tools": [CODE]}
    found = engine(**{VARIABLE: value}).ask("POST", "/threads/runs", body)
    assert (found.status_code, found.json()["error"]["param"]) == (400, "tools[0].type")


def test_the_command_warns_and_stores_the_assistant_as_it_was(store_file: Path) -> None:
    def openai(*words: str, **environ: str) -> Any:
        return run_inprocess(["--base-url", f"local:{store_file}", *words], environ=environ)

    made = openai("beta:assistants", "create", "--model", "echo", "--tool", "{type: file_search}")
    words = ("beta:threads", "create-and-run", "--assistant-id", made.json["id"])
    demo = ("beta:threads", "create-and-run", "--assistant-id", "asst_demo")
    ended = openai(*words, "--message", "Hi", "--drop-unsupported-tools")
    assert (ended.code, ended.json["tools"]) == (0, [])
    warning = f"warning: {ended.json['id']} omits file_search: not supported by the echo backend\n"
    assert ended.err == warning
    assert openai("beta:assistants", "retrieve", made.json["id"]).json["tools"] == [SEARCH]
    refused = openai(*words, "--message", "Hi")
    assert (refused.code, "'file_search' is not supported" in refused.err) == (4, True)
    assert "hint: --drop-unsupported-tools runs it without this tool\n" in refused.err
    files = "{role: user, content: Hi, attachments: [{file_id: f, tools: [{type: file_search}]}]}"
    refused = openai(*demo, "--thread", f"{{messages: [{files}]}}")
    assert "hint: --drop-unsupported-tools runs it without this tool\n" in refused.err
    assert (
        openai(*demo, "--thread", f"{{messages: [{files}]}}", "--drop-unsupported-tools").code == 0
    )
    chat = {"OPENAI_LOCAL_UPSTREAM_URL": "http://127.0.0.1:9/v1"}
    image = "{role: user, content: [{type: image_file, image_file: {file_id: f}}]}"
    refused = openai(*demo, "--thread", f"{{messages: [{image}]}}", "--model", "m", **chat)
    assert (refused.code, "hint" in refused.err) == (4, False)
    unclear = openai(*words, "--message", "Hi", **{VARIABLE: "maybe"})
    assert f"{VARIABLE} must be 1 or 0, not 'maybe'" in unclear.err


@pytest.mark.slow
def test_a_server_takes_it_too(serve: Callable[..., Served], ask_at: Callable[[str], Api]) -> None:
    served = serve("--drop-unsupported-tools")
    ended = run(ask_at(served.url), CODE, model="echo")
    assert (ended["status"], ended["tools"]) == ("completed", [])
    assert served.stop() == 0
    assert f"{ended['id']} omits code_interpreter, attachments".encode() in served.said


def test_it_is_for_the_engine_only() -> None:
    words = ("--base-url", "http://127.0.0.1:1/v1", "--drop-unsupported-tools")
    refused = run_inprocess(
        [*words, "beta:threads", "create-and-run", "--assistant-id", "a"], environ={}
    )
    assert refused.code == 2
    assert "--drop-unsupported-tools: works with the embedded engine only" in refused.err
