"""Terminal output: escaping of control characters, and colours."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping

# A carriage return moves the cursor back to overwrite a line, unless a line feed follows.
BIDIRECTIONAL = "\u202a-\u202e\u2066-\u2069"
"""Control characters for the direction of text, which can disguise it; a regex range."""
_CONTROL = f"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f{BIDIRECTIONAL}]|\r(?!\n)"
_COLOURS = {"key": "34;1", "string": "32", "number": "36", "word": "35"}


COLOURS = ("auto", "always", "never")
"""Values of --color."""
_WIDEST = 1000
"""Maximum columns: a huge COLUMNS would cost memory and time for each line."""


def wants_colour(environ: Mapping[str, str], is_terminal: bool, choice: str = "auto") -> bool:
    """Whether to use colours on a stream; the first matching rule applies.

    1. `choice`, the value of --color, is `always` or `never`.
    2. Pipes and files get no colours: variables are often set for a whole CI job.
    3. `NO_COLOR` turns colours off.
    4. `FORCE_COLOR` or `CLICOLOR_FORCE`, other than 0, turns colours on.
    5. `CLICOLOR=0`, or a `TERM` that is `dumb` or not set, turns colours off.

    Empty variables count as not set.
    """
    if choice != "auto":
        return choice == "always"
    if not is_terminal or environ.get("NO_COLOR"):
        return False
    if any(environ.get(name, "") not in ("", "0") for name in ("FORCE_COLOR", "CLICOLOR_FORCE")):
        return True
    return environ.get("CLICOLOR") != "0" and environ.get("TERM", "") not in ("", "dumb")


def terminal_size() -> tuple[int, int]:
    """Columns (at most 1000) and rows of the terminal; `COLUMNS` and `LINES` take precedence.

    Without a terminal: 80 columns, and 0 for unknown rows.
    """
    columns, rows = shutil.get_terminal_size(fallback=(80, 0))
    return min(columns, _WIDEST), rows


def paint(kind: str, token: str) -> str:
    """A JSON token with the escape codes of its colour."""
    code = _COLOURS.get(kind)
    return f"\x1b[{code}m{token}\x1b[0m" if code else token


def harmless(text: str, *, lines: bool = True) -> str:
    r"""The text with control characters as visible escapes (`\x1b`); tabs are kept.

    Line breaks are kept if `lines`, else replaced by spaces.
    """
    shown = re.sub(_CONTROL, _escape, text)
    return shown if lines else " ".join(shown.splitlines())


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
