"""Suggestions for misspelt words."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches


def near(text: str, words: Sequence[str]) -> str:
    """` (did you mean WORD?)` for the most similar of `words`; empty if none is similar."""
    close = get_close_matches(text.lower(), words, n=1)
    return f" (did you mean {close[0]}?)" if close else ""
