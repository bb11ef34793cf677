"""Rows of the store as values.

A record's fields are its row's columns, with JSON parsed. Every statement is made from the fields;
the migrations in `schema` create the same columns. `settings` contain only what a request set
explicitly: `serialize` adds defaults, which are never stored and so never sent to a model.
"""

from types import UnionType
from typing import Any, NamedTuple, Protocol, TypeVar, get_args, get_origin, get_type_hints

from openai_cli.engine.strict_json import JsonObject

ACTIVE = ("queued", "in_progress", "requires_action", "cancelling")
"""The run statuses that lock a thread."""


class Record(Protocol):
    """A row as a value."""

    @property
    def id(self) -> str:
        """The id, or the key."""
        ...

    @property
    def created_at(self) -> int:
        """Unix seconds."""
        ...

    @property
    def seq(self) -> int:
        """The position in the order of insertion."""
        ...

    def _asdict(self) -> dict[str, Any]: ...


R = TypeVar("R", bound=Record)

_PLAIN = (int, str, int | None, str | None)


def json_columns(record: type) -> frozenset[str]:
    """The columns with JSON: those that are neither a number nor a text."""
    hints = get_type_hints(record)
    return frozenset(name for name, hint in hints.items() if hint not in _PLAIN)


def column_types(record: type) -> dict[str, tuple[type, ...]]:
    """For each column, the allowed types of its value, after parsing JSON: `(int, NoneType)`."""
    return {
        name: tuple(
            get_origin(one) or one
            for one in (get_args(hint) if isinstance(hint, UnionType) else (hint,))
        )
        for name, hint in get_type_hints(record).items()
    }


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
    """A run; `settings` is the run's request merged over its assistant's."""

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
    """The first answer to a request with an `Idempotency-Key`."""

    id: str
    """The key."""
    created_at: int
    fingerprint: str
    """A digest of method, path, query and body."""
    answer: JsonObject | None
    """None while the run that the request started has not ended yet."""
    run_id: str | None = None
    seq: int = 0


_OUTCOME = (
    "required_action",
    "last_error",
    "incomplete_details",
    "incomplete_reason",
    "usage",
    "expired_at",
    "cancelled_at",
    "failed_at",
    "completed_at",
    "incomplete_at",
)


Work = TypeVar("Work", MessageRecord, RunRecord, StepRecord)


def without_outcome(record: Work) -> Work:
    """The record as it was before its work ended: columns that are set at the end are None."""
    empty: dict[str, Any] = {name: None for name in _OUTCOME if name in record._fields}
    return record._replace(**empty)
