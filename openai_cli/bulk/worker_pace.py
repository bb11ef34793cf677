"""One worker's way to the pace of all: it lets go of a line that was only turned away so far."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from openai_cli.bulk.rate_limit import RateLimit
from openai_cli.client.pace import Turn
from openai_cli.client.retry import TOO_MANY_REQUESTS
from openai_cli.errors import CliError

_LOOK = 0.2
"""Seconds between two looks whether a wait has become pointless."""


class NotSentError(CliError):
    """No more lines are to be started, and the server did nothing for this one."""

    kind = "not_sent"


class WorkerPace:
    """A `Pace` for the client of one worker, and its `sleep` before a request is sent again.

    Both raise NotSentError if they wait for a line that can be let go.
    """

    def __init__(self, limit: RateLimit) -> None:
        self._limit = limit
        self._stopped: Callable[[], bool] = lambda: False
        self._has_effect = False

    def begin(self, stopped: Callable[[], bool]) -> None:
        """The requests from now on are those of another line."""
        self._stopped, self._has_effect = stopped, False

    @contextmanager
    def turn(self) -> Iterator[Turn]:
        """As in `Pace`."""
        with self._limit.turn(self._let_go) as turn:
            try:
                yield turn
            finally:  # no answer may be a lost one
                self._has_effect = self._has_effect or turn.status != TOO_MANY_REQUESTS

    def sleep(self, seconds: float) -> None:
        """Wait."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._let_go()
            time.sleep(min(left, _LOOK))

    def _let_go(self) -> None:
        if not self._has_effect and self._stopped():
            raise NotSentError("no more lines are started")
