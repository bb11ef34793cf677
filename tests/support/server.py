"""A scripted HTTP server on loopback: records requests and sends prepared replies."""

from __future__ import annotations

import json
import socket
import ssl
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import Any


@dataclass(frozen=True)
class Seen:
    """One received request."""

    method: str
    path: str
    headers: list[tuple[str, str]]
    content: bytes
    at: float

    def header(self, name: str) -> str | None:
        found = [value for key, value in self.headers if key.lower() == name.lower()]
        return found[0] if found else None

    @property
    def json(self) -> Any:
        return json.loads(self.content)


@dataclass
class Reply:
    """One answer. `chunks` are sent one by one, `pause` seconds apart; `cut` closes early.

    `declared` overrides Content-Length; `hang` seconds pass before anything is sent; `drop` hangs
    up instead of answering; `raw` is sent as it is, status line and all, and ends the connection.
    """

    status: int = 200
    body: bytes | str | dict[str, Any] = b""
    headers: dict[str, str] = field(default_factory=dict)
    chunks: Iterable[bytes] | None = None
    pause: float = 0.0
    declared: int | None = None
    hang: float = 0.0
    drop: bool = False
    raw: bytes | None = None

    @property
    def content(self) -> bytes:
        if isinstance(self.body, dict):
            return json.dumps(self.body).encode()
        return self.body.encode() if isinstance(self.body, str) else self.body


def sse(*events: tuple[str, Any]) -> list[bytes]:
    """Server-sent events, one chunk each; data that is a str is sent unchanged."""
    return [
        f"event: {name}\ndata: {data if isinstance(data, str) else json.dumps(data)}\n\n".encode()
        for name, data in events
    ]


class Server:
    """Answers from `replies` in order; the last one is repeated.

    With `unix`, it listens at a Unix socket of that path.
    """

    def __init__(self, context: ssl.SSLContext | None = None, *, unix: str = "") -> None:
        self.seen: list[Seen] = []
        self.replies: list[Reply] = []
        handler = _handler(self)
        self._http = _UnixHttp(unix, handler) if unix else _Http(("127.0.0.1", 0), handler)
        if context is not None:
            self._http.socket = context.wrap_socket(self._http.socket, server_side=True)
        self._scheme = "https" if context else "http"
        self._thread = threading.Thread(
            target=self._http.serve_forever, kwargs={"poll_interval": 0.005}, daemon=True
        )
        self._thread.start()

    @property
    def port(self) -> int:
        return int(self._http.server_address[1])

    @property
    def url(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self.port}/v1"

    @property
    def last(self) -> Seen:
        return self.seen[-1]

    def reply(self, *replies: Reply) -> None:
        self.replies = list(replies)

    def next_reply(self) -> Reply:
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore clients that disconnect, which some tests do on purpose."""


class _UnixHttp(_Http):
    address_family = socket.AF_UNIX

    def __init__(self, path: str, handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(path, handler)  # type: ignore[arg-type]  # a path, for this family

    def server_bind(self) -> None:
        """Without a look for a host name, which a path has not."""
        TCPServer.server_bind(self)


def _handler(server: Server) -> type[BaseHTTPRequestHandler]:  # noqa: C901 - a class made for one server
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            content = self.rfile.read(length)
            server.seen.append(
                Seen(self.command, self.path, list(self.headers.items()), content, time.monotonic())
            )
            reply = server.next_reply()
            time.sleep(reply.hang)
            if reply.drop or reply.raw is not None:
                self.wfile.write(reply.raw or b"")
                self._hang_up()
            elif reply.chunks is not None:
                self._stream(reply)
            else:
                self._whole(reply)

        do_GET = do_POST = do_DELETE = _answer  # noqa: N815 - the names http.server looks for

        def _whole(self, reply: Reply) -> None:
            self.send_response(reply.status)
            headers = {"Content-Type": "application/json", **reply.headers}
            length = len(reply.content) if reply.declared is None else reply.declared
            for name, value in {**headers, "Content-Length": str(length)}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(reply.content)
            if length != len(reply.content):
                self._hang_up()

        def _stream(self, reply: Reply) -> None:
            self.send_response(reply.status)
            headers = {"Content-Type": "text/event-stream", **reply.headers}
            for name, value in {**headers, "Transfer-Encoding": "chunked"}.items():
                self.send_header(name, value)
            self.end_headers()
            for chunk in reply.chunks or ():
                self.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
                self.wfile.flush()
                time.sleep(reply.pause)
            if reply.declared is None:
                self.wfile.write(b"0\r\n\r\n")
            else:
                self._hang_up()

        def _hang_up(self) -> None:
            self.close_connection = True
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_RDWR)

        def log_message(self, format: str, *args: Any) -> None:
            """Log nothing, so that pytest's output shows only failures."""

    return Handler
