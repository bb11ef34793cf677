"""Server-sent events, decoded from bytes as they arrive (WHATWG HTML, section 9.2).

An event is returned with the chunk that completes it. docs/architecture.md explains why no library
is used.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from typing import NamedTuple

from openai_cli.client.answer_body import AnswerTooLargeError


class RawEvent(NamedTuple):
    """One event: its name ("" if it has none) and its data lines, joined by newlines."""

    name: str
    data: str


class EventDecoder:
    """Incremental decoder: `feed` takes a chunk of bytes and yields the events it completes.

    `limit` is characters of one event; 0 is no limit. `feed` raises AnswerTooLargeError beyond it.
    """

    def __init__(self, limit: int = 0) -> None:
        self._limit = limit
        self._size = 0
        # By the standard: always UTF-8, whatever the header says, and one BOM is skipped.
        self._text = codecs.getincrementaldecoder("utf-8-sig")(errors="replace")
        self._line: list[str] = []
        self._after_cr = False
        self._name = ""
        self._data: list[str] = []

    @property
    def pending(self) -> bool:
        """Whether an event is incomplete."""
        return bool(self._data or self._line or self._name)

    def feed(self, chunk: bytes) -> Iterator[RawEvent]:
        """The events completed by this chunk, in order."""
        text = self._text.decode(chunk)
        if not text:
            return
        ends_with_cr = text.endswith("\r")
        if self._after_cr:
            text = text.removeprefix("\n")
        self._after_cr = ends_with_cr
        *lines, rest = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        for line in lines:
            # Parts are joined once per line, so that many small chunks take linear time.
            self._count(len(line))
            event = self._take("".join((*self._line, line)))
            self._line.clear()
            if event is not None:
                yield event
        if rest:
            self._count(len(rest))
            self._line.append(rest)

    def _count(self, characters: int) -> None:
        self._size += characters
        if self._limit and self._size > self._limit:
            raise AnswerTooLargeError(self._limit)

    def _take(self, line: str) -> RawEvent | None:
        if line:
            self._field(line)
            return None
        event = RawEvent(self._name, "\n".join(self._data)) if self._data else None
        self._name, self._data, self._size = "", [], 0
        return event

    def _field(self, line: str) -> None:
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            self._data.append(value)
        elif name == "event":
            self._name = value
