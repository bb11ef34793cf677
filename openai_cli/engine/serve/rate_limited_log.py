"""A log for events that may happen thousands of times a second."""

import time
from collections.abc import Callable

Log = Callable[[str, BaseException | None], None]


class RateLimitedLog:
    """Logs each message at most once a minute, with a count of its repetitions."""

    def __init__(
        self, log: Log, every: float = 60.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`every` is in seconds of `clock`."""
        self._log = log
        self._every = every
        self._clock = clock
        self._due: dict[str, float] = {}
        self._unsaid: dict[str, int] = {}

    def note(self, what: str, error: BaseException | None = None) -> None:
        """Log the message, unless it was logged within the last minute."""
        now = self._clock()
        if now < self._due.get(what, now):
            self._unsaid[what] = self._unsaid.get(what, 0) + 1
            return
        self._due[what] = now + self._every
        more = self._unsaid.pop(what, 0)
        self._log(f"{what} ({more} more times since the last report)" if more else what, error)
