"""Text as roff input: pages in the man macros, the same for groff and mandoc."""

from __future__ import annotations

import re
from collections.abc import Iterable

_ESCAPES = {
    "\\": r"\(rs",
    "-": r"\-",
    "'": r"\(aq",
    '"': r"\(dq",
    "`": r"\(ga",
    "^": r"\(ha",
    "~": r"\(ti",
    "…": "...",  # has no sign in the C locale
}


def escape(text: str) -> str:
    """Text that comes out as it is, whatever it holds and wherever in a line it stands.

    Dashes come out as typed, so that a flag can be copied; lines stay lines.
    """
    escaped = "".join(_escaped(char) for char in text)
    return re.sub(r"^\.", r"\\&.", escaped, flags=re.MULTILINE)


def _escaped(char: str) -> str:
    if char in _ESCAPES:
        return _ESCAPES[char]
    return char if char.isascii() else rf"\[u{ord(char):04X}]"


def bold(text: str) -> str:
    """The text in bold, escaped."""
    return rf"\fB{escape(text)}\fR"


def italic(text: str) -> str:
    """The text in italics (underlined on a terminal), escaped."""
    return rf"\fI{escape(text)}\fR"


def title(name: str, source: str, date: str) -> str:
    """How a page begins; `date` is the one in the footer, YYYY-MM-DD.

    Lines are neither hyphenated nor spread out: both would spoil flags and values.
    """
    head = f'.TH {escape(name.upper())} 1 {date} "{escape(source)}" "User Commands"'
    return f"{head}\n.nh\n.ad l"


def section(name: str, *parts: str) -> str:
    """A section with its parts, paragraphs or what the functions below make."""
    first, *rest = parts
    return "\n".join([f".SH {escape(name)}", first, *rest])


def subsection(name: str, *parts: str) -> str:
    """A part of a section, with a heading of its own."""
    return "\n".join([f'.SS "{escape(name)}"', *parts])


def paragraph(text: str) -> str:
    """A paragraph after another one; the first of a section needs no mark."""
    return f".PP\n{escape(text)}"


def items(rows: Iterable[tuple[str, str]]) -> str:
    """A list of terms (already marked up) and what is said of each."""
    return "\n".join(f".TP\n{term}\n{escape(text)}" for term, text in rows)


def example(lines: Iterable[str]) -> str:
    """Lines printed as they are, indented."""
    return "\n".join([".RS 4", ".nf", *map(escape, lines), ".fi", ".RE"])
