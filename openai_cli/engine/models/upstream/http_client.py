"""One request to an upstream, and what streams back, readable as JSON and stoppable at any time."""

import json
import socket
import threading
from collections.abc import Generator, Iterable, Iterator
from contextlib import suppress
from functools import partial
from itertools import chain
from typing import Any, NamedTuple

import httpx

from openai_cli.client.headers import user_agent
from openai_cli.client.http_errors import REQUEST_ERRORS, is_connection_failure, translate
from openai_cli.client.network import open_client
from openai_cli.client.redaction import scrub
from openai_cli.client.retry import asked_wait, should_retry
from openai_cli.client.settings import ConnectionSettings
from openai_cli.client.sse import EventDecoder, RawEvent
from openai_cli.client.wrapped_events import parsed
from openai_cli.engine.models.prompt import Cancellation
from openai_cli.engine.models.upstream import advice
from openai_cli.engine.models.upstream.error_bodies import body_fields, complains_of_fields
from openai_cli.engine.models.upstream.fields import objects_of, text_of
from openai_cli.engine.models.upstream.upstream_errors import (
    EmptyAnswerError,
    UpstreamError,
    cut,
    refused,
    unusable,
)
from openai_cli.engine.strict_json import JsonObject, dumps
from openai_cli.errors import CliError

_LISTING_TIMEOUT = 10.0
"""Seconds of silence after which the names of models are not waited for."""


class ReceivedEvent(NamedTuple):
    """One thing that came: an event, or the whole answer of a server that does not stream.

    `name` is the event's name; `json` for a whole answer, `done` for the end mark of a stream.
    """

    name: str
    value: JsonObject


class UpstreamCall:
    """The connections to one upstream. Safe to use from several threads."""

    def __init__(self, settings: ConnectionSettings) -> None:
        self._settings = settings
        try:
            self._http = open_client(settings)
        except CliError as error:
            raise unusable(f"cannot be asked: {error.message}", settings) from error

    def close(self) -> None:
        """Release the connections."""
        self._http.close()

    def ask(
        self, path: str, body: JsonObject, cancellation: Cancellation
    ) -> Generator[ReceivedEvent, None, None]:
        """Send one request and give what arrives.

        Raises:
            UpstreamError: refused, cut, unreadable, or not reachable.
        """
        settings = self._settings
        wire = _Wire()
        try:
            with cancellation.closing(wire.shut):
                request = self._http.build_request(
                    "POST",
                    settings.address.url(path),
                    content=dumps(body).encode(),
                    headers=_headers(settings),
                    extensions={"trace": wire.trace},
                )
                response = self._http.send(request, stream=True)
                try:
                    if not response.is_success:
                        raise self._refused(response, path, wire)
                    yield from _arrivals(_body(response, settings), settings)
                finally:
                    response.close()
        except REQUEST_ERRORS as error:
            trouble = translate(error, settings)
            text = f"Asking the upstream failed: {trouble.message}."
            if isinstance(error, httpx.ConnectError):
                text += f" {advice.after_no_connection(settings)}"
            again = is_connection_failure(error)
            raise UpstreamError(scrub(text, settings), again=again) from error

    def _refused(self, response: httpx.Response, path: str, wire: "_Wire") -> UpstreamError:
        status = response.status_code
        if response.is_redirect:
            where = response.headers.get("location", "")
            return unusable(f"points elsewhere, to '{where}'", self._settings)
        with suppress(httpx.HTTPError):
            response.read()
        text = response.text if response.is_stream_consumed else ""
        fields = body_fields(text)
        trouble = refused(status, fields, text, self._settings)
        told = fields if fields else {"message": text}
        names = partial(self._listed_models, wire)
        more = advice.after_refusal(status, path, told, self._settings, names)
        trouble.text = f"{trouble.text.rstrip('.')}. {more}" if more else trouble.text
        trouble.again = should_retry(status, response.headers) and not complains_of_fields(text)
        trouble.wait = asked_wait(response.headers)
        return trouble

    def _listed_models(self, wire: "_Wire") -> list[str]:
        """The names in `GET /models`; none if that goes wrong too."""
        settings = self._settings
        try:
            response = self._http.get(
                settings.address.url("/models"),
                headers=_headers(settings),
                timeout=min(settings.timeout, _LISTING_TIMEOUT),
                extensions={"trace": wire.trace},
            )
        except REQUEST_ERRORS:
            return []
        listed = parsed(response.text) if response.is_success else None
        found = objects_of(listed.get("data")) if isinstance(listed, dict) else []
        return [scrub(name, settings) for one in found if (name := text_of(one.get("id")))]


class _Wire:
    """The socket of one request, so that another thread can end a read that blocks.

    Closing a socket does not wake who reads from it; shutting it down does. Each request has a
    connection of its own (`Connection: close`), so its socket is seen when it is opened.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._shut = False

    def trace(self, _event: str, info: dict[str, Any]) -> None:
        """Watch httpx open the connection, plain first, then with TLS over it."""
        stream: Any = info.get("return_value")
        if hasattr(stream, "get_extra_info"):
            found = stream.get_extra_info("socket")
            if isinstance(found, socket.socket):
                with self._lock:
                    self._socket = found
                if self._shut:
                    self.shut()

    def shut(self) -> None:
        """End all reading and writing."""
        with self._lock:
            self._shut = True
            if self._socket is not None:
                with suppress(OSError):
                    # Not the TLS socket's own method: it is busy in the other thread.
                    socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


def _headers(settings: ConnectionSettings) -> list[tuple[str, str]]:
    """The headers of a request; those given by hand replace ours."""
    wanted = {
        "Authorization": f"Bearer {settings.api_key}" if settings.api_key else "",
        "OpenAI-Organization": settings.organization,
        "OpenAI-Project": settings.project,
        "User-Agent": user_agent(),
        "Accept": "text/event-stream, application/json",
        "Accept-Encoding": "identity",
        "Content-Type": "application/json",
        "Connection": "close",
    }
    by_hand = {name.lower() for name, _ in settings.headers}
    ours = [pair for pair in wanted.items() if pair[1] and pair[0].lower() not in by_hand]
    return [*ours, *settings.headers]


def _body(response: httpx.Response, settings: ConnectionSettings) -> Iterator[bytes]:
    """The answer's bytes. One that was begun and is cut off may be asked for again."""
    try:
        yield from response.iter_bytes()
    except httpx.RemoteProtocolError as error:
        trouble = translate(error, settings)
        raise cut(settings, f"broke off its answer ({trouble.message})") from error


def _arrivals(chunks: Iterator[bytes], settings: ConnectionSettings) -> Iterator[ReceivedEvent]:
    """The events of a stream; or one whole answer, whatever the content type says."""
    head = b""
    for chunk in chunks:
        head += chunk
        if head.strip():
            break
    everything = chain([head], chunks)
    if head.lstrip().startswith((b"{", b"[")):
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
    # The last event of a stream that lacks its closing blank line; if it is no JSON, it was cut.
    for event in decoder.feed(b"\n\n"):
        with suppress(UpstreamError):
            empty = False
            yield _arrival(event, settings)
    if empty:
        text = unusable("answered with nothing that can be read.", settings).text
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
        value = value[0]  # how some servers wrap an error
    if not isinstance(value, dict):
        start = data[:80] if isinstance(data, str) else data[:80].decode("utf-8", "replace")
        raise unusable(f"sent what is not a JSON object: {start}", settings)
    return value
