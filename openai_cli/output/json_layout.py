"""Reformats JSON text without re-encoding it.

Works on the tokens of the server's text, so numbers, escapes, key order and repeated keys are
unchanged. Runs in linear time, without recursion.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

# Possessive quantifiers: without backtracking, a long string needs no extra memory.
_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+"|[{}\[\],:]|[^\s{}\[\],:"]+', re.DOTALL)
# Several tokens with no white space between them: one, if a server sends none at all.
_RUN = re.compile(r'(?:[^\s"]++|"(?:[^"\\]++|\\.)*+")++', re.DOTALL)
_OPEN, _CLOSE = frozenset("{["), frozenset("}]")
BIDIRECTIONAL = "\u202a-\u202e\u2066-\u2069"
"""Controls that turn the direction of text, so that it reads as what it is not; a range."""
_CONTROL = re.compile(f"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f{BIDIRECTIONAL}]")

Paint = Callable[[str, str], str]
"""Takes a kind (key, string, number, word, mark) and a token; returns the token to print."""


def plain(_kind: str, token: str) -> str:
    """The token unchanged: no colours."""
    return token


class Number(str):
    """A number as the server spelled it.

    A float would change the spelling, and Python refuses to parse very long integers.
    """

    __slots__ = ()


# `json.loads` makes a new decoder at each call that names a `parse_` function.
_DECODER = json.JSONDecoder(parse_int=Number, parse_float=Number)


def load(text: str) -> Any:
    """Parse a JSON text, with numbers as `Number`.

    Raises ValueError if it is not JSON, RecursionError if it is nested too deeply.
    """
    return _DECODER.decode(text)


def compact(text: str) -> str:
    """The JSON text on one line, without spaces."""
    return "".join(_RUN.findall(text))


def indented(text: str, paint: Paint = plain) -> str:
    """The JSON text indented by two spaces per level; empty objects and lists stay on one line."""
    tokens: list[str] = _TOKEN.findall(text)
    out: list[str] = []
    depth = 0
    for index, token in enumerate(tokens):
        before = tokens[index - 1] if index else ""
        after = tokens[index + 1] if index + 1 < len(tokens) else ""
        if token in _CLOSE:
            depth -= 1
            if before not in _OPEN:
                out.append("\n" + "  " * depth)
        elif before in _OPEN or before == ",":
            out.append("\n" + "  " * depth)
        out.append(paint(_kind(token, after), token))
        if token in _OPEN:
            depth += 1
        elif token == ":":
            out.append(" ")
    return "".join(out)


def _kind(token: str, after: str) -> str:
    if token[0] == '"':
        return "key" if after == ":" else "string"
    if token in "{}[],:":
        return "mark"
    return "word" if token in ("true", "false", "null") else "number"


def string_value(text: str) -> str | None:
    """The decoded string if the JSON text is a string, else None."""
    value = json.loads(text) if text.lstrip().startswith('"') else None
    return value if isinstance(value, str) else None


def escape_controls(text: str) -> str:
    """The JSON text with controls escaped, also of direction, except tabs and line breaks."""
    return _CONTROL.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def elements(text: str, key: str) -> list[str] | None:
    """The source text of each element of the list at `key` of a JSON object.

    None if the text is not an object or holds no list at `key`. If the key is repeated, the last
    one counts, as in JSON parsers.
    """
    items: list[str] | None = None
    name, before, depth, start, inside = "", "", 0, 0, False
    for match in _TOKEN.finditer(text):
        token = match[0]
        if depth == 1 and before in ("{", ",") and token[0] == '"':
            name = json.loads(token)
        elif depth == 1 and before == ":" and name == key:
            inside, start = token == "[", match.end()
            items = [] if inside else None
        elif depth == 2 and inside and token in ("]", ",") and items is not None:
            items += filter(None, [text[start : match.start()].strip()])
            inside, start = token == ",", match.end()
        depth += (token in _OPEN) - (token in _CLOSE)
        before = token
    return items
