"""Current time in whole Unix seconds, as the API reports it."""

import time
from collections.abc import Callable

from openai_cli.errors import StoreError

_STEP = 2.0
"""Change of this machine's clock, in seconds, after which the offset is measured again."""


class Clock:
    """Unix time in whole seconds; never runs backwards.

    Machines that share a store use its database's clock: `measure` returns the seconds by which it
    is ahead of this machine's clock, and is called again when this machine's clock has been set.

    Lists are ordered by time, so setting the system clock back must not put an answer before its
    question.
    """

    def __init__(self, measure: Callable[[], float] = lambda: 0.0) -> None:
        """Raises StoreError if the database cannot be asked."""
        self._measure = measure
        self._measured = _ahead_of_steady(), measure()
        self._last = 0

    def now(self) -> int:
        """Seconds since 1970."""
        self._last = max(self._last, int(time.time() + self._offset()))
        return self._last

    def _offset(self) -> float:
        ahead, (before, offset) = _ahead_of_steady(), self._measured
        if abs(ahead - before) < _STEP:
            return offset
        try:
            self._measured = ahead, self._measure()
        except StoreError:
            return offset - (ahead - before)
        return self._measured[1]


def _ahead_of_steady() -> float:
    """Seconds by which the system clock is ahead of the monotonic clock."""
    return time.time() - time.monotonic()
