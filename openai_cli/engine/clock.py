"""Current time in whole Unix seconds, as the API reports it."""

import time


class Clock:
    """Whole seconds that never run backwards while this object lives.

    Machines that share a store go by the clock of its database: `offset` is how many seconds that
    is ahead of this machine's.

    Lists are ordered by time first, so a system clock that is set back must not put an answer
    before its question.
    """

    def __init__(self, offset: float = 0.0) -> None:
        self.offset = offset
        self._last = 0

    def now(self) -> int:
        """Seconds since 1970."""
        self._last = max(self._last, int(time.time() + self.offset))
        return self._last
