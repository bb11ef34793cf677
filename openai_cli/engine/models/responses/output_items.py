"""Converts one output item to model events: first its pieces, then the complete item."""

from collections.abc import Container, Iterator
from typing import Any

from openai_cli.engine.ids import new_id
from openai_cli.engine.models.model_events import (
    AnnotationAdded,
    ModelEvent,
    RefusalDelta,
    TextDelta,
    ToolCallDelta,
    ToolCallEnded,
    ToolCallStarted,
    ToolKind,
)
from openai_cli.engine.models.responses.annotations import translated
from openai_cli.engine.models.upstream.fields import objects_of, text_of
from openai_cli.engine.strict_json import JsonObject

_KINDS: dict[str, ToolKind] = {
    "function_call": "function",
    "code_interpreter_call": "code_interpreter",
    "file_search_call": "file_search",
}


class OutputItem:
    """An output item; the event that closes it completes what the pieces omitted.

    `taken` are the call ids of other items.
    """

    def __init__(self, raw: JsonObject, taken: Container[str] = ()) -> None:
        self.type = text_of(raw.get("type")) or "message"
        self.raw = {**raw, "type": self.type}
        self.closed = False
        self._taken = taken
        self._call_id = self._name = ""
        self._texts: dict[int, str] = {}
        self._refusals: set[int] = set()
        self._annotations: dict[int, list[JsonObject]] = {}

    def open(self) -> Iterator[ModelEvent]:
        """Begin a tool call; a message begins with its text."""
        kind = _KINDS.get(self.type)
        if kind is not None:
            named = self.raw.get("call_id") if kind == "function" else self.raw.get("id")
            given = text_of(named)
            self._call_id = given if given and given not in self._taken else new_id("call")
            self._name = text_of(self.raw.get("name")) if kind == "function" else ""
            yield ToolCallStarted(self._call_id, kind, self._name)

    @property
    def call_id(self) -> str:
        """The id of the call in the run; empty if the item is not a call."""
        return self._call_id

    @property
    def text(self) -> str:
        """The item's text so far."""
        return "".join(self._texts[part] for part in sorted(self._texts))

    def add(self, text: str, part: int, *, refusal: bool = False) -> Iterator[ModelEvent]:
        """Add a piece of text, refusal, arguments or code."""
        if not text:
            return
        self._texts[part] = self._texts.get(part, "") + text
        if self._call_id:
            yield ToolCallDelta(self._call_id, text)
        else:
            if refusal:
                self._refusals.add(part)
            yield RefusalDelta(text, part) if refusal else TextDelta(text, part)

    def note(self, annotation: JsonObject, part: int) -> None:
        """Store an annotation from an event of its own until the text is complete."""
        self._annotations.setdefault(part, []).append(annotation)

    def close(self, raw: JsonObject) -> Iterator[ModelEvent]:
        """Take the complete item: what the pieces omitted, and fields that come only at the end."""
        self.closed = True
        self.raw = {**(raw or self.raw), "type": self.type}
        if self.type == "message":
            yield from self._close_message()
        elif self.type == "function_call":
            yield from self.complete(text_of(self.raw.get("arguments")), 0)
            call = {"call_id": self._call_id, "name": self._name}
            self.raw |= {**call, "arguments": self._texts.get(0, "")}
        elif self.type == "code_interpreter_call":
            yield from self.complete(text_of(self.raw.get("code")), 0)
            outputs = [_output(one) for one in objects_of(self.raw.get("outputs"))]
            yield ToolCallEnded(self._call_id, {"outputs": outputs})
        elif self.type == "file_search_call":
            yield ToolCallEnded(self._call_id, _found(self.raw.get("results")))

    def _close_message(self) -> Iterator[ModelEvent]:
        if not objects_of(self.raw.get("content")):
            self.raw["content"] = [self._content(part) for part in sorted(self._texts)]
        for part, content in enumerate(objects_of(self.raw.get("content"))):
            refusal = content.get("type") == "refusal"
            whole = text_of(content.get("refusal" if refusal else "text"))
            yield from self.complete(whole, part, refusal=refusal)
            if objects_of(content.get("annotations")):
                self._annotations[part] = objects_of(content["annotations"])
        for part, annotations in self._annotations.items():
            for annotation in annotations:
                shown = translated(annotation, self._texts.get(part, ""))
                if shown is not None and self._texts.get(part):
                    yield AnnotationAdded(shown, part)

    def _content(self, part: int) -> JsonObject:
        """A content part of a message that was never sent in full."""
        if part in self._refusals:
            return {"type": "refusal", "refusal": self._texts[part]}
        return {"type": "output_text", "text": self._texts[part]}

    def complete(self, whole: str, part: int, *, refusal: bool = False) -> Iterator[ModelEvent]:
        """Add the rest of a text; if the pieces differ from `whole`, they stay unchanged."""
        so_far = self._texts.get(part, "")
        if whole.startswith(so_far):
            yield from self.add(whole[len(so_far) :], part, refusal=refusal)


def _output(output: JsonObject) -> JsonObject:
    if output.get("type") == "image":
        # The API gives only the URL of an image.
        file_id = text_of(output.get("file_id")) or text_of(output.get("url"))
        return {"type": "image", "image": {"file_id": file_id}}
    return {"type": "logs", "logs": text_of(output.get("logs"))}


def _found(results: Any) -> JsonObject:
    if not isinstance(results, list):
        return {}
    return {"results": [_result(one) for one in objects_of(results)]}


def _result(result: JsonObject) -> JsonObject:
    score = result.get("score")
    text = text_of(result.get("text"))
    return {
        "file_id": text_of(result.get("file_id")),
        "file_name": text_of(result.get("filename")),
        "score": score if isinstance(score, int | float) else 0,
        "content": [{"type": "text", "text": text}] if text else [],
    }
