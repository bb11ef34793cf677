"""`--each`: one run for each line of a file, from one process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import NamedTuple

from openai_cli.api.operation import Operation
from openai_cli.bulk.appended_file import JournalError
from openai_cli.bulk.input_file import InputFile, InputLine
from openai_cli.bulk.journal import Job, Journal
from openai_cli.bulk.line_requests import LineRequests
from openai_cli.bulk.open_input import Input, open_input
from openai_cli.bulk.result_stream import ResultStream
from openai_cli.bulk.templates import begins_with_column, columns_in
from openai_cli.cli.each_options import EachOptions, read_each_options
from openai_cli.cli.env import Env
from openai_cli.cli.near_words import near
from openai_cli.cli.option_reader import Options
from openai_cli.cli.output_place import OutputPlace, close_device, output_place
from openai_cli.cli.run_option_reader import RunOptions
from openai_cli.cli.session import Session
from openai_cli.client.settings import ConnectionSettings
from openai_cli.errors import CliError, Problem, UsageError
from openai_cli.input.arguments import Arguments
from openai_cli.input.read_request import read_defaults
from openai_cli.input.stdin import Stdin, StdinError
from openai_cli.output.json_layout import escape_controls
from openai_cli.output.sink import Sink

_MOST_PROBLEMS = 20
"""Problems that are listed; further ones are only counted."""
_NO_JSON = "not JSON: Expecting value at column 1"
_TEXT_HINT = (
    "a line is a JSON object, the body of a request; for lines of text: jq -cR '{thread: "
    '{messages: [{role: "user", content: .}]}}\' FILE > REQUESTS; CSV is read from a file that '
    "ends in .csv"
)
_INVALID_HINT = "--skip-invalid writes an error result for each invalid line and sends the others"
_WINDOW = 64
"""Results per worker that may wait for an earlier line with --ordered on a stream."""


class Checked(NamedTuple):
    """Result of the check before the first request: the lines in this shard, the file's digest."""

    lines: int | None = None
    digest: str | None = None


def run_each(
    operation: Operation,
    session: Session,
    options: Options,
    run_options: RunOptions,
    stdin: Stdin,
    *,
    connect: Callable[[Operation, Options, Env], ConnectionSettings],
) -> None:
    """Start a run for each line, and write a result for each. Raises CliError.

    `connect` makes the connection settings; it is called once a request is certain to be sent.

    Raises LinesFailedError, after all results are written, if a line failed or is not done.
    """
    arguments = session.arguments
    each, problems = read_each_options(arguments.occurrences, options, run_options)
    arguments.problems += problems
    if each is None or not each.file:
        raise UsageError(problems=arguments.problems)
    if each.file == "-":
        _claim(stdin)
    opened = open_input(each.file, session.env.stdin)
    with closing(opened.source):
        lines = _input_file(opened, operation)
        requests = _requests(operation, arguments, stdin, lines, options, session.env)
        checked = _check(lines, requests, each, session.env) if opened.is_file else Checked()
    opened = opened.again() if opened.is_file else opened
    with closing(opened.source):
        lines = _input_file(opened, operation) if opened.is_file else lines
        if options.dry_run:
            _show(lines, requests, each, options, session.env)
        else:
            options = options._replace(settings=connect(operation, options, session.env))
            _run(lines, requests, checked, each, options, run_options, session.env)


def _claim(stdin: Stdin) -> None:
    """Reserve standard input for the lines."""
    try:
        stdin.claim("the lines of --each")
    except StdinError as error:
        raise UsageError(problems=[Problem("--each", str(error))]) from None


def _input_file(opened: Input, operation: Operation) -> InputFile:
    try:
        return InputFile(opened.source, operation.path, is_csv=opened.is_csv)
    except ValueError as error:
        raise UsageError(problems=[Problem("--each", str(error))]) from None


def _requests(
    operation: Operation,
    arguments: Arguments,
    stdin: Stdin,
    lines: InputFile,
    options: Options,
    env: Env,
) -> LineRequests:
    """The builder of requests. Raises UsageError for templates with unknown columns."""
    columns = lines.columns
    defaults, warnings = read_defaults(
        operation, arguments, stdin, literal=lambda text: begins_with_column(text, columns)
    )
    for warning in warnings:
        env.say("warning", str(warning))
    if columns:
        used = dict.fromkeys(columns_in(defaults.values))
        problems = [Problem(f"{{{name}}}", f"the file has no such column{near(name, columns)}")
                    for name in used if name not in columns]  # fmt: skip
        if problems:
            hint = f"its columns: {', '.join(columns)}; {{{{ and }}}} are braces"
            raise UsageError(problems=problems, hint=hint)
        if not used:
            unused = f"all requests are equal, because no flag uses a column: {{{columns[-1]}}}"
            env.say("warning", f"--each: {unused}")
    return LineRequests(operation, defaults, columns, check=options.check)


def _check(lines: InputFile, requests: LineRequests, each: EachOptions, env: Env) -> Checked:
    """Read the whole file. Raises UsageError with all problems, unless `skip_invalid` is set."""
    problems: list[Problem] = []
    warnings: list[str] = []
    unlisted = count = 0
    for line in _lines_of(lines):
        request, found = requests.read(line)
        if request is None and not each.skip_invalid:
            room = _MOST_PROBLEMS - len(problems)
            problems += found[:room]
            unlisted += len(found[room:])
        elif request is not None and len(warnings) < _MOST_PROBLEMS:
            warnings += map(str, found)
        count += each.shard.has(line.number, line.digest)
    for warning in warnings[:_MOST_PROBLEMS]:
        env.say("warning", warning)
    if problems:
        is_text = all(problem.message.startswith(_NO_JSON) for problem in problems)
        hint = _TEXT_HINT if is_text else _INVALID_HINT
        raise UsageError(problems=problems, unlisted=unlisted, hint=hint)
    return Checked(count, lines.digest)


def _lines_of(lines: InputFile) -> Iterator[InputLine]:
    """The lines. Raises UsageError if the file cannot be read to its end."""
    try:
        yield from lines.lines()
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise UsageError(problems=[Problem("--each", str(why))]) from None


def _show(
    lines: InputFile, requests: LineRequests, each: EachOptions, options: Options, env: Env
) -> None:
    """Print the requests of all valid lines, one a line."""
    from openai_cli.cli.dry_run import as_curl, as_json, shown_settings

    settings = shown_settings(options)
    for line in _lines_of(lines):
        request, problems = requests.read(line)
        if not each.shard.has(line.number, line.digest):
            continue
        if request is None:
            env.say("warning", "; ".join(map(str, problems)))
        elif options.dry_run == "curl":
            env.out.write(as_curl(request, settings))
        else:
            env.out.write(as_json(request, settings) + "\n")


def _run(
    lines: InputFile,
    requests: LineRequests,
    checked: Checked,
    each: EachOptions,
    options: Options,
    run_options: RunOptions,
    env: Env,
) -> None:
    from openai_cli.cli.each_descriptors import check_descriptors
    from openai_cli.cli.each_job import EachJob

    at_once = each.concurrency if checked.lines is None else min(each.concurrency, checked.lines)
    check_descriptors(at_once)
    run_options = run_options._replace(waits=run_options.waits or each.with_reply)
    results: Journal | ResultStream
    place = None if each.output == "-" else output_place(each.output)
    if place and place.is_file:
        about = Job(each.file, checked.digest, checked.lines, requests.fingerprint, str(each.shard))
        results = _journal(place.path, about, each)
    else:
        results = _stream(each, place, env)
    with results:
        job = EachJob(requests, results, each, options, run_options, env)
        job.run(_lines_of(lines), checked.lines)
        if checked.digest and lines.digest != checked.digest and lines.at_end:
            what = f"{each.file} was changed while it was read"
            raise CliError(what, hint="some results may be for new lines: name another --output")


def _journal(path: Path, job: Job, each: EachOptions) -> Journal:
    try:
        return Journal(path, job, retry_failed=each.retry_failed)
    except JournalError as error:
        hint = error.hint or "name another --output to start over"
        raise UsageError(problems=[Problem("--output", error.message)], hint=hint) from None


def _stream(each: EachOptions, place: OutputPlace | None, env: Env) -> ResultStream:
    held_back = each.concurrency * _WINDOW if each.ordered else None
    if place is None:
        write = _escaping(env.out) if env.out.is_terminal else env.out.write
        return ResultStream(write, held_back=held_back)
    device = place.open_device()
    close = partial(close_device, device)
    return ResultStream(Sink(device).write, close, held_back=held_back)


def _escaping(terminal: Sink) -> Callable[[str], None]:
    return lambda text: terminal.write(escape_controls(text))
