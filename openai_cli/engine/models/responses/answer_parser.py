"""A Responses answer as model events."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from openai_cli.client.settings import ConnectionSettings
from openai_cli.engine.models.model_events import (
    Finished,
    FinishReason,
    ItemKept,
    MessageEnded,
    ModelEvent,
    TextDelta,
)
from openai_cli.engine.models.responses.input_items import has_text, kept_answer
from openai_cli.engine.models.responses.output_items import OutputItem
from openai_cli.engine.models.upstream.fields import objects_of, text_of, usage_of
from openai_cli.engine.models.upstream.upstream_errors import cut, failed, unusable
from openai_cli.engine.strict_json import JsonObject

if TYPE_CHECKING:
    from openai_cli.engine.models.upstream.http_client import ReceivedEvent

_DELTAS = {
    "response.output_text.delta",
    "response.refusal.delta",
    "response.function_call_arguments.delta",
    "response.code_interpreter_call_code.delta",
}
_ENDS = {"response.completed", "response.incomplete", "response.failed", "response.cancelled"}
_REASONS: dict[str, FinishReason] = {
    "max_output_tokens": "max_completion_tokens",
    "content_filter": "content_filter",
}

Key = int | str
"""The place of an output item, or its id where a server tells no place."""


class ResponsesAnswerParser:
    """Reads one answer."""

    def __init__(self, settings: ConnectionSettings) -> None:
        self._settings = settings
        self._items: dict[Key, OutputItem] = {}
        self._latest: Key = 0

    def read(self, arrivals: "Iterator[ReceivedEvent]") -> Iterator[ModelEvent]:
        """The events, in order.

        Raises:
            UpstreamError: an error was reported, or the answer has no end.
        """
        for arrival in arrivals:
            value = arrival.value
            kind = text_of(value.get("type")) or arrival.name
            if arrival.name == "json":
                kind, value = _whole(value)
            if kind in _ENDS:
                response = value.get("response")
                yield from self._end(kind, response if isinstance(response, dict) else {})
                return
            if kind == "error" or (value.get("error") and not value.get("type")):
                raise failed(value.get("error") or value, self._settings)
            yield from self._take(kind, value)
        raise cut(self._settings)

    def _take(self, kind: str, value: JsonObject) -> Iterator[ModelEvent]:
        key = _key(value)
        key = self._latest if key is None else key
        raw, part = value.get("item"), value.get("content_index")
        part = part if isinstance(part, int) else 0
        if kind in _DELTAS:
            yield from self._delta(kind, key, text_of(value.get("delta")), part)
        elif kind == "response.output_text.annotation.added" and key in self._items:
            for annotation in objects_of([value.get("annotation")]):
                self._items[key].note(annotation, part)
        elif kind == "response.output_item.added" and isinstance(raw, dict):
            yield from self._open(key, raw)
        elif kind == "response.output_item.done" and isinstance(raw, dict):
            yield from self._close(key, raw)

    def _delta(self, kind: str, key: Key, text: str, part: int) -> Iterator[ModelEvent]:
        if key not in self._items and "call" not in kind:
            yield from self._open(key, {})
        if key in self._items:  # a call that was not announced comes whole in the end
            yield from self._items[key].add(text, part, refusal="refusal" in kind)

    def _open(self, key: Key, raw: JsonObject) -> Iterator[ModelEvent]:
        if key not in self._items:
            self._latest = key
            item = self._items[key] = OutputItem(raw)
            if item.type == "message":
                # The last one stays open: how it ends is known when the answer does.
                yield MessageEnded()
            yield from item.open()

    def _close(self, key: Key, raw: JsonObject) -> Iterator[ModelEvent]:
        yield from self._open(key, raw)
        if not self._items[key].closed:
            yield from self._items[key].close(raw)

    def _end(self, kind: str, response: JsonObject) -> Iterator[ModelEvent]:
        if kind in ("response.failed", "response.cancelled"):
            raise failed(response.get("error") or "the answer failed", self._settings)
        for index, raw in enumerate(objects_of(response.get("output"))):
            key = index if index in self._items else text_of(raw.get("id")) or index
            yield from self._close(key, raw)
        for item in self._items.values():
            if not item.closed:
                yield from item.close({})
        usage = usage_of(response.get("usage"), "input_tokens", "output_tokens")
        if usage is not None:
            yield usage
        yield from self._leave()
        yield Finished(self._reason(kind, response))

    def _leave(self) -> Iterator[ModelEvent]:
        """An empty text if hosted tools ran and nothing was said; what has to be kept."""
        items = [item.raw for item in self._items.values()]
        called = any(item.type == "function_call" for item in self._items.values())
        if not called and not any(map(has_text, items)):
            yield TextDelta("")
        if any(not _is_plain(item) for item in items):
            yield ItemKept(kept_answer(items))

    def _reason(self, kind: str, response: JsonObject) -> FinishReason:
        if kind == "response.completed":
            return "stop"
        details = response.get("incomplete_details")
        word = text_of(details.get("reason")) if isinstance(details, dict) else ""
        if word not in _REASONS:
            raise unusable(f"ended its answer early: {word or 'no reason given'}.", self._settings)
        return _REASONS[word]


def _whole(value: JsonObject) -> tuple[str, JsonObject]:
    """An answer that did not come as a stream, as the last event of one."""
    status = text_of(value.get("status"))
    if value.get("error") and status != "failed":
        return "error", value
    return f"response.{status or 'completed'}", {"response": value}


def _key(value: JsonObject) -> Key | None:
    """What tells the output items of an answer apart, if the event says it."""
    index = value.get("output_index")
    if isinstance(index, int):
        return index
    raw = value.get("item")
    found = value.get("item_id") or (raw.get("id") if isinstance(raw, dict) else None)
    return text_of(found) or None


def _is_plain(item: JsonObject) -> bool:
    """Whether the thread tells everything about an item."""
    parts = objects_of(item.get("content"))
    return item.get("type", "message") == "message" and not any(
        part.get("annotations") for part in parts
    )
