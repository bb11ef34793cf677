"""The rate limit that all workers share: set by the user, and lowered when the server refuses.

After a 429, all workers pause for as long as the server asks. Then a single request is sent, and
each answer raises the number of requests in flight, like TCP's slow start.
"""

from __future__ import annotations

import re
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from openai_cli.client.retry import TOO_MANY_REQUESTS, asked_wait

_MINUTE = 60.0
_FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 60.0
"""Longest pause, in seconds, that the server did not ask for."""
_LONGEST_ASKED = 3600.0
"""Longest pause, in seconds, that a server can ask for."""
_LOOK = 1.0
"""Longest time, in seconds, between two checks while waiting."""
_KINDS = ("requests", "tokens")
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)?")
_UNITS = {"ms": 0.001, "": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


class RateLimit:
    """Decides when the next request may be sent; all workers share it (see `client.pace.Pace`).

    `requests` and `tokens` are limits per minute, None for no limit. Requests are spaced evenly.
    A run's tokens are known at its end; until then it counts as the average of the last minute.
    """

    def __init__(
        self,
        concurrency: int,
        *,
        requests: int | None = None,
        tokens: int | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._condition = threading.Condition()
        self._now = now
        self._most = float(concurrency)
        self._window = self._most
        self._threshold = self._most
        self._in_flight = 0
        self._not_before = 0.0
        self._spacing = _MINUTE / requests if requests else 0.0
        self._next_slot = 0.0
        self._slowed_at = 0.0
        self._refusals = 0
        self._tokens = _TokensPerMinute(tokens) if tokens else None

    @property
    def pause(self) -> float:
        """Seconds until requests are sent again; 0 if they are not paused."""
        return max(0.0, self._not_before - self._now())

    @contextmanager
    def turn(self, look: Callable[[], None] = lambda: None) -> Iterator[_Turn]:
        """Wait until one request may be sent; leave the context when its answer begins.

        `look` is called repeatedly while waiting; an error that it raises ends the wait.
        """
        turn = _Turn(self, self._enter(look))
        try:
            yield turn
        finally:
            self._leave(turn)

    def may_start(self, stopped: Callable[[], bool]) -> bool:
        """Wait until one more run may be started; False if `stopped` before. Pairs with `ended`."""
        while not stopped():
            with self._condition:
                wait = max(self.pause, self._tokens.wait(self._now()) if self._tokens else 0.0)
                if not wait:
                    if self._tokens:
                        self._tokens.started()
                    return True
                self._condition.wait(min(wait, 0.2))
        return False

    def ended(self, tokens: int) -> None:
        """Report the end of a run that `may_start` allowed, and its tokens."""
        if self._tokens:
            with self._condition:
                self._tokens.ended(self._now(), tokens)
                self._condition.notify_all()

    def _enter(self, look: Callable[[], None]) -> float:
        """Wait until a request may be sent; returns the time at which that was granted."""
        with self._condition:
            while True:
                now = self._now()
                wait = max(self._not_before, self._next_slot) - now
                if wait <= 0 and self._in_flight < int(self._window):
                    break
                look()
                self._condition.wait(min(wait, _LOOK) if wait > 0 else _LOOK)
            self._in_flight += 1
            if self._spacing:
                self._next_slot = max(now, self._next_slot) + self._spacing
            return now

    def _leave(self, turn: _Turn) -> None:
        with self._condition:
            self._in_flight -= 1
            if turn.status:
                self._learn(turn)
            self._condition.notify_all()

    def _learn(self, turn: _Turn) -> None:
        now, asked = self._now(), asked_wait(turn.headers)
        if turn.status == TOO_MANY_REQUESTS or (turn.status >= 500 and asked is not None):
            self._slow_down(turn, asked)
        elif turn.status < 500:
            self._refusals = 0
            if self._window < self._most:
                step = 1.0 if self._window < self._threshold else 1.0 / self._window
                self._window = min(self._most, self._window + step)
        for kind in _KINDS:
            if turn.headers.get(f"x-ratelimit-remaining-{kind}", "").strip() == "0":
                self._wait_until(now + seconds_in(turn.headers.get(f"x-ratelimit-reset-{kind}")))

    def _slow_down(self, turn: _Turn, asked: float | None) -> None:
        # Of the requests that were in flight at the same time, only the first refusal counts.
        if turn.sent_at >= self._slowed_at:
            self._threshold = max(1.0, self._window / 2)
            self._window = 1.0
            self._slowed_at = self._now()
            self._refusals += 1
        grown = min(_FIRST_PAUSE * 2.0 ** (self._refusals - 1), _LONGEST_PAUSE)
        self._wait_until(self._now() + (grown if asked is None else asked))

    def _wait_until(self, when: float) -> None:
        self._not_before = max(self._not_before, min(when, self._now() + _LONGEST_ASKED))


class _Turn:
    """One request in flight, and the status and headers of its answer."""

    def __init__(self, owner: RateLimit, sent_at: float) -> None:
        self._owner = owner
        self.sent_at = sent_at
        self.status = 0
        self.headers: Mapping[str, str] = {}

    def answered(self, status: int, headers: Mapping[str, str]) -> None:
        """Keep the status and headers of the answer."""
        self.status, self.headers = status, headers


class _TokensPerMinute:
    """The tokens used in the last minute, plus an estimate for the runs in flight."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._ended: deque[tuple[float, int]] = deque()
        self._sum = 0
        self._in_flight = 0
        self._average = 0.0

    def wait(self, now: float) -> float:
        """Estimated seconds until one more run is within the limit; 0 if it is now."""
        while self._ended and self._ended[0][0] <= now - _MINUTE:
            self._sum -= self._ended.popleft()[1]
        if self._sum + (self._in_flight + 1) * self._average <= self._limit:
            return 0.0
        if not self._ended:
            return 1.0 if self._in_flight else 0.0
        return max(0.001, self._ended[0][0] + _MINUTE - now)

    def started(self) -> None:
        self._in_flight += 1

    def ended(self, now: float, tokens: int) -> None:
        self._in_flight -= 1
        if tokens:
            self._ended.append((now, tokens))
            self._sum += tokens
            self._average = self._sum / len(self._ended)


def seconds_in(text: str | None) -> float:
    """Seconds in a duration like those of `x-ratelimit-reset-…`: `1m30.5s`, `20ms`, `7`; else 0."""
    text = (text or "").strip()
    parts = _DURATION.findall(text)
    if "".join(number + unit for number, unit in parts) != text:
        return 0.0
    return sum(float(number) * _UNITS[unit] for number, unit in parts)
