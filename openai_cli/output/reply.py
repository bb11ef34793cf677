"""Extracts the text of an assistant's reply from messages and events."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from openai_cli.output.json_layout import load

_MAX_DEPTH = 10
"""Maximum depth at which a text is searched for in a part."""
_QUOTE = 100
"""Maximum characters shown of an unreadable part."""

_REMEMBERED = 100
"""Messages of a stream whose printed text is remembered, so that it is not printed twice."""


def message_text(message: dict[str, Any]) -> str:
    """The parts of a message as text, one per line; other kinds are named in brackets."""
    content = message.get("content")
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return _text_in(content)
    return "\n".join(map(_part, content))


def notes(message: dict[str, Any]) -> str:
    """The annotations of a message as numbered lines: the annotated text, then its source."""
    content = message.get("content")
    annotations = [
        annotation
        for part in (content if isinstance(content, list) else ())
        if isinstance(part, dict)
        for annotation in _annotations(part)
    ]
    return "".join(f"[{number}] {_note(one)}\n" for number, one in enumerate(annotations, 1))


def _annotations(part: dict[str, Any]) -> list[dict[str, Any]]:
    text = part.get("text")
    found = text.get("annotations") if isinstance(text, dict) else None
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _note(annotation: dict[str, Any]) -> str:
    kind = str(annotation.get("type"))
    inner = annotation.get(kind)
    fields = {**annotation, **inner} if isinstance(inner, dict) else annotation
    keys = ("text", "title", "filename", "file_id", "url", "quote")
    words = [" ".join(str(fields[key]).split()) for key in keys if isinstance(fields.get(key), str)]
    return "  ".join(word for word in words if word) or kind


def _part(part: Any) -> str:
    if not isinstance(part, dict):
        return _text_in(part)
    kind = str(part.get("type", "part"))
    text = _words(part)
    if kind == "text":
        return text
    if kind == "refusal":
        return f"[refusal] {text}"
    inner = part.get(kind)
    if isinstance(inner, dict):
        return f"[{kind}: {inner.get('file_id') or inner.get('url') or 'no file or URL'}]"
    other = part.get("text")
    return _text_in(other) if isinstance(other, str | dict | list) else f"[{kind}]"


def _words(part: dict[str, Any]) -> str:
    """The text of a part: in answers `{"value": …}`, in requests a plain string."""
    return _text_in(part.get(str(part.get("type"))))


def _text_in(value: Any, depth: int = 0) -> str:
    """The text in a value of any form; unreadable values are shown in brackets."""
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, list) and depth < _MAX_DEPTH:
        return "".join(_text_in(item, depth + 1) for item in value)
    if isinstance(value, dict) and depth < _MAX_DEPTH:
        for key in ("value", "text"):
            if key in value:
                return _text_in(value[key], depth + 1)
        if value.keys() <= {"annotations"}:
            return ""
    return f"[cannot be read: {_quoted(value)}]"


def _quoted(value: Any) -> str:
    try:
        text = json.dumps(value, ensure_ascii=False)
    except RecursionError:
        text = "nested too deeply"
    return text if len(text) <= _QUOTE else f"{text[: _QUOTE - 1]}…"


def delta_text(data: dict[str, Any]) -> str:
    """The text in a `thread.message.delta`; parts that are not text are left out."""
    return "".join(map(_words, _delta_parts(data)))


def replies(document: str, *, annotated: bool = False) -> list[str]:
    """The text of a message, or of each assistant message in a list, ending with a newline.

    If `annotated`, the annotations of each message follow its text.
    """
    value = load(document)
    if not isinstance(value, dict):
        return []
    if value.get("object") == "thread.message":
        return [_whole(value, annotated)]
    items = value.get("data")
    messages = items if isinstance(items, list) else []
    return [_whole(message, annotated) for message in messages if _is_reply(message)]


def reply_among(item: str, *, annotated: bool = False) -> str | None:
    """The text of one message of a list; None if it is not from an assistant."""
    value = load(item)
    return _whole(value, annotated) if _is_reply(value) else None


def _whole(message: dict[str, Any], annotated: bool) -> str:
    text = message_text(message) + "\n"
    return text + notes(message) if annotated else text


class _Printed:
    """Length and digest of the text already printed of a message.

    The text itself is not kept: deltas take linear time, and a long reply needs no memory.
    """

    def __init__(self) -> None:
        from hashlib import sha256

        self._length = 0
        self._sha256 = sha256
        self._digest = sha256()

    def add(self, text: str) -> None:
        self._length += len(text)
        self._digest.update(_bytes(text))

    def missing(self, whole: str) -> str:
        """The part of the whole text not printed yet; empty if its beginning differs."""
        rest = whole[self._length :]
        begins = rest and self._sha256(_bytes(whole[: self._length])).digest()
        return rest if begins == self._digest.digest() else ""


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


class ReplyStream:
    """Turns events into pieces of text to print as they arrive.

    Each message and each part of a message starts on a new line. When a message is complete, text
    missing from its deltas is added, and its annotations if `annotated`.
    """

    def __init__(self, *, annotated: bool = False) -> None:
        self._annotated = annotated
        self._printed: dict[str, _Printed] = {}
        self._part_key: tuple[str, str] | None = None
        self._open = False

    @property
    def begun(self) -> bool:
        """Whether any text of a reply has arrived."""
        return bool(self._printed)

    @property
    def line_is_open(self) -> bool:
        """Whether the text so far does not end with a line break."""
        return self._open

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
        """A line break, unless the text so far ended with one."""
        if self._open:
            self._open = False
            yield "\n"

    def _delta(self, ident: str, part: dict[str, Any]) -> Iterator[str]:
        part_key = ident, str(part.get("index", 0))
        kind = str(part.get("type"))
        if kind not in ("text", "refusal"):
            yield from self._piece(part_key, _part(part))
            return
        words = _words(part)
        if words:
            begins = kind == "refusal" and part_key != self._part_key
            yield from self._piece(part_key, f"[refusal] {words}" if begins else words)

    def _rest(self, ident: str, text: str) -> Iterator[str]:
        """The text of a complete message that was missing from its deltas."""
        printed = self._printed.get(ident)
        if printed is None:
            yield from self._piece((ident, ""), text)
        elif missing := printed.missing(text):
            part_key = (
                self._part_key if self._part_key and self._part_key[0] == ident else (ident, "")
            )
            yield from self._piece(part_key, missing)

    def _piece(self, part_key: tuple[str, str], text: str) -> Iterator[str]:
        if self._part_key != part_key:
            yield from self.end()
        printed = self._printed.get(part_key[0])
        if printed is None:
            printed = self._remember(part_key[0])
        elif self._part_key != part_key:
            printed.add("\n")
        printed.add(text)
        self._part_key = part_key
        self._open = not text.endswith("\n")
        yield text

    def _remember(self, ident: str) -> _Printed:
        """Start a message; forgets the oldest one, to limit memory."""
        if len(self._printed) == _REMEMBERED:
            del self._printed[next(iter(self._printed))]
        printed = self._printed[ident] = _Printed()
        return printed


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
