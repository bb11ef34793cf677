"""Passes requests for chat completions and responses on to the upstream (`--passthrough`).

request ─▶ path and model name ─▶ a thread of its own ─▶ upstream
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
"""Requests in progress; httpx would let 100 connect and make the others wait."""

_METHODS = ("GET", "POST", "DELETE")
_PATH = re.compile(r"/(chat/completions|responses)(/[\w-]+){0,2}", re.ASCII)
"""No dots and no escapes: they could lead to other paths, with the upstream's key."""
_PASSED_ON = ("content-type", "retry-after", "retry-after-ms", http_responses.REQUEST_ID)
_ENGINES_OWN = "echo"

Log = Callable[[str, BaseException | None], None]


class RelayedBody(FrameQueue):
    """The body of an answer on its way; without a client, the upstream is not read on."""

    takes_pings = False  # one could land inside of an event that comes in pieces

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        self.cancellation = Cancellation()
        self.head: Future[HttpResponse] = Future()
        self.head.set_running_or_notify_cancel()  # so that it is never cancelled

    def close(self) -> None:
        """Called when the client has disconnected or has read everything."""
        super().close()
        self.cancellation.request()


class Relay:
    """Asks the upstream what the engine cannot answer. The client's headers go nowhere."""

    def __init__(self, upstream: UpstreamConfig, names: ModelNames, limit: int, log: Log) -> None:
        """`limit` is how many requests may be in progress; `log` gets faults of this program.

        Raises:
            UpstreamError: the upstream cannot be asked: its proxy or its certificates are wrong.
        """
        # Not the client that runs have: relays must not take its connections.
        self._client = UpstreamClient(upstream.settings)
        self._names = names
        self._limit = limit
        self._log = log
        self._lock = threading.Lock()
        self._live: set[RelayedBody] = set()

    def takes(self, call: HttpRequest) -> bool:
        """Whether the request is one to pass on."""
        return call.method in _METHODS and _PATH.fullmatch(call.path) is not None

    def prepared(self, call: HttpRequest, deployment: str) -> HttpRequest:
        """The request as the upstream gets it: under its name of the model, without headers.

        Args:
            call: what the client sent.
            deployment: the model of a body that names none, or nothing.

        Raises:
            RefusalError: the body is not a JSON object, or the model is the engine's own.
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
        """The upstream's answer, once its head has come.

        Raises:
            RefusalError: there is no room, or the upstream gave no answer.
            ClientGoneError: nobody is there to be answered.
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
        """How many requests are in progress."""
        return len(self._live)

    def stop(self) -> None:
        """Break off what is in progress."""
        with self._lock:
            live = list(self._live)
        for body in live:
            body.cancellation.request()

    def close(self) -> None:
        """Close the connections. Nothing may be in progress."""
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
        except RuntimeError as error:  # the machine has no thread to give
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
            if body.cancellation.requested:  # the wire was shut, which may look like an end
                body.break_off()
            else:
                body.end()
        except Exception as error:
            if not (isinstance(error, UpstreamError) or body.cancellation.requested):
                self._log("a relay broke", error)
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
