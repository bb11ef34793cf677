"""Builds the API's objects from records.

Every key that the API description requires is present; unset values show the documented default.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from openai_cli.engine.store.records import (
    AssistantRecord,
    MessageRecord,
    Record,
    RunRecord,
    StepRecord,
    ThreadRecord,
)
from openai_cli.engine.strict_json import JsonObject

DEFAULTS: Mapping[str, Any] = MappingProxyType(
    {"temperature": 1.0, "top_p": 1.0, "response_format": "auto"}
)
"""Defaults for unset fields of assistants and runs; never stored or sent to a model."""
_INTERNAL = frozenset(
    {
        "deleted_at",
        "details",
        "heartbeat_at",
        "incomplete_reason",
        "kept",
        "owner",
        "seq",
        "settings",
    }
)
"""Columns that are not in objects, or not under their name."""


def _object(kind: str, record: Record, /, **shown: Any) -> JsonObject:
    """The object of a record: its columns and the fields in `shown`."""
    columns = {name: value for name, value in record._asdict().items() if name not in _INTERNAL}
    return {"id": columns["id"], "object": kind, **columns, **shown}


def _shown(settings: JsonObject, **defaults: Any) -> JsonObject:
    """The settings, with defaults for unset ones."""
    return {
        name: default if settings.get(name) is None else settings[name]
        for name, default in {**defaults, **DEFAULTS}.items()
    }


def assistant(record: AssistantRecord) -> JsonObject:
    """An assistant object."""
    settings = _shown(
        record.settings,
        name=None,
        description=None,
        model=None,
        instructions=None,
        tools=[],
        tool_resources={},
        metadata={},
    )
    return _object("assistant", record, **settings)


def thread(record: ThreadRecord) -> JsonObject:
    """A thread object."""
    return _object("thread", record)


def message(record: MessageRecord) -> JsonObject:
    """A message object."""
    reason = record.incomplete_reason
    details = {"reason": reason} if reason else None
    return _object("thread.message", record, incomplete_details=details)


def run(record: RunRecord) -> JsonObject:
    """A run object."""
    settings = _shown(
        record.settings,
        instructions="",
        tools=[],
        max_prompt_tokens=None,
        max_completion_tokens=None,
        tool_choice="auto",
        parallel_tool_calls=True,
    )
    strategy = record.settings.get("truncation_strategy") or {}
    settings["truncation_strategy"] = {"type": "auto", "last_messages": None} | strategy
    return _object("thread.run", record, **settings)


def step(record: StepRecord, include: Sequence[str] = ()) -> JsonObject:
    """A run step object; file search contents only if `include` asks for them."""
    details = record.details if include else _without_contents(record.details)
    return _object("thread.run.step", record, step_details=details)


def _without_contents(details: JsonObject) -> JsonObject:
    calls = details.get("tool_calls")
    if not calls or all(call["type"] != "file_search" for call in calls):
        return details
    return details | {"tool_calls": [_call_without_contents(call) for call in calls]}


def _call_without_contents(call: JsonObject) -> JsonObject:
    search = call.get("file_search")
    if not search or "results" not in search:
        return call
    results = [
        {name: value for name, value in result.items() if name != "content"}
        for result in search["results"]
    ]
    return call | {"file_search": search | {"results": results}}


def message_delta(message_id: str, block: JsonObject) -> JsonObject:
    """A piece of one content block."""
    return {"id": message_id, "object": "thread.message.delta", "delta": {"content": [block]}}


def step_delta(step_id: str, call: JsonObject) -> JsonObject:
    """A piece of one tool call."""
    details = {"type": "tool_calls", "tool_calls": [call]}
    return {"id": step_id, "object": "thread.run.step.delta", "delta": {"step_details": details}}


def deleted(kind: str, record_id: str) -> JsonObject:
    """The answer to a deletion."""
    return {"id": record_id, "object": f"{kind}.deleted", "deleted": True}


def listing(data: list[JsonObject], *, has_more: bool) -> JsonObject:
    """One page of a list."""
    return {
        "object": "list",
        "data": data,
        "first_id": data[0]["id"] if data else None,
        "last_id": data[-1]["id"] if data else None,
        "has_more": has_more,
    }
