"""The words of an assistant's reply, out of messages and events."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from openai_cli.output.jsontext import load


def message_text(message: dict[str, Any]) -> str:
    """All parts of a message as text, one below the other; what is no text is named in brackets."""
    content = message.get("content")
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return "\n".join(_part(part) for part in parts if isinstance(part, dict))


def _part(part: dict[str, Any]) -> str:
    kind = str(part.get("type", "part"))
    text = _words(part)
    if kind == "text":
        return text
    if kind == "refusal":
        return f"[refusal] {text}"
    inner = part.get(kind)
    if isinstance(inner, dict):
        return f"[{kind}: {inner.get('file_id') or inner.get('url') or 'no address'}]"
    return f"[{kind}]"


def _words(part: dict[str, Any]) -> str:
    """What a part says; text comes as `{"value": …}`, in requests as a plain string."""
    inner = part.get(str(part.get("type")))
    if isinstance(inner, dict):
        inner = inner.get("value")
    return inner if isinstance(inner, str) else ""


def delta_text(data: dict[str, Any]) -> str:
    """The words a `thread.message.delta` brings, without names of what is no text."""
    return "".join(map(_words, _delta_parts(data)))


def replies(document: str) -> list[str]:
    """The texts of a message, or of the assistant's messages in a list."""
    value = load(document)
    if not isinstance(value, dict):
        return []
    if value.get("object") == "thread.message":
        return [message_text(value)]
    items = value.get("data")
    return [message_text(i) for i in items if _is_reply(i)] if isinstance(items, list) else []


class ReplyStream:
    """Turns events into the pieces of text to print as they come.

    Each message, and each part of one, begins on a line of its own.
    """

    def __init__(self) -> None:
        self._begun: set[str] = set()
        self._place: tuple[str, str] | None = None
        self._open = False

    @property
    def begun(self) -> bool:
        """Whether any reply has come."""
        return bool(self._begun)

    def pieces(self, event: str) -> Iterator[str]:
        """The text an event (`{"event", "data"}` as JSON) adds to the reply."""
        data = load(event).get("data")
        if not isinstance(data, dict):
            return
        ident = str(data.get("id", ""))
        if data.get("object") == "thread.message.delta":
            for part in _delta_parts(data):
                yield from self._delta(ident, part)
        elif _is_finished_message(data):
            if ident not in self._begun:
                yield from self._piece((ident, ""), message_text(data))
            yield from self.end()

    def end(self) -> Iterator[str]:
        """A line break, if the reply does not stand at the start of a line."""
        if self._open:
            self._open = False
            yield "\n"

    def _delta(self, ident: str, part: dict[str, Any]) -> Iterator[str]:
        place = ident, str(part.get("index", 0))
        kind = str(part.get("type"))
        if kind not in ("text", "refusal"):
            yield from self._piece(place, _part(part))
            return
        words = _words(part)
        if words:
            begins = kind == "refusal" and place != self._place
            yield from self._piece(place, f"[refusal] {words}" if begins else words)

    def _piece(self, place: tuple[str, str], text: str) -> Iterator[str]:
        if self._place != place:
            yield from self.end()
        self._place = place
        self._begun.add(place[0])
        self._open = not text.endswith("\n")
        yield text


def _is_reply(item: Any) -> bool:
    return (
        isinstance(item, dict)
        and item.get("object") == "thread.message"
        and item.get("role") == "assistant"
    )


def _is_finished_message(data: dict[str, Any]) -> bool:
    return _is_reply(data) and data.get("status", "completed") in ("completed", "incomplete")


def _delta_parts(data: dict[str, Any]) -> Iterator[dict[str, Any]]:
    delta = data.get("delta")
    content = delta.get("content") if isinstance(delta, dict) else None
    for part in content if isinstance(content, list) else ():
        if isinstance(part, dict):
            yield part
