"""Flags of `--each`: many runs from one command."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from openai_cli.cli.options import Option

EACH = "--each"
_BULK = "Many runs"

EACH_OPTIONS = (
    Option(EACH, "Start one run for each line: FILE has JSON lines, or CSV with a header; - is standard input.", _BULK, "FILE"),
    Option("--concurrency", "Runs in progress at the same time; 8 if not set.", _BULK, "COUNT"),
    Option("--output", "File for the results; the same command goes on where it stopped.", _BULK, "FILE", "-o"),
    Option("--with-reply", "Wait for each run and add the assistant's reply.", _BULK, takes="nothing"),
    Option("--ordered", "Results in the order of the lines.", _BULK, takes="nothing"),
    Option("--skip-invalid", "Make a result of each invalid line, in place of sending nothing.", _BULK, takes="nothing"),
    Option("--retry-failed", "Repeat the lines that failed, and only those and what is not done.", _BULK, takes="nothing"),
    Option("--fail-fast", "Start no more runs after the first failure.", _BULK, takes="nothing"),
    Option("--max-failures", "Failures after which no more runs are started.", _BULK, "COUNT"),
    Option("--max-total-tokens", "Tokens after which no more runs are started.", _BULK, "COUNT"),
    Option("--max-requests-per-minute", "Requests to send in a minute at most, polls too.", _BULK, "COUNT"),
    Option("--max-tokens-per-minute", "Tokens that runs may use in a minute, about.", _BULK, "COUNT"),
    Option("--shard", "Only part I of N, as I/N from 1/N to N/N.", _BULK, "I/N"),
)  # fmt: skip


def asks_for_lines(names: AbstractSet[str]) -> bool:
    """Whether one of these options was given, alone or with `--each`."""
    return not names.isdisjoint(option.name for option in EACH_OPTIONS)
