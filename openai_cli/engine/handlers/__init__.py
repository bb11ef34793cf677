"""Handlers: what the engine does for each operation, given a transaction and a request.

A handler that changes something runs inside one write transaction. It returns the answer's JSON, or
a `StartedRun` to be executed after the transaction has committed.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from openai_cli.engine.lease import new_lease_owner
from openai_cli.engine.models import Model
from openai_cli.engine.models.registry import ModelRegistry
from openai_cli.engine.runs.stream_events import StreamEvent
from openai_cli.engine.store import RunRecord
from openai_cli.engine.strict_json import JsonObject


class EngineRequest(NamedTuple):
    """One checked request."""

    ids: Mapping[str, str]
    """The path's parameters, by name."""
    query: Mapping[str, Any]
    """The parsed query parameters, with defaults."""
    body: JsonObject
    """The body's fields that are set."""
    now: int
    models: ModelRegistry
    new_owner: Callable[[], str | None] = new_lease_owner
    """The lease owner of a run that is queued now; None if any worker may take it."""


class StartedRun(NamedTuple):
    """A queued run, to be executed."""

    run: RunRecord
    model: Model
    stream: bool
    beginning: list[StreamEvent]
    """The events that come before the driver's."""
    max_tool_turns: int


Reply = JsonObject | StartedRun
