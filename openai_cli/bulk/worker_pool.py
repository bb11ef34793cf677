"""Worker threads that take lines, one at a time, until there are none or they are told to stop."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Generic, TypeVar

T = TypeVar("T")
Work = Callable[[T], None]


class WorkerPool(Generic[T]):
    """`concurrency` threads, each with its own `Work`, which `open_worker` makes.

    The threads take the items from `items` themselves: nothing is queued, and so there is never
    more in memory than is being worked on. The first error of a thread stops all.
    """

    def __init__(
        self,
        items: Iterator[T],
        open_worker: Callable[[], AbstractContextManager[Work[T]]],
        concurrency: int,
    ) -> None:
        self._items = items
        self._open_worker = open_worker
        self._reading = threading.Lock()
        self._condition = threading.Condition()
        self._threads = [
            threading.Thread(target=self._run, name=f"worker {number}", daemon=True)
            for number in range(1, concurrency + 1)
        ]
        self._left = concurrency
        self._stopped = False
        self.active = 0
        """Items that are being worked on."""
        self.error: BaseException | None = None

    def start(self) -> None:
        """Start the threads."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Take no more items; those that are being worked on are finished."""
        with self._condition:
            self._stopped = True
            self._condition.notify_all()

    @property
    def stopped(self) -> bool:
        """Whether no more items are taken."""
        return self._stopped

    def wait(self, seconds: float) -> bool:
        """Wait for this time at most; whether all work is done.

        After `stop`, a thread that waits for its next item has none.
        """
        with self._condition:
            return self._condition.wait_for(self._is_done, seconds)

    def _is_done(self) -> bool:
        return not self._left or (self._stopped and not self.active)

    def _run(self) -> None:
        try:
            with self._open_worker() as work:
                while self._take(work):
                    pass
        except BaseException as error:  # whatever it is, it must not vanish with the thread
            with self._condition:
                self.error = self.error or error
                self._stopped = True
        finally:
            with self._condition:
                self._left -= 1
                self._condition.notify_all()

    def _take(self, work: Work[T]) -> bool:
        """Work on one more item; False if there is none."""
        with self._reading:
            if self._stopped:
                return False
            item = next(self._items, None)
            with self._condition:
                if item is None or self._stopped:
                    return False
                self.active += 1
        try:
            work(item)
        finally:
            with self._condition:
                self.active -= 1
                if not self.active:
                    self._condition.notify_all()
        return True
