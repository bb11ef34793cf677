"""The ASGI app: HTTP requests in, the engine's responses out."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, cast

from openai_cli.engine import http_responses, model_list
from openai_cli.engine.engine import Engine
from openai_cli.engine.http import HttpRequest, HttpResponse
from openai_cli.engine.refusals import RefusalError
from openai_cli.engine.routes import Subject, subject_of
from openai_cli.engine.serve.auth import Authenticator
from openai_cli.engine.serve.body_reader import (
    ClientGoneError,
    Message,
    Receive,
    check_elements,
    read_body,
)
from openai_cli.engine.serve.frame_queue import FrameQueue, close_when_gone
from openai_cli.engine.serve.head import check_head
from openai_cli.engine.serve.limits import ServerLimits
from openai_cli.engine.serve.probes import Probes
from openai_cli.engine.serve.reports import MODELS, PASSED_ON, PROBE, RequestReport
from openai_cli.engine.serve.url import read_url
from openai_cli.errors import StoreError

if TYPE_CHECKING:
    from openai_cli.engine.serve.relay import Relay

Send = Callable[[Message], Awaitable[None]]

_PING = b": ping\n\n"
_THREADS = 16
"""Requests that the engine looks at in one moment; it needs milliseconds for each."""
_LARGE = 1 << 20
"""Bytes of a body that takes longer; such requests wait for each other, and nobody for them."""


class AsgiApp:
    """Answers HTTP requests from an engine whose executor is `Workers`."""

    def __init__(
        self,
        engine: Engine | None,
        auth: Authenticator,
        limits: ServerLimits,
        log: Callable[[RequestReport], None],
        probes: Probes,
        relay: "Relay | None" = None,
    ) -> None:
        """Without an engine, only `probes` are answered."""
        self.streams = 0
        """How many streams are being sent."""
        self._probes = probes
        self._engine = engine
        self._auth = auth
        self._limits = limits
        self._log = log
        self._relay = relay
        self._threads = ThreadPoolExecutor(_THREADS, "request")
        self._large = ThreadPoolExecutor(1, "large request")

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request, as ASGI has it."""
        if scope["type"] != "http":
            raise NotImplementedError(scope["type"])
        begun = time.monotonic()
        try:
            answer, fault = await self._answer(scope, receive)
        except ClientGoneError:
            return
        if isinstance(answer.body, bytes):
            await _begin(send, answer)
            await send({"type": "http.response.body", "body": answer.body})
        else:
            # `Workers` and `Relay` return no other kind of frames.
            await self._stream(answer, cast("FrameQueue", answer.body), receive, send)
        self._log(self._report(scope, answer, time.monotonic() - begun, fault))

    def close(self) -> None:
        """Stop the threads. No request may be in progress."""
        self._threads.shutdown()
        self._large.shutdown()

    def _report(
        self,
        scope: dict[str, Any],
        answer: HttpResponse,
        seconds: float,
        fault: BaseException | None,
    ) -> RequestReport:
        method, path = scope["method"], _path(scope)
        operation, run_id = self._subject(method, path, scope)
        return RequestReport(
            method,
            path,
            operation,
            answer.status,
            answer.headers[http_responses.REQUEST_ID],
            answer.run_id or run_id,
            not isinstance(answer.body, bytes),
            seconds,
            fault,
        )

    def _subject(self, method: str, path: str, scope: dict[str, Any]) -> Subject:
        if self._probes.takes(path):
            return Subject(PROBE, "")
        call = HttpRequest(method, read_url(scope).path)
        if model_list.asks_for_models(call):
            return Subject(MODELS, "")
        if self._relay is not None and self._relay.takes(call):
            return Subject(PASSED_ON, "")
        return subject_of(call.method, call.path)

    async def _answer(
        self, scope: dict[str, Any], receive: Receive
    ) -> tuple[HttpResponse, BaseException | None]:
        """The response, and the error behind it if the request did not cause it."""
        try:
            headers = {
                name.decode("latin-1"): text.decode("latin-1") for name, text in scope["headers"]
            }
            check_head(scope, self._limits)
            path = _path(scope)
            if self._probes.takes(path):
                return await self._probes.answer(scope["method"], path, headers), None
            self._auth.check(headers)
            engine = self._engine
            if engine is None:
                raise RefusalError("This is a worker: servers answer requests.", status=404)
            url = read_url(scope)
            call = HttpRequest(
                method=scope["method"],
                path=url.path,
                query=url.query,
                headers=headers,
                body=await read_body(receive, headers, self._limits),
            )
            threads = self._large if len(call.body) > _LARGE else self._threads
            loop = asyncio.get_running_loop()
            relay = self._relay
            if relay is None or not relay.takes(call):
                return await loop.run_in_executor(threads, self._work, engine, call), None
            call = await loop.run_in_executor(threads, self._relayed, relay, call, url.deployment)
            return await relay.answer(call, receive), None
        except RefusalError as error:
            return http_responses.error_response(error), None
        except StoreError as error:
            return _fault("The store cannot be used."), error
        except ClientGoneError:
            raise
        except Exception as error:
            return _fault("The server had an error while processing your request."), error

    def _work(self, engine: Engine, call: HttpRequest) -> HttpResponse:
        check_elements(call.body, self._limits)
        return engine.answer(call)

    def _relayed(self, relay: "Relay", call: HttpRequest, deployment: str) -> HttpRequest:
        check_elements(call.body, self._limits)
        return relay.prepared(call, deployment)

    async def _stream(
        self, answer: HttpResponse, queue: FrameQueue, receive: Receive, send: Send
    ) -> None:
        """Send frames until they end or the client disconnects; the run continues without a
        client.
        """
        watch = asyncio.create_task(close_when_gone(receive, queue))
        self.streams += 1
        try:
            await _begin(send, answer)
            while (chunk := await self._next(queue)) is not None:
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
            if not queue.broken:  # else the connection is closed
                await send({"type": "http.response.body", "body": b""})
        finally:
            watch.cancel()
            queue.close()
            self.streams -= 1

    async def _next(self, queue: FrameQueue) -> bytes | None:
        try:
            return await queue.take(self._limits.ping_every if queue.takes_pings else None)
        except TimeoutError:
            return _PING


def _path(scope: dict[str, Any]) -> str:
    path: str = scope["raw_path"].decode("latin-1")
    return path


async def _begin(send: Send, answer: HttpResponse) -> None:
    headers = [(name.encode(), text.encode()) for name, text in answer.headers.items()]
    if isinstance(answer.body, bytes):
        headers.append((b"content-length", str(len(answer.body)).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})


def _fault(message: str) -> HttpResponse:
    """A 500 that official clients do not retry."""
    return http_responses.error_response(
        RefusalError(message, status=500, headers={"x-should-retry": "false"})
    )
