"""The sockets of requests, so that another thread can end a read that blocks; and time limits."""

from __future__ import annotations

import math
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any
from weakref import WeakSet

import httpx


class AnswerTimeoutError(httpx.ReadTimeout):
    """An answer that came in pieces was not complete within the time for all of it."""


class Wire:
    """The open sockets of a client, or of one request: `trace` is given to httpx as an extension.

    Closing a socket does not wake who reads from it; shutting it down does.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sockets: WeakSet[socket.socket] = WeakSet()
        self._shut = False
        self.opened = False
        """Whether there has been a connection: something may have been sent."""

    def trace(self, _event: str, info: dict[str, Any]) -> None:
        """Watch httpx open a connection, plain first, then with TLS over it."""
        stream: Any = info.get("return_value")
        if hasattr(stream, "get_extra_info"):
            found = stream.get_extra_info("socket")
            if isinstance(found, socket.socket):
                with self._lock:
                    self.opened = True
                    self._sockets.add(found)
                if self._shut:
                    self.shut()

    def shut(self) -> None:
        """End all reading and writing, also on connections that open later."""
        with self._lock:
            self._shut = True
            for one in self._sockets:
                with suppress(OSError):
                    # Not the TLS socket's own method: it is busy in the other thread.
                    socket.socket.shutdown(one, socket.SHUT_RDWR)

    def reopen(self) -> None:
        """Let new connections live."""
        with self._lock:
            self._shut = False


class AnswerWatch:
    """Shuts the wire when an answer takes longer than it may; only time spent waiting counts.

    httpx limits each silence of a server. One that sends a byte now and then is never silent.
    """

    def __init__(self, wire: Wire, now: Callable[[], float] = time.monotonic) -> None:
        self._wire = wire
        self._now = now
        self._condition = threading.Condition()
        self._thread: threading.Thread | None = None
        self._limit = 0.0
        self._left = 0.0
        self._until: float | None = None
        self._closed = False
        self._expired = False
        self._wakes_at = math.inf
        """When the thread looks at the time by itself."""

    def begin(self, limit: float) -> None:
        """Wait for an answer that may take `limit` seconds."""
        with self._condition:
            self._limit, self._expired = limit, False
            self._wire.reopen()
        self.renew()
        self.resume()

    def renew(self) -> None:
        """Give the next part of the answer the whole time again."""
        with self._condition:
            self._left = self._limit

    def resume(self) -> None:
        """Let the time run on."""
        with self._condition:
            if self._limit:
                self._until = self._now() + self._left
                self._start_thread()
                # Waking the thread for each request would cost as much as a tenth of it.
                if self._until < self._wakes_at:
                    self._condition.notify()

    def pause(self) -> None:
        """Stop the time: nobody waits for the server now."""
        with self._condition:
            if self._until is not None:
                self._left = max(0.0, self._until - self._now())
                self._until = None

    def close(self) -> None:
        """End the thread."""
        with self._condition:
            self._closed = True
            self._condition.notify()

    def timing(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """The chunks; the time runs while one is waited for. Raises AnswerTimeoutError."""
        try:
            with self.guarding():
                self.resume()
                for chunk in chunks:
                    self.pause()
                    yield chunk
                    self.resume()
        finally:
            self.pause()

    @contextmanager
    def guarding(self) -> Iterator[None]:
        """Raise AnswerTimeoutError, whatever else was made of an answer that was cut off."""
        try:
            yield
        except Exception:
            self.check()
            raise
        self.check()

    def check(self) -> None:
        """Raise AnswerTimeoutError if the time was up."""
        if self._expired:
            raise AnswerTimeoutError(f"in {self._limit:g} s")

    def _start_thread(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, daemon=True)
            self._thread.start()

    def _run(self) -> None:
        with self._condition:
            while not self._closed:
                left = None if self._until is None else self._until - self._now()
                if left is None or left > 0:
                    self._wakes_at = math.inf if self._until is None else self._until
                    self._condition.wait(left)
                    continue
                self._until, self._expired = None, True
                self._wire.shut()
