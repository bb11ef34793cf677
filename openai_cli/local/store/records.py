"""The rows of the store as values.

A record says how its row looks; `Table` derives the statements from it. Columns that hold JSON are
named in `JSON`. `settings` hold only what a request set explicitly: defaults are shown by
`objects`, never stored, so that they are never sent to a model either.
"""

from dataclasses import dataclass, field
from typing import ClassVar

from openai_cli.local.jsontext import JsonObject

ACTIVE = ("queued", "in_progress", "requires_action", "cancelling")
"""The run statuses that lock a thread."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assistant:
    """An assistant; `settings` is everything it was created or updated with."""

    TABLE: ClassVar[str] = "assistants"
    JSON: ClassVar[frozenset[str]] = frozenset({"settings"})

    id: str
    created_at: int
    settings: JsonObject
    deleted_at: int | None = None
    seq: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """A thread."""

    TABLE: ClassVar[str] = "threads"
    JSON: ClassVar[frozenset[str]] = frozenset({"tool_resources", "metadata"})

    id: str
    created_at: int
    tool_resources: JsonObject = field(default_factory=dict)
    metadata: JsonObject = field(default_factory=dict)
    deleted_at: int | None = None
    seq: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message of a thread."""

    TABLE: ClassVar[str] = "messages"
    JSON: ClassVar[frozenset[str]] = frozenset({"content", "attachments", "metadata"})

    id: str
    created_at: int
    thread_id: str
    role: str
    status: str
    content: list[JsonObject]
    attachments: list[JsonObject] = field(default_factory=list)
    metadata: JsonObject = field(default_factory=dict)
    assistant_id: str | None = None
    run_id: str | None = None
    incomplete_reason: str | None = None
    completed_at: int | None = None
    incomplete_at: int | None = None
    deleted_at: int | None = None
    seq: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run; `settings` is the run's request laid over its assistant."""

    TABLE: ClassVar[str] = "runs"
    JSON: ClassVar[frozenset[str]] = frozenset(
        {"settings", "metadata", "required_action", "last_error", "incomplete_details", "usage"}
    )

    id: str
    created_at: int
    thread_id: str
    assistant_id: str
    status: str
    model: str
    settings: JsonObject
    metadata: JsonObject = field(default_factory=dict)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A run step; `kept` holds upstream items that only a model adapter understands."""

    TABLE: ClassVar[str] = "steps"
    JSON: ClassVar[frozenset[str]] = frozenset(
        {"details", "last_error", "usage", "metadata", "kept"}
    )

    id: str
    created_at: int
    thread_id: str
    run_id: str
    assistant_id: str
    type: str
    status: str
    details: JsonObject
    last_error: JsonObject | None = None
    usage: JsonObject | None = None
    metadata: JsonObject = field(default_factory=dict)
    kept: list[JsonObject] = field(default_factory=list)
    expires_at: int | None = None
    expired_at: int | None = None
    cancelled_at: int | None = None
    failed_at: int | None = None
    completed_at: int | None = None
    seq: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstAnswer:
    """What a request with an `Idempotency-Key` was answered the first time."""

    TABLE: ClassVar[str] = "first_answers"
    JSON: ClassVar[frozenset[str]] = frozenset({"answer"})

    id: str
    """The key."""
    created_at: int
    fingerprint: str
    """A digest of method, path and body."""
    answer: JsonObject | None
    """None while the run that the request started has not ended yet."""
    run_id: str | None = None
    seq: int = 0
