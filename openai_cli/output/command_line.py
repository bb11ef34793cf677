"""Command lines broken into several lines for display."""

from __future__ import annotations

import re

_WORDS = r"""(?:[^\s"']|"[^"]*"|'[^']*')+"""


def wrapped(command: str, width: int = 76) -> list[str]:
    """The lines of a command, joined by a backslash at the end of each but the last.

    Quoted words are not split, and a flag stays on the line of its value, even if that line is
    longer than `width` columns.
    """
    pieces: list[str] = []
    for word in re.findall(_WORDS, command):
        if pieces and pieces[-1].startswith("--") and not word.startswith("-"):
            pieces[-1] += f" {word}"
        else:
            pieces.append(word)
    lines = [""]
    for piece in pieces:
        if lines[-1].strip() and len(lines[-1]) + len(piece) > width - 3:
            lines.append("   ")
        lines[-1] += f" {piece}" if lines[-1] else piece
    return [line + " \\" for line in lines[:-1]] + lines[-1:]
