"""The words of an assistant's reply, out of messages and events."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from openai_cli.output.json_layout import load


def message_text(message: dict[str, Any]) -> str:
    """All parts of a message as text, one below the other; what is no text is named in brackets."""
    content = message.get("content")
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return "\n".join(_part(part) for part in parts if isinstance(part, dict))


def notes(message: dict[str, Any]) -> str:
    """The annotations of a message, a numbered line each: the words they stand at, their source."""
    content = message.get("content")
    found = [
        annotation
        for part in (content if isinstance(content, list) else ())
        if isinstance(part, dict)
        for annotation in _annotations(part)
    ]
    return "".join(f"[{number}] {_note(one)}\n" for number, one in enumerate(found, 1))


def _annotations(part: dict[str, Any]) -> list[dict[str, Any]]:
    text = part.get("text")
    found = text.get("annotations") if isinstance(text, dict) else None
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _note(annotation: dict[str, Any]) -> str:
    kind = str(annotation.get("type"))
    inner = annotation.get(kind)
    told = {**annotation, **inner} if isinstance(inner, dict) else annotation
    keys = ("text", "title", "filename", "file_id", "url", "quote")
    words = [" ".join(str(told[key]).split()) for key in keys if isinstance(told.get(key), str)]
    return "  ".join(word for word in words if word) or kind


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


def replies(document: str, *, annotated: bool = False) -> list[str]:
    """The texts of a message, or of the assistant's messages in a list, in lines.

    If `annotated`, the notes of each message stand below it.
    """
    value = load(document)
    if not isinstance(value, dict):
        return []
    if value.get("object") == "thread.message":
        return [_whole(value, annotated)]
    items = value.get("data")
    found = items if isinstance(items, list) else []
    return [_whole(item, annotated) for item in found if _is_reply(item)]


def reply_among(item: str, *, annotated: bool = False) -> str | None:
    """The text of one item of a list of messages, None if it is no reply of an assistant."""
    value = load(item)
    return _whole(value, annotated) if _is_reply(value) else None


def _whole(message: dict[str, Any], annotated: bool) -> str:
    text = message_text(message) + "\n"
    return text + notes(message) if annotated else text


class ReplyStream:
    """Turns events into the pieces of text to print as they come.

    Each message, and each part of one, begins on a line of its own. What the deltas of a message
    left out is added when it is whole, and its notes, if `annotated`.
    """

    def __init__(self, *, annotated: bool = False) -> None:
        self._annotated = annotated
        self._said: dict[str, str] = {}
        self._place: tuple[str, str] | None = None
        self._open = False

    @property
    def begun(self) -> bool:
        """Whether any reply has come."""
        return bool(self._said)

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
            yield from self._rest(ident, message_text(data))
            yield from self.end()
            if self._annotated:
                yield notes(data)

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

    def _rest(self, ident: str, text: str) -> Iterator[str]:
        """The part of a whole message that its deltas did not bring."""
        said = self._said.get(ident)
        if said is None:
            yield from self._piece((ident, ""), text)
        elif text.startswith(said) and text != said:
            place = self._place if self._place and self._place[0] == ident else (ident, "")
            yield from self._piece(place, text.removeprefix(said))

    def _piece(self, place: tuple[str, str], text: str) -> Iterator[str]:
        if self._place != place:
            yield from self.end()
        between = "\n" if self._place != place and place[0] in self._said else ""
        self._said[place[0]] = self._said.get(place[0], "") + between + text
        self._place = place
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
