"""Handlers for the messages of a thread."""

from openai_cli.engine import refusals, serialize
from openai_cli.engine.handlers import EngineRequest, lookup, pagination
from openai_cli.engine.ids import new_id
from openai_cli.engine.store import MessageRecord, Transaction
from openai_cli.engine.strict_json import JsonObject


def create(tx: Transaction, request: EngineRequest) -> JsonObject:
    """Append a message to a thread without an active run."""
    thread = lookup.thread(tx, request.ids["thread_id"])
    active = tx.runs.active(thread.id)
    if active is not None:
        raise refusals.message_on_locked_thread(thread.id, active.id)
    return serialize.message(append(tx, thread.id, request.body, request.now))


def retrieve(tx: Transaction, request: EngineRequest) -> JsonObject:
    """One message."""
    found = lookup.message(tx, request.ids["thread_id"], request.ids["message_id"])
    return serialize.message(found)


def update(tx: Transaction, request: EngineRequest) -> JsonObject:
    """Change a message's metadata."""
    found = lookup.message(tx, request.ids["thread_id"], request.ids["message_id"])
    if "metadata" in request.body:
        found = tx.messages.update(found.id, metadata=request.body["metadata"] or {})
    return serialize.message(found)


def delete(tx: Transaction, request: EngineRequest) -> JsonObject:
    """Delete a message; its row stays, because a cursor may point at it."""
    found = lookup.message(tx, request.ids["thread_id"], request.ids["message_id"])
    tx.messages.update(found.id, deleted_at=request.now)
    return serialize.deleted("thread.message", found.id)


def list_(tx: Transaction, request: EngineRequest) -> JsonObject:
    """A page of a thread's messages, or of one run's messages if `run_id` is set."""
    thread = lookup.thread(tx, request.ids["thread_id"])
    scope = {"thread_id": thread.id}
    if request.query["run_id"]:
        lookup.check_prefix("run_id", request.query["run_id"])
        scope["run_id"] = request.query["run_id"]
    return pagination.page(tx.messages, "message", serialize.message, request.query, **scope)


def append(tx: Transaction, thread_id: str, body: JsonObject, now: int) -> MessageRecord:
    """Store a message sent by a client."""
    created_at = tx.messages.time_of_next(thread_id, now)
    message = MessageRecord(
        id=new_id("msg"),
        created_at=created_at,
        thread_id=thread_id,
        role=body["role"],
        status="completed",
        content=content(body["content"]),
        attachments=body.get("attachments") or [],
        metadata=body.get("metadata") or {},
        completed_at=created_at,
    )
    tx.messages.insert(message)
    return message


def content(given: str | list[JsonObject]) -> list[JsonObject]:
    """Request content converted to the stored shape; content already in that shape is unchanged."""
    if isinstance(given, str):
        return [_text(given)]
    return [_text(block["text"]) if block["type"] == "text" else block for block in given]


def _text(value: str | JsonObject) -> JsonObject:
    text = {"value": value} if isinstance(value, str) else value
    return {"type": "text", "text": {"value": "", "annotations": [], **text}}
