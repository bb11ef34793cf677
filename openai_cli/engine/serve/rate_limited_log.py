"""A log for what may happen thousands of times a second."""

import time
from collections.abc import Callable

Log = Callable[[str, BaseException | None], None]


class RateLimitedLog:
    """Passes one line a minute on for each thing that happens, with how often it did."""

    def __init__(
        self, log: Log, every: float = 60.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`every` is in seconds, as `clock` counts them."""
        self._log = log
        self._every = every
        self._clock = clock
        self._due: dict[str, float] = {}
        self._unsaid: dict[str, int] = {}

    def note(self, what: str, error: BaseException | None = None) -> None:
        """Say what happened, unless the same was said within the last minute."""
        now = self._clock()
        if now < self._due.get(what, now):
            self._unsaid[what] = self._unsaid.get(what, 0) + 1
            return
        self._due[what] = now + self._every
        more = self._unsaid.pop(what, 0)
        self._log(f"{what} ({more} more times since this was last said)" if more else what, error)
