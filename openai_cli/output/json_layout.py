"""JSON text laid out anew without being re-encoded.

Works on the server's own text, so that numbers, escapes, key order and repeated keys come out
as they came in. Takes time linear in the text, and no recursion.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

# Possessive: what is matched is never tried again, so a long string costs no memory of its own.
_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+"|[{}\[\],:]|[^\s{}\[\],:"]+', re.DOTALL)
_OPEN, _CLOSE = frozenset("{["), frozenset("}]")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")

Paint = Callable[[str, str], str]
"""Takes a kind (key, string, number, word, mark) and a token; gives the token to print."""


def plain(_kind: str, token: str) -> str:
    """Print tokens as they are."""
    return token


class Number(str):
    """A number in the spelling it came in: a float would lose it, a long integer be refused."""

    __slots__ = ()


def load(text: str) -> Any:
    """The value of a JSON text, numbers as `Number`.

    Raises ValueError or RecursionError for a text that is no JSON or nested too deep.
    """
    return json.loads(text, parse_int=Number, parse_float=Number)


def compact(text: str) -> str:
    """The JSON text on one line, without spaces."""
    return "".join(_TOKEN.findall(text))


def indented(text: str, paint: Paint = plain) -> str:
    """The JSON text with two spaces a level; empty objects and lists stay closed."""
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
    """The string a JSON text stands for, None if it is no string."""
    value = json.loads(text) if text.lstrip().startswith('"') else None
    return value if isinstance(value, str) else None


def escape_controls(text: str) -> str:
    """JSON text whose control characters are escapes, spaces and line ends excepted."""
    return _CONTROL.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def elements(text: str, key: str) -> list[str] | None:
    """The elements of the list at `key` of an object, each as the text it came in.

    None if the text is no object, or has no list there. Of a key that comes again the last one
    counts, as for every JSON reader.
    """
    found: list[str] | None = None
    name, before, depth, start, inside = "", "", 0, 0, False
    for match in _TOKEN.finditer(text):
        token = match[0]
        if depth == 1 and before in ("{", ",") and token[0] == '"':
            name = json.loads(token)
        elif depth == 1 and before == ":" and name == key:
            inside, start = token == "[", match.end()
            found = [] if inside else None
        elif depth == 2 and inside and token in ("]", ",") and found is not None:
            found += filter(None, [text[start : match.start()].strip()])
            inside, start = token == ",", match.end()
        depth += (token in _OPEN) - (token in _CLOSE)
        before = token
    return found
