"""Results that go to a stream; no state is kept between calls."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable

from openai_cli.bulk.in_order import InOrder
from openai_cli.bulk.results import Earlier, RunReference


class ResultStream:
    """Results written to a stream; a context manager.

    `write` takes a result with its line break, `close` is called at the end. With `held_back`,
    results are written in the order of their lines, and at most that many are held back.
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
        """False: there are no earlier results."""
        return False

    def started(self, _number: int, /) -> RunReference | None:
        """None: there are no earlier runs."""
        return None

    def turn(self, _number: int, /) -> int:
        """Zero: there were no earlier requests."""
        return 0

    def compare(self, _number: int, _digest: bytes, /) -> bool:
        """True: there is no earlier input to compare with."""
        return True

    def begin(self, number: int, stopped: Callable[[], bool], /) -> None:
        """Wait until there is room to hold results back."""
        if self._order:
            self._order.begin(number, stopped)

    def leave_out(self, number: int, /) -> None:
        """Hold no result back for this line."""
        if self._order:
            self._order.finish(number, "")

    def start(self, _number: int, _run: RunReference, /) -> None:
        """Does nothing: no later call reads this."""

    def finish(self, number: int, text: str, /, *, definite: bool) -> None:  # noqa: ARG002
        """Write the line's result, or hold it back until its turn."""
        if self._order:
            self._order.finish(number, text)
        else:
            self._put(text)

    def sync(self) -> None:
        """Does nothing: every result is flushed when it is written."""

    def put_in_order(self) -> None:
        """Does nothing: results in a stream cannot be moved."""

    def _put(self, text: str) -> None:
        with self._lock:
            self._write(text + "\n")
