"""Patterns with `*` (any text) and `?` (one character); a backslash takes either literally."""

import re

_TOKEN = re.compile(r"(?P<star>\*+)|(?P<one>\?)|\\(?P<escaped>.?)|(?P<plain>[^*?\\]+)", re.DOTALL)
_WILD = re.compile(r"(?:[^\\*?]++|\\.)*+[*?]", re.DOTALL)


def is_wild(pattern: str) -> bool:
    """Whether the pattern holds an unescaped `*` or `?`."""
    return _WILD.match(pattern) is not None


def compile_wildcard(pattern: str) -> re.Pattern[str]:
    """Return a regular expression to be used with `fullmatch`.

    Every piece between two stars is an atomic group that stops at its first occurrence, so a
    failing match never tries the pieces before it again.
    """
    first, *rest = _pieces(pattern)
    if rest:
        *middle, last = rest
        first += "".join(f"(?>.*?{piece})" for piece in middle) + ".*" + last
    return re.compile(first, re.DOTALL)


def _pieces(pattern: str) -> list[str]:
    pieces = [""]
    for token in _TOKEN.finditer(pattern):
        if token["star"]:
            pieces.append("")
        elif token["one"]:
            pieces[-1] += "."
        else:
            pieces[-1] += re.escape(token["plain"] or token["escaped"])
    return pieces
