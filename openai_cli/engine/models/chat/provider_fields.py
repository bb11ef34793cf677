"""Provider-specific fields that must be sent back with a turn that called functions.

Reasoning models need their own reasoning or signatures back within a tool loop: some servers answer
400 without them, and some answer 400 if they appear in a later loop. They are stored with the
calls, unchanged, and are not sent again in later runs.
"""

from collections.abc import Iterator
from typing import Any

from openai_cli.engine.models.model_events import ItemKept
from openai_cli.engine.models.prompt import ToolTurn
from openai_cli.engine.strict_json import JsonObject

REASONING_FIELDS = ("reasoning_content", "reasoning")
MESSAGE_FIELDS = (*REASONING_FIELDS, "reasoning_details", "extra_content")
"""Fields of a message. Used by: DeepSeek, Qwen; vLLM, OpenRouter; OpenRouter; Gemini."""
CALL_FIELDS = ("extra_content", "provider_specific_fields")
"""Fields of a call. Used by: Gemini; LiteLLM in front of Gemini."""

_OF_THE_MESSAGE = "provider fields"
_OF_A_CALL = "provider fields of a call"
_PIECES = ("text", "summary", "data")
"""Texts inside `reasoning_details` that arrive in pieces."""


class ProviderFields:
    """Collects the provider fields of one answer while it is parsed."""

    def __init__(self) -> None:
        self._fields: JsonObject = {}

    @property
    def reasoned(self) -> bool:
        """Whether the answer contained reasoning."""
        return any(self._fields.get(name) for name in (*REASONING_FIELDS, "reasoning_details"))

    def take(self, delta: JsonObject) -> None:
        """Take the fields of a piece."""
        for name in MESSAGE_FIELDS:
            if delta.get(name):
                self._fields[name] = _merged(self._fields.get(name), delta[name])

    def take_whole(self, message: JsonObject) -> None:
        """Take the fields of a complete message that no piece had."""
        self.take({name: one for name, one in message.items() if name not in self._fields})

    def kept(self) -> Iterator[ItemKept]:
        """The fields to store with the run, if the answer called functions."""
        if self._fields:
            yield ItemKept({"type": _OF_THE_MESSAGE, "fields": self._fields})


def take_of_call(fields: JsonObject, entry: JsonObject) -> None:
    """Add the provider fields of an entry of `tool_calls` to `fields`."""
    for name in CALL_FIELDS:
        if entry.get(name):
            fields[name] = _merged(fields.get(name), entry[name])


def kept_of_call(call_id: str, fields: JsonObject) -> ItemKept:
    """The fields of a call to store with the run."""
    return ItemKept({"type": _OF_A_CALL, "call_id": call_id, "fields": fields})


def of_message(turn: ToolTurn) -> JsonObject:
    """The fields to send back with the message that made the calls."""
    found = [item["fields"] for item in turn.kept if item.get("type") == _OF_THE_MESSAGE]
    return dict(found[0]) if found else {}


def of_call(turn: ToolTurn, call_id: str) -> JsonObject:
    """The fields to send back with one of the calls."""
    found = [
        item["fields"]
        for item in turn.kept
        if item.get("type") == _OF_A_CALL and item.get("call_id") == call_id
    ]
    return dict(found[0]) if found else {}


def _merged(before: Any, piece: Any) -> Any:
    if isinstance(before, str) and isinstance(piece, str):
        return before + piece
    if isinstance(before, list) and isinstance(piece, list):
        return _merged_lists(before, piece)
    if isinstance(before, dict) and isinstance(piece, dict):
        return {**before, **piece}
    return piece


def _merged_lists(before: list[Any], pieces: list[Any]) -> list[Any]:
    """Merge detail pieces by their index; pieces without an index are complete."""
    found = list(before)
    for piece in pieces:
        last = found[-1] if found else None
        if isinstance(last, dict) and isinstance(piece, dict) and _same_place(last, piece):
            found[-1] = _merged_details(last, piece)
        else:
            found.append(piece)
    return found


def _same_place(last: JsonObject, piece: JsonObject) -> bool:
    at = ("index", "type")
    return piece.get("index") is not None and all(last.get(one) == piece.get(one) for one in at)


def _merged_details(last: JsonObject, piece: JsonObject) -> JsonObject:
    given = {name: one for name, one in piece.items() if one is not None}
    texts = {
        name: last[name] + given[name]
        for name in _PIECES
        if isinstance(last.get(name), str) and isinstance(given.get(name), str)
    }
    return {**last, **given, **texts}
