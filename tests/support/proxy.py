"""A forward proxy on loopback: tunnels with CONNECT and records its requests."""

from __future__ import annotations

import select
import socket
import ssl
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Proxy:
    """Tunnels to anywhere on this machine; `refuse` answers CONNECT with that status instead.

    `ports` are ports of this machine that play other hosts: `{"far.example:443": 5000}`. With a
    `context` the proxy itself is reached by TLS.
    """

    def __init__(
        self,
        refuse: int = 0,
        ports: Mapping[str, int] | None = None,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self.asked: list[tuple[str, str | None]] = []
        self.ports = ports or {}
        self._http = _Http(("127.0.0.1", 0), _handler(self, refuse))
        if context is not None:
            self._http.socket = context.wrap_socket(self._http.socket, server_side=True)
        threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def place(self) -> str:
        return f"127.0.0.1:{self._http.server_address[1]}"

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore clients that disconnect, which some tests do on purpose."""


def _handler(proxy: Proxy, refuse: int) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_CONNECT(self) -> None:
            proxy.asked.append((self.path, self.headers.get("proxy-authorization")))
            if refuse:
                self.send_error(refuse)
                return
            host, _, port = self.path.rpartition(":")
            if self.path in proxy.ports:
                host, port = "127.0.0.1", str(proxy.ports[self.path])
            with socket.create_connection((host, int(port))) as there:
                self.send_response(200)
                self.end_headers()
                tunnel(self.connection, there)

        def log_message(self, format: str, *args: Any) -> None:
            """Log nothing, so that pytest's output shows only failures."""

    return Handler


def tunnel(here: socket.socket, there: socket.socket) -> None:
    """Pass bytes on in both directions until one side ends."""
    other = {here: there, there: here}
    while True:
        for ready in select.select(list(other), [], [])[0]:
            data = ready.recv(65536)
            if not data:
                return
            other[ready].sendall(data)
