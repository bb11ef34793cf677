"""Responses: one JSON document, or a stream of events."""

from __future__ import annotations

import codecs
import io
import json
from collections.abc import Generator, Iterable, Iterator, Mapping
from http import HTTPStatus
from itertools import chain
from typing import Any, NamedTuple

import httpx

from openai_cli.api.statuses import STOPPED
from openai_cli.client.answer_body import AnswerTooLargeError, bounded, decoded
from openai_cli.client.api_errors import fallback_error, is_refusal
from openai_cli.client.http_errors import too_large, translate
from openai_cli.client.redaction import scrub
from openai_cli.client.settings import ConnectionSettings
from openai_cli.client.skim import Skimmed, skim
from openai_cli.client.sse import EventDecoder, RawEvent
from openai_cli.client.trace import Trace
from openai_cli.client.wire import AnswerWatch
from openai_cli.client.wrapped_events import parsed, unwrapped
from openai_cli.errors import NoAnswerError

_STEP = 1 << 20
_RUN_MAY_CONTINUE = "the run may still be active: fetch it with beta:threads:runs retrieve"


class Document(NamedTuple):
    """One JSON answer: the server's bytes, and what was skimmed off them."""

    content: bytes
    headers: Mapping[str, str]
    skimmed: Skimmed = Skimmed({}, None)

    @property
    def text(self) -> str:
        """The server's text."""
        return self.content.decode("utf-8-sig")

    @property
    def value(self) -> Any:
        """All of it, parsed, with numbers as str."""
        return json.loads(self.text, parse_int=str, parse_float=str)

    @property
    def items(self) -> list[str] | None:
        """The text of each element of its `data`; None if it has no such list."""
        elements = self.skimmed.elements
        if elements is None:
            return None
        bounds = iter(elements.spans)
        return [self.content[start:end].decode() for start, end in zip(bounds, bounds, strict=True)]


class Event(NamedTuple):
    """One event of a stream: its name, and its data as the server's JSON text."""

    name: str
    data: str

    @property
    def text(self) -> str:
        """The event as one JSON object; the data is the server's text."""
        return f'{{"event":{json.dumps(self.name)},"data":{self.data}}}'


class LongAnswer:
    """A JSON answer that is passed on as it comes, being too long to be held and checked first."""

    def __init__(
        self, chunks: Iterator[bytes], settings: ConnectionSettings, watch: AnswerWatch
    ) -> None:
        self._chunks = chunks
        self._settings = settings
        self._watch = watch

    def chunks(self) -> Iterator[bytes]:
        """The bytes. Raises NoAnswerError if they end too early or are too many."""
        end = b""
        try:
            for chunk in self._watch.timing(self._chunks):
                yield chunk
                end = chunk.rstrip()[-1:] or end
        except httpx.HTTPError as error:
            raise translate(error, self._settings) from None
        except AnswerTooLargeError as error:
            raise too_large(error, self._settings) from None
        if end not in (b"}", b"]"):  # no length told that more should have come
            raise NoAnswerError("the answer breaks off in the middle of its JSON")


def read_pieces(
    response: httpx.Response, settings: ConnectionSettings, trace: Trace, watch: AnswerWatch
) -> Document | LongAnswer:
    """Read a JSON answer as `read_document` does, unless it is long: then only its beginning."""
    chunks = _chunks(response, settings, trace)
    begun: list[bytes] = []
    size = 0
    for chunk in chunks:
        begun.append(chunk)
        size += len(chunk)
        if size > _STEP:
            start = b"".join(begun)
            if start.removeprefix(codecs.BOM_UTF8).lstrip()[:1] not in (b"{", b"["):
                raise _not_json(response, start.decode("latin-1"), settings)
            return LongAnswer(chain([start], chunks), settings, watch)
    return _document(response, begun, settings)


def read_document(response: httpx.Response, settings: ConnectionSettings, trace: Trace) -> Document:
    """Read a complete JSON answer.

    A DELETE answered with status 204 gives an empty document. Raises NoAnswerError if the body is
    empty or not JSON, ApiError if it is an error object,
    AnswerTooLargeError beyond `settings.max_answer_size`.
    """
    try:
        return _document(response, _chunks(response, settings, trace), settings)
    except MemoryError:
        raise NoAnswerError("there is not enough memory for the answer") from None


def _chunks(
    response: httpx.Response, settings: ConnectionSettings, trace: Trace
) -> Iterator[bytes]:
    return trace.passing(bounded(decoded(response), settings.max_answer_size))


def _document(
    response: httpx.Response, chunks: Iterable[bytes], settings: ConnectionSettings
) -> Document:
    text = _as_latin_1(chunks)
    if response.status_code == HTTPStatus.NO_CONTENT and response.request.method == "DELETE":
        return Document(b"", response.headers)
    if not text.strip():
        status = f"status {response.status_code}"
        raise NoAnswerError(f"{settings.address.server_name} sent an empty answer ({status})")
    try:
        _check_utf_8(text)
        skimmed = skim(text)
    except RecursionError:
        raise NoAnswerError("the answer is nested too deeply") from None
    except ValueError:
        raise _not_json(response, text, settings) from None
    document = Document(text.encode("latin-1"), response.headers, skimmed)
    if is_refusal(skimmed.members):
        code = response.status_code
        raise fallback_error(document.text, response.headers, settings, status=code)
    return document


def _as_latin_1(chunks: Iterable[bytes]) -> str:
    """The chunks as one text in which each byte is a character, and a place one in the bytes.

    What the client looks for is ASCII, and one emoji does not make this text four times as large.
    """
    whole = io.BytesIO()  # a join would hold everything twice
    for chunk in chunks:
        whole.write(chunk)
    return str(whole.getbuffer(), "latin-1")


def _check_utf_8(text: str) -> None:
    """Raise ValueError if what was read as Latin-1 is not UTF-8; without decoding it as a whole."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    for start in range(0, len(text), _STEP):
        decoder.decode(text[start : start + _STEP].encode("latin-1"))
    decoder.decode(b"", final=True)


def _not_json(
    response: httpx.Response, latin_1: str, settings: ConnectionSettings
) -> NoAnswerError:
    kind = response.headers.get("content-type", "no type given").partition(";")[0]
    text = scrub(latin_1[:4000].encode("latin-1").decode("utf-8", "replace"), settings)
    start = " ".join(text.split())[:80]
    return NoAnswerError(
        f"the answer is not JSON ({kind}): {start}",
        hint="check --base-url; --debug shows the answer",
    )


class Stream:
    """Server-sent events of one answer, one at a time as they arrive.

    `run` is the run in its last event; `saw_active_run` is whether any event had a run that was
    not stopped. Iterating raises ApiError at an `error` event, and NoAnswerError if the connection
    ends before `done` or a stopped run.
    """

    def __init__(
        self,
        response: httpx.Response,
        settings: ConnectionSettings,
        trace: Trace,
        watch: AnswerWatch,
    ) -> None:
        self.headers: Mapping[str, str] = response.headers
        self.run: dict[str, Any] | None = None
        self.saw_active_run = False
        self._response = response
        self._settings = settings
        self._watch = watch
        self._chunks = self._read(trace)
        self._done = False
        self._run_ended = False

    def events(self) -> Iterator[Event]:
        """The events, without the closing `done`."""
        decoder = self._decoder()
        for chunk in self._chunks:
            for raw in self._fed(decoder, chunk):
                event = self._event(raw)
                if event is not None:
                    yield event
                if self._done:
                    self.close()
                    return
        self._check_end(decoder)

    def chunks(self) -> Iterator[bytes]:
        """The bytes as they arrive, for format `raw`; ends and raises as `events` does."""
        decoder = self._decoder()
        for chunk in self._chunks:
            yield chunk
            for raw in self._fed(decoder, chunk):
                self._event(raw)
                if self._done:
                    self.close()
                    return
        self._check_end(decoder)

    def abandon(self) -> None:
        """Stop yielding events. If the run executes in this process, wait for its end."""
        if self._settings.in_process:
            for _ in self._chunks:
                pass
        self.close()

    def close(self) -> None:
        """Release the connection."""
        self._chunks.close()
        self._response.close()

    def _decoder(self) -> EventDecoder:
        return EventDecoder(self._settings.max_answer_size)

    def _fed(self, decoder: EventDecoder, chunk: bytes) -> Iterator[RawEvent]:
        try:
            yield from decoder.feed(chunk)
        except AnswerTooLargeError as error:
            self.close()
            raise self._broken(too_large(error, self._settings).message) from None

    def _read(self, trace: Trace) -> Generator[bytes, None, None]:
        """The chunks; the time for the next event runs while one is waited for."""
        try:
            yield from self._watch.timing(trace.passing(decoded(self._response)))
        except httpx.HTTPError as error:
            if not self._run_ended:
                raise self._broken(translate(error, self._settings).message) from None

    def _check_end(self, decoder: EventDecoder) -> None:
        if not self._run_ended:
            where = "in the middle of an event" if decoder.pending else "before its end"
            raise self._broken(f"the stream broke off {where}")

    def _broken(self, message: str) -> NoAnswerError:
        return NoAnswerError(message, hint=_RUN_MAY_CONTINUE)

    def _event(self, raw: RawEvent) -> Event | None:
        """The event to yield; None for the end of the stream and for keep-alives."""
        if raw.data.strip():
            self._watch.renew()
        raw = unwrapped(raw)
        if raw.name == "done" or raw.data.strip('" \n') == "[DONE]":
            self._done = True
            return None
        value = parsed(raw.data)
        if raw.name == "error" or is_refusal(value):
            raise fallback_error(raw.data, self.headers, self._settings)
        if not raw.data.strip():
            return None
        if value is None and raw.data.strip() != "null":
            start = scrub(raw.data[:4000], self._settings)[:80]
            raise NoAnswerError(f"an event of the stream is not JSON: {start}")
        if isinstance(value, dict) and value.get("object") == "thread.run":
            self.run = value
            self._run_ended = str(value.get("status")) in STOPPED
            self.saw_active_run = self.saw_active_run or not self._run_ended
        return Event(raw.name or "message", raw.data)
