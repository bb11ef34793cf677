"""A server on loopback that answers each request with some bytes, then others now and then."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress


class DripServer:
    """`answers` are sent in turn, the last one again and again: the bytes to start with, and those
    that drip after them for ever, `every` seconds apart; with none, the connection is closed."""

    def __init__(self, *answers: tuple[bytes, bytes], every: float = 0.05) -> None:
        self.requests = 0
        self._answers = answers
        self._every = every
        self._closed = False
        self._socket = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}/v1"

    def close(self) -> None:
        """End all answers."""
        self._closed = True
        self._socket.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            _read_request(connection)
            start, drip = self._answers[min(self.requests, len(self._answers) - 1)]
            self.requests += 1
            connection.sendall(start)
            while drip and not self._closed:
                connection.sendall(drip)
                time.sleep(self._every)


def _read_request(connection: socket.socket) -> None:
    reader = connection.makefile("rb")
    length = 0
    while (line := reader.readline().lower()) not in (b"\r\n", b""):
        name, _, value = line.partition(b":")
        length = int(value) if name == b"content-length" else length
    reader.read(length)
