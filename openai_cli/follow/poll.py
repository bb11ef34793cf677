"""Waiting for a run that works on a server: asking for it again and again."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping

from openai_cli.api.statuses import STOPPED
from openai_cli.client.client import Client
from openai_cli.client.responses import Document
from openai_cli.client.retry import may_pass
from openai_cli.errors import ApiError, CliError, NoAnswerError
from openai_cli.follow.rules import WaitLimits
from openai_cli.follow.run import Run, as_run, placed, request_about, status_of

_LONGEST_PAUSE = 60.0
"""Seconds a server may make us wait between two questions."""
_SHORTEST_PAUSE = 0.1
"""Seconds between two questions to a server that asks for none."""
_LONGEST_SILENCE = 60.0
"""Seconds an answer about a run may take; asking anew is better than more of it."""
_SHORTEST_SILENCE = 1.0
"""Seconds an answer may take where the time to wait is nearly over."""
_GENTLE = 1.25
_SLOWEST = 5.0
"""Pauses grow to this many seconds, unless they begin longer."""
_FAILURES = 10
"""Questions in a row that may go wrong before the run is given up for lost."""


class WaitTimeoutError(NoAnswerError):
    """The run had not stopped when the time to wait for it was over; `last` is how it was."""

    kind = "wait_timeout"

    def __init__(self, message: str, last: Document | None) -> None:
        super().__init__(message)
        self.last = last


def is_stopped(run: Run) -> bool:
    """Whether the run has ended or waits for tool outputs."""
    return status_of(run) in STOPPED


class Poller:
    """Asks for a run until it has stopped; the patience is for all times that it waits.

    `pause` is called for each wait with the run as last seen and the seconds to wait.
    """

    def __init__(
        self,
        client: Client,
        patience: WaitLimits,
        pause: Callable[[Run, float], None],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._patience = patience
        self._pause = pause
        self._now = now
        self._left = patience.timeout

    def fetch(self, run: Run, *, within: float | None = None) -> Document:
        """The run as it is now; `within` as for `Client.send`.

        Raises NoAnswerError if the answer is no run.
        """
        answer = self._client.send(request_about(run, "retrieve"), within=within)
        if not isinstance(answer, Document) or as_run(answer.value) is None:
            raise NoAnswerError("the server was asked for the run, but answered something else")
        return answer

    def until_stopped(
        self,
        run: Run,
        last: Document | None,
        stopped: Callable[[Run], bool] = is_stopped,
    ) -> Document:
        """The run once it has stopped; `last` is the answer, if any, that told of `run`.

        Faults that may pass are waited out. Raises OutOfPatienceError when time is over, other
        errors when the server says no, or does not answer many times in a row.
        """
        deadline = self._now() + self._left
        try:
            return self._ask(run, last, stopped, deadline)
        finally:
            self._left = max(0.0, deadline - self._now())

    def _ask(
        self, run: Run, last: Document | None, stopped: Callable[[Run], bool], deadline: float
    ) -> Document:
        pause, failures = self._patience.interval, 0
        trouble: CliError | None = None
        wanted = _asked_pause(last.headers) if last else None
        while True:
            self._wait(run, pause if wanted is None else wanted, deadline, last, trouble)
            pause = max(self._patience.interval, min(pause * _GENTLE, _SLOWEST))
            try:
                last = self.fetch(run, within=self._silence(deadline))
            except CliError as error:
                failures, trouble = failures + 1, error
                if failures == _FAILURES or not _may_pass(error):
                    raise
                wanted = _pause_after(error)
                continue
            failures, trouble = 0, None
            wanted = _asked_pause(last.headers)
            run = placed(known(last), run)
            if stopped(run):
                return last

    def _silence(self, deadline: float) -> float:
        left = max(deadline - self._now(), _SHORTEST_SILENCE)
        return min(left, _LONGEST_SILENCE, self._client.settings.timeout)

    def _wait(
        self,
        run: Run,
        seconds: float,
        deadline: float,
        last: Document | None,
        trouble: CliError | None,
    ) -> None:
        left = deadline - self._now()
        if left <= 0:
            message = f"the run {run['id']} had not ended after {self._patience.timeout:g} s"
            seen = f"; it was {status_of(run)}" if run.get("status") else ""
            missed = f", and could not be seen again: {trouble.message}" if trouble else ""
            raise WaitTimeoutError(f"{message}{seen}{missed}", last)
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
    if not (math.isfinite(seconds) and seconds >= 0):
        return None
    return min(max(seconds, _SHORTEST_PAUSE), _LONGEST_PAUSE)


def _pause_after(error: CliError) -> float | None:
    """Seconds to wait after a refusal that says how long."""
    wanted = error.retry_after if isinstance(error, ApiError) else None
    return None if wanted is None else min(max(wanted, _SHORTEST_PAUSE), _LONGEST_PAUSE)


def _may_pass(error: CliError) -> bool:
    if isinstance(error, ApiError):
        return may_pass(error.status or 0)
    return isinstance(error, NoAnswerError)
