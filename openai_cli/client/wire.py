"""Keeps the sockets of requests, so that another thread can end a blocked read; time limits."""

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
    """An answer arrived in pieces but was not complete within its time limit."""


class Wire:
    """The open sockets of a client, or of one request; `trace` is passed to httpx as an extension.

    Closing a socket does not end a read in another thread; shutting it down does.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sockets: WeakSet[socket.socket] = WeakSet()
        self._shut = False
        self.opened = False
        """Whether a connection was opened, so that something may have been sent."""

    def trace(self, _event: str, info: dict[str, Any]) -> None:
        """Record the socket when httpx opens a connection, and again when TLS starts."""
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
        """End all reads and writes, including those on connections that are opened later."""
        with self._lock:
            self._shut = True
            for one in self._sockets:
                with suppress(OSError):
                    # The TLS socket's own method cannot be used: the other thread is inside of it.
                    socket.socket.shutdown(one, socket.SHUT_RDWR)

    def reopen(self) -> None:
        """Stop shutting down new connections."""
        with self._lock:
            self._shut = False


class AnswerWatch:
    """Shuts the wire when an answer exceeds its time limit; only time spent waiting counts.

    httpx limits only each read: a server that sends single bytes could take forever.
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
        """The time at which the thread wakes up next."""

    def begin(self, limit: float) -> None:
        """Start the time for an answer that may take `limit` seconds."""
        with self._condition:
            self._limit, self._expired = limit, False
            self._wire.reopen()
        self.renew()
        self.resume()

    def renew(self) -> None:
        """Restart the time, for the next event."""
        with self._condition:
            self._left = self._limit

    def resume(self) -> None:
        """Continue the time."""
        with self._condition:
            if self._limit:
                self._until = self._now() + self._left
                self._start_thread()
                # Waking the thread for each request would take a tenth of the request's time.
                if self._until < self._wakes_at:
                    self._condition.notify()

    def pause(self) -> None:
        """Stop the time, while the caller is not waiting for the server."""
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
        """The chunks; the time runs only while waiting. Raises AnswerTimeoutError."""
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
        """Raise AnswerTimeoutError in place of errors that the shutdown of the wire causes."""
        try:
            yield
        except Exception:
            self.check()
            raise
        self.check()

    def check(self) -> None:
        """Raise AnswerTimeoutError if the time limit was exceeded."""
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
