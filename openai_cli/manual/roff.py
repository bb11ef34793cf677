"""Man page source in roff, with macros that groff and mandoc render in the same way."""

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
    "…": "...",  # not available in the C locale
}


def escape(text: str) -> str:
    """Text escaped so that it is rendered literally, at any position in a line.

    Dashes stay ASCII, so that flags can be copied; line breaks are kept.
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
    """The start of a page; `date` is shown in the footer, as YYYY-MM-DD.

    Hyphenation and justification are turned off, as both would alter flags and values.
    """
    head = f'.TH {escape(name.upper())} 1 {date} "{escape(source)}" "User Commands"'
    return f"{head}\n.nh\n.ad l"


def section(name: str, *parts: str) -> str:
    """A section with its parts: text, or results of the functions below."""
    first, *rest = parts
    return "\n".join([f".SH {escape(name)}", first, *rest])


def subsection(name: str, *parts: str) -> str:
    """A part of a section with its own heading."""
    return "\n".join([f'.SS "{escape(name)}"', *parts])


def paragraph(text: str) -> str:
    """A paragraph after another one; the first paragraph of a section needs no macro."""
    return f".PP\n{escape(text)}"


def items(rows: Iterable[tuple[str, str]]) -> str:
    """A list of terms, which are already roff, and their descriptions, which are plain text."""
    return "\n".join(f".TP\n{term}\n{escape(text)}" for term, text in rows)


def example(lines: Iterable[str]) -> str:
    """Indented lines without formatting."""
    return "\n".join([".RS 4", ".nf", *map(escape, lines), ".fi", ".RE"])
