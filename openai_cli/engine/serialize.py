"""The API's objects, built from records in one place.

Every key that the API description requires is always present; what was never set shows the
documented default.
"""

from collections.abc import Sequence
from typing import Any

from openai_cli.engine.store.records import (
    AssistantRecord,
    MessageRecord,
    RunRecord,
    StepRecord,
    ThreadRecord,
)
from openai_cli.engine.strict_json import JsonObject


def _value(settings: JsonObject, name: str, default: Any) -> Any:
    value = settings.get(name)
    return default if value is None else value


def assistant(record: AssistantRecord) -> JsonObject:
    """An assistant object."""
    settings = record.settings
    return {
        "id": record.id,
        "object": "assistant",
        "created_at": record.created_at,
        "name": settings.get("name"),
        "description": settings.get("description"),
        "model": settings["model"],
        "instructions": settings.get("instructions"),
        "tools": _value(settings, "tools", []),
        "tool_resources": _value(settings, "tool_resources", {}),
        "metadata": _value(settings, "metadata", {}),
        "temperature": _value(settings, "temperature", 1.0),
        "top_p": _value(settings, "top_p", 1.0),
        "response_format": _value(settings, "response_format", "auto"),
    }


def thread(record: ThreadRecord) -> JsonObject:
    """A thread object."""
    return {
        "id": record.id,
        "object": "thread",
        "created_at": record.created_at,
        "tool_resources": record.tool_resources,
        "metadata": record.metadata,
    }


def message(record: MessageRecord) -> JsonObject:
    """A message object."""
    reason = record.incomplete_reason
    return {
        "id": record.id,
        "object": "thread.message",
        "created_at": record.created_at,
        "thread_id": record.thread_id,
        "status": record.status,
        "incomplete_details": {"reason": reason} if reason else None,
        "completed_at": record.completed_at,
        "incomplete_at": record.incomplete_at,
        "role": record.role,
        "content": record.content,
        "assistant_id": record.assistant_id,
        "run_id": record.run_id,
        "attachments": record.attachments,
        "metadata": record.metadata,
    }


def run(record: RunRecord) -> JsonObject:
    """A run object."""
    settings = record.settings
    return {
        "id": record.id,
        "object": "thread.run",
        "created_at": record.created_at,
        "thread_id": record.thread_id,
        "assistant_id": record.assistant_id,
        "status": record.status,
        "required_action": record.required_action,
        "last_error": record.last_error,
        "expires_at": record.expires_at,
        "started_at": record.started_at,
        "cancelled_at": record.cancelled_at,
        "failed_at": record.failed_at,
        "completed_at": record.completed_at,
        "incomplete_details": record.incomplete_details,
        "model": record.model,
        "instructions": _value(settings, "instructions", ""),
        "tools": _value(settings, "tools", []),
        "metadata": record.metadata,
        "usage": record.usage,
        "temperature": _value(settings, "temperature", 1.0),
        "top_p": _value(settings, "top_p", 1.0),
        "max_prompt_tokens": settings.get("max_prompt_tokens"),
        "max_completion_tokens": settings.get("max_completion_tokens"),
        "truncation_strategy": truncation(settings),
        "tool_choice": _value(settings, "tool_choice", "auto"),
        "parallel_tool_calls": _value(settings, "parallel_tool_calls", True),
        "response_format": _value(settings, "response_format", "auto"),
    }


def truncation(settings: JsonObject) -> JsonObject:
    """A run's truncation strategy, with both of its keys."""
    strategy: JsonObject = _value(settings, "truncation_strategy", {})
    return {"type": "auto", "last_messages": None} | strategy


def step(record: StepRecord, include: Sequence[str] = ()) -> JsonObject:
    """A run step object; file search contents only if `include` asks for them."""
    return {
        "id": record.id,
        "object": "thread.run.step",
        "created_at": record.created_at,
        "assistant_id": record.assistant_id,
        "thread_id": record.thread_id,
        "run_id": record.run_id,
        "type": record.type,
        "status": record.status,
        "step_details": record.details if include else _without_contents(record.details),
        "last_error": record.last_error,
        "expires_at": record.expires_at,
        "expired_at": record.expired_at,
        "cancelled_at": record.cancelled_at,
        "failed_at": record.failed_at,
        "completed_at": record.completed_at,
        "metadata": record.metadata,
        "usage": record.usage,
    }


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
