"""`openai local results merge`: the results of several shards in one file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING

from openai_cli.bulk.appended_file import JournalError, replacement
from openai_cli.bulk.job_progress import counted
from openai_cli.bulk.merge import Missing, RepeatedIds, jobs_of, missing_from, ranges_text
from openai_cli.bulk.sorted_results import SortedResults
from openai_cli.cli.configuration import Configuration
from openai_cli.cli.option_reader import OptionReader
from openai_cli.cli.output_place import OutputPlace, close_device, output_place
from openai_cli.errors import LinesFailedError, Problem, UsageError
from openai_cli.output.sink import Sink

if TYPE_CHECKING:
    from openai_cli.cli.env import Env
    from openai_cli.cli.session import Session


def merge(session: Session) -> None:
    """Print the results of all files in the order of their lines, and report what is missing.

    Raises UsageError for files of different jobs, and for files that cannot be read or have no
    results; after printing, LinesFailedError if a line is missing or failed.
    """
    reader = OptionReader(Configuration(session.arguments.occurrences, session.env.environ))
    paths = [Path(word).expanduser() for word in session.arguments.words]
    if not paths:
        raise UsageError(problems=[Problem("FILE", "is required")])
    output, input_file = reader.last("--output"), reader.last("--input")
    input_path = Path(input_file).expanduser() if input_file else None
    place = output_place(output) if output and output != "-" else None
    if place:
        _check_output(place.path, paths, input_path)
    try:
        jobs = jobs_of(paths)
        results = SortedResults(paths)
    except JournalError as error:
        raise UsageError(problems=[Problem("FILE", error.message)], hint=error.hint) from None
    missing = missing_from(results, jobs, input_path)
    repeats = RepeatedIds()
    _write(repeats.looking(results.texts()), place, session.env)
    _report(results, missing, repeats, session)


def _check_output(output: Path, paths: Sequence[Path], input_path: Path | None) -> None:
    """Raise UsageError if the output would replace an input."""
    what = None
    if any(_is_same(output, path) for path in paths):
        what = "is one of the files to merge"
    elif input_path and _is_same(output, input_path):
        what = "is the file of --input"
    if what:
        raise UsageError(problems=[Problem("--output", what)])


def _is_same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False  # one of the files does not exist


def _write(texts: Iterator[bytes], place: OutputPlace | None, env: Env) -> None:
    if place and place.is_file:
        with closing(replacement(place.path)) as merged:
            merged.replace(place.path, texts)
        return
    with ExitStack() as stack:
        sink = env.out
        if place:
            device = place.open_device()
            stack.callback(close_device, device)
            sink = Sink(device)
        for text in texts:
            sink.write_bytes(text)


def _report(
    results: SortedResults, missing: Missing, repeats: RepeatedIds, session: Session
) -> None:
    failed = len(results.failed)
    parts = [counted(len(results.numbers), "result"), f"{failed} failed"]
    if results.repeated:
        parts.append(f"{results.repeated} replaced by another result of the same line")
    session.env.say("note", ", ".join(parts))
    for warning in (*repeats.warnings(), *_warnings(missing)):
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
        yield "add --input FILE, the input of these results, to list the missing lines"
