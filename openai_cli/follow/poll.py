"""Waiting for a run on a server by polling it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping

from openai_cli.api.statuses import STOPPED
from openai_cli.client.client import Client
from openai_cli.client.responses import Document
from openai_cli.client.retry import is_transient
from openai_cli.errors import ApiError, CliError, NoAnswerError
from openai_cli.follow.follow_options import WaitLimits
from openai_cli.follow.run import Run, as_run, request_about, status_of, with_ids_of

_MAX_PAUSE = 60.0
"""Seconds a server may ask us to wait between two polls."""
_MIN_PAUSE = 0.1
"""Seconds between two polls at least, if a server asks for less."""
_MAX_ANSWER_TIME = 60.0
"""Seconds one poll may take before it is given up and repeated."""
_MIN_ANSWER_TIME = 1.0
"""Seconds one poll may take at least, however little time is left."""
_PAUSE_GROWTH = 1.25
_MAX_GROWN_PAUSE = 5.0
"""Pauses grow to this many seconds, unless they begin longer."""
_MAX_FAILURES = 10
"""Polls that may fail in a row before the wait is given up."""


class WaitTimeoutError(NoAnswerError):
    """The run had not stopped within the time limit; `last` is the last answer about it."""

    kind = "wait_timeout"

    def __init__(self, message: str, last: Document | None) -> None:
        super().__init__(message)
        self.last = last


def is_stopped(run: Run) -> bool:
    """Whether the run has ended or waits for tool outputs."""
    return status_of(run) in STOPPED


class Poller:
    """Polls a run until it has stopped; the time limit is for all waits together.

    `pause` is called for each wait with the run as last seen and the seconds to wait.
    """

    def __init__(
        self,
        client: Client,
        limits: WaitLimits,
        pause: Callable[[Run, float], None],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._limits = limits
        self._pause = pause
        self._now = now
        self._remaining = limits.timeout

    def fetch(self, run: Run, *, attempt_timeout: float | None = None) -> Document:
        """The run as it is now; `attempt_timeout` as for `Client.send`.

        Raises NoAnswerError if the answer is no run.
        """
        answer = self._client.send(request_about(run, "retrieve"), attempt_timeout=attempt_timeout)
        if not isinstance(answer, Document) or as_run(answer.value) is None:
            raise NoAnswerError("the server was asked for the run, but answered something else")
        return answer

    def until_stopped(
        self,
        run: Run,
        last: Document | None,
        stopped: Callable[[Run], bool] = is_stopped,
    ) -> Document:
        """The run once it has stopped; `last` is the answer, if any, that `run` came from.

        Transient failures are retried. Raises WaitTimeoutError when the time is up, ApiError when
        the server refuses, the last error after many failures in a row.
        """
        deadline = self._now() + self._remaining
        try:
            return self._ask(run, last, stopped, deadline)
        finally:
            self._remaining = max(0.0, deadline - self._now())

    def _ask(
        self, run: Run, last: Document | None, stopped: Callable[[Run], bool], deadline: float
    ) -> Document:
        pause, failures = self._limits.interval, 0
        last_error: CliError | None = None
        asked_pause = _asked_pause(last.headers) if last else None
        while True:
            self._wait(
                run, pause if asked_pause is None else asked_pause, deadline, last, last_error
            )
            pause = max(self._limits.interval, min(pause * _PAUSE_GROWTH, _MAX_GROWN_PAUSE))
            try:
                last = self.fetch(run, attempt_timeout=self._answer_time(deadline))
            except CliError as error:
                failures, last_error = failures + 1, error
                if failures == _MAX_FAILURES or not _is_transient(error):
                    raise
                asked_pause = _pause_after(error)
                continue
            failures, last_error = 0, None
            asked_pause = _asked_pause(last.headers)
            run = with_ids_of(run_in(last), run)
            if stopped(run):
                return last

    def _answer_time(self, deadline: float) -> float:
        left = max(deadline - self._now(), _MIN_ANSWER_TIME)
        return min(left, _MAX_ANSWER_TIME, self._client.settings.timeout)

    def _wait(
        self,
        run: Run,
        seconds: float,
        deadline: float,
        last: Document | None,
        last_error: CliError | None,
    ) -> None:
        left = deadline - self._now()
        if left <= 0:
            message = f"the run {run['id']} had not ended after {self._limits.timeout:g} s"
            seen = f"; it was {status_of(run)}" if run.get("status") else ""
            missed = f", and could not be seen again: {last_error.message}" if last_error else ""
            raise WaitTimeoutError(f"{message}{seen}{missed}", last)
        self._pause(run, min(seconds, left))


def run_in(document: Document) -> Run:
    """The run in an answer that is one; its numbers are texts."""
    return as_run(document.value) or {}


def _asked_pause(headers: Mapping[str, str]) -> float | None:
    """Seconds the server asks to wait, if it does: `openai-poll-after-ms`."""
    try:
        seconds = float(headers.get("openai-poll-after-ms", "")) / 1000
    except ValueError:
        return None
    if not (math.isfinite(seconds) and seconds >= 0):
        return None
    return min(max(seconds, _MIN_PAUSE), _MAX_PAUSE)


def _pause_after(error: CliError) -> float | None:
    """Seconds to wait after a refusal that says how long."""
    asked_pause = error.retry_after if isinstance(error, ApiError) else None
    return None if asked_pause is None else min(max(asked_pause, _MIN_PAUSE), _MAX_PAUSE)


def _is_transient(error: CliError) -> bool:
    if isinstance(error, ApiError):
        return is_transient(error.status or 0)
    return isinstance(error, NoAnswerError)
