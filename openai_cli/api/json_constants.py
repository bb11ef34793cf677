"""Constants that Python's JSON parser accepts although JSON does not have them."""

from __future__ import annotations

from typing import NoReturn


def refuse_constant(name: str) -> NoReturn:
    """Callback for `parse_constant`: refuses NaN and Infinity. Raises ValueError."""
    raise ValueError(f"{name} is not a JSON number")
