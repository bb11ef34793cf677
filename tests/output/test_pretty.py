"""The format for people: panels and event lines."""

from __future__ import annotations

import json
from typing import Any

import pytest

from openai_cli.output.event_line import event_line
from openai_cli.output.panel import as_panels
from openai_cli.output.phrases import phrase


def panel(value: Any, width: int | None = None) -> list[str]:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return as_panels(text, width=width, colour=False).splitlines()


RUN = """{"id": "run_1", "object": "thread.run", "created_at": 1700000000, "status": "failed",
"last_error": {"code": "server_error", "message": "out of luck"}, "temperature": 1.10,
"max_prompt_tokens": null, "tools": [{"type": "code_interpreter"},
{"type": "function", "function": {"name": "get_weather"}}], "metadata": {},
"usage": {"prompt_tokens": 2, "total_tokens": 4, "details": {"cached": 1}},
"truncation_strategy": {"type": "auto", "last_messages": null},
"parallel_tool_calls": false, "seed": 123456789012345678901234567890}"""


def test_a_run_shows_what_it_says_and_nothing_empty() -> None:
    rows = panel(RUN)
    assert rows[0].startswith("╭─ run ─")
    assert {len(row) for row in rows} == {80}
    shown = dict(row.strip("│ ").split("  ", 1) for row in rows[1:-1])
    assert {label: text.strip() for label, text in shown.items() if label != "created"} == {
        "id": "run_1",
        "status": "failed",
        "last error": "server_error: out of luck",
        "temperature": "1.10",
        "tools": "code_interpreter, function get_weather",
        "usage": "2 prompt, 4 total",
        "truncation strategy": "type: auto",
        "parallel tool calls": "false",
        "seed": "123456789012345678901234567890",
    }


def test_a_list_is_a_panel_an_item_and_says_that_more_follow() -> None:
    item = {"object": "thread.message", "role": "assistant", "content": "Hi\nyou"}
    rows = panel({"object": "list", "data": [item, item], "has_more": True, "last_id": "m9"})
    assert sum("message" in row for row in rows) == 2
    assert sum("Hi" in row for row in rows) == 2
    assert sum("you" in row for row in rows) == 2
    assert rows[-1] == "more items follow after m9"
    assert panel({"object": "list", "data": []}) == ["an empty list"]


@pytest.mark.parametrize("width", [20, 49, 50, 63, 200])
def test_nothing_is_cut_off_on_any_terminal(width: int) -> None:
    value = {"object": "thread.run", "id": "run_" + "x" * 90, "truncation_strategy": {"type": "a"}}
    rows = panel(value, width)
    whole = "".join("".join(rows).replace("│", "").split())
    assert value["id"] in whole
    assert "truncationstrategy" in whole
    if width >= 50:
        assert {len(row) for row in rows} == {width}


@pytest.mark.parametrize(
    ("value", "shown"),
    [('"text"', "text"), ("1.10", "1.10"), ("true", "true"), ("null", "null"),
     ("[1,[2.0]]", "1, [2.0]")],
)  # fmt: skip
def test_values_that_are_no_objects(value: str, shown: str) -> None:
    assert panel(value) == [shown]


def test_calls_that_a_run_waits_for_are_named() -> None:
    call = {"function": {"name": "f", "arguments": '{"x":1}'}, "type": "function"}
    action = {"type": "submit_tool_outputs", "submit_tool_outputs": {"tool_calls": [call]}}
    assert phrase("required_action", action) == 'f({"x":1})'
    assert phrase("required_action", {"type": "other"}) == "type: other"


def line(event: str, data: Any) -> str:
    return event_line(json.dumps({"event": event, "data": data}), colour=False)


def test_events_are_one_line_each_however_long() -> None:
    assert line("thread.created", {"id": "thread_1"}) == "thread.created  thread_1\n"
    words = "long " * 40
    delta = {"id": "m", "delta": {"content": [{"type": "text", "text": {"value": words + "\n"}}]}}
    assert line("thread.message.delta", delta) == f'thread.message.delta  m  "{words}\\n"\n'
    failed = {"id": "r", "status": "failed", "last_error": {"code": "c", "message": "two\nlines"}}
    assert line("thread.run.failed", failed) == "thread.run.failed  r  failed  c: two lines\n"
    assert line("odd", None) == "odd  null\n"
    assert event_line('{"event":"e","data":{}}', colour=True) == "\x1b[1me\x1b[0m\n"
