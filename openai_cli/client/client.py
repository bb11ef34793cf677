"""HTTP client: sends one request with retries and redirects, and returns the answer."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, nullcontext
from functools import lru_cache
from types import TracebackType
from typing import TYPE_CHECKING, TypeVar
from weakref import WeakSet

import httpx

from openai_cli.api.operation import Request
from openai_cli.client.address import Address
from openai_cli.client.answer_body import AnswerTooLargeError, beginning, decoded
from openai_cli.client.api_errors import api_error
from openai_cli.client.cross_origin import (
    cross_origin_hint,
    for_other_origin,
    next_url,
    same_origin,
)
from openai_cli.client.headers import request_headers
from openai_cli.client.http_errors import (
    REQUEST_ERRORS,
    is_connection_failure,
    too_large,
    translate,
)
from openai_cli.client.network import open_client, timeouts
from openai_cli.client.request_body import InPieces, encoded
from openai_cli.client.responses import (
    Document,
    LongAnswer,
    Stream,
    read_document,
    read_pieces,
)
from openai_cli.client.retry import LONGEST_BACKOFF, LONGEST_WAIT, asked_wait, backoff, should_retry
from openai_cli.client.settings import ConnectionSettings
from openai_cli.client.trace import Trace
from openai_cli.client.wire import AnswerTimeoutError, AnswerWatch, Wire
from openai_cli.errors import ApiError

T = TypeVar("T")
if TYPE_CHECKING:
    from openai_cli.client.pace import Pace, Turn

_SAFE_TO_REPEAT = ("GET", "DELETE")
_GRACE = 0.5
"""Seconds added to an attempt's time limit, so that a silent server is reported as silent first."""
_TEXT_TYPES = ("", "text/plain", "application/octet-stream")
"""Content types of servers that send events without `text/event-stream`."""


def full_url(request: Request, address: Address, *, shown: bool = False) -> httpx.URL:
    """The URL with its query; with `shown`, the one for display (`local:/threads/runs`)."""
    query: list[tuple[str, str | int | float | bool | None]] = [
        pair for name, value in request.query.items() for pair in _pairs(name, value)
    ]
    url = _parsed(address.shown(request.path) if shown else address.url(request.path))
    return url.copy_merge_params(query) if query else url


@lru_cache(maxsize=16)
def _parsed(url: str) -> httpx.URL:
    """The parsed URL; cached, because the requests of a command share it."""
    return httpx.URL(url)


def _pairs(name: str, value: object) -> Iterator[tuple[str, str]]:
    """The query pairs of a value: a list becomes one `name[]` pair per element."""
    if isinstance(value, list):
        for item in value:
            yield from _pairs(name + "[]", item)
    else:
        yield name, str(value).lower() if isinstance(value, bool) else str(value)


class Client:
    """Sends requests to the address of `settings`; a context manager.

    `transport` replaces the network if given; it is closed with the client. `pace` decides when
    each attempt may be sent; clients of several threads may share one.
    """

    def __init__(
        self,
        settings: ConnectionSettings,
        transport: httpx.BaseTransport | None = None,
        *,
        sleep: Callable[[float], None] = time.sleep,
        pace: Pace | None = None,
    ) -> None:
        self.settings = settings
        self._sleep = sleep
        self._pace = pace
        self._trace = Trace(settings)
        self._exit_stack = ExitStack()
        self._streams: WeakSet[Stream] = WeakSet()
        self._other_origins: dict[str, httpx.Client] = {}
        self._wire = Wire()
        self._watch = AnswerWatch(self._wire)
        self._exit_stack.callback(self._watch.close)
        self._http = self._exit_stack.enter_context(open_client(settings, transport))

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for stream in list(self._streams):
            stream.close()
        self._exit_stack.close()

    def send(self, request: Request, *, attempt_timeout: float | None = None) -> Document | Stream:
        """Send a request, retrying as the settings allow, and return the answer.

        With `attempt_timeout`, in seconds, only one attempt is made, and its whole answer must
        arrive in that time; for callers that retry themselves. All attempts share one idempotency
        key, that of the request if it has one, so that paid work is not started twice.

        Raises ApiError if the server refuses, NoAnswerError if there is no readable answer,
        UsageError if the address cannot be used.
        """
        return self._answer(request, attempt_timeout, read_document)

    def send_for_bytes(self, request: Request) -> Document | LongAnswer | Stream:
        """Like `send`, for a caller that prints a long answer while it arrives."""

        def read(
            response: httpx.Response, settings: ConnectionSettings, trace: Trace
        ) -> Document | LongAnswer:
            return read_pieces(response, settings, trace, self._watch)

        return self._answer(request, None, read)

    def _answer(
        self,
        request: Request,
        attempt_timeout: float | None,
        read: Callable[[httpx.Response, ConnectionSettings, Trace], T],
    ) -> T | Stream:
        key = request.idempotency_key or f"openai-cli-{secrets.token_hex(16)}"
        response, unclear, attempts = self._send_with_retries(request, key, attempt_timeout)
        try:
            if response.status_code >= 400:
                refusal = self._refusal(request, response)
                refusal.unclear_before, refusal.attempts = unclear, attempts
                raise refusal
            if _is_stream(request, response):
                stream = Stream(response, self.settings, self._trace, self._watch)
                self._streams.add(stream)
                return stream
            with self._watch.guarding():
                return read(response, self.settings, self._trace)
        except httpx.HTTPError as error:
            raise translate(error, self.settings) from None
        except AnswerTooLargeError as error:
            response.close()
            raise too_large(error, self.settings) from None
        finally:
            self._watch.pause()

    def _refusal(self, request: Request, response: httpx.Response) -> ApiError:
        body = bytearray()
        try:
            for chunk in self._trace.passing(beginning(decoded(response))):
                body += chunk
        except httpx.HTTPError as error:
            # The status is known, so it is reported even if the body is incomplete.
            self._trace.say(translate(error, self.settings).message)
        finally:
            response.close()
        gone = request.operation.gone
        status = response.status_code
        asked = f"{request.operation.method} {self._asked(response.url)}"
        refusal = api_error(
            status, response.headers, bytes(body), self.settings, gone=gone, asked=asked
        )
        if status in (401, 403):
            refusal.hint = cross_origin_hint(response.url, self.settings) or refusal.hint
        return refusal

    def _asked(self, url: httpx.URL) -> str:
        """The requested URL, without its query, which may contain secrets."""
        socket = self.settings.address.socket
        return f"{url.copy_with(query=None)}" + (f" behind {socket}" if socket else "")

    def _send_with_retries(
        self, request: Request, idempotency_key: str, attempt_timeout: float | None
    ) -> tuple[httpx.Response, bool, int]:
        """The last response, whether an earlier attempt may have had an effect, and the count."""
        unclear = False
        retries = self.settings.max_retries if attempt_timeout is None else 0
        for attempt in range(retries + 1):
            last = attempt == retries
            try:
                with self._turn() as turn, self._watch.guarding():
                    response = self._attempt(request, idempotency_key, attempt_timeout)
                    if turn:
                        turn.answered(response.status_code, response.headers)
            except REQUEST_ERRORS as error:
                failure = translate(error, self.settings)
                failure.attempts = attempt + 1
                if last or not self._may_repeat(request, error):
                    raise failure from None
                wait, why, unclear = backoff(attempt), failure.message, True
            else:
                pause = None if last else self._pause(response, attempt)
                if pause is None:
                    return response, unclear, attempt + 1
                unclear = unclear or response.status_code != httpx.codes.TOO_MANY_REQUESTS
                wait, why = pause, f"status {response.status_code}"
                response.close()
            self._watch.pause()
            self._announce(f"{why}; attempt {attempt + 2} in {wait:.1f} s", wait)
            self._sleep(wait)
        raise AssertionError("the last attempt returns or raises")

    def _turn(self) -> AbstractContextManager[Turn | None]:
        return self._pace.turn() if self._pace else nullcontext()

    def _pause(self, response: httpx.Response, attempt: int) -> float | None:
        """Seconds to wait before a retry; None if this response is final."""
        repeat = should_retry(response.status_code, response.headers)
        if not repeat or self.settings.in_process:
            return None
        asked = asked_wait(response.headers)
        if asked is None:
            return backoff(attempt)
        return asked if asked <= LONGEST_WAIT else None

    def _may_repeat(self, request: Request, error: Exception) -> bool:
        if self.settings.in_process or isinstance(error, AnswerTimeoutError):
            return False
        timed_out = isinstance(error, httpx.TimeoutException)
        safe = request.operation.method in _SAFE_TO_REPEAT
        return is_connection_failure(error) or (timed_out and safe)

    def _announce(self, line: str, wait: float) -> None:
        self._trace.say(line)
        tell = self.settings.note if wait > LONGEST_BACKOFF else self.settings.notice
        tell(line)

    def _attempt(
        self, request: Request, idempotency_key: str, attempt_timeout: float | None
    ) -> httpx.Response:
        """One attempt, following redirects that keep method and body."""
        http, settings = self._http, self.settings
        seconds = settings.timeout if attempt_timeout is None else attempt_timeout
        if not settings.in_process:
            whole = settings.answer_time if attempt_timeout is None else seconds + _GRACE
            self._watch.begin(whole)
        url, redirects = full_url(request, settings.address), 0
        content = b"" if request.body is None else encoded(request.body)
        while True:
            sent = http.build_request(
                request.operation.method,
                url,
                content=content,
                headers=request_headers(request, settings, idempotency_key),
                timeout=timeouts(seconds),
                extensions={"trace": self._wire.trace},
            )
            sent.stream = InPieces(content)
            self._trace.request(sent)
            response = self._response(http, sent)
            self._trace.response(response)
            if not response.is_redirect:
                return response
            response.close()
            redirects += 1
            url = next_url(response, redirects, self.settings)
            http, settings = self._http, self.settings
            if not same_origin(url, settings):
                settings = for_other_origin(url, settings)
                http = self._client_for_other_origin(settings)

    def _response(self, http: httpx.Client, sent: httpx.Request) -> httpx.Response:
        """The response, with its body unread."""
        try:
            return http.send(sent, stream=True)
        except (httpx.InvalidURL, UnicodeError) as error:
            if not self._wire.opened:
                raise
            # httpx parses the target of a redirect immediately, after the request was sent.
            what = "it redirects to an invalid address"
            raise httpx.RemoteProtocolError(what, request=sent) from error

    def _client_for_other_origin(self, settings: ConnectionSettings) -> httpx.Client:
        """The client for another server, with separate connections and cookies."""
        origin = settings.address.text
        if origin not in self._other_origins:
            self._other_origins[origin] = self._exit_stack.enter_context(open_client(settings))
        return self._other_origins[origin]


def _is_stream(request: Request, response: httpx.Response) -> bool:
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind == "text/event-stream" or (request.streams and kind in _TEXT_TYPES)
