"""HTTP requests to an upstream; answers are read as JSON events and can be cancelled at any
time.
"""

import json
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from itertools import chain
from typing import NamedTuple

import httpx

from openai_cli.client.answer_body import (
    AnswerTooLargeError,
    UnreadableEncodingError,
    beginning,
    bounded,
    decoded,
)
from openai_cli.client.headers import Headers, identity, with_given
from openai_cli.client.http_errors import (
    REQUEST_ERRORS,
    hint_about_proxy,
    is_connection_failure,
    translate,
)
from openai_cli.client.network import open_client
from openai_cli.client.redaction import scrub
from openai_cli.client.retry import asked_wait, should_retry
from openai_cli.client.server_models import LISTING_LIMIT, listed_names
from openai_cli.client.settings import ConnectionSettings
from openai_cli.client.sse import EventDecoder, RawEvent
from openai_cli.client.wire import Wire
from openai_cli.engine.models.prompt import Cancellation
from openai_cli.engine.models.upstream import advice
from openai_cli.engine.models.upstream.error_bodies import body_fields, complains_of_fields
from openai_cli.engine.models.upstream.upstream_errors import (
    EmptyAnswerError,
    UpstreamError,
    cut,
    refused,
    unusable,
)
from openai_cli.engine.strict_json import JsonObject, dumps
from openai_cli.errors import CliError, shortened

_LISTING_TIMEOUT = 10.0
"""Timeout of the request for model names, in seconds."""


class ReceivedEvent(NamedTuple):
    """An event, or the whole answer of a server that does not stream.

    `name` is the event's name; `json` for a whole answer, `done` for the end mark of a stream.
    """

    name: str
    value: JsonObject


class UpstreamAnswer(NamedTuple):
    """An answer to be forwarded; `headers` are in lower case. Answers with an error status have
    no secrets.
    """

    status: int
    headers: Mapping[str, str]
    body: Iterator[bytes]


class UpstreamClient:
    """An HTTP client for one upstream. Thread-safe."""

    def __init__(self, settings: ConnectionSettings) -> None:
        self._settings = settings
        try:
            self._http = open_client(settings)
        except CliError as error:
            more = f" ({error.hint})" if error.hint else ""
            raise unusable(f"cannot be asked: {error.message}{more}", settings) from error

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def ask(
        self, path: str, body: JsonObject, cancellation: Cancellation
    ) -> Generator[ReceivedEvent, None, None]:
        """Send one request and yield the received events.

        Raises:
            UpstreamError: refused, cut, unreadable, or not reachable.
        """
        wire = Wire()
        content = dumps(body).encode()
        with (
            cancellation.closing(wire.shut),
            self._sent("POST", path, (), content, wire) as response,
        ):
            if not response.is_success:
                raise self._refused(response, path, wire)
            yield from _arrivals(_body(response, self._settings), self._settings)

    @contextmanager
    def relayed(
        self,
        method: str,
        path: str,
        query: Sequence[tuple[str, str]],
        content: bytes,
        cancellation: Cancellation,
    ) -> Iterator[UpstreamAnswer]:
        """Send one request unchanged, and return the answer, whatever its status.

        Raises:
            UpstreamError: cut, too large, or not reachable; also while the body is read.
        """
        wire = Wire()
        with (
            cancellation.closing(wire.shut),
            self._sent(method, path, query, content, wire) as response,
        ):
            if response.is_redirect or not 200 <= response.status_code <= 599:
                raise self._refused(response, path, wire)
            headers = {name: scrub(text, self._settings) for name, text in response.headers.items()}
            if response.is_success:
                yield UpstreamAnswer(response.status_code, headers, _body(response, self._settings))
            else:
                said = b"".join(beginning(decoded(response))).decode("utf-8", "replace")
                body = scrub(said, self._settings).encode()
                yield UpstreamAnswer(response.status_code, headers, iter([body]))

    @contextmanager
    def _sent(
        self,
        method: str,
        path: str,
        query: Sequence[tuple[str, str]],
        content: bytes,
        wire: Wire,
    ) -> Iterator[httpx.Response]:
        """Send one request; the body of the response is not read yet. Raises UpstreamError."""
        settings = self._settings
        try:
            url = httpx.URL(settings.address.url(path))
            if query:  # the base URL's query comes first: it may contain the upstream's key
                url = url.copy_with(params=httpx.QueryParams(list(query)).merge(url.params))
            request = self._http.build_request(
                method,
                url,
                content=content,
                headers=_headers(settings),
                extensions={"trace": wire.trace},
            )
            response = self._http.send(request, stream=True)
            try:
                yield response
            finally:
                response.close()
        except REQUEST_ERRORS as error:
            failure = translate(error, settings)
            text = f"Asking the upstream failed: {failure.message}."
            if isinstance(error, UnreadableEncodingError) and failure.hint:
                text += f" Hint: {failure.hint}."
            elif hint := hint_about_proxy(error, settings):
                text += f" Hint: {hint}."
            elif isinstance(error, httpx.ConnectError):
                text += f" {advice.after_no_connection(settings)}"
            again = is_connection_failure(error)
            raise UpstreamError(scrub(text, settings), again=again) from error

    def _refused(self, response: httpx.Response, path: str, wire: Wire) -> UpstreamError:
        status = response.status_code
        if response.is_redirect:
            where = response.headers.get("location", "")
            return unusable(f"redirects to '{shortened(where)}'", self._settings)
        body = bytearray()
        with suppress(httpx.HTTPError):
            for chunk in beginning(decoded(response)):
                body += chunk
        text = body.decode("utf-8-sig", "replace")
        fields = body_fields(text)
        failure = refused(status, fields, text, self._settings)
        found = fields if fields else {"message": text}
        names = partial(self.model_names, wire)
        more = advice.after_refusal(status, path, found, self._settings, names)
        failure.text = f"{failure.text.rstrip('.')}. {more}" if more else failure.text
        failure.again = should_retry(status, response.headers) and not complains_of_fields(text)
        failure.wait = asked_wait(response.headers)
        return failure

    def model_names(self, wire: Wire | None = None) -> list[str]:
        """The names in `GET /models`; empty if that request fails."""
        settings = self._settings
        try:
            with self._http.stream(
                "GET",
                settings.address.url("/models"),
                headers=_headers(settings),
                timeout=min(settings.timeout, _LISTING_TIMEOUT),
                extensions={"trace": wire.trace} if wire else {},
            ) as response:
                content = b"".join(bounded(decoded(response), LISTING_LIMIT))
        except (*REQUEST_ERRORS, AnswerTooLargeError):
            return []
        return listed_names(content, settings) if response.is_success else []


def _headers(settings: ConnectionSettings) -> Headers:
    """Request headers; `--upstream-header` replaces ours."""
    ours = {
        "Accept": "text/event-stream, application/json",
        "Accept-Encoding": "identity",
        "Content-Type": "application/json",
        "Connection": "close",
    }
    return with_given({**identity(settings), **ours}, settings)


def _body(response: httpx.Response, settings: ConnectionSettings) -> Iterator[bytes]:
    """The answer's bytes. If the answer is cut off, the request may be repeated."""
    try:
        yield from bounded(decoded(response), settings.max_answer_size)
    except AnswerTooLargeError as error:
        text = f"sent more than {error.limit} bytes, and was not read further."
        raise unusable(text, settings) from error
    except httpx.RemoteProtocolError as error:
        failure = translate(error, settings)
        raise cut(settings, f"broke off its answer ({failure.message})") from error


def _arrivals(chunks: Iterator[bytes], settings: ConnectionSettings) -> Iterator[ReceivedEvent]:
    """The events of a stream, or one complete JSON answer; the content type is ignored."""
    head = b""
    for chunk in chunks:
        head = (head + chunk).lstrip()
        if head:
            break
    everything = chain([head], chunks)
    if head.startswith((b"{", b"[")):
        yield ReceivedEvent("json", _object(b"".join(everything), settings))
    else:
        yield from _events(everything, settings)


def _events(chunks: Iterable[bytes], settings: ConnectionSettings) -> Iterator[ReceivedEvent]:
    decoder = EventDecoder()
    empty = True
    for chunk in chunks:
        for event in decoder.feed(chunk):
            if event.data.strip():  # else a heartbeat
                empty = False
                yield _arrival(event, settings)
    # The last event may lack its closing blank line; if it is not JSON, it was cut off.
    for event in decoder.feed(b"\n\n"):
        with suppress(UpstreamError):
            empty = False
            yield _arrival(event, settings)
    if empty:
        text = unusable("sent no readable answer.", settings).text
        raise EmptyAnswerError(text)


def _arrival(event: RawEvent, settings: ConnectionSettings) -> ReceivedEvent:
    data = event.data.strip()
    if data == "[DONE]":
        return ReceivedEvent("done", {})
    if event.name == "error" and not data.startswith(("{", "[")):
        return ReceivedEvent("error", {"message": data})
    return ReceivedEvent(event.name, _object(data, settings))


def _object(data: str | bytes, settings: ConnectionSettings) -> JsonObject:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        value = None
    if isinstance(value, list) and len(value) == 1:
        value = value[0]  # some servers wrap an error in a list
    if not isinstance(value, dict):
        start = data[:80] if isinstance(data, str) else data[:80].decode("utf-8", "replace")
        raise unusable(f"sent what is not a JSON object: {start}", settings)
    return value
