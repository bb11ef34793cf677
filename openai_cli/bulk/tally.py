"""Counts what became of the lines: by status, tokens, and how long they took."""

from __future__ import annotations

import threading
from array import array
from collections import Counter
from collections.abc import Mapping

from openai_cli.bulk.result import Result


class Tally:
    """The results of this call. Methods may be called by any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._statuses: Counter[str] = Counter()
        self._seconds = array("f")
        self.failed = 0
        self.tokens = 0

    def add(self, result: Result, seconds: float) -> None:
        """Count a result; `seconds` is the time from the line's first request to its end."""
        with self._lock:
            self._statuses[result.status] += 1
            self._seconds.append(seconds)
            self.failed += result.error is not None
            self.tokens += result.tokens

    @property
    def done(self) -> int:
        """The number of results."""
        return len(self._seconds)

    @property
    def statuses(self) -> Mapping[str, int]:
        """How many results there are of each status, the most frequent first."""
        with self._lock:
            return dict(self._statuses.most_common())

    def percentile(self, part: float) -> float:
        """The seconds within which this part of the lines was done; 0.5 is the median."""
        with self._lock:
            seconds = sorted(self._seconds)
        return seconds[min(int(part * len(seconds)), len(seconds) - 1)] if seconds else 0.0
