"""Current time in whole Unix seconds, as the API reports it."""

import time


class Clock:
    """Whole seconds that never run backwards while this object lives.

    Lists are ordered by time first, so a system clock that is set back must not put an answer
    before its question.
    """

    def __init__(self) -> None:
        self._last = 0

    def now(self) -> int:
        """Seconds since 1970."""
        self._last = max(self._last, int(time.time()))
        return self._last
