"""Results of one or more files, by line number: where each stands, without reading it in."""

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

    Of several results for a line, the last one that did not fail counts, else the last one. Raises
    JournalError for a file that holds something else; a last line that is not whole is left out.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = paths
        self._starts = array("Q")
        self._files = array("L")
        self.numbers = LineSet()
        self.failed = LineSet()
        self.repeated = 0
        """Results that another one of the same line stands in for."""
        self.stand_in_order = True
        """Whether the files have them in this order already."""
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
        self.stand_in_order = self.stand_in_order and number > self._last
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
    """Files that are read by turns; a few of them are open at a time."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = paths
        self._open: dict[int, BinaryIO] = {}

    def line(self, index: int, start: int) -> bytes:
        """The line of a file that begins at that byte."""
        try:
            stream = self._open.pop(index, None) or self._opened(index)
            self._open[index] = stream  # the one that was used last comes last
            stream.seek(start)
            return stream.readline()
        except OSError as error:
            raise failure(self._paths[index], "read", error) from None

    def close(self) -> None:
        """Close all."""
        for stream in self._open.values():
            stream.close()

    def _opened(self, index: int) -> BinaryIO:
        if len(self._open) >= _MOST_OPEN:
            self._open.pop(next(iter(self._open))).close()
        return self._paths[index].open("rb")


def sort_file(path: Path) -> None:
    """Put the results in a file in order; a crash leaves the file as it was, or sorted."""
    results = SortedResults([path])
    if results.stand_in_order:
        return
    ordered = replacement(path)
    try:
        ordered.take_place(path, results.texts())
    finally:
        ordered.close()
