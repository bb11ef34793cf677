"""uvicorn's HTTP/1.1 connection, with time limits for clients and errors in the API's shape.

`H11Protocol` is no public interface of uvicorn: pyproject.toml names the minor versions that are
tested.
"""

import asyncio
import sys
from functools import partial
from http import HTTPStatus
from typing import Any, cast

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from openai_cli.engine import http_responses
from openai_cli.engine.refusals import RefusalError
from openai_cli.engine.serve.connection_pool import ConnectionPool
from openai_cli.engine.serve.head import head_too_large
from openai_cli.engine.serve.limits import ServerLimits

_LINGER = 2.0
"""Seconds that a refused client gets to stop sending and read why."""


class HttpConnection(H11Protocol):
    """One connection."""

    def __init__(self, limits: ServerLimits, pool: ConnectionPool, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._limits = limits
        self._pool = pool
        self._last_data = self.loop.time()
        self._refused = False
        self._head_timer: asyncio.TimerHandle | None = None
        self._send_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Start the clock for the first request."""
        super().connection_made(transport)
        self._start_head_timer()
        self._pool.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the clocks."""
        self._pool.discard(self)
        self._cancel_head_timer()
        self._cancel_send_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse what arrived; the first byte of the next request starts the clock again."""
        if self._refused:
            return
        self._last_data = self.loop.time()
        if self._is_idle():
            self._start_head_timer()
        super().data_received(data)
        if not self._is_idle():
            self._cancel_head_timer()

    def on_response_complete(self) -> None:
        """Start the clock if the next request began before this answer was complete."""
        super().on_response_complete()
        self._last_data = self.loop.time()
        if self._is_idle() and self.conn.trailing_data[0]:
            self._start_head_timer()

    def pause_writing(self) -> None:
        """The client does not read; abort the connection if it goes on like that."""
        super().pause_writing()
        self._cancel_send_timer()
        # `close` would wait until everything is sent.
        self._send_timer = self.loop.call_later(self._limits.send_time, self.transport.abort)

    def resume_writing(self) -> None:
        """The client reads again."""
        self._cancel_send_timer()
        super().resume_writing()

    @property
    def waiting_since(self) -> float | None:
        """When the client was last heard of; None while a request of it is being answered."""
        return self._last_data if self._is_idle() or self.cycle.more_body else None

    def drop(self) -> None:
        """Close at once."""
        self.transport.abort()

    def refuse(self) -> None:
        """Say that there is no room, and close."""
        self._refuse(
            RefusalError(
                "The server has no room for more connections.",
                status=503,
                headers={"retry-after": "1"},
            )
        )

    def send_400_response(self, _msg: str) -> None:
        """Refuse what is not HTTP, in the API's shape."""
        if self.conn.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            self.transport.close()  # an answer is on its way already
            return
        # uvicorn calls this while it handles the parser's error, and hands on its text only.
        too_large = getattr(sys.exception(), "error_status_hint", 0) == 431
        self._refuse(
            head_too_large(self._limits)
            if too_large
            else RefusalError("The request is not valid HTTP.")
        )

    def _refuse(self, error: RefusalError) -> None:
        """Answer before there is a request; then read on for a while, and take nothing.

        Closed with bytes unread, the connection would be reset, and the answer lost on its way.
        """
        self._refused = True
        answer = http_responses.error_response(error)
        text = cast("bytes", answer.body)
        headers = {**answer.headers, "content-length": str(len(text)), "connection": "close"}
        parts = (
            h11.Response(
                status_code=error.status,
                headers=list(headers.items()),
                reason=HTTPStatus(error.status).phrase.encode(),
            ),
            h11.Data(data=text),
            h11.EndOfMessage(),
        )
        for part in parts:
            self.transport.write(self.conn.send(part))
        self.transport.write_eof()
        if not self._is_idle():
            # Tell the pending request handler that its client has disconnected.
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self._cancel_head_timer()
        self._head_timer = self.loop.call_later(_LINGER, self.transport.abort)

    def _is_idle(self) -> bool:
        """Whether no request is being answered."""
        before_any = self.cycle is None
        return before_any or self.cycle.response_complete

    def _start_head_timer(self) -> None:
        """Start the clock, unless it runs."""
        if self._head_timer is None:
            self._head_timer = self.loop.call_later(self._limits.head_time, self._on_head_timeout)

    def _cancel_head_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _cancel_send_timer(self) -> None:
        if self._send_timer is not None:
            self._send_timer.cancel()
            self._send_timer = None

    def _on_head_timeout(self) -> None:
        self._head_timer = None
        if self._is_idle() and not self.transport.is_closing():
            self.transport.close()


def connections(limits: ServerLimits, pool: ConnectionPool) -> Any:
    """What uvicorn takes for a protocol class: makes connections with these limits."""
    return partial(HttpConnection, limits, pool)
