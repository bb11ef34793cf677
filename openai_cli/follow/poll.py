"""Polls a run until it stops."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping

from openai_cli.api.statuses import STOPPED
from openai_cli.client.client import Client
from openai_cli.client.responses import Document
from openai_cli.client.retry import LONGEST_WAIT, is_transient
from openai_cli.errors import ApiError, CliError, NoAnswerError
from openai_cli.follow.follow_options import WaitLimits
from openai_cli.follow.run import Run, as_run, request_about, status_of, with_ids_of

_MAX_PAUSE = 60.0
"""Longest pause between polls, in seconds, that a server can ask for."""
_MIN_PAUSE = 0.1
"""Shortest pause between polls, in seconds, that a server can ask for."""
_MAX_ANSWER_TIME = 60.0
"""Timeout of one poll, in seconds; the poll is then repeated."""
_MIN_ANSWER_TIME = 1.0
"""Shortest timeout of one poll, in seconds, even if less time is left."""
_PAUSE_GROWTH = 1.25
_MAX_GROWN_PAUSE = 5.0
"""Limit of growing pauses, in seconds, unless the interval is longer."""
_MAX_FAILURES = 10
"""Consecutive failed polls after which waiting ends with the error."""


class WaitTimeoutError(NoAnswerError):
    """The run did not stop within the time limit; `last` is the last answer about it."""

    kind = "wait_timeout"

    def __init__(self, message: str, last: Document | None) -> None:
        super().__init__(message)
        self.last = last


def is_stopped(run: Run) -> bool:
    """Whether the run has ended or waits for tool outputs."""
    return status_of(run) in STOPPED


class Poller:
    """Polls a run until it stops; the time limit covers all waits together.

    `pause` is called for each wait, with the run as last seen and the seconds to wait.
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
        """Fetch the run; `attempt_timeout` is as in `Client.send`.

        Raises NoAnswerError if the answer is not a run.
        """
        answer = self._client.send(request_about(run, "retrieve"), attempt_timeout=attempt_timeout)
        if not isinstance(answer, Document) or as_run(answer.value) is None:
            raise NoAnswerError("the server's answer to a request for the run is not a run")
        return answer

    def until_stopped(
        self,
        run: Run,
        last: Document | None,
        stopped: Callable[[Run], bool] = is_stopped,
    ) -> Document:
        """Wait until the run has stopped, and return it; `last` is the answer that held `run`.

        Transient failures are retried. Raises WaitTimeoutError at the time limit, ApiError if the
        server refuses, and the last error after _MAX_FAILURES consecutive failures.
        """
        deadline = self._now() + self._remaining
        try:
            return self._poll(run, last, stopped, deadline)
        finally:
            self._remaining = max(0.0, deadline - self._now())

    def _poll(
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
            seen = f"; its last status was {status_of(run)}" if run.get("status") else ""
            missed = f"; the last poll failed: {last_error.message}" if last_error else ""
            raise WaitTimeoutError(f"{message}{seen}{missed}", last)
        self._pause(run, min(seconds, left))


def run_in(document: Document) -> Run:
    """The run in an answer, empty if it holds none; numbers are str."""
    return as_run(document.value) or {}


def _asked_pause(headers: Mapping[str, str]) -> float | None:
    """Seconds the server asks to wait by `openai-poll-after-ms`, or None."""
    try:
        seconds = float(headers.get("openai-poll-after-ms", "")) / 1000
    except ValueError:
        return None
    if not (math.isfinite(seconds) and seconds >= 0):
        return None
    return min(max(seconds, _MIN_PAUSE), _MAX_PAUSE)


def _pause_after(error: CliError) -> float | None:
    """Seconds to wait after a refusal with Retry-After, or None."""
    asked_pause = error.retry_after if isinstance(error, ApiError) else None
    return None if asked_pause is None else min(max(asked_pause, _MIN_PAUSE), LONGEST_WAIT)


def _is_transient(error: CliError) -> bool:
    if isinstance(error, ApiError):
        return is_transient(error.status or 0)
    return isinstance(error, NoAnswerError)
