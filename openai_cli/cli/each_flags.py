"""Flags of `--each`: many runs from one command."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from openai_cli.cli.options import Option

EACH = "--each"
_BULK = "Many runs"

EACH_OPTIONS = (
    Option(EACH, "Start one run for each line: FILE has JSON lines, or CSV with a header; - is standard input.", _BULK, "FILE"),
    Option("--concurrency", "Runs in progress at the same time; 8 if not set.", _BULK, "COUNT"),
    Option("--output", "File for the results; the same command continues where it stopped.", _BULK, "FILE", "-o"),
    Option("--with-reply", "Wait for each run and add the assistant's reply.", _BULK, takes="nothing"),
    Option("--ordered", "Results in the order of the lines.", _BULK, takes="nothing"),
    Option("--skip-invalid", "Write an error result for each invalid line, and send the others.", _BULK, takes="nothing"),
    Option("--retry-failed", "Send the lines that failed again, besides those not done.", _BULK, takes="nothing"),
    Option("--fail-fast", "Start no more runs after the first failure.", _BULK, takes="nothing"),
    Option("--max-failures", "Failures after which no more runs are started.", _BULK, "COUNT"),
    Option("--max-total-tokens", "Tokens after which no more runs are started.", _BULK, "COUNT"),
    Option("--max-requests-per-minute", "Maximum requests in a minute, including polls.", _BULK, "COUNT"),
    Option("--max-tokens-per-minute", "Approximate maximum of tokens in a minute.", _BULK, "COUNT"),
    Option("--shard", "Only part I of N, as I/N from 1/N to N/N.", _BULK, "I/N"),
)  # fmt: skip


def asks_for_lines(names: AbstractSet[str]) -> bool:
    """Whether `--each`, or an option that belongs to it, was given."""
    return not names.isdisjoint(option.name for option in EACH_OPTIONS)
