"""Outlines of values: labels, paths, search."""

from __future__ import annotations

import json

import pytest

from openai_cli.output.explore.outline import gjson_path, label, matches, value_at
from openai_cli.output.gjson import get
from openai_cli.output.json_layout import load

RUN = load(
    '{"id":"run_1","usage":{"total":1.0},"tools":[{"type":"file_search"},{"a.b*":[null,true]}]}'
)


@pytest.mark.parametrize(
    ("step", "value", "shown"),
    [
        ("usage", RUN["usage"], "usage: {1}"),
        ("tools", RUN["tools"], "tools: [2]"),
        ("total", RUN["usage"]["total"], "total: 1.0"),
        (0, None, "0: null"),
        (None, "two\nlines", '"two⏎lines"'),
        ("evil\x1b[2J", "\x1b]0;x\x07", 'evil\\x1b[2J: "\\x1b]0;x\\x07"'),
    ],
)
def test_a_label_says_key_and_value_on_one_harmless_line(
    step: str | int | None, value: object, shown: str
) -> None:
    assert label(step, value) == shown


def test_search_finds_keys_and_values_in_document_order() -> None:
    assert matches(RUN, "TYPE") == [("tools", 0, "type")]
    assert matches(RUN, "1.") == [("usage", "total")]
    assert matches(RUN, "nothing") == []


def test_a_path_is_one_that_transform_understands() -> None:
    text = json.dumps({"a.b*": {"#": [1, {"k|x": "found"}]}, "": {"": 2}, "usage": {"total": 1}})
    value = json.loads(text)
    for path in matches(value, ""):
        if path:
            assert json.loads(get(text, gjson_path(path)).raw) == value_at(value, path)


def test_search_survives_deep_nesting() -> None:
    deep: object = "needle"
    for _ in range(10_000):
        deep = [deep]
    assert len(matches(deep, "needle")[0]) == 10_000
