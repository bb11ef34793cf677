"""Every error the tool reports, one exit code a leaf.

    CliError                1  something unexpected
    ├── UsageError          2  wrong input; nothing was sent
    ├── NoAnswerError       3  connection, timeout, or an answer that cannot be read
    │   └── StoreError      3  the embedded engine's file cannot be used
    ├── ApiError            4  the server said no
    ├── RunEndedError       5  the run ended without completing
    ├── RunWaitsError       6  the run waits for tool outputs
    │   └── ToolTurnsError  6  it has asked for them more often than it may
    └── Interrupted       130  Ctrl-C

Errors of httpx, pydantic and sqlite3 are translated at the border where they
appear; only this family reaches the one place that exits (`cli.report`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Problem:
    """One thing wrong with the input: where, what was expected, what was found.

    `source` is a flag, "stdin", or an environment variable; `path` is the place
    inside its value (`messages[0].role`), empty for the whole value.
    """

    source: str
    message: str
    path: str = ""

    def __str__(self) -> str:
        return ": ".join(part for part in (self.source, self.path, self.message) if part)


class CliError(Exception):
    """Base of all reported errors; `hint` says what to do next.

    `meaning` is what the manual says of the exit code.
    """

    exit_code = 1
    kind = "unexpected_error"
    meaning = "Something unexpected happened."

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def as_json(self) -> dict[str, Any]:
        """The error as `--format-error json` prints it."""
        fields: dict[str, Any] = {"type": self.kind, "message": self.message}
        if self.hint:
            fields["hint"] = self.hint
        return {**fields, "exit_code": self.exit_code}


class UsageError(CliError):
    """Wrong input, found before anything was sent. Carries every problem found.

    `undone` is what did not happen for it: nothing was `sent`, nothing was `imported`.
    """

    exit_code = 2
    kind = "usage_error"
    meaning = "The input is wrong; nothing was sent."

    def __init__(
        self,
        message: str = "",
        *,
        problems: Sequence[Problem] = (),
        hint: str = "",
        undone: str = "sent",
    ) -> None:
        super().__init__(message or "; ".join(map(str, problems)), hint=hint)
        self.problems = tuple(problems)
        self.undone = undone

    def as_json(self) -> dict[str, Any]:
        """Adds `problems`, each with `source`, `path` and `message`."""
        fields = super().as_json()
        if self.problems:
            fields["problems"] = [
                {"source": p.source, "path": p.path or None, "message": p.message}
                for p in self.problems
            ]
        return fields


class NoAnswerError(CliError):
    """No answer, or one that cannot be read: connection, timeout, broken body."""

    exit_code = 3
    kind = "no_answer"
    meaning = "No answer came, or one that cannot be read: connection, timeout, broken body."


class StoreError(NoAnswerError):
    """The embedded engine's store cannot be opened, read or written.

    The message is one line and names the file.
    """


class ApiError(CliError):
    """The server refused, by status code or by an `error` event.

    `body` is the server's own text; `status` is None for an event of a stream
    that had begun with 200. `retired` says that the endpoint is gone for good. `retry_after` is
    the seconds the server asks to wait before the next attempt, if it does.
    """

    exit_code = 4
    kind = "api_error"
    meaning = "The server refused."

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

    def as_json(self) -> dict[str, Any]:
        """The server's own error fields first, then status and request id, then ours."""
        ours = super().as_json()
        known = {"message": ours.pop("message"), "type": ours.pop("type"), **self.fields}
        return {**known, "status": self.status, "request_id": self.request_id, **ours}


class RunEndedError(CliError):
    """The run is failed, cancelled, expired or incomplete."""

    exit_code = 5
    kind = "run_not_completed"
    meaning = "The run ended without completing; it was printed."


class RunWaitsError(CliError):
    """The run is in `requires_action`."""

    exit_code = 6
    kind = "run_requires_action"
    meaning = (
        "The run waits for tool outputs, or asked for them more often than --max-tool-turns "
        "allows; it was printed."
    )


class ToolTurnsError(RunWaitsError):
    """The run asks for tool outputs after as many turns of them as are allowed."""

    kind = "tool_turns_exceeded"


class Interrupted(CliError):  # noqa: N818 - not a fault: the user pressed Ctrl-C
    """Ctrl-C."""

    exit_code = 130
    kind = "interrupted"
    meaning = "Interrupted from the keyboard."
