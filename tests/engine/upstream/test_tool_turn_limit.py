"""Models that call for ever, and models that give each turn's call the same id."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.engine.serve.support import Served
from tests.engine.support import FUNCTION, Api, ask, names
from tests.engine.upstream.support import (
    Upstream,
    answers,
    called,
    chat_calls,
    chat_says,
    function_call,
    message,
    reasoning,
)
from tests.support.shell import Shell

TOOL = "{type: function, function: {name: look_up}}"
ASK = (
    *("beta:threads", "create-and-run", "--assistant-id", "asst_demo", "--model", "small"),
    *("--message", "Hi", "--tool", TOOL),
)


def calls_of(run: dict[str, Any]) -> list[str]:
    """The ids of the calls that a run waits for."""
    return [call["id"] for call in run["required_action"]["submit_tool_outputs"]["tool_calls"]]


def submit(api: Api, run: dict[str, Any], text: str = "x") -> Any:
    """The run with outputs for all of its calls."""
    told = [{"tool_call_id": call_id, "output": text} for call_id in calls_of(run)]
    path = f"/threads/{run['thread_id']}/runs/{run['id']}/submit_tool_outputs"
    return api.post(path, {"tool_outputs": told})


def limited(store_file: Path, upstream: Upstream, turns: str) -> Api:
    told = {"OPENAI_LOCAL_UPSTREAM_URL": upstream.url, "OPENAI_MAX_TOOL_TURNS": turns}
    return Api(store_file, told)


def test_the_engine_ends_a_run_that_calls_for_ever(store_file: Path, upstream: Upstream) -> None:
    upstream.reply(chat_calls(called("c", "look_up"), before="Let me see."))
    api = limited(store_file, upstream, "2")
    run = submit(api, submit(api, api.run("Hi", model="m", tools=[FUNCTION])))
    assert (run["status"], run["required_action"]) == ("failed", None)
    assert run["last_error"] == {
        "code": "server_error",
        "message": "The model asks for tool outputs again after 2 turns, the limit of "
        "--max-tool-turns (or OPENAI_MAX_TOOL_TURNS) for a run.",
    }
    assert run["usage"]["total_tokens"] == 3 * 7
    assert len(upstream.seen) == 3
    steps = api.get(f"/threads/{run['thread_id']}/runs/{run['id']}/steps", order="asc")["data"]
    assert [(step["type"], step["status"]) for step in steps] == [
        *[("message_creation", "completed"), ("tool_calls", "completed")] * 2,
        *[("message_creation", "completed"), ("tool_calls", "failed")],
    ]
    # The thread is free again.
    api.post(f"/threads/{run['thread_id']}/messages", {"role": "user", "content": "Well?"})
    api.close()


def test_the_end_of_turns_in_a_stream(store_file: Path, upstream: Upstream) -> None:
    upstream.reply(chat_calls(called("c", "look_up")))
    api = limited(store_file, upstream, "1")
    run = api.run("Hi", model="m", tools=[FUNCTION])
    path = f"/threads/{run['thread_id']}/runs/{run['id']}/submit_tool_outputs"
    body = {"tool_outputs": [{"tool_call_id": "c", "output": "x"}]}
    assert names(api.stream(path, body))[-3:] == ["run.step.failed", "run.failed", "done"]
    api.close()


@pytest.mark.parametrize("text", ["0", "-1", "many", "1.5", "²"])
def test_a_limit_that_is_none_starts_nothing(
    store_file: Path, upstream: Upstream, text: str
) -> None:
    api = limited(store_file, upstream, text)
    status, message, *_ = api.refused("POST", "/threads/runs", ask("Hi", model="m"))
    assert (status, upstream.seen) == (400, [])
    what = f"OPENAI_MAX_TOOL_TURNS must be a whole number from 1 to 100000, not '{text}'."
    assert message == what
    api.close()


def test_the_command_s_limit_is_the_engine_s(openai: Shell, upstream: Upstream) -> None:
    upstream.reply(chat_calls(called("c", "look_up")))
    words = ("--on-tool-call", "look_up=tee -a log", "--max-tool-turns", "3")
    ended = openai("--local", "--upstream-url", upstream.url, *ASK, *words)
    assert (ended.code, ended.json["status"]) == (5, "failed")
    assert "asks for tool outputs again after 3 turns" in ended.err
    assert (openai.folder / "log").read_text() == "{}" * 3
    assert len(upstream.seen) == 4


@pytest.mark.slow
def test_a_served_run_has_an_end_too(
    serve: Callable[..., Served], ask_at: Callable[[str], Api], upstream: Upstream
) -> None:
    upstream.reply(chat_calls(called("c", "look_up")))
    api = ask_at(serve("--upstream-url", upstream.url, "--max-tool-turns", "2").url)
    run = api.stopped(api.run("Hi", model="m", tools=[FUNCTION]))
    for _ in range(2):
        assert run["status"] == "requires_action"
        run = submit(api, run)
    assert (run["status"], len(upstream.seen)) == ("failed", 3)


# Ids that come again


def test_an_id_of_an_earlier_answer_is_given_anew(chat: Api, upstream: Upstream) -> None:
    upstream.reply(
        chat_calls(called("call_0", "look_up", '{"n": 1}')),
        chat_calls(called("call_0", "look_up", '{"n": 2}'), called("call_1", "look_up", index=1)),
        chat_says("Done"),
    )
    first = chat.run("Hi", model="m", tools=[FUNCTION])
    second = submit(chat, first, "one")
    assert calls_of(first) == ["call_0"]
    renamed, kept = calls_of(second)
    assert (renamed.startswith("call_"), renamed != "call_0", kept) == (True, True, "call_1")
    assert submit(chat, second, "two")["status"] == "completed"
    told = upstream.last.json["messages"]
    asked = [call["id"] for one in told for call in one.get("tool_calls", ())]
    answered = [one["tool_call_id"] for one in told if one["role"] == "tool"]
    assert asked == answered == ["call_0", renamed, "call_1"]


def test_what_is_kept_of_a_call_has_its_new_id(responses: Api, upstream: Upstream) -> None:
    upstream.reply(
        answers(reasoning(), function_call("call_0", "look_up")),
        answers(reasoning(), function_call("call_0", "look_up")),
        answers(message("Done")),
    )
    second = submit(responses, responses.run("Hi", model="m", tools=[FUNCTION]))
    assert submit(responses, second)["status"] == "completed"
    items = upstream.last.json["input"]
    asked = [one["call_id"] for one in items if one.get("type") == "function_call"]
    answered = [one["call_id"] for one in items if one.get("type") == "function_call_output"]
    assert asked == answered == ["call_0", *calls_of(second)]
    assert len(set(asked)) == 2


@pytest.mark.slow
def test_served_calls_with_one_id_are_each_answered(
    openai: Shell, serve: Callable[..., Served], upstream: Upstream
) -> None:
    """The command tells calls apart by their ids, for as long as it lives."""
    upstream.reply(
        chat_calls(called("call_0", "look_up", '{"n": 1}')),
        chat_calls(called("call_0", "look_up", '{"n": 2}')),
        chat_says("Done"),
    )
    url = serve("--upstream-url", upstream.url).url
    words = ("--on-tool-call", "look_up=tee -a log", "--format", "text", "--stream=false")
    ended = openai("--base-url", url, *ASK, *words)
    assert (ended.code, ended.out, ended.err) == (0, "Done\n", "")
    assert (openai.folder / "log").read_text() == '{"n": 1}{"n": 2}'
