"""JSON laid out anew: only the spaces between the tokens change."""

from __future__ import annotations

import json
import re
import tracemalloc

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from openai_cli.output.json_layout import (
    compact,
    compact_pieces,
    escape_controls,
    indented,
    indented_pieces,
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


@given(documents)
@example('{"a" : { } , "b":[ ], "c" : [ [ ] , "x y" ] }')
@example('["é", "😀"]')
def test_pieces_are_the_layout_of_the_whole(text: str) -> None:
    content = text.encode(errors="surrogatepass")
    assert b"".join(indented_pieces(content)) == indented(text).encode(errors="surrogatepass")
    assert b"".join(compact_pieces(content)) == compact(text).encode(errors="surrogatepass")


@pytest.mark.parametrize("length", [10, 100_000])
def test_pieces_of_long_texts(length: int) -> None:
    text = json.dumps({"k" * length: ["v" * length, {"k": "v" * length, "n": "9" * length}]})
    spaced = text.replace(",", " " * length + ",")
    for one in (text, spaced):
        assert b"".join(indented_pieces(one.encode())) == indented(text).encode()
        assert b"".join(compact_pieces(one.encode())) == compact(text).encode()


@pytest.mark.slow
def test_pieces_cost_little_whatever_they_are_of() -> None:
    for content in (b'["' + b"x" * 5_000_000 + b'"]', b"[" + b'{"a":1},' * 100_000 + b"1]"):
        for pieces in (indented_pieces, compact_pieces):
            tracemalloc.start()
            assert sum(map(len, pieces(content))) >= len(content)
            assert tracemalloc.get_traced_memory()[1] < 500_000
            tracemalloc.stop()


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
