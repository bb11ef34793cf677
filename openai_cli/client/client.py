"""Sending one request: attempts, redirects, and the answer."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable
from types import TracebackType
from urllib.parse import urlsplit

import httpx

from openai_cli.api.operation import Request
from openai_cli.client.address import Address
from openai_cli.client.answers import Document, Stream, read_document
from openai_cli.client.faults import is_connection_failure, translate
from openai_cli.client.headers import Headers, request_headers
from openai_cli.client.refusals import refusal
from openai_cli.client.retry import LONGEST_WAIT, asked_wait, backoff, should_retry
from openai_cli.client.settings import Settings
from openai_cli.client.trace import Trace
from openai_cli.client.transport import open_client
from openai_cli.errors import NoAnswerError

_MAX_REDIRECTS = 5
_SAFE_TO_REPEAT = ("GET", "DELETE")
_ELSEWHERE = ("accept", "accept-encoding", "content-type", "openai-beta", "user-agent")
"""Headers that go along when a redirect leaves the server: nothing that tells who we are."""


def encode_body(request: Request) -> bytes | None:
    """The request's body as sent: compact JSON in UTF-8; None for requests without one."""
    if request.body is None:
        return None
    text = json.dumps(request.body, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.encode()


def full_url(request: Request, address: Address, *, shown: bool = False) -> httpx.URL:
    """The URL with its query; `shown` gives the one a person knows (`local:/threads/runs`)."""
    query: list[tuple[str, str | int | float | bool | None]] = [
        (name, str(item).lower() if isinstance(item, bool) else str(item))
        for name, value in request.query.items()
        for item in (value if isinstance(value, list) else [value])
    ]
    url = httpx.URL(address.shown(request.path) if shown else address.url(request.path))
    return url.copy_merge_params(query) if query else url


class Client:
    """Sends requests to the address of `settings`; a context manager."""

    def __init__(self, settings: Settings, sleep: Callable[[float], None] = time.sleep) -> None:
        self.settings = settings
        self._sleep = sleep
        self._trace = Trace(settings)
        self._http = open_client(settings)
        self._elsewhere: list[httpx.Client] = []

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for http in (self._http, *self._elsewhere):
            http.close()

    def send(self, request: Request) -> Document | Stream:
        """The answer to a request, after as many attempts as are allowed and sensible.

        Raises ApiError when the server says no, NoAnswerError when there is no answer or none
        that can be read. One idempotency key covers all attempts: the call may start paid work.
        """
        settings = self.settings
        headers = request_headers(request, settings, f"openai-cli-{secrets.token_hex(16)}")
        response = self._attempts(request, headers)
        if response.is_redirect:
            raise NoAnswerError(
                f"the server points elsewhere, to {response.headers.get('location', '')!r}",
                hint="if that is the right address, name it with --base-url",
            )
        try:
            if response.status_code >= 400:
                return self._refuse(request, response)
            if "text/event-stream" in response.headers.get("content-type", "") or (
                request.streams and "json" not in response.headers.get("content-type", "")
            ):
                return Stream(response, settings, self._trace)
            return read_document(response, settings, self._trace)
        except httpx.HTTPError as error:
            raise translate(error, settings.address.host, settings.timeout) from None

    def _refuse(self, request: Request, response: httpx.Response) -> Document:
        body = response.read()
        self._trace.body("<", body)
        raise refusal(
            response.status_code,
            response.headers,
            body,
            self.settings,
            gone=request.operation.gone,
        )

    def _attempts(self, request: Request, headers: Headers) -> httpx.Response:
        for attempt in range(self.settings.max_retries + 1):
            last = attempt == self.settings.max_retries
            wait = backoff(attempt)
            try:
                response = self._once(request, headers)
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                if last or not self._may_repeat(request, error):
                    settings = self.settings
                    raise translate(error, settings.address.host, settings.timeout) from None
                why = type(error).__name__
            else:
                if last or not should_retry(response.status_code, response.headers):
                    return response
                asked = asked_wait(response.headers)
                if asked is not None and asked > LONGEST_WAIT:
                    return response
                wait = wait if asked is None else asked
                why = f"status {response.status_code}"
                response.close()
            self._announce(f"{why}: attempt {attempt + 2} in {wait:.1f} s")
            self._sleep(wait)
        raise AssertionError("the last attempt returns or raises")

    def _may_repeat(self, request: Request, error: Exception) -> bool:
        if self.settings.address.is_local:
            return False
        timed_out = isinstance(error, httpx.TimeoutException)
        safe = request.operation.method in _SAFE_TO_REPEAT
        return is_connection_failure(error) or (timed_out and safe)

    def _announce(self, line: str) -> None:
        self._trace.say(line)
        self.settings.notice(line)

    def _once(self, request: Request, headers: Headers) -> httpx.Response:
        sent = self._http.build_request(
            request.operation.method,
            full_url(request, self.settings.address),
            content=encode_body(request),
            headers=headers,
        )
        self._trace.request(sent)
        response = self._http.send(sent, stream=True)
        self._trace.response(response)
        return self._redirected(response)

    def _redirected(self, response: httpx.Response) -> httpx.Response:
        """Follow redirects that keep the request as it is; the key stays with its server."""
        home = urlsplit(self.settings.address.url(""))
        for _ in range(_MAX_REDIRECTS):
            follow = response.next_request
            keeps = response.status_code in (307, 308) or response.request.method == "GET"
            if follow is None or not keeps:
                return response
            http = self._http
            if (follow.url.scheme, follow.url.host, follow.url.port) != (
                home.scheme,
                home.hostname,
                home.port,
            ):
                if home.scheme == "https" and follow.url.scheme != "https":
                    return response
                http, follow = self._stranger(follow, response.request.content)
            response.close()
            self._trace.request(follow)
            response = http.send(follow, stream=True)
            self._trace.response(response)
        return response

    def _stranger(self, request: httpx.Request, body: bytes) -> tuple[httpx.Client, httpx.Request]:
        """A client and request for another server: no key, no certificate, no headers by hand."""
        origin = f"{request.url.scheme}://{request.url.netloc.decode()}"
        address = type(self.settings.address)(
            origin, request.url.host, request.url.scheme == "https"
        )
        http = open_client(
            Settings(address=address, timeout=self.settings.timeout, environ=self.settings.environ)
        )
        self._elsewhere.append(http)
        kept = [(n, v) for n, v in request.headers.multi_items() if n.lower() in _ELSEWHERE]
        return http, http.build_request(
            request.method, request.url, content=body or None, headers=kept
        )
