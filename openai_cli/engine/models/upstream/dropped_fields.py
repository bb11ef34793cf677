"""Detects request fields that a server ignored, from its answer."""

import json
from collections.abc import Iterator
from typing import Any

from openai_cli.api.json_constants import refuse_constant
from openai_cli.engine.models.model_events import (
    MessageEnded,
    ModelEvent,
    TextDelta,
    ToolCallStarted,
)
from openai_cli.engine.models.prompt import Prompt
from openai_cli.engine.strict_json import JsonObject


class DroppedFields:
    """Watches one answer and names the fields that had no effect."""

    def __init__(self, prompt: Prompt) -> None:
        self._prompt = prompt
        self._calls: list[str] = []
        self._hosted = False
        self._texts: list[list[str]] = [[]]

    def see(self, event: ModelEvent) -> None:
        """Process one event of the answer."""
        if isinstance(event, TextDelta):
            self._texts[-1].append(event.text)
        elif isinstance(event, MessageEnded):
            self._texts.append([])
        elif isinstance(event, ToolCallStarted):
            self._hosted = self._hosted or event.kind != "function"
            if event.kind == "function":
                self._calls.append(event.name)

    def complaints(self) -> Iterator[tuple[str, str]]:
        """Each ignored field, and how the answer differs. Call after a complete answer."""
        yield from self._choice()
        if self._prompt.settings.parallel_tool_calls is False and len(self._calls) > 1:
            yield "parallel_tool_calls", f"{len(self._calls)} calls came in one answer"
        if not self._calls:
            text = "".join(next((one for one in reversed(self._texts) if one), []))
            why = _misfit(text, self._prompt.settings.response_format) if text else ""
            if why:
                yield "response_format", f"the answer {why}"

    def _choice(self) -> Iterator[tuple[str, str]]:
        choice = self._prompt.settings.tool_choice
        if choice == "none" and self._calls and self._prompt.tools:
            yield "tool_choice", f"'none' was set, but {self._calls[0]} was called"
        if choice == "required" and not (self._calls or self._hosted):
            yield "tool_choice", "'required' was set, but nothing was called"
        if isinstance(choice, dict) and choice["type"] == "function":
            name = choice["function"]["name"]
            if name not in self._calls:
                made = f"{self._calls[0]} was called" if self._calls else "nothing was called"
                yield "tool_choice", f"a call of {name} was requested, but {made}"


def _misfit(text: str, wanted: str | JsonObject | None) -> str:
    """How a text differs from the requested response format; empty if it fits."""
    if not isinstance(wanted, dict) or wanted["type"] not in ("json_object", "json_schema"):
        return ""
    try:
        value = json.loads(text, parse_constant=refuse_constant)
    except (ValueError, RecursionError):
        return "is not JSON"
    if wanted["type"] == "json_object":
        return "" if isinstance(value, dict) else "is not a JSON object"
    schema = wanted["json_schema"].get("schema")
    problem = _problem(value, schema) if isinstance(schema, dict) else ""
    return f"does not fit its schema: {problem}" if problem else ""


def _problem(value: Any, schema: JsonObject) -> str:
    """The first mismatch; empty if the value fits or the schema is invalid."""
    from jsonschema.exceptions import SchemaError, best_match
    from jsonschema.validators import validator_for
    from referencing import Registry
    from referencing.exceptions import Unresolvable

    kind = validator_for(schema)
    try:
        kind.check_schema(schema)
        # An empty registry prevents requests for schemas that refer to a URL.
        found = best_match(kind(schema, registry=Registry()).iter_errors(value))
    except (SchemaError, Unresolvable, RecursionError, ValueError):
        return ""
    return f"{found.json_path}: {found.message[:200]}" if found is not None else ""
