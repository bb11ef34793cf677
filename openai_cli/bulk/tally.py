"""Counts what became of the lines: by status, tokens, and how long they took."""

from __future__ import annotations

import threading
from array import array
from collections import Counter
from collections.abc import Mapping

from openai_cli.bulk.line_result import LineResult
from openai_cli.bulk.standing import counted, duration


class Tally:
    """The results of this call. Methods may be called by any thread."""

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
        """How many results there are of each status, the most frequent first."""
        with self._lock:
            return dict(self._statuses.most_common())

    def percentile(self, part: float) -> float:
        """The seconds within which this part of the lines was done; 0.5 is the median."""
        with self._lock:
            seconds = sorted(self._seconds)
        return seconds[min(int(part * len(seconds)), len(seconds) - 1)] if seconds else 0.0


def summary_line(tally: Tally, seconds: float) -> str:
    """The results of a call that took so long, in one line."""
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
