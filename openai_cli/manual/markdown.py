"""Small parts of Markdown pages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def code(text: str) -> str:
    """Text as code, also inside a table."""
    return f"`{text}`" if text else ""


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; a column in which nothing stands is left out."""
    found = [tuple(row) for row in rows]
    kept = [i for i in range(len(head)) if any(row[i] for row in found)]
    lines = [[head[i] for i in kept], ["---"] * len(kept)]
    lines += [[row[i].replace("|", "\\|") for i in kept] for row in found]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def fenced(info: str, lines: Iterable[str]) -> str:
    """A fenced block."""
    return "\n".join([f"```{info}", *lines, "```"])


def page(*blocks: str) -> str:
    """Blocks as a page, a blank line between them, empty ones left out."""
    return "\n\n".join(block for block in blocks if block) + "\n"
