"""Command lines as they are shown to a reader."""

from __future__ import annotations

import re

_WORDS = re.compile(r"""(?:[^\s"']|"[^"]*"|'[^']*')+""")


def wrapped(command: str, width: int = 76) -> list[str]:
    """A command over several lines, each but the last ending in a backslash.

    Quoted words stay whole, and a flag stays with its value; a line may then be longer than
    `width`.
    """
    pieces: list[str] = []
    for word in _WORDS.findall(command):
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
