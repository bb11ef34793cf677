"""Opens the httpx client: TLS, client certificates, proxy, Unix socket, timeouts."""

from __future__ import annotations

import ssl
import threading
from pathlib import Path
from typing import Any

import httpx

from openai_cli.client.proxies import Proxy, find_proxy, warn_of_entries
from openai_cli.client.settings import ConnectionSettings
from openai_cli.client.wire import Wire
from openai_cli.errors import Problem, UsageError

CONNECT_TIMEOUT = 15.0
"""Seconds to connect, unless --timeout is shorter."""


def open_client(
    settings: ConnectionSettings, transport: httpx.BaseTransport | None = None
) -> httpx.Client:
    """An httpx client for the address of `settings`. The caller closes it.

    `transport` replaces the network if given; it is closed with the client. Raises UsageError for
    a certificate or proxy that cannot be used.
    """
    if transport is not None:
        return httpx.Client(transport=transport, trust_env=False)
    warn_of_entries(settings)
    proxy = find_proxy(settings)
    return httpx.Client(
        transport=_network(settings, proxy),
        timeout=timeouts(settings.timeout),
        trust_env=False,
        event_hooks={"response": [_refuse_407] if proxy and not settings.address.secure else []},
    )


def _network(settings: ConnectionSettings, proxy: Proxy | None) -> httpx.HTTPTransport:
    context = _tls(settings)
    if proxy is None:
        return httpx.HTTPTransport(
            verify=context, trust_env=False, uds=settings.address.socket or None
        )
    try:
        through = httpx.Proxy(proxy.url, ssl_context=_tls_of_proxy(settings, proxy))
    except (httpx.InvalidURL, ValueError):
        # httpx's message quotes part of the URL, which may be part of a password.
        raise UsageError(problems=[Problem(proxy.variable, "is not the URL of a proxy")]) from None
    kind = _SocksTransport if proxy.scheme.startswith("socks") else httpx.HTTPTransport
    return kind(verify=context, trust_env=False, proxy=through)


class _SocksTransport(httpx.HTTPTransport):
    """Raises httpx.ProxyError for a proxy that does not speak SOCKS.

    httpcore waits for the proxy's greeting without a timeout; the connect timeout is used.
    """

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        from socksio import ProtocolError

        wire = Wire()
        timer = threading.Timer(request.extensions["timeout"]["connect"], wire.shut)
        timer.daemon = True
        further = request.extensions.get("trace")
        greeting = False

        def trace(event: str, info: dict[str, Any]) -> None:
            nonlocal greeting
            if event.endswith("connect_tcp.complete"):
                greeting = True
                wire.trace(event, info)
                timer.start()
            elif event.endswith("setup_socks5_connection.complete"):
                greeting = False
                timer.cancel()
            if further:
                further(event, info)

        request.extensions["trace"] = trace
        try:
            return super().handle_request(request)
        except (ProtocolError, AssertionError, httpx.NetworkError) as error:
            if not greeting:
                raise
            raise httpx.ProxyError("it does not speak SOCKS 5", request=request) from error
        finally:
            timer.cancel()
            if further:
                request.extensions["trace"] = further


def _refuse_407(response: httpx.Response) -> None:
    """Raise httpx.ProxyError for a 407, as httpx does for https targets."""
    if response.status_code == httpx.codes.PROXY_AUTHENTICATION_REQUIRED:
        why = f"407 {response.reason_phrase or 'Proxy Authentication Required'}"
        raise httpx.ProxyError(why, request=response.request)


def timeouts(seconds: float) -> httpx.Timeout:
    """Timeouts: `seconds` for each read or write, at most CONNECT_TIMEOUT to connect."""
    return httpx.Timeout(seconds, connect=min(seconds, CONNECT_TIMEOUT))


def _tls_of_proxy(settings: ConnectionSettings, proxy: Proxy) -> ssl.SSLContext | None:
    """The TLS context for an https proxy; it has no client certificate."""
    if proxy.scheme != "https":
        return None
    from openai_cli.client.trust import trusting_context

    return trusting_context(settings.environ)


def _tls(settings: ConnectionSettings) -> ssl.SSLContext:
    if not settings.address.secure:
        # Plain HTTP needs no certificates, and loading them is slow. A context without
        # certificates trusts no server, so it is safe.
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    from openai_cli.client.trust import trusting_context

    context = trusting_context(settings.environ)
    if settings.client_cert:
        _add_client_certificate(context, settings)
    return context


def _add_client_certificate(context: ssl.SSLContext, settings: ConnectionSettings) -> None:
    for source, path in (
        ("--mtls-client-cert-file", settings.client_cert),
        ("--mtls-client-key-file", settings.client_key),
    ):
        try:
            Path(path).read_bytes()
        except OSError as error:
            why = f'cannot read "{path}": {error.strerror}'
            raise UsageError(problems=[Problem(source, why)]) from None
    try:
        # No password prompt: it would hang a script.
        context.load_cert_chain(settings.client_cert, settings.client_key, password=lambda: b"")
    except (ssl.SSLError, OSError, ValueError) as error:
        what = f"cannot use this certificate and key: {error}"
        problem = Problem("--mtls-client-cert-file", what)
        raise UsageError(problems=[problem]) from None
