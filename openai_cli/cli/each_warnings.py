"""Warnings about lines of `--each`: each is shown once, repetitions are counted."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator

from openai_cli.output.sink import Sink

_MOST = 20
"""Number of distinct warnings that are shown; the others are only counted."""
_WARNING = "warning: "


class Warnings:
    """Collects warnings of all threads; `show` prints each new one."""

    def __init__(self, show: Callable[[str], None]) -> None:
        self._show = show
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._more = 0

    def add(self, text: str, line: int | None = None) -> None:
        """Count the warning, and show it if it is new."""
        with self._lock:
            if text not in self._counts and len(self._counts) >= _MOST:
                self._more += 1
                return
            self._counts[text] += 1
            is_new = self._counts[text] == 1
        if is_new:
            self._show(text if line is None else f"line {line}: {text}")

    def repetitions(self) -> Iterator[str]:
        """Lines with the counts of warnings that were not shown."""
        for text, count in self._counts.items():
            if count > 1:
                yield f"{count - 1} times more: {text}"
        if self._more:
            yield f"{self._more} further warnings"


class WarningSink(Sink):
    """The stderr of one line's run: warnings are collected, notes and progress are dropped."""

    def __init__(self, warnings: Warnings, line: int) -> None:
        super().__init__(None)
        self._warnings = warnings
        self._line = line

    def write(self, text: str) -> None:
        """Take one message of `Env.say`, without colours."""
        if text.startswith(_WARNING):
            self._warnings.add(text.removeprefix(_WARNING).rstrip("\n"), self._line)
