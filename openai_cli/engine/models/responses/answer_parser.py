"""Parses a Responses answer into model events."""

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
from openai_cli.engine.models.responses.input_items import has_text, kept_answer, text_in
from openai_cli.engine.models.responses.item_matcher import ItemMatcher
from openai_cli.engine.models.responses.output_items import OutputItem
from openai_cli.engine.models.upstream.error_bodies import reported_error
from openai_cli.engine.models.upstream.fields import objects_of, text_of, usage_of
from openai_cli.engine.models.upstream.upstream_errors import (
    cut,
    empty,
    failed,
    unusable,
    warn_of_reasoning,
)
from openai_cli.engine.strict_json import JsonObject, dumps

if TYPE_CHECKING:
    from openai_cli.engine.models.upstream.http_client import ReceivedEvent

_TEXTS = {
    "response.output_text": ("message", "text"),
    "response.refusal": ("message", "refusal"),
    "response.function_call_arguments": ("function_call", "arguments"),
    "response.code_interpreter_call_code": ("code_interpreter_call", "code"),
}
"""Data of `.delta` events, and complete in a `.done` event: the item's type and the field."""
_ENDS = {"response.completed", "response.incomplete", "response.failed", "response.cancelled"}
_REASONS: dict[str, FinishReason] = {
    "max_output_tokens": "max_completion_tokens",
    "content_filter": "content_filter",
}


class ResponsesAnswerParser:
    """Parses one answer. A final event, or a complete JSON document, ends it."""

    def __init__(self, settings: ConnectionSettings) -> None:
        self._settings = settings
        self._matcher = ItemMatcher()
        self._order: list[OutputItem] = []
        self._reasoned = False
        self._said = ""
        """Data received instead of an event."""

    def read(self, arrivals: "Iterator[ReceivedEvent]") -> Iterator[ModelEvent]:
        """The events, in order.

        Raises:
            UpstreamError: the server reported an error, or the answer is cut off or empty.
        """
        marked = False
        for arrival in arrivals:
            value = arrival.value
            kind = text_of(value.get("type")) or arrival.name
            error = reported_error(value, arrival.name)
            if error is not None:
                raise failed(error, self._settings)
            if arrival.name == "json":
                kind, value = _whole(value)
            if kind in _ENDS:
                response = value.get("response")
                yield from self._end(kind, response if isinstance(response, dict) else {})
                return
            marked = marked or arrival.name == "done"
            yield from self._take(kind, value)
        if marked and not self._matcher.items:
            raise empty(self._settings, reasoned=self._reasoned, said=self._said)
        raise cut(self._settings)

    def _take(self, kind: str, value: JsonObject) -> Iterator[ModelEvent]:
        name, _, what = kind.rpartition(".")
        raw = value.get("item")
        if name in _TEXTS:
            yield from self._piece(name, what, value)
        elif kind == "response.output_text.annotation.added":
            item = self._matcher.of_piece(value, "message")
            for annotation in objects_of([value.get("annotation")]):
                if item is not None:
                    item.note(annotation, _part(value))
        elif kind in ("response.output_item.added", "response.output_item.done"):
            if isinstance(raw, dict):
                yield from self._item(raw, value, done=what == "done")
        elif name.startswith("response.reasoning"):
            self._reasoned = True
        elif value and not kind.startswith("response."):
            self._said = dumps(value)

    def _piece(self, name: str, what: str, value: JsonObject) -> Iterator[ModelEvent]:
        kind, field = _TEXTS[name]
        item = self._matcher.of_piece(value, kind)
        if item is None:
            if kind != "message":
                return  # the end has the complete call if its beginning is missing
            item = self._matcher.add({}, value)
            yield MessageEnded()
        part, refusal = _part(value), field == "refusal"
        if what == "delta":
            yield from item.add(text_of(value.get("delta")), part, refusal=refusal)
        elif what == "done":
            yield from item.complete(text_of(value.get(field)), part, refusal=refusal)

    def _item(self, raw: JsonObject, value: JsonObject, *, done: bool) -> Iterator[ModelEvent]:
        item = self._matcher.of_item(raw, value, begins=not done)
        if item is None:
            item = self._matcher.add(raw, value)
            if item.type == "message":
                # The last message stays open: the end of the answer decides how it ends.
                yield MessageEnded()
            yield from item.open()
        if done and not item.closed:
            yield from item.close(raw)

    def _end(self, kind: str, response: JsonObject) -> Iterator[ModelEvent]:
        if kind in ("response.failed", "response.cancelled"):
            raise failed(response.get("error") or "the answer failed", self._settings)
        yield from self._snapshot(objects_of(response.get("output")))
        for item in self._matcher.items:
            if not item.closed:
                yield from item.close({})
        reason = self._reason(kind, response)
        raws = [item.raw for item in self._in_order()]
        if not any(map(_is_something, raws)):
            self._check_emptiness(reason, raws)
        usage = usage_of(response.get("usage"), "input_tokens", "output_tokens")
        if usage is not None:
            yield usage
        yield from _leave(raws)
        yield Finished(reason)

    def _snapshot(self, output: list[JsonObject]) -> Iterator[ModelEvent]:
        """Add what the stream omitted, from the final snapshot of the answer."""
        for item, raw in list(self._matcher.in_snapshot(output)):
            if item is None:
                said = "".join(one.text for one in self._matcher.items if one.type == "message")
                if said and has_text(raw) and text_in(raw) in said:
                    continue  # streamed as a part of another message
                yield from self._item(raw, {}, done=True)
                self._order.append(self._matcher.items[-1])
                continue
            if not item.closed:
                yield from item.close(raw)
            if item not in self._order:
                self._order.append(item)

    def _in_order(self) -> list[OutputItem]:
        """The items in the order of the last snapshot, unless the snapshot omits one."""
        streamed = self._matcher.items
        return self._order if len(self._order) == len(streamed) else streamed

    def _check_emptiness(self, reason: FinishReason, raws: list[JsonObject]) -> None:
        """Raise if the answer is empty, unless a limit or a content filter ended it."""
        reasoned = self._reasoned or any(raw["type"] == "reasoning" for raw in raws)
        if reason == "stop":
            raise empty(self._settings, reasoned=reasoned)
        if reasoned and reason == "max_completion_tokens":
            warn_of_reasoning(self._settings)

    def _reason(self, kind: str, response: JsonObject) -> FinishReason:
        if kind == "response.completed":
            return "stop"
        details = response.get("incomplete_details")
        word = text_of(details.get("reason")) if isinstance(details, dict) else ""
        if word not in _REASONS:
            raise unusable(f"ended its answer early: {word or 'no reason given'}.", self._settings)
        return _REASONS[word]


def _leave(items: list[JsonObject]) -> Iterator[ModelEvent]:
    """An empty text if only hosted tools ran, then the items to store."""
    called = any(item["type"] == "function_call" for item in items)
    if not called and not any(map(has_text, items)):
        yield TextDelta("")
    if called or any(not _is_plain(item) for item in items):
        yield ItemKept(kept_answer(items))


def _whole(value: JsonObject) -> tuple[str, JsonObject]:
    """A non-streaming answer, as the last event of a stream."""
    status = text_of(value.get("status"))
    if value.get("error") and status != "failed":
        return "error", value
    return f"response.{status or 'completed'}", {"response": value}


def _part(value: JsonObject) -> int:
    part = value.get("content_index")
    return part if isinstance(part, int) else 0


def _is_something(item: JsonObject) -> bool:
    """Whether an item has text or is a call; reasoning does not count."""
    return has_text(item) if item["type"] == "message" else item["type"].endswith("_call")


def _is_plain(item: JsonObject) -> bool:
    """Whether the thread's message has everything of an item."""
    parts = objects_of(item.get("content"))
    return item.get("type", "message") == "message" and not any(
        part.get("annotations") for part in parts
    )
