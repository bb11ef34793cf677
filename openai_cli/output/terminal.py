"""What may be sent to a terminal, and in which colours."""

from __future__ import annotations

import re
from collections.abc import Mapping

# A carriage return moves the cursor back to overwrite a line, unless a line feed follows.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]|\r(?!\n)")
_COLOURS = {"key": "34;1", "string": "32", "number": "36", "word": "35"}


def wants_colour(environ: Mapping[str, str], is_terminal: bool) -> bool:
    """`NO_COLOR` wins, then `FORCE_COLOR`, then whether a capable terminal is there."""
    if environ.get("NO_COLOR"):
        return False
    if environ.get("FORCE_COLOR", "0") not in ("", "0"):
        return True
    return is_terminal and environ.get("TERM", "") not in ("", "dumb")


def paint(kind: str, token: str) -> str:
    """A token of JSON in its colour."""
    code = _COLOURS.get(kind)
    return f"\x1b[{code}m{token}\x1b[0m" if code else token


def harmless(text: str, *, lines: bool = True) -> str:
    """The text with control characters shown instead of obeyed; tabs stay, and `lines` too."""
    shown = _CONTROL.sub(lambda match: f"\\x{ord(match[0]):02x}", text)
    return shown if lines else " ".join(shown.splitlines())
