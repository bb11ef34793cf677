"""Reformats JSON text without re-encoding it.

Works on the tokens of the server's text, so numbers, escapes, key order and repeated keys are
unchanged. Runs in linear time, without recursion.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from openai_cli.output.terminal import BIDIRECTIONAL

# Patterns are compiled on first use, except the one for each line of a stream.
# Possessive quantifiers prevent backtracking, so a long string needs no extra memory.
_STRING = r'"[^"\\]*+(?:(?>\\.[^"\\]*+))*+"'
_TOKEN = rf'(?s:{_STRING}|[{{}}\[\],:]|[^\s{{}}\[\],:"]+)'
# Several tokens without white space between them; all of the text, if it has no white space.
_RUN = re.compile(rf'(?:(?>[^\s"]++|{_STRING}))++', re.DOTALL)
# The content of one line: a value or a bracket, with its key and the comma after it.
_LINE = rf"""(?sx)
    (?: (?> (?P<key> {_STRING} ) \s*+ : \s*+ ) )?+
    (?: (?P<empty> \[\s*+\] | \{{\s*+\}} )
        | (?P<open> [\[{{] )
        | (?P<close> [\]}}] )
        | (?P<scalar> {_STRING} | [^\s{{}}\[\],:"]++ ) )
    (?: (?> \s*+ (?P<comma> , ) ) )?+
    """.encode()
_LONG = 1 << 16
"""Bytes from which a value is not copied."""
_OPEN, _CLOSE = frozenset("{["), frozenset("}]")
_CONTROL = f"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f{BIDIRECTIONAL}]"

Paint = Callable[[str, str], str]
"""Takes a kind (key, string, number, word, mark) and a token; returns the token to print."""


def plain(_kind: str, token: str) -> str:
    """The token unchanged: no colours."""
    return token


class Number(str):
    """A number as the server spelled it.

    A float would change the spelling, and Python does not parse very long integers.
    """

    __slots__ = ()


# One decoder for all calls: `json.loads` makes a new one whenever a `parse_` function is given.
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
    tokens: list[str] = re.findall(_TOKEN, text)
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


def compact_pieces(content: bytes) -> Iterator[bytes | memoryview]:
    """Like `compact`, for UTF-8 bytes: yields pieces, without a copy of the whole text."""
    view = memoryview(content)
    for match in re.finditer(_RUN.pattern.encode(), content, re.DOTALL):
        yield view[match.start() : match.end()]


def indented_pieces(content: bytes) -> Iterator[bytes | memoryview]:
    """Like `indented`, for UTF-8 bytes: yields pieces, without a copy of the whole text."""
    line_break, lead = b"\n", b""
    for match in re.finditer(_LINE, content):
        if match.end() - match.start() > _LONG and match.end("scalar") > 0:
            yield lead
            yield from _long_line(match)
        else:
            key, empty, opening, closing, scalar, comma = match.groups(b"")
            if closing:
                line_break = lead = line_break[:-2]
            colon = b": " if key else b""
            empty = empty[:1] + empty[-1:]
            yield b"%b%b%b%b%b%b%b%b" % (lead, key, colon, empty, opening, closing, scalar, comma)
            if opening:
                line_break += b"  "
        lead = line_break


def _long_line(match: re.Match[bytes]) -> Iterator[bytes | memoryview]:
    """The pieces of a line whose value is too long to copy."""
    view = memoryview(match.string)
    for name, behind in (("key", b": "), ("scalar", b""), ("comma", b"")):
        start, end = match.span(name)
        if end > 0:
            yield view[start:end]
            yield behind


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
    """The JSON text with control and direction characters escaped, except tabs and line breaks."""
    return re.sub(_CONTROL, lambda match: f"\\u{ord(match[0]):04x}", text)
