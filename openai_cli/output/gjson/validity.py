"""Checks that a text is one JSON value, at any depth of nesting."""

import re

_BLANK = r"[\t\n\r ]*+"
_TEXT = r'[^"\\\x00-\x1f]*+'
_STRING = rf'"{_TEXT}(?:(?>\\(?:["\\/bfnrt]|u[0-9a-fA-F]{{4}}){_TEXT}))*+"'
_NUMBER = r"-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][-+]?[0-9]++)?"

_VALUE = re.compile(
    rf"{_BLANK}(?:(?:{_STRING}|{_NUMBER}|true|false|null|\[{_BLANK}\]|\{{{_BLANK}\}}){_BLANK}"
    rf"|(?P<array>\[)|(?P<object>\{{))"
)
_NAME = re.compile(rf"{_BLANK}{_STRING}{_BLANK}:")
_CLOSE = re.compile(rf"[\]}}]{_BLANK}")


def is_valid(text: str) -> bool:
    """Whether the text is one JSON value by RFC 8259."""
    closers: list[str] = []
    position = 0
    while value := _VALUE.match(text, position):
        position = value.end()
        if value.lastgroup:
            closers.append("}" if value["object"] else "]")
        else:
            position = _close(text, position, closers)
            if not closers:
                return position == len(text)
            if not text.startswith(",", position):
                return False
            position += 1
        if closers[-1] == "}":
            name = _NAME.match(text, position)
            if name is None:
                return False
            position = name.end()
    return False


def _close(text: str, position: int, closers: list[str]) -> int:
    while closers and text.startswith(closers[-1], position):
        closers.pop()
        close = _CLOSE.match(text, position)
        position = close.end() if close else position
    return position
