"""JSON and YAML 1.2 texts, and the values they stand for."""

from __future__ import annotations

import re
from typing import Any

import pytest

from openai_cli.input.document import read_document
from openai_cli.input.document_limits import MAX_DEPTH, BrokenTextError, DocumentError
from tests.support.wire import same


@pytest.mark.parametrize(
    ("text", "value"),
    [
        # YAML 1.2 core: three spellings of true, false and null, and no others
        ("{a: true, b: True, c: TRUE, d: tRue}", {"a": True, "b": True, "c": True, "d": "tRue"}),
        ("{a: false, b: False, c: FALSE}", {"a": False, "b": False, "c": False}),
        ("{a: null, b: Null, c: NULL, d: ~, e: , f: nULL}",
         {"a": None, "b": None, "c": None, "d": None, "e": None, "f": "nULL"}),
        ("[yes, no, on, off, y, n]", ["yes", "no", "on", "off", "y", "n"]),
        ("[2001-01-01, 12:30:45, 190:20:30]", ["2001-01-01", "12:30:45", "190:20:30"]),
        ("[0, -7, +7, 017, 0x1F, 0o17]", [0, -7, 7, 17, 31, 15]),
        ("[0b11, 1_000, +0x1, -0o7, 0x, 1__0]", ["0b11", "1_000", "+0x1", "-0o7", "0x", "1__0"]),
        ("[.5, 5., 1e3, -1.5E-2, +.5]", [0.5, 5.0, 1000.0, -0.015, 0.5]),
        ("[., +, -x, e5, 1e, .e5]", [".", "+", "-x", "e5", "1e", ".e5"]),
        ("12345678901234567890123456789", 12345678901234567890123456789),
        ('["1", \'2\', !!str 3]', ["1", "2", "3"]),
        ("[!!int '3', !!float 1, !!bool 'true', !!null '', !!seq [], !!map {}]",
         [3, 1, True, None, [], {}]),
        # Keys keep their spelling
        ("{1: a, null: b, true: c, 1.0: d}", {"1": "a", "null": "b", "true": "c", "1.0": "d"}),
        # The space after a colon is easily left out inside braces
        ("{env:prod,n:1,t:true,e:}", {"env": "prod", "n": 1, "t": True, "e": None}),
        ("{url: http://x.y/z, at: a:b}", {"url": "http://x.y/z", "at": "a:b"}),
        # Comments, trailing commas, block texts, quotes
        ("{a: 1,} # c", {"a": 1}),
        ("a: |\n  x\n   y\n", {"a": "x\n y\n"}),
        ("a: >-\n  x\n  y\n", {"a": "x y"}),
        ("{a: 'it''s', b: \"\\x41\\u0042\\U0001F600\"}", {"a": "it's", "b": "AB😀"}),
        ('{"a": "x\ty"}', {"a": "x\ty"}),
        ("? a\n: b", {"a": "b"}),
        # Anchors and merge keys; what stands there itself wins, then the first one merged
        ("[&x {a: 1}, *x]", [{"a": 1}, {"a": 1}]),
        ("[&x 1, &x 2, *x]", [1, 2, 2]),
        ("{<<: {a: 1, b: 2}, a: 3}", {"a": 3, "b": 2}),
        ("{<<: [{a: 1}, {a: 2, b: 3}]}", {"a": 1, "b": 3}),
        ('{"<<": {a: 1}}', {"<<": {"a": 1}}),
        # Nothing at all
        ("", None), (" \n\n", None), ("# only", None), ("---\n", None), ("\ufeff", None),
        # A byte-order mark is no part of the text
        ('\ufeff{"a": 1}', {"a": 1}), ("\ufeffa: 1", {"a": 1}),
        ("---\na: 1\n...\n", {"a": 1}), ("%YAML 1.1\n---\na: yes", {"a": "yes"}),
    ],
)  # fmt: skip
def test_yaml(text: str, value: Any) -> None:
    assert same(read_document(text), value), read_document(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e3", 1000.0),
        ("-0", 0),
        ("0.10", 0.1),
        (r'"\ud83d\ude00"', "😀"),
        (r'{"\ud83d\ude00": 1}', {"😀": 1}),
        ('"\u2028\x7f\x85"', "\u2028\x7f\x85"),
        (r'"\u0000"', "\0"),
        ("9" * 4300, int("9" * 4300)),
    ],
)
def test_json(text: str, value: Any) -> None:
    assert same(read_document(text), value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"a": 1, "a": 2}', 'duplicate key "a"'),
        ("{a: 1, a: 2}", 'duplicate key "a", line 1, column 8'),
        ("{1: a, '1': b}", 'duplicate key "1"'),
        ('{"a": NaN}', "NaN cannot be sent"),
        ('{"a": -Infinity}', "-Infinity cannot be sent"),
        ("[.inf]", ".inf cannot be sent"),
        ("[.NaN]", ".NaN cannot be sent"),
        ("[1e400]", "too large"),
        ('["\\ud800"]', "a lone surrogate"),
        ('[a, "\\ud800"]', "a lone surrogate"),
        ('{"\\udc00": 1}', "a lone surrogate"),
        ("&a [*a]", "contains itself"),
        ("&a {b: {c: *a}}", "contains itself"),
        ("{<<: 1}", "<< needs an object"),
        ("{[a]: b}", "a key must be a text"),
        ("!!python/object:os.system x", "does not fit"),
        ("!!binary aGk=", "does not fit"),
        ("!!int x", "does not fit"),
        ("!!int 1.5", "does not fit"),
        ("!!bool yes", "does not fit"),
        ("!!seq {}", "does not fit"),
        ("!!str []", "does not fit"),
        ("9" * 4301, "4301 digits"),
        ("[x, " + "9" * 4301 + "]", "4301 digits"),
        ("[0x" + "f" * 5000 + "]", "5000 digits"),
        ("[0o" + "7" * 9000 + "]", "9000 digits"),
    ],
)
def test_what_a_request_cannot_carry(text: str, says: str) -> None:
    with pytest.raises(DocumentError, match=re.escape(says)) as caught:
        read_document(text)
    assert not isinstance(caught.value, BrokenTextError)


@pytest.mark.parametrize(
    "text",
    [
        "{a: 1", "[1, 2", "{a: 1}}", "{a: 1} {b: 2}", '"unclosed', "a: b: c", "{a: @x}", "{a: `x`}",
        "{a: %x}", "a: 1\n---\nb: 2", "a:\n\tb: 1", "\ta: 1", "{a: *none}", '{a: "\\q"}', "*", "\0",
        'a: "\x01"', "...", "- a\nb: c",
    ],
)  # fmt: skip
def test_broken_text(text: str) -> None:
    with pytest.raises(BrokenTextError, match="neither JSON nor YAML: "):
        read_document(text)


def nested(depth: int, opening: str, closing: str) -> str:
    return opening * depth + "1" + closing * depth


@pytest.mark.parametrize(
    ("opening", "closing"), [('{"a":', "}"), ("[", "]"), ("{a: ", "}"), ("- ", "")]
)
def test_depth(opening: str, closing: str) -> None:
    read_document(nested(MAX_DEPTH, opening, closing))
    for depth in (MAX_DEPTH + 1, 100_000):
        with pytest.raises(DocumentError, match="levels deep"):
            read_document(nested(depth, opening, closing))


def test_aliases_cannot_blow_up_a_value() -> None:
    lines = ["a0: &a0 [x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 10)]
    with pytest.raises(DocumentError, match="aliases"):
        read_document("\n".join(lines))


def test_values_behind_an_alias_are_separate() -> None:
    first, second = read_document("[&x {a: 1}, *x]")
    assert first is not second
