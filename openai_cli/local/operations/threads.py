"""Threads."""

from openai_cli.local import objects
from openai_cli.local.ids import new_id
from openai_cli.local.jsontext import JsonObject
from openai_cli.local.operations import Request, lookup, messages
from openai_cli.local.runs import lifecycle
from openai_cli.local.runs.settings import refuse_vector_stores
from openai_cli.local.store import Message, Thread, Transaction


def create(tx: Transaction, request: Request) -> JsonObject:
    """A new thread, with its first messages."""
    thread, _ = begin(tx, request.body, request.now, "")
    return objects.thread(thread)


def retrieve(tx: Transaction, request: Request) -> JsonObject:
    """One thread."""
    return objects.thread(lookup.thread(tx, request.ids["thread_id"]))


def update(tx: Transaction, request: Request) -> JsonObject:
    """Change a thread's metadata or tool resources; each as a whole."""
    thread = lookup.thread(tx, request.ids["thread_id"])
    refuse_vector_stores(request.body.get("tool_resources"), "tool_resources")
    changes = {name: value or {} for name, value in request.body.items()}
    if changes:
        thread = tx.threads.update(thread.id, **changes)
    return objects.thread(thread)


def delete(tx: Transaction, request: Request) -> JsonObject:
    """Remove a thread; a run that is active on it is cancelled first."""
    thread = lookup.thread(tx, request.ids["thread_id"])
    active = tx.runs.active(thread.id)
    if active is not None:
        lifecycle.request_cancel(tx, active, request.now)
    tx.threads.update(thread.id, deleted_at=request.now)
    return objects.deleted("thread", thread.id)


def begin(tx: Transaction, body: JsonObject, now: int, path: str) -> tuple[Thread, list[Message]]:
    """Write a thread and its first messages; `path` is where `body` stands in the request."""
    prefix = f"{path}." if path else ""
    refuse_vector_stores(body.get("tool_resources"), f"{prefix}tool_resources")
    thread = Thread(
        id=new_id("thread"),
        created_at=now,
        tool_resources=body.get("tool_resources") or {},
        metadata=body.get("metadata") or {},
    )
    tx.threads.insert(thread)
    first = [messages.append(tx, thread.id, one, now) for one in body.get("messages") or []]
    return thread, first
