"""Waiting for a run that works on a server: asking for it again and again."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping

from openai_cli.client.answers import Document
from openai_cli.client.client import Client
from openai_cli.client.retry import RETRY_STATUSES
from openai_cli.errors import ApiError, CliError, NoAnswerError
from openai_cli.follow.rules import Patience
from openai_cli.follow.run import STOPPED, Run, as_run, request_about, status_of

_LONGEST_PAUSE = 60.0
"""Seconds a server may make us wait between two questions."""
_GENTLE = 1.25
_SLOWEST = 5.0
"""Pauses grow to this many seconds, unless they begin longer."""
_FAILURES = 5
"""Questions in a row that may go wrong before the run is given up for lost."""


class OutOfPatienceError(NoAnswerError):
    """The run had not stopped when the time to wait for it was over; `last` is how it was."""

    kind = "wait_timeout"

    def __init__(self, message: str, last: Document | None) -> None:
        super().__init__(message)
        self.last = last


def is_stopped(run: Run) -> bool:
    """Whether the run has ended or waits for tool outputs."""
    return status_of(run) in STOPPED


class Poller:
    """Asks for a run until it has stopped.

    `pause` is called for each wait with the run as last seen and the seconds to wait.
    """

    def __init__(
        self,
        client: Client,
        patience: Patience,
        pause: Callable[[Run, float], None],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._patience = patience
        self._pause = pause
        self._now = now

    def fetch(self, run: Run) -> Document:
        """The run as it is now. Raises NoAnswerError if the answer is no run."""
        answer = self._client.send(request_about(run, "retrieve"))
        if not isinstance(answer, Document) or as_run(answer.value) is None:
            raise NoAnswerError("the server was asked for the run, but answered something else")
        return answer

    def until_stopped(
        self,
        run: Run,
        headers: Mapping[str, str],
        stopped: Callable[[Run], bool] = is_stopped,
    ) -> Document:
        """The run once it has stopped; `run` and `headers` are the last that is known of it.

        Faults that may pass are waited out. Raises OutOfPatienceError when time is over, other
        errors when the server says no, or does not answer several times in a row.
        """
        deadline = self._now() + self._patience.timeout
        pause, failures = self._patience.interval, 0
        last: Document | None = None
        while True:
            wanted = _asked_pause(headers)
            self._wait(run, pause if wanted is None else wanted, deadline, last)
            pause = max(self._patience.interval, min(pause * _GENTLE, _SLOWEST))
            try:
                last = self.fetch(run)
            except CliError as error:
                failures += 1
                if failures == _FAILURES or not _may_pass(error):
                    raise
                headers = {}
                continue
            failures, headers = 0, last.headers
            run = known(last)
            if stopped(run):
                return last

    def _wait(self, run: Run, seconds: float, deadline: float, last: Document | None) -> None:
        left = deadline - self._now()
        if left <= 0:
            waited = f"{self._patience.timeout:g} s"
            raise OutOfPatienceError(
                f"the run {run['id']} is still {status_of(run)} after {waited}", last
            )
        self._pause(run, min(seconds, left))


def known(document: Document) -> Run:
    """The run in an answer that is known to be one; its numbers are texts."""
    return as_run(document.value) or {}


def _asked_pause(headers: Mapping[str, str]) -> float | None:
    """Seconds the server asks to wait, if it does: `openai-poll-after-ms`."""
    try:
        seconds = float(headers.get("openai-poll-after-ms", "")) / 1000
    except ValueError:
        return None
    return min(seconds, _LONGEST_PAUSE) if math.isfinite(seconds) and seconds >= 0 else None


def _may_pass(error: CliError) -> bool:
    if isinstance(error, ApiError):
        status = error.status or 0
        return status in RETRY_STATUSES or status >= 500
    return isinstance(error, NoAnswerError)
