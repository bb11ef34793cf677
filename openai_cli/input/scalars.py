"""Parses flags that are a single number or boolean.

Each function raises ValueError with a phrase that says what was expected.
"""

from __future__ import annotations

import re

_INTEGER = r"[+-]?(0[xX][0-9a-fA-F]+|0[oO][0-7]+|0[bB][01]+|[0-9]+)"
_NUMBER = r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?"
_BASES = {"x": 16, "o": 8, "b": 2}
_TRUE = frozenset({"1", "t", "T", "true", "True", "TRUE"})
_FALSE = frozenset({"0", "f", "F", "false", "False", "FALSE"})


def read_integer(text: str) -> int:
    """Decimal, `0x`, `0o` or `0b`, with a sign if wanted; at most 64 bits.

    >>> read_integer("0x1FF"), read_integer("-7")
    (511, -7)
    """
    match = re.fullmatch(_INTEGER, text)
    if not match:
        raise ValueError("a whole number")
    digits = match[1]
    base = _BASES.get(digits[1:2].lower(), 10)
    # Cut before converting: Python refuses to convert digits by the thousand.
    if len(digits) > 80:
        raise ValueError("a whole number of at most 64 bits")
    number = int(digits, base) * (-1 if text.startswith("-") else 1)
    if not -(2**63) <= number < 2**63:
        raise ValueError("a whole number of at most 64 bits")
    return number


def read_number(text: str) -> int | float:
    """A JSON-like number, also `.5` and `5.`; not infinite or NaN.

    >>> read_number(".5"), read_number("2")
    (0.5, 2)
    """
    if not re.fullmatch(_NUMBER, text):
        raise ValueError("a number")
    if re.fullmatch(r"[+-]?[0-9]{1,18}", text):
        return int(text)
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError("a number that fits 64 bits")
    return number


def is_boolean(text: str) -> bool:
    """Whether the text is one of the words for true or false."""
    return text in _TRUE or text in _FALSE


def read_boolean(text: str) -> bool:
    """Accepts only `1 t T true True TRUE` and `0 f F false False FALSE`."""
    if not is_boolean(text):
        raise ValueError("true or false")
    return text in _TRUE
