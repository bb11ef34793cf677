"""The rate limit as one worker's client sees it; gives up waiting when the job stops."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from openai_cli.bulk.rate_limit import RateLimit
from openai_cli.client.pace import Turn
from openai_cli.client.retry import TOO_MANY_REQUESTS
from openai_cli.errors import CliError

_CHECK_INTERVAL = 0.2
"""Seconds between two checks whether the job has stopped."""


class NotSentError(CliError):
    """The job has stopped, and the server has not accepted any request for this line."""

    kind = "not_sent"


class WorkerPace:
    """A `Pace` for the client of one worker, and its `sleep` before a request is sent again.

    Both raise NotSentError if the job has stopped and the line had only 429 answers so far.
    """

    def __init__(self, limit: RateLimit) -> None:
        self._limit = limit
        self._stopped: Callable[[], bool] = lambda: False
        self._has_effect = False

    def begin(self, stopped: Callable[[], bool]) -> None:
        """Begin a new line: the following requests are for it."""
        self._stopped, self._has_effect = stopped, False

    @contextmanager
    def turn(self) -> Iterator[Turn]:
        """See `Pace`."""
        with self._limit.turn(self._give_up_if_stopped) as turn:
            try:
                yield turn
            finally:  # without an answer, the request may still have had an effect
                self._has_effect = self._has_effect or turn.status != TOO_MANY_REQUESTS

    def sleep(self, seconds: float) -> None:
        """Wait for this time, in seconds."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._give_up_if_stopped()
            time.sleep(min(left, _CHECK_INTERVAL))

    def _give_up_if_stopped(self) -> None:
        if not self._has_effect and self._stopped():
            raise NotSentError("no more lines are started")
