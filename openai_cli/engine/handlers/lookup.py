"""Looks up the records that a request names, or refuses as the API does."""

from openai_cli.engine import refusals
from openai_cli.engine.ids import PREFIXES
from openai_cli.engine.store import (
    AssistantRecord,
    MessageRecord,
    RunRecord,
    StepRecord,
    ThreadRecord,
    Transaction,
)


def check_prefix(param: str, value: str, kind: str = "") -> None:
    """Refuse an id with the wrong prefix, such as 'undefined'.

    `kind` is the kind of the id if the parameter's name (`thread_id`) does not determine it.
    """
    prefix = PREFIXES[kind or param.removesuffix("_id")]
    if not value.startswith(prefix):
        raise refusals.wrong_prefix(param, value, prefix)


def assistant(tx: Transaction, assistant_id: str, *, lock: bool = True) -> AssistantRecord:
    """The assistant, or 404. Without `lock`, it may change while the transaction lasts."""
    found = tx.assistants.get(assistant_id, lock=lock)
    if found is None:
        raise refusals.not_found("assistant", assistant_id)
    return found


def thread(tx: Transaction, thread_id: str) -> ThreadRecord:
    """The thread, or 404."""
    found = tx.threads.get(thread_id)
    if found is None:
        raise refusals.not_found("thread", thread_id)
    return found


def run(tx: Transaction, thread_id: str, run_id: str) -> RunRecord:
    """The run, if it is on this thread, or 404."""
    thread(tx, thread_id)
    found = tx.runs.get(run_id, thread_id=thread_id)
    if found is None:
        raise refusals.not_found("run", run_id)
    return found


def message(tx: Transaction, thread_id: str, message_id: str) -> MessageRecord:
    """The message, if it is on this thread, or 404."""
    thread(tx, thread_id)
    found = tx.messages.get(message_id, thread_id=thread_id)
    if found is None:
        raise refusals.not_found("message", message_id)
    return found


def step(tx: Transaction, thread_id: str, run_id: str, step_id: str) -> StepRecord:
    """The step, if it belongs to this run, or 404."""
    run(tx, thread_id, run_id)
    found = tx.steps.get(step_id, run_id=run_id)
    if found is None:
        raise refusals.not_found("step", step_id)
    return found
