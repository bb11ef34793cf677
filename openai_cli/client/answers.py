"""What comes back: one JSON document, or a stream of events."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from openai_cli.client.faults import translate
from openai_cli.client.headers import scrub
from openai_cli.client.refusals import error_fields, event_refusal, parsed
from openai_cli.client.settings import Settings
from openai_cli.client.sse import EventDecoder, RawEvent
from openai_cli.client.trace import Trace
from openai_cli.errors import NoAnswerError

END_STATUSES = frozenset(
    {"completed", "failed", "cancelled", "expired", "incomplete", "requires_action"}
)
"""Statuses after which a run's stream has nothing more to say."""


@dataclass(frozen=True)
class Document:
    """One JSON answer: the server's bytes, and its text (known to be valid JSON)."""

    content: bytes
    text: str
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Event:
    """One event of a stream: its name, and its data as JSON text.

    `whole` is the event as one JSON object, where the server sent it so.
    """

    name: str
    data: str
    whole: str = ""

    @property
    def text(self) -> str:
        """The event as one JSON object, as the server wrote it."""
        return self.whole or f'{{"event":{json.dumps(self.name)},"data":{self.data}}}'


def read_document(response: httpx.Response, settings: Settings, trace: Trace) -> Document:
    """Read a JSON answer to its end. Raises NoAnswerError if it is empty or not JSON."""
    content = response.read()
    trace.body("<", content)
    if not content.strip():
        raise NoAnswerError(f"{settings.address.host or 'the engine'} answered with nothing")
    try:
        text = content.decode("utf-8-sig")
        json.loads(text, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        kind = response.headers.get("content-type", "no type given").partition(";")[0]
        start = scrub(" ".join(content[:200].decode("utf-8", "replace").split())[:80], settings)
        raise NoAnswerError(
            f"the answer is not JSON ({kind}): {start}",
            hint="is the address right? Look at --base-url, and at the answer with --debug",
        ) from None
    return Document(content, text, response.headers)


class Stream:
    """Server-sent events of one answer, one at a time as they arrive.

    `run` is the run as the last event told of it. Iterating raises ApiError at an `error`
    event, and NoAnswerError if the connection ends before the stream has: with `done`, or a
    run that has come to an end.
    """

    def __init__(self, response: httpx.Response, settings: Settings, trace: Trace) -> None:
        self.headers: Mapping[str, str] = response.headers
        self.run: dict[str, Any] | None = None
        self._response = response
        self._settings = settings
        self._trace = trace
        self._ended = False

    def events(self) -> Iterator[Event]:
        """The events, without the closing `done`."""
        decoder = EventDecoder()
        for chunk in self._bytes():
            for raw in decoder.feed(chunk):
                event = self._event(raw)
                if event is None:
                    return
                yield event
        self._check_end()

    def chunks(self) -> Iterator[bytes]:
        """The bytes as they arrive, for `raw`; ends and fails as `events` does."""
        decoder = EventDecoder()
        for chunk in self._bytes():
            yield chunk
            if any(self._event(raw) is None for raw in decoder.feed(chunk)):
                return
        self._check_end()

    def abandon(self) -> None:
        """Nobody listens any more. A server's run goes on; the engine's needs this process."""
        if self._settings.address.is_local:
            for _ in self._bytes():
                pass

    def _bytes(self) -> Iterator[bytes]:
        try:
            for chunk in self._response.iter_bytes():
                self._trace.body("<", chunk)
                yield chunk
        except httpx.HTTPError as error:
            if not self._ended:
                host = self._settings.address.host
                raise translate(error, host, self._settings.timeout) from None

    def _check_end(self) -> None:
        if not self._ended:
            raise NoAnswerError(
                "the stream broke off before its end",
                hint="the run may still be at work: fetch it with beta:threads:runs retrieve",
            )

    def _event(self, raw: RawEvent) -> Event | None:
        if raw.data == "[DONE]" or raw.name == "done":
            self._ended = True
            return None
        value = parsed(raw.data)
        name, data, whole = raw.name, raw.data, ""
        if not name and isinstance(value, dict) and {"event", "data"} <= value.keys():
            # Some servers put the name into the data and send no event line.
            name, value, whole = str(value["event"]), value["data"], raw.data
            data = json.dumps(value, ensure_ascii=False)
        if name == "error" or (isinstance(value, dict) and _is_refusal(value)):
            raise event_refusal(raw.data, self.headers, self._settings)
        if value is None and data != "null":
            start = scrub(data[:80], self._settings)
            raise NoAnswerError(f"an event of the stream is not JSON: {start}")
        if isinstance(value, dict) and value.get("object") == "thread.run":
            self.run = value
            self._ended = self._ended or value.get("status") in END_STATUSES
        return Event(name or "message", data, whole)


def _is_refusal(value: dict[str, Any]) -> bool:
    return "error" in value and "object" not in value and bool(error_fields(value))
