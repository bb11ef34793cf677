"""Lists as tables: columns, widths, and items that are not what they should be."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from rich.cells import cell_len

from openai_cli.output.table import ListTable

TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")


def table(*items: Any, width: int = 80, colour: bool = False) -> list[str]:
    """The lines of a table, times masked."""
    text = ListTable(width=width, colour=colour).page([json.dumps(one) for one in items])
    assert text.endswith("\n") or not items
    return TIME.sub("YYYY-MM-DD HH:MM:SS", text).splitlines()


def said(text: str, **more: Any) -> dict[str, Any]:
    part = {"type": "text", "text": {"value": text, "annotations": []}}
    whole = {"id": "msg_1", "object": "thread.message", "created_at": 1700000000, "role": "user"}
    return {**whole, "content": [part], **more}


def test_messages() -> None:
    assert table(said("Hello"), said("Hi", id="msg_22", role="assistant")) == [
        "id      created              role       content",
        "msg_1   YYYY-MM-DD HH:MM:SS  user       Hello",
        "msg_22  YYYY-MM-DD HH:MM:SS  assistant  Hi",
    ]


def test_assistants() -> None:
    one = {"id": "asst_1", "object": "assistant", "created_at": 1, "name": "Parrot", "model": "m"}
    assert table(one, {**one, "name": None, "created_at": None}) == [
        "id      created              model  name",
        "asst_1  YYYY-MM-DD HH:MM:SS  m      Parrot",
        "asst_1                       m",
    ]


def test_runs_and_what_went_wrong() -> None:
    run = {"id": "run_1", "object": "thread.run", "created_at": 1, "status": "failed", "model": "m",
           "last_error": {"code": "server_error", "message": "out of luck"}}  # fmt: skip
    assert table(run)[1] == ("run_1  YYYY-MM-DD HH:MM:SS  failed  m      server_error: out of luck")


@pytest.mark.parametrize(
    ("details", "shown"),
    [
        ({"type": "message_creation", "message_creation": {"message_id": "msg_9"}},
         "message msg_9"),
        ({"type": "tool_calls", "tool_calls": [
            {"type": "function", "function": {"name": "f", "arguments": '{"a":1}'}},
            {"type": "code_interpreter", "code_interpreter": {}}]},
         'f({"a":1}), code_interpreter'),
        ({"type": "tool_calls", "tool_calls": []}, "tool_calls"),
        ({"type": "tool_calls", "tool_calls": {"a": 1}}, "tool_calls"),
        ("odd", "odd"),
        (None, ""),
    ],
)  # fmt: skip
def test_steps(details: Any, shown: str) -> None:
    step = {"id": "step_1", "object": "thread.run.step", "status": "x", "step_details": details}
    assert table(step)[1] == f"step_1           x       {shown}".rstrip()


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("text", ["x" * 300, "日本語" * 80, "e\u0301" * 200, "👩‍👩‍👧‍👦" * 50])
def test_the_last_column_is_cut_to_the_width(text: str, width: int) -> None:
    lines = table(said(text), said("short"), width=width)
    assert all(cell_len(line) <= width for line in lines)
    assert lines[1].endswith("…")
    assert lines[2].endswith("short")


def test_ids_are_never_cut_and_other_columns_have_an_end() -> None:
    run = {"id": "r" * 70, "object": "thread.run", "status": "s" * 500, "model": "m" * 500}
    (_, line) = table(run)
    assert line.startswith("r" * 70 + " ")
    assert ("s" * 31 + "…") in line
    assert len(line) < 170


def test_chosen_columns_are_names_or_paths() -> None:
    text = ListTable(["content", "data.created_at", "id"], width=80, colour=False).page(
        [json.dumps(said("x" * 40, id="m" * 40, data={"created_at": 1700000000}))]
    )
    title, row = TIME.sub("YYYY-MM-DD HH:MM:SS", text).splitlines()
    assert title.split("  ")[0] == "content"
    assert title.endswith("data.created         id")
    assert row == "x" * 31 + "…  YYYY-MM-DD HH:MM:SS  " + "m" * 24 + "…"
    first = ListTable(["id", "role"], width=80, colour=False).page(
        [json.dumps(said("", id="m" * 40))]
    )
    assert first.splitlines()[1] == "m" * 40 + "  user"


def test_items_without_a_kind_have_all_their_members() -> None:
    assert table({"a": "x", "b": 1}, {"c": None, "b": [2]}, 5, {}) == [
        "a  b  c  value",
        "x  1",
        "   2",
        "         5",
        "",
    ]
    assert table({"id": "x", "object": "odd", "b": 1})[0] == "id  object  created  status"
    assert table({}) == ["id  object  created  status", ""]


def test_later_pages_keep_the_columns_of_the_first() -> None:
    pages = ListTable(width=80, colour=False)
    first = pages.page([json.dumps(said("a"))])
    later = pages.page([json.dumps(said("b", id="msg_12345", created_at=1700000001))])
    assert first.count("\n") == 2
    assert later.count("\n") == 1
    assert later.startswith("msg_12345  ")
    assert ListTable(width=80, colour=False).page([]) == ""


@pytest.mark.parametrize("time", [1700000000, 1700000000.25, 1700000000123])
def test_times_in_seconds_fractions_and_milliseconds(time: float) -> None:
    assert table(said("x", created_at=time))[1] == "msg_1  YYYY-MM-DD HH:MM:SS  user  x"


@pytest.mark.parametrize("time", ["soon", True, {"a": 1}, -(10**400), 1e300])
def test_times_that_are_none(time: Any) -> None:
    (_, line) = table(said("x", created_at=time))
    assert line.endswith("  user  x")


@pytest.mark.parametrize("odd", ["text", 5, 1.0, None, True, [1, {"a": 2}], {}, {"id": {"a": [1]}}])
def test_items_of_any_kind_have_a_row(odd: Any) -> None:
    for items in ([odd], [said("x"), odd], [odd, said("x")]):
        assert len(table(*items)) == 1 + len(items)


def test_nothing_in_an_item_breaks_its_row_or_reaches_the_terminal() -> None:
    evil = "a\x1b]0;t\x07\x1b[2Jb\x9b31m\x90\x7f\rc\nd\u2028e\x85f\tg\x00"
    for item in (said(evil), said("x", id=evil, role=evil), {"object": "x", "status": evil}, evil):
        lines = table(said("x"), item)
        assert len(lines) == 3
        assert not re.search("[\x00-\x1f\x7f-\x9f\u2028]", "".join(lines))


def test_titles_are_bold_where_there_is_colour() -> None:
    assert table(said("x"), colour=True)[0].startswith("\x1b[1mid ")
    assert table(said("x"), colour=True)[0].endswith("content\x1b[0m")
    assert "\x1b" not in "".join(table(said("x"), colour=True)[1:])


def test_no_cell_makes_all_lines_long() -> None:
    long = {"id": "x" * 100_000, "object": "assistant", "model": "m", "name": "\u0301" * 100_000}
    lines = table(long, *({**long, "id": "a", "name": "n"} for _ in range(9)))
    assert lines[1].startswith(long["id"] + "  ")
    assert max(map(len, (lines[0], *lines[2:]))) < 200
    assert len(lines[1]) < len(long["id"]) + 500
