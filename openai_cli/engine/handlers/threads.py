"""Handlers for threads."""

from openai_cli.engine import serialize
from openai_cli.engine.handlers import EngineRequest, lookup, messages
from openai_cli.engine.ids import new_id
from openai_cli.engine.runs import lifecycle
from openai_cli.engine.runs.effective_settings import refuse_vector_stores
from openai_cli.engine.store import MessageRecord, ThreadRecord, Transaction
from openai_cli.engine.strict_json import JsonObject


def create(tx: Transaction, request: EngineRequest) -> JsonObject:
    """A new thread, with its first messages."""
    thread, _ = begin(tx, request.body, request.now, "")
    return serialize.thread(thread)


def retrieve(tx: Transaction, request: EngineRequest) -> JsonObject:
    """One thread."""
    return serialize.thread(lookup.thread(tx, request.ids["thread_id"]))


def update(tx: Transaction, request: EngineRequest) -> JsonObject:
    """Replace a thread's metadata or tool resources."""
    thread = lookup.thread(tx, request.ids["thread_id"])
    refuse_vector_stores(request.body.get("tool_resources"), "tool_resources")
    changes = {name: value or {} for name, value in request.body.items()}
    if changes:
        thread = tx.threads.update(thread.id, **changes)
    return serialize.thread(thread)


def delete(tx: Transaction, request: EngineRequest) -> JsonObject:
    """Delete a thread; an active run on it is cancelled first."""
    thread = lookup.thread(tx, request.ids["thread_id"])
    active = tx.runs.active(thread.id)
    if active is not None:
        lifecycle.request_cancel(tx, active, request.now)
    tx.threads.update(thread.id, deleted_at=request.now)
    return serialize.deleted("thread", thread.id)


def begin(
    tx: Transaction, body: JsonObject, now: int, path: str
) -> tuple[ThreadRecord, list[MessageRecord]]:
    """Store a thread and its first messages; `path` is the position of `body` in the request."""
    prefix = f"{path}." if path else ""
    refuse_vector_stores(body.get("tool_resources"), f"{prefix}tool_resources")
    thread = ThreadRecord(
        id=new_id("thread"),
        created_at=now,
        tool_resources=body.get("tool_resources") or {},
        metadata=body.get("metadata") or {},
    )
    tx.threads.insert(thread)
    first = [messages.append(tx, thread.id, one, now) for one in body.get("messages") or []]
    return thread, first
