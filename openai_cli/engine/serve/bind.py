"""Binds the listening socket."""

import errno
import ipaddress
import socket

from openai_cli import windows


class BindError(Exception):
    """The server cannot listen. `option` is the flag to change: `--host` or `--port`."""

    def __init__(self, option: str, message: str) -> None:
        super().__init__(message)
        self.option = option


def listen(host: str, port: int, *, reachable: bool) -> socket.socket:
    """A socket that listens on the first address of `host`.

    Args:
        host: an address, or a name, whose IPv4 addresses are preferred.
        port: 0 for any free port.
        reachable: whether other machines may reach it.

    Raises:
        BindError: the address does not exist or must not be reachable, or the port is unusable.
    """
    family, address = _resolve(host, port)
    if not reachable and not ipaddress.ip_address(address[0].partition("%")[0]).is_loopback:
        raise BindError("--host", f"{host} can be reached from other machines: add --require-key")
    # Without the protocol number, asyncio does not set TCP_NODELAY on the connections. Each answer
    # on a keep-alive connection would then wait about 40 ms for a delayed acknowledgement.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if not windows.is_windows():  # on Windows, it would let another program take the port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(socket.SOMAXCONN)
    except OSError as error:
        listener.close()
        raise _bind_error(host, port, error) from error
    return listener


def url_of(listener: socket.socket) -> str:
    """The base URL of the server on this socket."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}/v1" if ":" in host else f"http://{host}:{port}/v1"


def _resolve(host: str, port: int) -> tuple[int, tuple[str, int]]:
    try:
        found = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE | socket.AI_NUMERICSERV
        )
    except (socket.gaierror, UnicodeError) as error:
        why = getattr(error, "strerror", None) or "not a name"
        raise BindError("--host", f'"{host}" is not an address of this machine ({why})') from error
    found.sort(key=lambda entry: entry[0] != socket.AF_INET)
    family, _, _, _, address = found[0]
    return family, address  # type: ignore[return-value]  # of the internet families, as asked for


def _bind_error(host: str, port: int, error: OSError) -> BindError:
    if error.errno == errno.EADDRINUSE:
        return BindError("--port", f"{port} is in use on {host}; 0 takes a free one")
    if error.errno == errno.EADDRNOTAVAIL:
        return BindError("--host", f'"{host}" is not an address of this machine')
    if error.errno == errno.EACCES:
        return BindError("--port", f"this user has no permission for port {port}")
    return BindError("--port", f"{port} on {host} cannot be used: {error.strerror}")
