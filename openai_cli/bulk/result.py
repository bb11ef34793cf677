"""The results: one JSON object a line."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from openai_cli.errors import CliError, UsageError
from openai_cli.output.json_layout import compact


class Result(NamedTuple):
    """What became of one line.

    `run` is the run as the server's JSON text; `reply` the text of the assistant, if it was asked
    for. `error` is set if the line failed. `status` is the run's, or the kind of the error.
    """

    line: int
    custom_id: str | None
    run: str = ""
    reply: str | None = None
    error: CliError | None = None
    status: str = ""
    tokens: int = 0

    def as_json(self) -> str:
        """The result as it is written: `line`, `custom_id`, then `run`, `reply`, `error`."""
        parts = [f'"line":{self.line}', f'"custom_id":{_text(self.custom_id)}']
        if self.run:
            parts.append(f'"run":{compact(self.run)}')
        if self.reply is not None:
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


def _text(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    try:
        text.encode()
    except UnicodeEncodeError:  # half a surrogate pair, which has no bytes
        return json.dumps(value, separators=(",", ":"))
    return text
