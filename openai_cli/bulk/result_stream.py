"""Results that go to a stream: nothing is remembered from one call to the next."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable

from openai_cli.bulk.journal import Earlier, StartedRun


class ResultStream:
    """Takes what a `Journal` takes, and writes the results only; a context manager."""

    def __init__(
        self, write: Callable[[str], None], close: Callable[[], None] = lambda: None
    ) -> None:
        self._write = write
        self._close = close
        self._lock = threading.Lock()
        self.job_id = secrets.token_hex(16)
        self.earlier = Earlier()

    def __enter__(self) -> ResultStream:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def is_done(self, _number: int) -> bool:
        """Nothing was done before."""
        return False

    def started(self, _number: int) -> StartedRun | None:
        """No run was started before."""
        return None

    def turn(self, _number: int) -> int:
        """Each line has its first turn."""
        return 0

    def compare(self, _number: int, _digest: bytes) -> bool:
        """Nothing was read before."""
        return True

    def start(self, _number: int, _run: StartedRun) -> None:
        """Forget it: no later call would look."""

    def finish(self, _number: int, text: str, *, definite: bool) -> None:  # noqa: ARG002
        """Write the line's result."""
        with self._lock:
            self._write(text + "\n")

    def put_in_order(self) -> None:
        """What was written cannot be moved; `InOrder` has written it in order."""

    def sync(self) -> None:
        """Every result was flushed when it was written."""
