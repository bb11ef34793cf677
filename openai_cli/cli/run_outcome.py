"""Errors and notes that follow from the final status of a run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from openai_cli.api.statuses import NOT_COMPLETED, WAITS_FOR_OUTPUTS
from openai_cli.errors import MESSAGE_LIMIT, RunEndedError, RunWaitsError, ToolTurnsError, shortened
from openai_cli.output.phrases import failure, functions, phrase


def why_no_reply(run: dict[str, Any] | None) -> str:
    """Why `--format text` had nothing to print."""
    if run is None:
        return "this answer contains no reply; --format json shows all of it"
    if run.get("status") in ("completed", *NOT_COMPLETED):
        return f"the run {run.get('id')} ended as {run.get('status')} without a reply"
    return f"the run {run.get('id')} is {run.get('status')}: there is no reply yet"


def run_label(run: dict[str, Any]) -> str:
    """The ids of the run and its thread, for messages."""
    run_id, thread_id = (shortened(str(run.get(key))) for key in ("id", "thread_id"))
    return f"the run {run_id} of thread {thread_id}"


def tokens(run: dict[str, Any] | None) -> str:
    """The run's tokens in one line."""
    usage = run.get("usage") if run else None
    counts = phrase("usage", usage) if isinstance(usage, dict) else ""
    return f"tokens: {shortened(counts, MESSAGE_LIMIT) or 'not reported'}"


def check_run(run: dict[str, Any] | None, next_steps: Callable[[dict[str, Any]], str]) -> None:
    """Raise RunEndedError if the run did not complete, RunWaitsError if it waits for outputs.

    `next_steps` makes the hint for a run that waits.
    """
    status = run.get("status") if run else None
    if run is None or status not in (*NOT_COMPLETED, WAITS_FOR_OUTPUTS):
        return
    if status == WAITS_FOR_OUTPUTS:
        names = [shortened(str(f.get("name"))) for f in functions(run.get("required_action"))]
        raise RunWaitsError(
            f"{run_label(run)} waits for the outputs of: {', '.join(names) or 'unknown'}",
            hint=next_steps(run) if names else "",
        )
    raise RunEndedError(f"{run_label(run)} ended as {status}{why_ended(run)}")


def too_many_turns(run: dict[str, Any], most: int, next_steps: str) -> ToolTurnsError:
    """The error for a run that asks for tool outputs after the last turn allowed."""
    what = f"asks for tool outputs again after {most} turns, the limit of --max-tool-turns"
    return ToolTurnsError(f"{run_label(run)} {what}", hint=next_steps)


def why_ended(run: dict[str, Any]) -> str:
    """`: REASON` of a run that did not complete, if it gives one; else empty."""
    error = run.get("last_error")
    if isinstance(error, dict):
        return f": {failure(error)}"
    details = run.get("incomplete_details")
    return f": {details['reason']}" if isinstance(details, dict) and details.get("reason") else ""
