"""uvicorn's HTTP/1.1 connection, with patience that ends and errors in the API's shape."""

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
        self._patience: asyncio.TimerHandle | None = None
        self._stalled: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Begin to wait for a request."""
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._calm()
        self._moving()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what came; the first byte of a next request starts the clock again."""
        if self._is_idle():
            self._wait()
        super().data_received(data)
        if not self._is_idle():
            self._calm()

    def on_response_complete(self) -> None:
        """Wait for the rest of a next request that began before the answer was whole."""
        super().on_response_complete()
        if self._is_idle() and self.conn.trailing_data[0]:
            self._wait()

    def pause_writing(self) -> None:
        """The client does not take what it is sent; hang up if that goes on."""
        super().pause_writing()
        self._moving()
        # `close` would wait until everything is sent.
        self._stalled = self.loop.call_later(self._limits.send_time, self.transport.abort)

    def resume_writing(self) -> None:
        """The client has taken enough for now."""
        self._moving()
        super().resume_writing()

    def send_400_response(self, _msg: str) -> None:
        """Refuse what is no HTTP, in the API's shape."""
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

    def _wait(self) -> None:
        """Start the clock, unless it runs."""
        if self._patience is None:
            self._patience = self.loop.call_later(self._limits.head_time, self._give_up)

    def _calm(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _moving(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None

    def _give_up(self) -> None:
        self._patience = None
        if self._is_idle() and not self.transport.is_closing():
            self.transport.close()


def connections(limits: ServerLimits) -> Any:
    """What uvicorn takes for a protocol class: makes connections with these limits."""
    return partial(Connection, limits)
