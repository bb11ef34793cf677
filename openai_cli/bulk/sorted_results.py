"""An index of the results in one or more files: line number to file and offset."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import BinaryIO

from openai_cli.bulk.appended_file import failure, replacement
from openai_cli.bulk.line_result import read_result
from openai_cli.bulk.line_set import LineSet

_MOST_OPEN = 32


class SortedResults:
    """The results of these files in the order of their lines.

    Of several results for a line, the last one that did not fail counts, else the last one. An
    incomplete last line is ignored. Raises JournalError if a file holds anything but results.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = paths
        self._starts = array("Q")
        self._files = array("L")
        self.numbers = LineSet()
        self.failed = LineSet()
        self.repeated = 0
        """Number of results that another result for the same line replaces."""
        self.already_sorted = True
        """Whether the files already have the results in this order."""
        self._last = 0
        for index, path in enumerate(paths):
            self._read(index, path)

    def texts(self) -> Iterator[bytes]:
        """The results, one line each, with their line breaks."""
        files = _OpenFiles(self._paths)
        with closing(files):
            for number, start in enumerate(self._starts):
                if start:
                    yield files.line(self._files[number], start - 1)

    def _read(self, index: int, path: Path) -> None:
        start = 0
        try:
            with path.open("rb") as stream:
                for at, line in enumerate(stream, 1):
                    if not line.endswith(b"\n"):
                        break
                    number, failed, _ = read_result(line, path, at)
                    self._add(number, index, start, failed=failed)
                    start += len(line)
        except OSError as error:
            raise failure(path, "read", error) from None

    def _add(self, number: int, index: int, start: int, *, failed: bool) -> None:
        self.already_sorted = self.already_sorted and number > self._last
        self._last = number
        if number in self.numbers:
            self.repeated += 1
            if failed and number not in self.failed:
                return
        missing = number + 1 - len(self._starts)
        if missing > 0:
            self._starts.extend([0] * missing)
            self._files.extend([0] * missing)
        self._starts[number], self._files[number] = start + 1, index
        self.numbers.add(number)
        (self.failed.add if failed else self.failed.remove)(number)


class _OpenFiles:
    """Files read in alternation, of which only a few are open at a time (least recently used)."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = paths
        self._open: dict[int, BinaryIO] = {}

    def line(self, index: int, start: int) -> bytes:
        """The line that begins at byte `start` of a file."""
        try:
            stream = self._open.pop(index, None) or self._opened(index)
            self._open[index] = stream  # the most recently used file comes last
            stream.seek(start)
            return stream.readline()
        except OSError as error:
            raise failure(self._paths[index], "read", error) from None

    def close(self) -> None:
        """Close all files."""
        for stream in self._open.values():
            stream.close()

    def _opened(self, index: int) -> BinaryIO:
        if len(self._open) >= _MOST_OPEN:
            self._open.pop(next(iter(self._open))).close()
        return self._paths[index].open("rb")


def sort_file(path: Path) -> None:
    """Sort the results in a file; after a crash, the file is either unchanged or sorted."""
    results = SortedResults([path])
    if results.already_sorted:
        return
    ordered = replacement(path)
    try:
        ordered.replace(path, results.texts())
    finally:
        ordered.close()
