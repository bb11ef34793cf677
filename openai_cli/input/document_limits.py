"""What a JSON or YAML text may hold, for both readers: limits, and the errors beyond them."""

from __future__ import annotations

MAX_DEPTH = 100
"""Levels of nesting a value may have; deeper ones are refused.

Low enough that every reader gets there before Python's own limit on recursion."""


class DocumentError(ValueError):
    """The text holds what a request cannot carry."""


class BrokenTextError(DocumentError):
    """The text is neither JSON nor YAML."""

    def __init__(self, message: str) -> None:
        super().__init__(f"neither JSON nor YAML: {message}")


def whole_number(digits: str, base: int = 10) -> int:
    """The integer, whatever its size; DocumentError where Python itself gives up."""
    try:
        number = int(digits, base)
        str(number)  # it must be written again, and the limit on that knows only base 10
    except ValueError:  # Python's own limit on converting very long numbers
        raise DocumentError(f"a number of {len(digits)} digits is too long") from None
    return number
