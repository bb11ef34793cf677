"""Effective settings of a run: its request overrides its assistant's settings.

Only explicitly set values are stored. A null in the run's request means "not set".
"""

from typing import Any

from openai_cli.engine import refusals
from openai_cli.engine.models import ModelSettings, PromptTruncation
from openai_cli.engine.refusals import RefusalError
from openai_cli.engine.strict_json import JsonObject

_FROM_ASSISTANT = (
    "instructions",
    "tools",
    "tool_resources",
    "temperature",
    "top_p",
    "response_format",
    "reasoning_effort",
)
_FROM_RUN = (
    *_FROM_ASSISTANT,
    "max_prompt_tokens",
    "max_completion_tokens",
    "truncation_strategy",
    "tool_choice",
    "parallel_tool_calls",
)


def merge(assistant: JsonObject, request: JsonObject, include: list[str]) -> JsonObject:
    """The explicit settings of a run.

    Raises:
        RefusalError: the settings contradict each other.
    """
    merged = {name: assistant[name] for name in _FROM_ASSISTANT if assistant.get(name) is not None}
    merged |= {name: request[name] for name in _FROM_RUN if request.get(name) is not None}
    additional = request.get("additional_instructions")
    if additional:
        merged["instructions"] = "\n\n".join(
            part for part in (merged.get("instructions"), additional) if part
        )
    if include:
        merged["include"] = include
    _check_truncation(merged.get("truncation_strategy"))
    _check_tool_choice(merged)
    return merged


def explicit(settings: JsonObject, *, calls_made: bool) -> ModelSettings:
    """The settings that are sent to the model."""
    choice = settings.get("tool_choice")
    forced = isinstance(choice, dict) or choice == "required"
    strategy = settings.get("truncation_strategy")
    return ModelSettings(
        temperature=settings.get("temperature"),
        top_p=settings.get("top_p"),
        response_format=settings.get("response_format"),
        tool_choice=None if forced and calls_made else choice,
        parallel_tool_calls=settings.get("parallel_tool_calls"),
        reasoning_effort=settings.get("reasoning_effort"),
        truncation=PromptTruncation(strategy["type"], strategy.get("last_messages"))
        if strategy
        else None,
    )


def merge_resources(settings: JsonObject, thread: JsonObject) -> JsonObject:
    """Files and vector stores of run and thread, without duplicates."""
    own = settings.get("tool_resources") or {}
    merged: JsonObject = {}
    for tool, name in (("code_interpreter", "file_ids"), ("file_search", "vector_store_ids")):
        ids: list[Any] = [
            *_ids(own, tool, name),
            *_ids(thread, tool, name),
        ]
        if ids:
            merged[tool] = {name: list(dict.fromkeys(ids))}
    return merged


def refuse_vector_stores(resources: JsonObject | None, path: str) -> None:
    """Refuse requests to create vector stores: the engine stores no files.

    Raises:
        RefusalError: `file_search.vector_stores` is set.
    """
    if ((resources or {}).get("file_search") or {}).get("vector_stores"):
        field = f"{path}.file_search.vector_stores"
        raise RefusalError(
            f"'{field}' is not supported by the local engine.",
            param=field,
            code="unsupported_parameter",
        )


def _ids(resources: JsonObject, tool: str, name: str) -> list[str]:
    return list((resources.get(tool) or {}).get(name) or [])


def _check_truncation(strategy: JsonObject | None) -> None:
    if strategy and strategy["type"] == "last_messages" and not strategy.get("last_messages"):
        raise refusals.missing("truncation_strategy.last_messages")


def _check_tool_choice(settings: JsonObject) -> None:
    choice = settings.get("tool_choice")
    tools = settings.get("tools") or []
    if isinstance(choice, dict):
        name = choice["function"]["name"] if choice["type"] == "function" else choice["type"]
        known = [
            tool["function"]["name"] if tool["type"] == "function" else tool["type"]
            for tool in tools
            if (tool["type"] == "function") == (choice["type"] == "function")
        ]
        if name not in known:
            raise RefusalError(
                f"Invalid 'tool_choice': '{name}' is not among the tools of this run.",
                param="tool_choice",
                code="invalid_value",
            )
    elif choice == "required" and not tools:
        raise RefusalError(
            "Invalid 'tool_choice': 'required' needs at least one tool.",
            param="tool_choice",
            code="invalid_value",
        )
