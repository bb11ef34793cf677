"""A SOCKS 5 proxy on loopback: tunnels to this machine and records what it was asked for."""

from __future__ import annotations

import socket
import threading
from socketserver import BaseRequestHandler, ThreadingTCPServer
from typing import Any

from tests.support.proxy import tunnel


class SocksProxy:
    """Tunnels to `target`'s port for any host; `user` is the name and password it wants."""

    def __init__(self, *, target: int, user: tuple[str, str] | None = None) -> None:
        self.asked: list[tuple[str, int]] = []
        self.logins: list[tuple[str, str]] = []
        self._server = _Server(("127.0.0.1", 0), _handler(self, target, user))
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def place(self) -> str:
        return f"127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore clients that disconnect, which some tests do on purpose."""


def _handler(
    proxy: SocksProxy, target: int, user: tuple[str, str] | None
) -> type[BaseRequestHandler]:
    class Handler(BaseRequestHandler):
        def handle(self) -> None:
            self._read(self._read(2)[1])
            self.request.sendall(b"\x05\x02" if user else b"\x05\x00")
            if user and not self._log_in():
                return
            kind = self._read(4)[3]
            host = self._text() if kind == 3 else self._read(4 if kind == 1 else 16).hex()
            proxy.asked.append((host, int.from_bytes(self._read(2))))
            with socket.create_connection(("127.0.0.1", target)) as there:
                self.request.sendall(b"\x05\x00\x00\x01" + bytes(6))
                tunnel(self.request, there)

        def _log_in(self) -> bool:
            self._read(1)
            proxy.logins.append((self._text(), self._text()))
            known = proxy.logins[-1] == user
            self.request.sendall(b"\x01\x00" if known else b"\x01\x01")
            return known

        def _text(self) -> str:
            return self._read(self._read(1)[0]).decode()

        def _read(self, count: int) -> bytes:
            data: bytes = self.request.recv(count, socket.MSG_WAITALL)
            assert len(data) == count
            return data

    return Handler
