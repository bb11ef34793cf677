"""Patterns with `*` (any text) and `?` (one character); a backslash makes either literal."""

import re

from openai_cli.output.gjson.path_errors import PathError

MAX_PIECE = 256
"""Longest text after a star: it may be compared at every position of the value."""

_TOKEN = re.compile(r"(?P<star>\*+)|(?P<one>\?)|\\(?P<escaped>.?)|(?P<plain>[^*?\\]+)", re.DOTALL)
_WILD = re.compile(r"(?:(?>[^\\*?]++|\\.))*+[*?]", re.DOTALL)


def is_wild(pattern: str) -> bool:
    """Whether the pattern holds an unescaped `*` or `?`."""
    return _WILD.match(pattern) is not None


def compile_wildcard(pattern: str, position: int = 0) -> re.Pattern[str]:
    """Return a regular expression to be used with `fullmatch`.

    Raises `PathError` with `position` for a piece longer than `MAX_PIECE`.

    Every piece between two stars is an atomic group that stops at its first occurrence, so a
    failed match does not backtrack.
    """
    first, *rest = ("".join(piece) for piece in _checked(_pieces(pattern), position))
    if rest:
        *middle, last = rest
        first += "".join(f"(?>.*?{piece})" for piece in middle) + ".*" + last
    return re.compile(first, re.DOTALL)


def _checked(pieces: list[list[str]], position: int) -> list[list[str]]:
    if any(len(piece) > MAX_PIECE for piece in pieces[1:]):
        raise PathError(f"more than {MAX_PIECE} characters after a '*'", position)
    return pieces


def _pieces(pattern: str) -> list[list[str]]:
    """Regular expressions for the pattern's characters, split at the stars."""
    pieces: list[list[str]] = [[]]
    for token in _TOKEN.finditer(pattern):
        if token["star"]:
            pieces.append([])
        elif token["one"]:
            pieces[-1].append(".")
        else:
            pieces[-1] += map(re.escape, token["plain"] or token["escaped"])
    return pieces
