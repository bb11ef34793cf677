"""Merges the results of several shards, and finds the lines that are missing."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from openai_cli.api.check import shown
from openai_cli.bulk.custom_ids import CustomIds
from openai_cli.bulk.input_file import InputFile
from openai_cli.bulk.journal import Job, read_job
from openai_cli.bulk.line_set import LineSet
from openai_cli.bulk.open_input import open_input
from openai_cli.bulk.shard import Shard, read_shard
from openai_cli.bulk.sorted_results import SortedResults
from openai_cli.errors import Problem, UsageError

_MOST_RANGES = 20


class Missing(NamedTuple):
    """What is missing from the results: shards without a file, and lines.

    `lines` is None without an input file to compare with; their `number` is then computed from the
    line counts in the state files, and is None without these.
    """

    shards: tuple[Shard, ...]
    lines: LineSet | None
    number: int | None


class RepeatedIds:
    """Finds each `custom_id` that several lines have."""

    def __init__(self) -> None:
        self._ids = CustomIds()
        self._found: list[str] = []
        self._more = 0

    def looking(self, texts: Iterable[bytes]) -> Iterator[bytes]:
        """Yields the results unchanged, and collects repeated ids on the way."""
        for text in texts:
            self._look(json.loads(text))
            yield text

    def warnings(self) -> Iterator[str]:
        """The repeated ids as warnings; the last warning counts those left out."""
        yield from self._found
        if self._more:
            yield f"{self._more} more lines with the custom_id of another"

    def _look(self, result: dict[str, Any]) -> None:
        ident, number = result.get("custom_id"), result["line"]
        first = self._ids.add(ident, number) if isinstance(ident, str) else 0
        if first and len(self._found) < _MOST_RANGES:
            self._found.append(
                f"lines {first} and {number} have the same custom_id: {shown(ident)}"
            )
        elif first:
            self._more += 1


def jobs_of(paths: Sequence[Path]) -> list[Job]:
    """The jobs of the files that have a state file.

    Raises UsageError if they are about different inputs or requests.
    """
    found = [(path, job) for path in paths if (job := read_job(path)) is not None]
    problems = []
    for path, job in found[1:]:
        first_path, first = found[0]
        if (job.digest, job.flags) != (first.digest, first.flags):
            problems.append(Problem(str(path), f"belongs to another job than {first_path}"))
        elif read_shard(job.shard).parts != read_shard(first.shard).parts:
            what = f"it is shard {job.shard}, and {first_path} is shard {first.shard}"
            problems.append(Problem(str(path), what))
    if problems:
        raise UsageError(problems=problems)
    return [job for _, job in found]


def missing_from(results: SortedResults, jobs: Sequence[Job], input_file: Path | None) -> Missing:
    """What is missing. Raises UsageError if `input_file` is not the input of these jobs."""
    shards = tuple(_missing_shards(jobs))
    if input_file is not None:
        lines = _lines_without(results, jobs, input_file)
        return Missing(shards, lines, len(lines))
    counts = {job.shard: job.lines for job in jobs}
    known = [lines for lines in counts.values() if lines is not None]
    is_known = bool(jobs) and len(known) == len(counts) and not shards
    return Missing(shards, None, max(0, sum(known) - len(results.numbers)) if is_known else None)


def ranges_text(lines: LineSet) -> str:
    """`5, 17-20`; a long list ends with an ellipsis."""
    texts: list[str] = []
    for first, last in lines.ranges():
        if len(texts) == _MOST_RANGES:
            return ", ".join([*texts, "…"])
        texts.append(str(first) if first == last else f"{first}-{last}")
    return ", ".join(texts)


def _missing_shards(jobs: Sequence[Job]) -> Iterator[Shard]:
    shards = [read_shard(job.shard) for job in jobs]
    for part in range(1, shards[0].parts + 1) if shards else ():
        shard = Shard(part, shards[0].parts)
        if shard not in shards:
            yield shard


def _lines_without(results: SortedResults, jobs: Sequence[Job], input_file: Path) -> LineSet:
    opened = open_input(str(input_file), None, "--input")
    try:
        lines = InputFile(opened.source, "", is_csv=opened.is_csv)
        found = LineSet()
        for line in lines.lines():
            if line.number not in results.numbers:
                found.add(line.number)
    except (OSError, ValueError) as error:
        raise UsageError(problems=[Problem("--input", str(error))]) from None
    finally:
        opened.source.close()
    if jobs and jobs[0].digest not in (None, lines.digest):
        raise UsageError(problems=[Problem("--input", "the results are from another file")])
    return found
