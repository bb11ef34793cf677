"""Gives results on in the order of their lines, for a reader that takes them as they come."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable


class InOrder:
    """Holds a result back until all lines before it have theirs.

    `begin` waits while as many lines as `most` are begun and not given on, so that one slow line
    does not fill the memory with the results behind it.
    """

    def __init__(self, write: Callable[[str], None], most: int) -> None:
        self._write = write
        self._most = most
        self._condition = threading.Condition()
        self._open: deque[int] = deque()
        self._ready: dict[int, str] = {}

    def begin(self, number: int, stopped: Callable[[], bool]) -> None:
        """A line will have a result; lines begin in their order."""
        with self._condition:
            while len(self._open) >= self._most and not stopped():
                self._condition.wait(0.2)
            self._open.append(number)

    def finish(self, number: int, text: str) -> None:
        """The line has a result; an empty one is none after all."""
        with self._condition:
            self._ready[number] = text
            while self._open and self._open[0] in self._ready:
                ready = self._ready.pop(self._open.popleft())
                if ready:
                    self._write(ready)
            self._condition.notify_all()

    def end(self) -> None:
        """Write what still waits for a line that has no result, in order."""
        with self._condition:
            while self._open:
                if ready := self._ready.pop(self._open.popleft(), ""):
                    self._write(ready)
