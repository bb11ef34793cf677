"""JSON laid out anew: only the spaces between the tokens change."""

from __future__ import annotations

import json
import re
import tracemalloc
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from openai_cli.output.json_layout import (
    compact,
    elements,
    escape_controls,
    indented,
    string_value,
)
from openai_cli.output.terminal import paint
from tests.output.strategies import documents, exact


@given(documents)
@example('{"a":1,"a":2,"\\u0061":3}')
@example('["\\ud800", "\\ud83d\\ude00", "\\/", "\u2028", "\x7f"]')
@example(" [ ] ")
def test_layout_never_changes_the_value(text: str) -> None:
    assert exact(indented(text)) == exact(text)
    assert exact(compact(text)) == exact(text)


@given(documents)
def test_layout_twice_is_layout_once(text: str) -> None:
    assert indented(indented(text)) == indented(compact(text)) == indented(text)
    assert compact(compact(text)) == compact(indented(text)) == compact(text)
    assert "\n" not in compact(text)


@given(documents)
def test_colour_adds_only_colour(text: str) -> None:
    assert re.sub("\x1b\\[[0-9;]*m", "", indented(text, paint)) == indented(text)


@given(documents)
def test_escaped_controls_are_the_same_value(text: str) -> None:
    safe = escape_controls(indented(text))
    assert exact(safe) == exact(text)
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f]", safe)


def test_indented_looks_as_people_write_it() -> None:
    text = '{"b":[1,{"c":{}}],"a":"x","e":[],"n":null}'
    assert indented(text).split("\n") == [
        "{",
        '  "b": [',
        "    1,",
        "    {",
        '      "c": {}',
        "    }",
        "  ],",
        '  "a": "x",',
        '  "e": [],',
        '  "n": null',
        "}",
    ]


def test_a_colour_for_each_kind() -> None:
    painted = indented('{"k":"s","n":1,"w":null}', lambda kind, token: f"<{kind} {token}>")
    kinds = [word.split(" ")[0] for word in painted.split("<")[1:]]
    assert [kind for kind in kinds if kind != "mark"] == [
        "key", "string", "key", "number", "key", "word",
    ]  # fmt: skip


def test_very_deep_and_very_long_texts_are_laid_out() -> None:
    deep = "[" * 50_000 + "]" * 50_000
    assert compact(indented(deep[:1000] + deep[-1000:])) == deep[:1000] + deep[-1000:]
    assert compact(deep) == deep
    long = "[" + ",".join(["9" * 5000] * 200) + "]"
    assert compact(indented(long)) == long


@pytest.mark.parametrize(
    ("text", "value"),
    [('"a"', "a"), (' "\\u00e9\\n"', "é\n"), ('""', ""), ("1", None), ('["a"]', None)],
)
def test_string_value(text: str, value: str | None) -> None:
    assert string_value(text) == value


# Values with every kind of nesting, under keys of which some are the one looked for.
_KEYS = st.sampled_from(["data", "d", "", 'da"ta', "data:", "[data"])
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=6) | st.sampled_from(["data", '"data":[1]', "],[", '\\"', "}{"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_KEYS, inner, max_size=4),
    max_leaves=12,
)  # fmt: skip
_LAYOUTS = st.sampled_from([(None, (",", ":")), (None, (", ", ": ")), (1, (" ,", " : "))])


@given(_VALUES, st.booleans(), _LAYOUTS)
def test_elements_are_those_of_the_list(value: Any, plain_text: bool, layout: Any) -> None:
    indent, separators = layout
    text = json.dumps(value, ensure_ascii=plain_text, indent=indent, separators=separators)
    found = elements(text, "data")
    listed = value.get("data") if isinstance(value, dict) else None
    if isinstance(listed, list):
        assert found is not None
        assert [json.loads(one) for one in found] == listed
        assert all(one in text and one == one.strip() for one in found)
    else:
        assert found is None


@given(st.lists(st.tuples(_KEYS, _VALUES), max_size=5))
def test_of_a_key_that_comes_again_the_last_one_counts(pairs: list[tuple[str, Any]]) -> None:
    text = "{" + ",".join(f"{json.dumps(key)}:{json.dumps(value)}" for key, value in pairs) + "}"
    listed = json.loads(text).get("data")
    found = elements(text, "data")
    assert (found and [json.loads(one) for one in found]) == (
        listed if isinstance(listed, list) else None
    )


def test_elements_keep_their_spelling() -> None:
    text = '{"data" : [ {"n":1.0 , "n" : 1e3},\n"\\u00e9" ,123456789012345678901 ]}'
    assert elements(text, "data") == ['{"n":1.0 , "n" : 1e3}', '"\\u00e9"', "123456789012345678901"]


def test_elements_of_deep_and_long_lists() -> None:
    deep = "[" * 50_000 + "]" * 50_000
    assert elements(f'{{"data":[{deep},1]}}', "data") == [deep, "1"]
    long = json.dumps({"data": ["\\" * 9 + '"' * 9] * 100_000})
    found = elements(long, "data")
    assert found is not None
    assert len(found) == 100_000


def test_a_long_string_costs_little_more_than_itself() -> None:
    text = '{"a": "' + "x" * 2_000_000 + r"\n" * 1_000_000 + '"}'
    tracemalloc.start()
    assert len(compact(text)) == len(text) - 1
    assert tracemalloc.get_traced_memory()[1] < 5 * len(text)
    tracemalloc.stop()


@given(st.text(alphabet=' \t\n\u00a0{}[]:,"\\a1é'))
def test_compact_drops_the_white_space_between_tokens(text: str) -> None:
    """Of any text, also of one that is no JSON."""
    tokens = re.findall(r'"(?:[^"\\]|\\.)*"|[^\s"]', text, re.DOTALL)
    assert compact(text) == "".join(tokens)
