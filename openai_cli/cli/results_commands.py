"""`openai local results merge`: the results of several shards in one file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from openai_cli.bulk.appended_file import AppendedFile
from openai_cli.bulk.merge import Missing, jobs_of, missing_from, ranges_text
from openai_cli.bulk.sorted_results import SortedResults
from openai_cli.bulk.standing import counted
from openai_cli.cli.configuration import Configuration
from openai_cli.cli.option_reader import OptionReader
from openai_cli.errors import LinesFailedError, Problem, UsageError

if TYPE_CHECKING:
    from openai_cli.cli.session import Session


def merge(session: Session) -> None:
    """Print the results of all files in the order of their lines, and say what is missing.

    Raises LinesFailedError, after that, if a line is missing or failed; UsageError for files that
    do not belong together; JournalError for one that holds no results.
    """
    reader = OptionReader(Configuration(session.arguments.occurrences, session.env.environ))
    paths = [Path(word).expanduser() for word in session.arguments.words]
    if not paths:
        raise UsageError(problems=[Problem("FILE", "is required")])
    output, input_file = reader.last("--output"), reader.last("--input")
    if output and any(Path(output).resolve() == path.resolve() for path in paths):
        raise UsageError(problems=[Problem("--output", "is one of the files to merge")])
    jobs = jobs_of(paths)
    results = SortedResults(paths)
    missing = missing_from(results, jobs, Path(input_file).expanduser() if input_file else None)
    if output and output != "-":
        merged = AppendedFile(Path(output).expanduser(), anew=True)
        for text in results.texts():
            merged.append(text.decode().rstrip("\n"))
        merged.sync()
        merged.close()
    else:
        for text in results.texts():
            session.env.out.write_bytes(text)
    _report(results, missing, session)


def _report(results: SortedResults, missing: Missing, session: Session) -> None:
    failed = len(results.failed)
    parts = [counted(len(results.numbers), "result"), f"{failed} failed"]
    if results.repeated:
        parts.append(f"{results.repeated} of a line that has another result left out")
    session.env.say("note", ", ".join(parts))
    for warning in _warnings(missing):
        session.env.say("warning", warning)
    lacks = [f"{counted(missing.number, 'line')} missing"] if missing.number else []
    lacks += [f"{counted(len(missing.shards), 'shard')} missing"] if missing.shards else []
    lacks += [f"{counted(failed, 'line')} failed"] if failed else []
    if lacks:
        raise LinesFailedError("; ".join(lacks))


def _warnings(missing: Missing) -> Iterator[str]:
    for shard in missing.shards:
        yield f"no results of shard {shard}"
    if missing.lines:
        yield f"missing lines: {ranges_text(missing.lines)}"
    elif missing.lines is None and missing.number is None:
        yield "--input FILE, the file they are about, would tell which lines are missing"
