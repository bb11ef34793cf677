"""Parsers of option values; each raises ValueError with a description of the expected value."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from openai_cli.cli.near_words import near
from openai_cli.cli.options import ERROR_FORMATS, LOG_FORMATS
from openai_cli.errors import one_line
from openai_cli.input.scalars import read_integer
from openai_cli.output.formats import FORMATS
from openai_cli.output.terminal import COLOURS

_DAY = 86400
_UNITS = {"K": 1024, "M": 1024**2, "G": 1024**3}


def pointed(text: str, position: int) -> str:
    """The text as one line, and a caret at `position` on the line below."""
    before, after = (one_line(part.expandtabs(1)) for part in (text[:position], text[position:]))
    return f"  {before}{after}\n  {' ' * len(before)}^"


def output_format(text: str) -> str:
    """The name of an output format, in lower case."""
    return _one_of(text, FORMATS)


def error_format(text: str) -> str:
    """The name of a format for errors, in lower case."""
    return _one_of(text, ERROR_FORMATS)


def color_choice(text: str) -> str:
    """When to use colours, in lower case."""
    return _one_of(text, COLOURS)


def log_format(text: str) -> str:
    """How a server writes its log, in lower case."""
    return _one_of(text, LOG_FORMATS)


def _one_of(text: str, names: Sequence[str]) -> str:
    name = text.lower()
    if name not in names:
        raise ValueError(f"one of {', '.join(names)}{near(name, names)}")
    return name


def seconds(text: str) -> float:
    """A time in seconds."""
    try:
        value = float(text)
    except ValueError:
        value = -1
    if not (math.isfinite(value) and 0 < value <= _DAY):
        raise ValueError("a number of seconds above 0, up to a day")
    return value


def seconds_or_never(text: str) -> float:
    """A time in seconds; 0 for never."""
    try:
        return seconds(text) if float(text) else 0.0
    except ValueError:
        raise ValueError("a number of seconds up to a day, or 0 for never") from None


def whole(low: int, high: int) -> Callable[[str], int]:
    """A parser of whole numbers within these bounds."""

    def read(text: str) -> int:
        try:
            number = read_integer(text)
        except ValueError:
            number = low - 1
        if not low <= number <= high:
            raise ValueError(f"a whole number from {low} to {high}")
        return number

    return read


def size(text: str) -> int:
    """A number of bytes: `64M`."""
    unit = _UNITS.get(text[-1:].upper(), 1)
    try:
        count = read_integer(text if unit == 1 else text[:-1]) * unit
    except ValueError:
        count = -1
    if count < 0:
        raise ValueError("a number of bytes, such as 500000 or 64M, or 0 for no limit")
    return count


def count_or_all(text: str) -> int | None:
    """A number of items; None for -1, which is all."""
    try:
        count = read_integer(text)
    except ValueError:
        count = -2
    if count < -1:
        raise ValueError("a whole number, or -1 for all")
    return None if count == -1 else count


def dry_run_format(text: str) -> str:
    """How to show a request: `json` or `curl`."""
    if text not in ("json", "curl"):
        raise ValueError(f"json or curl{near(text, ('json', 'curl'))}")
    return text
