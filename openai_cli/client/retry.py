"""Retry policy: which responses are retried, and after which delay."""

from __future__ import annotations

import email.utils
import math
import random
import time
from collections.abc import Callable, Mapping
from datetime import UTC

TOO_MANY_REQUESTS = 429
RETRY_STATUSES = frozenset({408, 409, TOO_MANY_REQUESTS})
NOT_OFFERED = 501
"""Status of a server that does not support the request; never retried."""
LONGEST_WAIT = 120.0
"""Longest Retry-After, in seconds, that is obeyed; a longer one is reported as an error."""

LONGEST_BACKOFF = 8.0
"""Longest wait, in seconds, that the server did not ask for."""
_FIRST = 0.5


def should_retry(status: int, headers: Mapping[str, str]) -> bool:
    """Whether to repeat a request; `x-should-retry` overrides the status."""
    if status < 400:
        return False
    advice = headers.get("x-should-retry", "").lower()
    if advice in ("true", "false"):
        return advice == "true"
    return is_transient(status)


def is_transient(status: int) -> bool:
    """Whether a request with this status may succeed later."""
    return status in RETRY_STATUSES or (status >= 500 and status != NOT_OFFERED)


def asked_wait(headers: Mapping[str, str], now: Callable[[], float] = time.time) -> float | None:
    """Seconds to wait by `Retry-After-Ms`, else `Retry-After` (seconds or a date), or None."""
    milliseconds = _number(headers.get("retry-after-ms", ""))
    if milliseconds is not None:
        return milliseconds / 1000
    text = headers.get("retry-after", "")
    seconds = _number(text)
    return _until(text, now()) if seconds is None else seconds


def backoff(attempt: int, draw: Callable[[], float] = random.random) -> float:
    """Seconds to wait after attempt number `attempt` (from 0): 0.5 s doubled, at most 8 s, minus
    up to 25 % jitter.
    """
    return min(LONGEST_BACKOFF, _FIRST * 2.0**attempt) * (1 - 0.25 * draw())


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return max(0.0, number) if math.isfinite(number) else None


def _until(text: str, now: float) -> float | None:
    try:
        date = email.utils.parsedate_to_datetime(text)
        # An HTTP date is in GMT, even without a zone.
        return max(0.0, (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp() - now)
    except (ValueError, TypeError, OverflowError):
        return None
