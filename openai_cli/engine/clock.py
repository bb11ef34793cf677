"""Current time in whole Unix seconds, as the API reports it."""

import time
from collections.abc import Callable

from openai_cli.errors import StoreError

_STEP = 2.0
"""Seconds by which a machine's clock is set before that is noticed."""


class Clock:
    """Whole seconds that never run backwards while this object lives.

    Machines that share a store go by the clock of its database: `measure` gives how many seconds
    that is ahead of this machine's, which is asked again once this machine's has been set.

    Lists are ordered by time first, so a system clock that is set back must not put an answer
    before its question.
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
    """How far the machine's clock is ahead of one that nobody sets."""
    return time.time() - time.monotonic()
