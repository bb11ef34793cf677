"""The result of one input line, and its JSON form."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

from openai_cli.bulk.appended_file import JournalError, quoted
from openai_cli.errors import CliError, UsageError
from openai_cli.output.json_layout import compact


class LineResult(NamedTuple):
    """The result of one line.

    `run` is the run as the server's JSON text; `reply` the assistant's text, if `with_reply`.
    `error` is set if the line failed. `status` is the run's status, or the kind of the error.
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
        """The result as JSON: `line`, `custom_id`, then `run`, `reply`, `error`."""
        parts = [f'"line":{self.line}', f'"custom_id":{_text(self.custom_id)}']
        if self.run:
            parts.append(f'"run":{compact(self.run)}')
        if self.reply is not None or (self.with_reply and self.error is None):
            parts.append(f'"reply":{_text(self.reply)}')
        if self.error is not None:
            parts.append(f'"error":{_text(error_fields(self.error))}')
        return "{" + ",".join(parts) + "}"


def error_fields(error: CliError) -> dict[str, Any]:
    """The error as in `--format-error json`, but always with `status` and `attempts`."""
    fields = error.as_json()
    del fields["exit_code"]
    attempts = 0 if isinstance(error, UsageError) else error.attempts
    return {"status": None, **fields, "attempts": attempts}


def read_result(line: bytes, path: Path, at: int) -> tuple[int, bool, int]:
    """A result's line number, whether it failed, and the tokens of its run.

    Raises JournalError if the line is not a result.
    """
    try:
        value = json.loads(line)
        number = line_number(value["line"])
    except (ValueError, TypeError, KeyError, RecursionError):
        raise JournalError(
            f"{path}: line {at} is not a result of --each: {quoted(line) or 'it is blank'}",
            hint="if only this line is wrong, remove it: the next call sends that request again",
        ) from None
    return number, "error" in value, tokens_of(value.get("run"))


def line_number(value: Any) -> int:
    """The value as a line number. Raises TypeError or ValueError for any other value."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError
    if value < 1:
        raise ValueError
    return value


def tokens_of(run: Any) -> int:
    """The tokens that a run used; 0 if it does not say."""
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
    except UnicodeEncodeError:  # a lone surrogate has no UTF-8 form
        return json.dumps(value, separators=(",", ":"))
    return text
