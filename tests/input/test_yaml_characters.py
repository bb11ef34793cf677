"""Every character in every style of YAML text: it arrives as typed, or the text is refused."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pytest

from openai_cli.input.document import read_document
from openai_cli.input.document_limits import DocumentError

STYLES: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "plain in braces": ("{a: %s}", lambda value: value["a"]),
    "plain in brackets": ("[%s]", lambda value: value[0]),
    "plain in lines": ("a: %s", lambda value: value["a"]),
    "plain in a list": ("- %s\n- z", lambda value: value[0]),
    "plain alone": ("%s", lambda value: value),
    "key in braces": ("{%s: 1}", lambda value: next(iter(value))),
    "key in lines": ("%s: 1", lambda value: next(iter(value))),
    "quoted key": ('{"%s": b}', lambda value: next(iter(value))),
    "no space after the colon": ("{a:%s}", lambda value: value["a"]),
    "single quotes": ("{a: '%s'}", lambda value: value["a"]),
    "single quotes in lines": ("a: '%s'", lambda value: value["a"]),
    "double quotes": ('{a: "%s"}', lambda value: value["a"]),
    "literal": ("a: |-\n  %s\n", lambda value: value["a"]),
    "folded": ("a: >-\n  %s\n", lambda value: value["a"]),
}
PLACES = ("x{0}y", "{0}x", "x{0}", "x {0} y", "x{0} y", "x{0}{0}y", "{0}")

# What a character means to YAML 1.2 itself: tab and space are trimmed around a text, CR and LF
# break lines, and the others are syntax.
SYNTAX = frozenset("\t\n\r !\"#%&'*,-:>?@[\\]`{|}")
# Digits and signs alone are numbers, `~` is null, a BOM before a document is no part of it.
SPECIAL_ALONE = frozenset("0123456789~")
BOM = "\ufeff"
LOOK_ALIKES = "\u1680\u180e\u200b\u2028\u2029\u202f\u3000\ufeff"


def altered(
    characters: Iterable[str], places: Sequence[str] = ("x{0}y", "{0}x", "{0}")
) -> list[tuple[str, str, str]]:
    """The character, style and document of each text that is read as another."""
    found = []
    for char in characters:
        for style, (document, pick) in STYLES.items():
            for place in places:
                text = place.format(char)
                if (char in SPECIAL_ALONE and place == "{0}") or (
                    text.startswith(BOM) and document.startswith("%s")
                ):
                    continue
                try:
                    value = pick(read_document(document % text))
                except DocumentError:
                    continue
                if value != text and not (char in SPECIAL_ALONE and str(value) == text):
                    found.append((char, style, document % text))
    return found


def test_controls_and_look_alikes_of_breaks_and_spaces() -> None:
    controls = [*map(chr, range(0x20)), *map(chr, range(0x7F, 0xA1))]
    assert altered(char for char in controls if char not in SYNTAX) == []
    assert altered(LOOK_ALIKES) == []


@pytest.mark.parametrize("char", ["\x85", "\u2028", "\u2029", "\xa0", "\u3000"])
def test_what_breaks_no_line_in_yaml_1_2_is_kept_in_every_style(char: str) -> None:
    for place in PLACES:
        text = place.format(char)
        for document, pick in STYLES.values():
            assert pick(read_document(document % text)) == text, (document, text)


def test_all_that_stand_in_for_others_may_be_typed_themselves() -> None:
    text = "\U0010fffd\x85\U0010fffc\u2028\U0010fffb\u2029"
    assert read_document(f"{{{text}: {text}}}") == {text: text}


@pytest.mark.slow
def test_every_ascii_character_at_every_place() -> None:
    assert altered((char for char in map(chr, range(0x80)) if char not in SYNTAX), PLACES) == []


@pytest.mark.slow
def test_every_character_from_u00a0_on_is_kept() -> None:
    """Many in one text: none of them is refused, but for the two that are no characters."""
    lower = [*range(0xA0, 0xD800), *range(0xE000, 0xFFFE)]
    codes = [*lower, *range(0x10000, sys.maxunicode, 0x101), sys.maxunicode]
    for start in range(0, len(codes), 400):
        text = "x" + "x".join(map(chr, codes[start : start + 400]))
        for document, pick in STYLES.values():
            assert pick(read_document(document % text)) == text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{?x: 1}", {"?x": 1}),
        ("[?x, a?, ?a?b]", ["?x", "a?", "?a?b"]),
        ("{a: ?x}", {"a": "?x"}),
        ("{? a : b}", {"a": "b"}),
        ("[? a]", [{"a": None}]),
        ("? a\n: b", {"a": "b"}),
        ('["\\N\\L\\P"]', ["\x85\u2028\u2029"]),
        ("# \x85 a: 1", None),
        ("a: b # \u2028c", {"a": "b"}),
    ],
)
def test_signs_that_are_syntax_only_before_a_space(text: str, value: Any) -> None:
    assert read_document(text) == value


@pytest.mark.parametrize("text", ["{!x y: 1}", "{!x : 1}", "!x y: 1"])
def test_a_tag_of_a_key_is_not_dropped(text: str) -> None:
    with pytest.raises(DocumentError, match="does not fit"):
        read_document(text)


@pytest.mark.parametrize("line_break", ["\n", "\r", "\r\n"])
def test_line_breaks_fold_as_yaml_says(line_break: str) -> None:
    assert read_document(f'a: "x{line_break}  y"') == {"a": "x y"}
    assert read_document(f'a: "x{line_break}{line_break}  y"') == {"a": "x\ny"}
    assert read_document(f"a: |{line_break}  x{line_break}  y") == {"a": "x\ny"}
