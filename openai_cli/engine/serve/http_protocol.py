"""uvicorn's HTTP/1.1 connection, with time limits for clients and errors in the API's shape.

`H11Protocol` is no public interface of uvicorn: pyproject.toml names the minor versions that are
tested.
"""

import asyncio
from functools import partial
from typing import Any, cast

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from openai_cli.engine import http_responses
from openai_cli.engine.refusals import RefusalError
from openai_cli.engine.serve.limits import ServerLimits


class Connection(H11Protocol):
    """One connection."""

    def __init__(self, limits: ServerLimits, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._limits = limits
        self._head_timer: asyncio.TimerHandle | None = None
        self._send_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Start the clock for the first request."""
        super().connection_made(transport)
        self._start_head_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the clocks."""
        self._cancel_head_timer()
        self._cancel_send_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse what arrived; the first byte of the next request starts the clock again."""
        if self._is_idle():
            self._start_head_timer()
        super().data_received(data)
        if not self._is_idle():
            self._cancel_head_timer()

    def on_response_complete(self) -> None:
        """Start the clock if the next request began before this answer was complete."""
        super().on_response_complete()
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

    def send_400_response(self, _msg: str) -> None:
        """Refuse what is not HTTP, in the API's shape."""
        if self.conn.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            self.transport.close()  # an answer is on its way already
            return
        answer = http_responses.error_response(RefusalError("The request is not valid HTTP."))
        text = cast("bytes", answer.body)
        headers = {**answer.headers, "content-length": str(len(text)), "connection": "close"}
        parts = (
            h11.Response(status_code=400, headers=list(headers.items()), reason=b"Bad Request"),
            h11.Data(data=text),
            h11.EndOfMessage(),
        )
        for part in parts:
            self.transport.write(self.conn.send(part))
        self.transport.close()

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


def connections(limits: ServerLimits) -> Any:
    """What uvicorn takes for a protocol class: makes connections with these limits."""
    return partial(Connection, limits)
