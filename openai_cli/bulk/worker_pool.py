"""Worker threads that take items one at a time, until none are left or the pool is stopped."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Generic, TypeVar

T = TypeVar("T")
Work = Callable[[T], None]


class WorkerPool(Generic[T]):
    """`concurrency` threads; `open_worker` makes the `Work` of each.

    The threads take items directly from the iterator, so that only the items being worked on are
    in memory. The first error in a thread stops all threads.
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
        """Number of items being worked on."""
        self.error: BaseException | None = None

    def start(self) -> None:
        """Start the threads."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Take no more items; finish those being worked on."""
        with self._condition:
            self._stopped = True
            self._condition.notify_all()

    @property
    def stopped(self) -> bool:
        """Whether `stop` was called or a thread failed."""
        return self._stopped

    def wait(self, seconds: float) -> bool:
        """Wait at most `seconds`; returns whether all work is done.

        After `stop`, threads that wait for an item count as done.
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
        except BaseException as error:  # reported by the main thread
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
