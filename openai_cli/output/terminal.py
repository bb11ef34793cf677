"""Terminal output: escaping of control characters, and colours."""

from __future__ import annotations

import re
from collections.abc import Mapping

from openai_cli.output.json_layout import BIDIRECTIONAL

# A carriage return moves the cursor back to overwrite a line, unless a line feed follows.
_CONTROL = re.compile(f"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f{BIDIRECTIONAL}]|\r(?!\n)")
_COLOURS = {"key": "34;1", "string": "32", "number": "36", "word": "35"}


def wants_colour(environ: Mapping[str, str], is_terminal: bool) -> bool:
    """Whether to use colours: `NO_COLOR` decides, then `FORCE_COLOR`, then the terminal."""
    if environ.get("NO_COLOR"):
        return False
    if environ.get("FORCE_COLOR", "0") not in ("", "0"):
        return True
    return is_terminal and environ.get("TERM", "") not in ("", "dumb")


def paint(kind: str, token: str) -> str:
    """A JSON token with the escape codes of its colour."""
    code = _COLOURS.get(kind)
    return f"\x1b[{code}m{token}\x1b[0m" if code else token


def harmless(text: str, *, lines: bool = True) -> str:
    r"""The text with control characters as visible escapes (`\x1b`); tabs are kept.

    Line breaks are kept if `lines`, else replaced by spaces.
    """
    shown = _CONTROL.sub(_escape, text)
    return shown if lines else " ".join(shown.splitlines())


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
