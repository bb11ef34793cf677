"""The rows of the store as values.

A record's fields are its row's columns, with JSON read. `settings` hold only what a request set
explicitly: defaults are shown by `objects`, never stored, so that they are never sent to a model
either.
"""

from typing import NamedTuple

from openai_cli.engine.strict_json import JsonObject

ACTIVE = ("queued", "in_progress", "requires_action", "cancelling")
"""The run statuses that lock a thread."""


class AssistantRecord(NamedTuple):
    """An assistant; `settings` is everything it was created or updated with."""

    id: str
    created_at: int
    settings: JsonObject
    deleted_at: int | None = None
    seq: int = 0


class ThreadRecord(NamedTuple):
    """A thread."""

    id: str
    created_at: int
    tool_resources: JsonObject
    metadata: JsonObject
    deleted_at: int | None = None
    seq: int = 0


class MessageRecord(NamedTuple):
    """A message of a thread."""

    id: str
    created_at: int
    thread_id: str
    role: str
    status: str
    content: list[JsonObject]
    attachments: list[JsonObject]
    metadata: JsonObject
    assistant_id: str | None = None
    run_id: str | None = None
    incomplete_reason: str | None = None
    completed_at: int | None = None
    incomplete_at: int | None = None
    deleted_at: int | None = None
    seq: int = 0


class RunRecord(NamedTuple):
    """A run; `settings` is the run's request laid over its assistant."""

    id: str
    created_at: int
    thread_id: str
    assistant_id: str
    status: str
    model: str
    settings: JsonObject
    metadata: JsonObject
    required_action: JsonObject | None = None
    last_error: JsonObject | None = None
    incomplete_details: JsonObject | None = None
    usage: JsonObject | None = None
    expires_at: int | None = None
    started_at: int | None = None
    cancelled_at: int | None = None
    failed_at: int | None = None
    completed_at: int | None = None
    owner: str | None = None
    heartbeat_at: int | None = None
    seq: int = 0


class StepRecord(NamedTuple):
    """A run step; `kept` holds upstream items that only a model adapter understands."""

    id: str
    created_at: int
    thread_id: str
    run_id: str
    assistant_id: str
    type: str
    status: str
    details: JsonObject
    metadata: JsonObject
    kept: list[JsonObject]
    last_error: JsonObject | None = None
    usage: JsonObject | None = None
    expires_at: int | None = None
    expired_at: int | None = None
    cancelled_at: int | None = None
    failed_at: int | None = None
    completed_at: int | None = None
    seq: int = 0


class IdempotencyRecord(NamedTuple):
    """What a request with an `Idempotency-Key` was answered the first time."""

    id: str
    """The key."""
    created_at: int
    fingerprint: str
    """A digest of method, path and body."""
    answer: JsonObject | None
    """None while the run that the request started has not ended yet."""
    run_id: str | None = None
    seq: int = 0
