"""The results: one JSON object a line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

from openai_cli.bulk.appended_file import JournalError, quoted
from openai_cli.errors import CliError, UsageError
from openai_cli.output.json_layout import compact


class LineResult(NamedTuple):
    """What became of one line.

    `run` is the run as the server's JSON text; `reply` the text of the assistant, if it was asked
    for, which `with_reply` says. `error` is set if the line failed. `status` is the run's, or the
    kind of the error.
    """

    line: int
    custom_id: str | None
    run: str = ""
    reply: str | None = None
    error: CliError | None = None
    status: str = ""
    tokens: int = 0
    with_reply: bool = False

    def as_json(self) -> str:
        """The result as it is written: `line`, `custom_id`, then `run`, `reply`, `error`."""
        parts = [f'"line":{self.line}', f'"custom_id":{_text(self.custom_id)}']
        if self.run:
            parts.append(f'"run":{compact(self.run)}')
        if self.reply is not None or (self.with_reply and self.error is None):
            parts.append(f'"reply":{_text(self.reply)}')
        if self.error is not None:
            parts.append(f'"error":{_text(error_fields(self.error))}')
        return "{" + ",".join(parts) + "}"


def error_fields(error: CliError) -> dict[str, Any]:
    """The error as `--format-error json` has it, with `status` and `attempts` in any case."""
    fields = error.as_json()
    del fields["exit_code"]
    attempts = 0 if isinstance(error, UsageError) else error.attempts
    return {"status": None, **fields, "attempts": attempts}


def read_result(line: bytes, path: Path, at: int) -> tuple[int, bool, int]:
    """A result's line number, whether it failed, and the tokens of its run.

    Raises JournalError for anything else.
    """
    try:
        value = json.loads(line)
        number = line_number(value["line"])
    except (ValueError, TypeError, KeyError, RecursionError):
        raise JournalError(
            f"{path}: line {at} is not a result of --each: {quoted(line) or 'it is blank'}",
            hint="if the others are, remove it: a line without a result is sent by the next call",
        ) from None
    return number, "error" in value, tokens_of(value.get("run"))


def line_number(value: Any) -> int:
    """A number of a line. Raises TypeError or ValueError for anything else."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError
    if value < 1:
        raise ValueError
    return value


def tokens_of(run: Any) -> int:
    """The tokens that a run used, as far as it tells."""
    usage = run.get("usage") if isinstance(run, dict) else None
    total = usage.get("total_tokens") if isinstance(usage, dict) else None
    try:
        return int(total or 0)
    except (ValueError, TypeError, OverflowError):
        return 0


def _text(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    try:
        text.encode()
    except UnicodeEncodeError:  # half a surrogate pair, which has no bytes
        return json.dumps(value, separators=(",", ":"))
    return text
