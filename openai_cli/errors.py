"""The errors the tool reports, with their exit codes.

    CliError                1  unexpected error
    ├── UsageError          2  invalid input; nothing was sent
    ├── NoAnswerError       3  connection failure, timeout, or unreadable answer
    │   ├── TimeUpError     3  --max-time has passed
    │   └── StoreError      3  the embedded engine's file cannot be used
    ├── ApiError            4  the server refused the request
    ├── RunEndedError       5  the run ended without completing
    ├── RunWaitsError       6  the run waits for tool outputs
    │   └── ToolTurnsError  6  the run has exceeded --max-tool-turns
    └── Interrupted       130  Ctrl-C

Errors of httpx, pydantic and sqlite3 are translated where they are raised; only these errors
reach `cli.report`, which prints an error and returns its exit code.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

_QUOTE_LIMIT = 200
"""Maximum characters of a quoted value: a URL, an id, a name, a number."""
MESSAGE_LIMIT = 1000
"""Maximum characters of a message."""
_MOST_PROBLEMS = 20
"""Maximum number of problems in a message."""


def shortened(text: str, limit: int = _QUOTE_LIMIT) -> str:
    """The text, or its beginning if it is longer than `limit` characters."""
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


_LINE_BREAK = "[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]"


def one_line(text: str) -> str:
    r"""The text with line breaks of all kinds as visible escapes (`\n`)."""
    return re.sub(_LINE_BREAK, lambda found: found[0].encode("unicode_escape").decode(), text)


def problem_lines(problems: Sequence[Problem], unlisted: int = 0) -> list[str]:
    """The problems as text; a long list ends with a count, which includes `unlisted`."""
    lines = [str(problem) for problem in problems[:_MOST_PROBLEMS]]
    more = len(problems) - len(lines) + unlisted
    return [*lines, f"… and {more} more"] if more else lines


class Problem(NamedTuple):
    """One problem with the input.

    `source` is a flag, "stdin", a file or an environment variable; `path` is the position inside
    its value (`messages[0].role`), empty for the whole value. `drawing` has lines that text
    output prints below the message.
    """

    source: str
    message: str
    path: str = ""
    drawing: str = ""

    def __str__(self) -> str:
        parts = (
            shortened(self.source),
            shortened(self.path),
            shortened(self.message, MESSAGE_LIMIT),
        )
        line = one_line(": ".join(part for part in parts if part))
        return f"{line}\n{shortened(self.drawing, MESSAGE_LIMIT)}" if self.drawing else line


class CliError(Exception):
    """Base of all reported errors; `hint` is advice on what to do next.

    `attempts` is how often the failed request was sent.
    `meaning` is the manual's description of the exit code.
    """

    exit_code = 1
    kind = "unexpected_error"
    meaning = "An unexpected error."

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.attempts = 1

    def as_json(self) -> dict[str, Any]:
        """The error as `--format-error json` prints it."""
        fields: dict[str, Any] = {"type": self.kind, "message": self.message}
        if self.hint:
            fields["hint"] = self.hint
        return {**fields, "exit_code": self.exit_code}


class UsageError(CliError):
    """Invalid input, detected before anything was sent; holds all problems.

    `unlisted` is the number of problems that `problems` omits, if there are too many.
    `consequence` is added to the printed message, such as "nothing was imported"; if empty,
    "nothing was sent".
    """

    exit_code = 2
    kind = "usage_error"
    meaning = "Invalid input; nothing was sent."

    def __init__(
        self,
        message: str = "",
        *,
        problems: Sequence[Problem] = (),
        hint: str = "",
        consequence: str = "",
        unlisted: int = 0,
    ) -> None:
        super().__init__(message or "; ".join(problem_lines(problems, unlisted)), hint=hint)
        self.problems = tuple(problems)
        self.unlisted = unlisted
        self.consequence = consequence

    def as_json(self) -> dict[str, Any]:
        """As the base class, with `problems`: each has `source`, `path` and `message`."""
        fields = super().as_json()
        if self.problems:
            fields["problems"] = [
                {
                    "source": shortened(p.source),
                    "path": shortened(p.path) or None,
                    "message": shortened(p.message, MESSAGE_LIMIT),
                }
                for p in self.problems[:_MOST_PROBLEMS]
            ]
        return fields


class NoAnswerError(CliError):
    """No readable answer: connection failure, timeout, or malformed body."""

    exit_code = 3
    kind = "no_answer"
    meaning = "No readable answer: connection failure, timeout, or malformed body."


class StoreError(NoAnswerError):
    """The embedded engine's store cannot be opened, read or written.

    The message is one line and names the file.
    """


class TimeUpError(NoAnswerError):
    """The command took longer than --max-time."""

    kind = "max_time"


class ApiError(CliError):
    """The server refused the request, by status code or by an `error` event.

    `body` is the server's text; `status` is None for an `error` event in a stream. `retired`:
    the endpoint was switched off permanently. `retry_after`: seconds the server asks to wait
    before the next attempt, or None. `unclear_before`: an earlier attempt of the request had
    no answer, or an answer that does not show whether the attempt had an effect.
    """

    exit_code = 4
    kind = "api_error"
    meaning = "The server refused the request."

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        reason: str = "",
        body: str = "",
        fields: dict[str, Any] | None = None,
        request_id: str | None = None,
        hint: str = "",
        retired: bool = False,
    ) -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.reason = reason
        self.body = body
        self.fields = fields or {}
        self.request_id = request_id
        self.retired = retired
        self.retry_after: float | None = None
        self.unclear_before = False

    def as_json(self) -> dict[str, Any]:
        """The server's error fields first, then status and request id, then our own fields."""
        ours = super().as_json()
        fields = {"message": ours.pop("message"), "type": ours.pop("type"), **self.fields}
        return {**fields, "status": self.status, "request_id": self.request_id, **ours}


class RunEndedError(CliError):
    """The run ended as failed, cancelled, expired or incomplete."""

    exit_code = 5
    kind = "run_not_completed"
    meaning = (
        "The run ended without completing; it was printed. With --each: some lines failed, or are "
        "not done."
    )


class LinesFailedError(RunEndedError):
    """Some lines of `--each` have no completed run."""

    kind = "lines_failed"


class RunWaitsError(CliError):
    """The run is in `requires_action`."""

    exit_code = 6
    kind = "run_requires_action"
    meaning = (
        "The run waits for tool outputs, or asked for them more often than --max-tool-turns "
        "allows; it was printed."
    )


class ToolTurnsError(RunWaitsError):
    """The run asks for tool outputs after the last allowed turn."""

    kind = "tool_turns_exceeded"


class Interrupted(CliError):  # noqa: N818 - not an error: the user pressed Ctrl-C
    """The user pressed Ctrl-C. `what` says what happens to the work in progress."""

    exit_code = 130
    kind = "interrupted"
    meaning = "Interrupted from the keyboard."

    def __init__(self, what: str = "", *, hint: str = "") -> None:
        super().__init__(f"interrupted; {what}" if what else "interrupted", hint=hint)
        self.what = what
