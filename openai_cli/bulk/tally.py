"""Statistics of the finished lines: statuses, tokens, durations."""

from __future__ import annotations

import threading
from array import array
from collections import Counter
from collections.abc import Mapping

from openai_cli.bulk.job_progress import counted, duration
from openai_cli.bulk.line_result import LineResult


class Tally:
    """Counts the results of this call; thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._statuses: Counter[str] = Counter()
        self._seconds = array("f")
        self.failed = 0
        self.tokens = 0

    def add(self, result: LineResult, seconds: float) -> None:
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
        """The number of results by status, the most frequent status first."""
        with self._lock:
            return dict(self._statuses.most_common())

    def percentile(self, part: float) -> float:
        """A percentile of the lines' durations, in seconds; `part` 0.5 is the median."""
        with self._lock:
            seconds = sorted(self._seconds)
        return seconds[min(int(part * len(seconds)), len(seconds) - 1)] if seconds else 0.0


def summary_line(tally: Tally, seconds: float) -> str:
    """The statistics in one line; `seconds` is the duration of the call."""
    rate = tally.done / seconds if seconds else 0.0
    statuses = ", ".join(f"{count:,} {status}" for status, count in tally.statuses.items())
    speed = f"{counted(tally.done, 'line')} in {duration(seconds)} ({rate:.1f}/s)"
    parts = [f"{speed}: {statuses or 'none'}"]
    if tally.tokens:
        parts.append(f"{tally.tokens:,} tokens")
    if tally.done:
        half, most = tally.percentile(0.5), tally.percentile(0.95)
        parts.append(f"a line took {half:.2f} s (median), {most:.2f} s (95 %)")
    return "; ".join(parts)
