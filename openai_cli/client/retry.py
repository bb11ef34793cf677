"""When to try again, and after how long."""

from __future__ import annotations

import email.utils
import random
import time
from collections.abc import Callable, Mapping

RETRY_STATUSES = frozenset({408, 409, 429})
LONGEST_WAIT = 60.0
"""Seconds a server may make us wait; one that asks for more is answered with an error."""

_FIRST, _CAP = 0.5, 8.0


def should_retry(status: int, headers: Mapping[str, str]) -> bool:
    """Whether the server's answer is worth another attempt; its own word comes first."""
    word = headers.get("x-should-retry", "").lower()
    if word in ("true", "false"):
        return word == "true"
    return status in RETRY_STATUSES or status >= 500


def asked_wait(headers: Mapping[str, str], now: Callable[[], float] = time.time) -> float | None:
    """Seconds the server asks for: `Retry-After-Ms`, then `Retry-After` (seconds or a date)."""
    try:
        return max(0.0, float(headers["retry-after-ms"]) / 1000)
    except (KeyError, ValueError):
        pass
    text = headers.get("retry-after", "")
    try:
        return max(0.0, float(text))
    except ValueError:
        pass
    try:
        return max(0.0, email.utils.parsedate_to_datetime(text).timestamp() - now())
    except (ValueError, TypeError, OverflowError):
        return None


def backoff(attempt: int, draw: Callable[[], float] = random.random) -> float:
    """Seconds before attempt number `attempt` + 1: doubling, capped, up to a quarter less."""
    return min(_CAP, _FIRST * 2.0**attempt) * (1 - 0.25 * draw())
