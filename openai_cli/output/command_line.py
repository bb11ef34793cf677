"""Breaks command lines into several lines for display."""

from __future__ import annotations

import re

_WORDS = r"""(?:[^\s"']|"[^"]*"|'[^']*')+"""


def wrapped(command: str, width: int = 76) -> list[str]:
    """The lines of a command; each but the last ends with a backslash.

    Quoted words are not split, and a flag stays on one line with its value, even if the line
    exceeds `width` columns.
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
