"""Status changes that end a run, together with its open messages and steps.

Each change is one compare-and-set inside the caller's transaction. A second caller finds the run in
a status that allows no change, and changes nothing.
"""

from collections.abc import Sequence
from typing import Any

from openai_cli.engine.lease import LeaseLostError
from openai_cli.engine.models import UsageReported
from openai_cli.engine.runs import event_log
from openai_cli.engine.runs.stream_events import Closed
from openai_cli.engine.store import ACTIVE, RunRecord, StepRecord, Transaction
from openai_cli.engine.strict_json import JsonObject

LIFETIME = 600
"""Seconds from creation to expiry."""
WORKER_STOPPED = {"code": "server_error", "message": "worker stopped"}

ESTIMATED = "estimated"
"""Key in a usage with counts that the engine has estimated."""

_COUNTS = ("prompt_tokens", "completion_tokens", "total_tokens")
_REASONS = {"failed": "run_failed", "cancelled": "run_cancelled", "expired": "run_expired"}
"""Why a message is incomplete, by the status of its run."""


def check_lease(tx: Transaction, run: RunRecord) -> None:
    """Check that the owner still has the run, and keep it until the transaction ends.

    Only a shared store is checked: in a file, no other process takes over a run, and the last
    events of a run that has just ended are still stored.

    Raises:
        LeaseLostError: the owner has lost the run.
    """
    if tx.shared and tx.runs.get(run.id, owner=run.owner or "") is None:
        raise LeaseLostError


def fail(
    tx: Transaction, run: RunRecord, error: JsonObject, now: int, *, owned_by: str | None = None
) -> Closed | None:
    """queued or in_progress → failed."""
    changes = {"failed_at": now, "last_error": error}
    return _close(tx, run, ("queued", "in_progress"), "failed", now, owned_by=owned_by, **changes)


def cancel(tx: Transaction, run: RunRecord, now: int) -> Closed | None:
    """cancelling → cancelled."""
    return _close(tx, run, ("cancelling",), "cancelled", now, cancelled_at=now)


def expire(tx: Transaction, run: RunRecord, now: int) -> Closed | None:
    """Any active status → expired."""
    return _close(tx, run, ACTIVE, "expired", now, required_action=None)


def give_up(
    tx: Transaction, run: RunRecord, now: int, error: JsonObject = WORKER_STOPPED
) -> Closed | None:
    """End a run without a working process; the default error says that the process is dead."""
    return cancel(tx, run, now) or fail(tx, run, error, now)


def usage_so_far(steps: Sequence[StepRecord]) -> JsonObject | None:
    """The sum over all answers that reported usage; None if none did."""
    known = [step.usage for step in steps if step.usage is not None]
    # The usage of an answer is stored in its last step; the steps before it have zeros. Zeros alone
    # therefore count only if no step is without usage.
    reported = len(known) == len(steps) or any(usage["total_tokens"] for usage in known)
    if not (known and reported):
        return None
    total = {name: sum(usage[name] for usage in known) for name in _COUNTS}
    return total | ({ESTIMATED: True} if any(usage.get(ESTIMATED) for usage in known) else {})


def usage_of(reported: UsageReported) -> JsonObject:
    """The counts of one answer, in the shape of a step's usage."""
    counts = {name: getattr(reported, name) for name in _COUNTS}
    return counts | ({ESTIMATED: True} if reported.estimated else {})


def message_end(reason: str | None, now: int) -> JsonObject:
    """The changes of a message: in_progress → completed, or incomplete with this reason."""
    if reason is None:
        return {"status": "completed", "completed_at": now}
    return {"status": "incomplete", "incomplete_at": now, "incomplete_reason": reason}


def step_end(status: str, now: int) -> JsonObject:
    """The changes of a step: in_progress → the given status, with its time stamp."""
    return {"status": status, "expires_at": None, f"{status}_at": now}


def _close(
    tx: Transaction,
    run: RunRecord,
    allowed: Sequence[str],
    status: str,
    now: int,
    *,
    owned_by: str | None = None,
    **changes: Any,
) -> Closed | None:
    tx.runs.hold(run.id)  # from here on, the run's process cannot add to it
    steps = tx.steps.all(run_id=run.id)
    changes |= {"status": status, "owner": None, "usage": usage_so_far(steps)}
    moved = tx.runs.move(run.id, allowed, owned_by=owned_by, **changes)
    if moved is None:
        return None
    ended = _close_open(tx, moved, steps, now)
    event_log.keep_end(tx, ended)
    tx.notify(run.id)
    return ended


def close_left_open(tx: Transaction, run: RunRecord, now: int) -> None:
    """Close messages and steps that were stored after another process had ended the run."""
    if run.status in _REASONS:
        _close_open(tx, run, tx.steps.all(run_id=run.id), now)


def _close_open(tx: Transaction, run: RunRecord, steps: Sequence[StepRecord], now: int) -> Closed:
    """Close the open messages and steps of an ended run."""
    messages = [
        tx.messages.update(message.id, **message_end(_REASONS[run.status], now))
        for message in tx.messages.all(run_id=run.id)
        if message.status == "in_progress"
    ]
    error = {"last_error": _step_error(run.last_error)} if run.last_error else {}
    closed = [
        tx.steps.update(step.id, **step_end(run.status, now), **error)
        for step in steps
        if step.status == "in_progress"
    ]
    return Closed(run, messages, closed)


def _step_error(error: JsonObject) -> JsonObject:
    """The error in the shape of a step, whose codes lack `invalid_prompt`."""
    code = error["code"] if error["code"] == "rate_limit_exceeded" else "server_error"
    return {"code": code, "message": error["message"]}


def request_cancel(tx: Transaction, run: RunRecord, now: int) -> RunRecord | None:
    """queued, in_progress or requires_action → cancelling; None from any other status.

    If a process works on the run, that process cancels it; otherwise it is cancelled immediately.
    """
    allowed = ("queued", "in_progress", "requires_action")
    cancelling = tx.runs.move(run.id, allowed, status="cancelling", required_action=None)
    if cancelling is not None and run.status != "in_progress":
        cancel(tx, cancelling, now)
    tx.notify(run.id)
    return cancelling
