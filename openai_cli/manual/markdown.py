"""Markdown building blocks: code, tables, fenced blocks, pages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def code(text: str) -> str:
    """Text as inline code; empty for an empty text."""
    return f"`{text}`" if text else ""


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table without its empty columns."""
    cells = [tuple(row) for row in rows]
    kept = [i for i in range(len(head)) if any(row[i] for row in cells)]
    lines = [[head[i] for i in kept], ["---"] * len(kept)]
    lines += [[row[i].replace("|", "\\|") for i in kept] for row in cells]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def fenced(info: str, lines: Iterable[str]) -> str:
    """A fenced code block; `info` is the word after the opening fence."""
    return "\n".join([f"```{info}", *lines, "```"])


def page(*blocks: str) -> str:
    """The blocks as a page, separated by blank lines; empty blocks are left out."""
    return "\n\n".join(block for block in blocks if block) + "\n"
