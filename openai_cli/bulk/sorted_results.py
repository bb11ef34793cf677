"""Results of one or more files, by line number: where each stands, without reading it in."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

from openai_cli.bulk.appended_file import AppendedFile, failure
from openai_cli.bulk.line_set import LineSet
from openai_cli.bulk.result import read_result


class SortedResults:
    """The results of these files in the order of their lines.

    Of several results for a line, the last one that did not fail counts, else the last one. Raises
    JournalError for a file that holds something else; a last line that is not whole is left out.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = paths
        self._starts = array("Q")
        self._files = array("H")
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
        with ExitStack() as stack:
            streams = [stack.enter_context(path.open("rb")) for path in self._paths]
            for number, start in enumerate(self._starts):
                if start:
                    stream = streams[self._files[number]]
                    stream.seek(start - 1)
                    yield stream.readline()

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


def sort_file(path: Path) -> None:
    """Put the results in a file in order; a crash leaves the file as it was, or sorted."""
    results = SortedResults([path])
    if results.stand_in_order:
        return
    ordered = AppendedFile(path.with_name(path.name + ".new"), anew=True)
    try:
        ordered.take_place(path, results.texts())
    finally:
        ordered.close()
