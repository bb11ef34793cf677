"""Builds a message or a tool call from pieces: returns deltas, then the stored shape.

These are plain classes, because generating dataclasses would slow down each start.
"""

from typing import Literal

from openai_cli.engine.models import ToolKind
from openai_cli.engine.strict_json import JsonObject


class ContentBlockBuilder:
    """One content block of a message."""

    def __init__(self, kind: Literal["text", "refusal"], part: int, index: int) -> None:
        self.kind = kind
        self.part = part
        self.index = index
        self.pieces: list[str] = []
        self.annotations: list[JsonObject] = []

    def add(self, text: str) -> JsonObject:
        """Append a piece; returns its delta. The first delta has an empty list of annotations."""
        first = not self.pieces
        self.pieces.append(text)
        if self.kind == "refusal":
            return {"index": self.index, "type": "refusal", "refusal": text}
        value = {"value": text, "annotations": []} if first else {"value": text}
        return {"index": self.index, "type": "text", "text": value}

    def annotate(self, annotation: JsonObject) -> JsonObject:
        """Append an annotation; returns its delta."""
        numbered = {"index": len(self.annotations), **annotation}
        self.annotations.append(annotation)
        return {"index": self.index, "type": "text", "text": {"annotations": [numbered]}}

    def content(self) -> JsonObject:
        """The block in its stored shape."""
        text = "".join(self.pieces)
        if self.kind == "refusal":
            return {"type": "refusal", "refusal": text}
        return {"type": "text", "text": {"value": text, "annotations": self.annotations}}


class MessageBuilder:
    """An open assistant message and its step."""

    def __init__(self, message_id: str, step_id: str) -> None:
        self.message_id = message_id
        self.step_id = step_id
        self.blocks: list[ContentBlockBuilder] = []

    def block(self, kind: Literal["text", "refusal"], part: int) -> ContentBlockBuilder:
        """The block for this part, opened if it is new."""
        for block in self.blocks:
            if block.kind == kind and block.part == part:
                return block
        block = ContentBlockBuilder(kind, part, len(self.blocks))
        self.blocks.append(block)
        return block

    def content(self) -> list[JsonObject]:
        """The blocks so far; at least one, because clients expect one."""
        return [block.content() for block in self.blocks] or [
            ContentBlockBuilder("text", 0, 0).content()
        ]


class ToolCallBuilder:
    """A tool call, in the step it belongs to."""

    def __init__(self, call_id: str, kind: ToolKind, name: str, step_id: str, index: int) -> None:
        self.call_id = call_id
        self.kind = kind
        self.name = name
        self.step_id = step_id
        self.index = index
        self.pieces: list[str] = []
        self.result: JsonObject = {}

    def opening(self) -> JsonObject:
        """The first delta: everything but the arguments."""
        return {"index": self.index, **self._call(self._empty())}

    def add(self, text: str) -> JsonObject:
        """Append a piece of arguments or input; returns its delta."""
        self.pieces.append(text)
        name = "arguments" if self.kind == "function" else "input"
        return {"index": self.index, "type": self.kind, self.kind: {name: text}}

    def finish(self, result: JsonObject) -> JsonObject:
        """Add the result of a call that ran upstream; returns its delta."""
        self.result = result
        shown = {}
        if self.kind == "code_interpreter":
            outputs = result.get("outputs", [])
            shown = {"outputs": [{"index": index, **one} for index, one in enumerate(outputs)]}
        return {"index": self.index, "type": self.kind, self.kind: shown}

    def details(self) -> JsonObject:
        """The call in the stored shape of its step."""
        text = "".join(self.pieces)
        if self.kind == "function":
            return self._call({"name": self.name, "arguments": text, "output": None})
        if self.kind == "code_interpreter":
            return self._call({"input": text, "outputs": [], **self.result})
        return self._call(self.result)

    def required(self) -> JsonObject:
        """The call as shown in `required_action`."""
        return self._call({"name": self.name, "arguments": "".join(self.pieces)})

    def _call(self, details: JsonObject) -> JsonObject:
        return {"id": self.call_id, "type": self.kind, self.kind: details}

    def _empty(self) -> JsonObject:
        if self.kind == "function":
            return {"name": self.name, "arguments": "", "output": None}
        return {"input": "", "outputs": []} if self.kind == "code_interpreter" else {}
