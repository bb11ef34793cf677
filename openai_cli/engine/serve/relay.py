"""Forwards requests for chat completions and responses to the upstream (`--passthrough`).

request ─▶ path and model name ─▶ a new thread ─▶ upstream
                client ◀── asgi ◀── RelayedBody ◀── its answer
"""

import asyncio
import re
import threading
from collections.abc import Callable
from concurrent.futures import Future

from openai_cli.client.redaction import is_secret
from openai_cli.engine import http_responses
from openai_cli.engine.http import HttpRequest, HttpResponse
from openai_cli.engine.ids import new_id
from openai_cli.engine.json_body import read_object
from openai_cli.engine.models.prompt import Cancellation
from openai_cli.engine.models.upstream.config import UpstreamConfig
from openai_cli.engine.models.upstream.http_client import UpstreamAnswer, UpstreamClient
from openai_cli.engine.models.upstream.model_names import ModelNames
from openai_cli.engine.models.upstream.upstream_errors import UpstreamError
from openai_cli.engine.refusals import RefusalError
from openai_cli.engine.serve.body_reader import ClientGoneError, Receive
from openai_cli.engine.serve.frame_queue import FrameQueue, close_when_gone
from openai_cli.engine.strict_json import JsonObject, dumps

MOST_RELAYS = 64
"""Maximum requests in progress; from 100 on, httpx would make requests wait for a connection."""

_METHODS = ("GET", "POST", "DELETE")
_PATH = re.compile(r"/(chat/completions|responses)(/[\w-]+){0,2}", re.ASCII)
"""Excludes dots and escapes, which could reach other paths with the upstream's key."""
_PASSED_ON = ("content-type", "retry-after", "retry-after-ms", http_responses.REQUEST_ID)
_ENGINES_OWN = "echo"

Log = Callable[[str, BaseException | None], None]


class RelayedBody(FrameQueue):
    """The body of an answer; when the client disconnects, reading from the upstream stops."""

    takes_pings = False  # a ping could be inserted into an event that arrives in pieces

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        self.cancellation = Cancellation()
        self.head: Future[HttpResponse] = Future()
        self.head.set_running_or_notify_cancel()  # prevents its cancellation

    def close(self) -> None:
        """Called when the client has disconnected or has read everything."""
        super().close()
        self.cancellation.request()


class Relay:
    """Forwards requests to the upstream, without the client's headers."""

    def __init__(self, upstream: UpstreamConfig, names: ModelNames, limit: int, log: Log) -> None:
        """`limit` is the number of concurrent requests; `log` gets internal errors.

        Raises:
            UpstreamError: the upstream's proxy or certificates are invalid.
        """
        # A separate client, so that relays do not use up the connections of runs.
        self._client = UpstreamClient(upstream.settings)
        self._names = names
        self._limit = limit
        self._log = log
        self._lock = threading.Lock()
        self._live: set[RelayedBody] = set()

    def takes(self, call: HttpRequest) -> bool:
        """Whether the request is to be forwarded."""
        return call.method in _METHODS and _PATH.fullmatch(call.path) is not None

    def prepared(self, call: HttpRequest, deployment: str) -> HttpRequest:
        """The request for the upstream: with the upstream's model name, without headers.

        Args:
            call: what the client sent.
            deployment: the model if the body names none; may be empty.

        Raises:
            RefusalError: the body is not a JSON object, or the model is built into the engine.
        """
        query = [(name, text) for name, text in call.query if not is_secret(name)]
        content = call.body
        if content:
            content = dumps(self._renamed(read_object(content), deployment)).encode()
        return HttpRequest(call.method, call.path, query, {}, content)

    def _renamed(self, body: JsonObject, deployment: str) -> JsonObject:
        name = body.get("model") or deployment
        if not (name and isinstance(name, str)):
            return body
        asked = self._names.of(name)
        if _ENGINES_OWN in (name, asked):
            raise RefusalError(
                f"The model '{name}' is the engine's own and answers runs only.",
                status=404,
                param="model",
                code="model_not_found",
            )
        return {**body, "model": asked}

    async def answer(self, call: HttpRequest, receive: Receive) -> HttpResponse:
        """The upstream's answer, as soon as its head has arrived.

        Raises:
            RefusalError: too many requests are in progress, or the upstream did not answer.
            ClientGoneError: the client has disconnected.
        """
        body = RelayedBody(asyncio.get_running_loop())
        self._start(call, body)
        watch = asyncio.create_task(close_when_gone(receive, body))
        try:
            return await asyncio.wrap_future(body.head)
        except BaseException as error:
            body.close()
            if isinstance(error, RefusalError) and watch.done():
                raise ClientGoneError from error
            raise
        finally:
            watch.cancel()

    @property
    def busy(self) -> int:
        """Number of requests in progress."""
        return len(self._live)

    def stop(self) -> None:
        """Cancel the requests in progress."""
        with self._lock:
            live = list(self._live)
        for body in live:
            body.cancellation.request()

    def close(self) -> None:
        """Close the connections. Call only when no request is in progress."""
        self._client.close()

    def _start(self, call: HttpRequest, body: RelayedBody) -> None:
        with self._lock:
            if len(self._live) >= self._limit:
                raise _no_room()
            self._live.add(body)
        try:
            threading.Thread(
                target=self._work, args=(call, body), name="relay", daemon=True
            ).start()
        except RuntimeError as error:  # no thread could be started
            self._forget(body)
            raise _no_room() from error

    def _work(self, call: HttpRequest, body: RelayedBody) -> None:
        try:
            with self._client.relayed(
                call.method, call.path, call.query, call.body, body.cancellation
            ) as answer:
                body.head.set_result(_head(answer, body))
                for piece in answer.body:
                    body.put(piece)
            if body.cancellation.requested:  # the closed connection can look like a normal end
                body.break_off()
            else:
                body.end()
        except Exception as error:
            if not (isinstance(error, UpstreamError) or body.cancellation.requested):
                self._log("forwarding a request failed", error)
            if body.head.done():
                body.break_off()
            else:
                body.head.set_exception(_refusal(error, body))
        finally:
            self._forget(body)

    def _forget(self, body: RelayedBody) -> None:
        with self._lock:
            self._live.discard(body)


def _head(answer: UpstreamAnswer, body: RelayedBody) -> HttpResponse:
    headers = {http_responses.REQUEST_ID: new_id("req"), "cache-control": "no-cache"}
    headers |= {name: answer.headers[name] for name in _PASSED_ON if name in answer.headers}
    return HttpResponse(answer.status, headers, body)


def _refusal(error: Exception, body: RelayedBody) -> RefusalError:
    if body.cancellation.requested:
        return RefusalError("The server was stopped.", status=503)
    if isinstance(error, UpstreamError):
        return RefusalError(error.text, status=502)
    return RefusalError("The server had an error while processing your request.", status=500)


def _no_room() -> RefusalError:
    return RefusalError(
        "The server has no room for more requests to the upstream.",
        status=503,
        headers={"retry-after": "1"},
    )
