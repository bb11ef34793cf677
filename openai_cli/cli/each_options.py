"""Reads the options of `--each`: many runs from one command."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from openai_cli import windows
from openai_cli.bulk.shard import Shard, read_shard
from openai_cli.cli.configuration import Configuration
from openai_cli.cli.each_flags import EACH, EACH_OPTIONS
from openai_cli.cli.option_reader import OptionReader, Options
from openai_cli.cli.option_values import whole
from openai_cli.cli.run_option_reader import RunOptions
from openai_cli.errors import Problem
from openai_cli.input.arguments import Occurrence

DEFAULT_CONCURRENCY = 8
_MOST = 10**12
_JSON_LINES = ("auto", "json", "jsonl", "text")
_NO_USE = (
    *("--stream", "--continue", "--usage", "--max-items"),
    *("--transform", "--columns", "--raw-output"),
)

_OF_ONE = {"--output": "; one answer has --format FORMAT, or > FILE for a file"}
"""What the user may have meant by a flag that is typed without `--each`."""


class EachOptions(NamedTuple):
    """How to work on the lines of `file`; None for no limit."""

    file: str
    output: str
    concurrency: int
    with_reply: bool
    ordered: bool
    skip_invalid: bool
    retry_failed: bool
    max_failures: int | None
    max_total_tokens: int | None
    requests_per_minute: int | None
    tokens_per_minute: int | None
    shard: Shard


def read_each_options(
    occurrences: Sequence[Occurrence], options: Options, run_options: RunOptions
) -> tuple[EachOptions | None, list[Problem]]:
    """The parsed options, None without `--each`; and all problems with them."""
    reader = OptionReader(Configuration(occurrences, options.settings.environ))
    if not reader.has(EACH):
        names = [option.name for option in EACH_OPTIONS if reader.has(option.name)]
        return None, [Problem(name, f"needs {EACH} too{_OF_ONE.get(name, '')}") for name in names]
    count = whole(1, _MOST)
    fail_fast = 1 if reader.has("--fail-fast") else None
    found = EachOptions(
        file=reader.last(EACH) or "",
        output=reader.last("--output") or "-",
        concurrency=reader.value("--concurrency", whole(1, 1000), DEFAULT_CONCURRENCY),
        with_reply=reader.has("--with-reply") or options.style.wants_reply,
        ordered=reader.has("--ordered"),
        skip_invalid=reader.has("--skip-invalid"),
        retry_failed=reader.has("--retry-failed"),
        max_failures=fail_fast or reader.value("--max-failures", count, None),
        max_total_tokens=reader.value("--max-total-tokens", count, None),
        requests_per_minute=reader.value("--max-requests-per-minute", count, None),
        tokens_per_minute=reader.value("--max-tokens-per-minute", count, None),
        shard=reader.value("--shard", read_shard, Shard()),
    )
    _check(reader, found, options, run_options)
    return found, reader.problems


def _check(
    reader: OptionReader, found: EachOptions, options: Options, run_options: RunOptions
) -> None:
    problems = reader.problems
    if windows.is_windows():
        problems.append(Problem(EACH, windows.UNSUPPORTED))
    problems += [
        Problem(name, "is empty") for name in (EACH, "--output") if reader.last(name) == ""
    ]
    # A --format from a profile is ignored here.
    if reader.has("--format") and options.style.format not in _JSON_LINES:
        problems.append(Problem("--format", f"the results of {EACH} are JSON lines"))
    problems += [
        Problem(name, f"does not work with {EACH}") for name in _NO_USE if reader.has(name)
    ]
    if found.retry_failed and found.output == "-":
        problems.append(Problem("--retry-failed", "needs --output too"))
    # The tokens are known when a run has ended; the engine's answer is the ended run.
    known = found.with_reply or run_options.waits or options.settings.in_process
    for name in ("--max-total-tokens", "--max-tokens-per-minute"):
        if reader.has(name) and not known:
            problems.append(
                Problem(name, "needs --wait too: tokens are known when a run has ended")
            )
