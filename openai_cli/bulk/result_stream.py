"""Results that go to a stream: nothing is remembered from one call to the next."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable

from openai_cli.bulk.in_order import InOrder
from openai_cli.bulk.results import Earlier, RunReference


class ResultStream:
    """Results for a reader that takes them as they come; a context manager.

    `write` takes one with its line break, `close` is called at the end. With `held_back`, results
    are written in the order of their lines, and so many may wait for an earlier one.
    """

    lasting = False

    def __init__(
        self,
        write: Callable[[str], None],
        close: Callable[[], None] = lambda: None,
        *,
        held_back: int | None = None,
    ) -> None:
        self._write = write
        self._close = close
        self._lock = threading.Lock()
        self._order = InOrder(self._put, held_back) if held_back else None
        self.job_id = secrets.token_hex(16)
        self.earlier = Earlier()

    def __enter__(self) -> ResultStream:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            if self._order:
                self._order.end()
        finally:
            self._close()

    def is_done(self, _number: int, /) -> bool:
        """Nothing was done before."""
        return False

    def started(self, _number: int, /) -> RunReference | None:
        """No run was started before."""
        return None

    def turn(self, _number: int, /) -> int:
        """Each line has its first turn."""
        return 0

    def compare(self, _number: int, _digest: bytes, /) -> bool:
        """Nothing was read before."""
        return True

    def begin(self, number: int, stopped: Callable[[], bool], /) -> None:
        """Wait until there is room for results that wait for this one."""
        if self._order:
            self._order.begin(number, stopped)

    def leave_out(self, number: int, /) -> None:
        """Let no result wait for this one."""
        if self._order:
            self._order.finish(number, "")

    def start(self, _number: int, _run: RunReference, /) -> None:
        """Forget it: no later call would look."""

    def finish(self, number: int, text: str, /, *, definite: bool) -> None:  # noqa: ARG002
        """Write the line's result, now or in its turn."""
        if self._order:
            self._order.finish(number, text)
        else:
            self._put(text)

    def sync(self) -> None:
        """Every result was flushed when it was written."""

    def put_in_order(self) -> None:
        """What was written cannot be moved, and has its order."""

    def _put(self, text: str) -> None:
        with self._lock:
            self._write(text + "\n")
