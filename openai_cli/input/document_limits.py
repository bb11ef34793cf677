"""Limits and errors that the JSON reader and the YAML reader share."""

from __future__ import annotations

MAX_DEPTH = 100
"""Maximum levels of nesting.

Every reader reaches this limit before Python's recursion limit."""


class DocumentError(ValueError):
    """The text contains something that a request cannot contain."""


class BrokenTextError(DocumentError):
    """The text is neither JSON nor YAML."""

    def __init__(self, message: str) -> None:
        super().__init__(f"neither JSON nor YAML: {message}")


def whole_number(digits: str, base: int = 10) -> int:
    """The integer, whatever its size. Raises DocumentError if Python cannot convert it."""
    try:
        number = int(digits, base)
        str(number)  # it will be printed in base 10, which has its own limit
    except ValueError:  # Python's own limit on converting very long numbers
        raise DocumentError(f"a number of {len(digits)} digits is too long") from None
    return number
