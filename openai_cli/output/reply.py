"""The words of an assistant's reply, out of messages and events."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any


def message_text(message: dict[str, Any]) -> str:
    """All parts of a message as text; what is no text is named in brackets."""
    content = message.get("content")
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return "\n".join(_part(part) for part in parts if isinstance(part, dict))


def _part(part: dict[str, Any]) -> str:
    """A content part; text comes as `{"value": …}`, in requests as a plain string."""
    kind = str(part.get("type", "part"))
    inner = part.get(kind)
    if kind == "text":
        return str(inner.get("value", "") if isinstance(inner, dict) else inner or "")
    if kind == "refusal":
        return f"[refusal] {inner}"
    if isinstance(inner, dict):
        return f"[{kind}: {inner.get('file_id') or inner.get('url') or 'no address'}]"
    return f"[{kind}]"


def replies(document: str) -> list[str] | None:
    """The reply in a JSON answer: a message, or a list of them; None if it holds no message."""
    value = json.loads(document)
    if not isinstance(value, dict):
        return None
    if value.get("object") == "thread.message":
        return [message_text(value)]
    items = value.get("data")
    if value.get("object") == "list" and isinstance(items, list):
        messages = [item for item in items if isinstance(item, dict)]
        if all(item.get("object") == "thread.message" for item in messages):
            return [message_text(item) for item in messages if item.get("role") == "assistant"]
    return None


class ReplyStream:
    """Turns events into the pieces of text to print as they come."""

    def __init__(self) -> None:
        self._printed: set[str] = set()
        self._open = False

    def pieces(self, event: str) -> Iterator[str]:
        """The text an event (`{"event", "data"}` as JSON) adds to the reply."""
        data = json.loads(event).get("data")
        if not isinstance(data, dict):
            return
        ident = str(data.get("id", ""))
        if data.get("object") == "thread.message.delta":
            for text in _delta_texts(data):
                self._printed.add(ident)
                self._open = not text.endswith("\n")
                yield text
        elif _is_finished_message(data):
            if ident not in self._printed:
                self._open = True
                yield message_text(data)
            yield from self.end()

    def end(self) -> Iterator[str]:
        """A line break, if the reply does not stand at the start of a line."""
        if self._open:
            self._open = False
            yield "\n"


def _is_finished_message(data: dict[str, Any]) -> bool:
    return (
        data.get("object") == "thread.message"
        and data.get("role") == "assistant"
        and data.get("status", "completed") in ("completed", "incomplete")
    )


def _delta_texts(data: dict[str, Any]) -> Iterator[str]:
    delta = data.get("delta")
    content = delta.get("content") if isinstance(delta, dict) else None
    for part in content if isinstance(content, list) else []:
        inner = part.get(part.get("type", "")) if isinstance(part, dict) else None
        if isinstance(inner, dict) and "value" in inner:
            yield str(inner["value"] or "")
        elif isinstance(part, dict) and part.get("type") != "text":
            yield str(inner) if isinstance(inner, str) else _part(part)
