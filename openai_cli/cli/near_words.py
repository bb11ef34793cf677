"""Words that may have been meant."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches


def near(text: str, words: Sequence[str]) -> str:
    """A question whether another word was meant; empty if none is like it."""
    close = get_close_matches(text.lower(), words, n=1)
    return f" (did you mean {close[0]}?)" if close else ""
