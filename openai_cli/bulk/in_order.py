"""Writes results in the order of their input lines, as early as that order allows."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable


class InOrder:
    """Holds a result back until all earlier lines have their results.

    At most `most` lines are started and not yet written: `begin` waits for room, so that the
    results behind one slow line cannot fill the memory.
    """

    def __init__(self, write: Callable[[str], None], most: int) -> None:
        self._write = write
        self._most = most
        self._condition = threading.Condition()
        self._open: deque[int] = deque()
        self._ready: dict[int, str] = {}

    def begin(self, number: int, stopped: Callable[[], bool]) -> None:
        """Announce a line that will have a result; called in the order of the lines."""
        with self._condition:
            while len(self._open) >= self._most and not stopped():
                self._condition.wait(0.2)
            self._open.append(number)

    def finish(self, number: int, text: str) -> None:
        """Take the line's result; with an empty text, the line is skipped."""
        with self._condition:
            self._ready[number] = text
            while self._open and self._open[0] in self._ready:
                ready = self._ready.pop(self._open.popleft())
                if ready:
                    self._write(ready)
            self._condition.notify_all()

    def end(self) -> None:
        """Write the results still held back, in order, skipping lines without one."""
        with self._condition:
            while self._open:
                if ready := self._ready.pop(self._open.popleft(), ""):
                    self._write(ready)
