"""Opens the httpx client: TLS, client certificates, proxies, timeouts."""

from __future__ import annotations

import ssl
from pathlib import Path

import httpx

from openai_cli.client.settings import ConnectionSettings
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
    try:
        return httpx.Client(timeout=timeouts(settings.timeout), verify=_tls(settings))
    except httpx.InvalidURL:
        # The message would quote part of the URL, which may be part of a password.
        raise _proxy_error("one of them is not a URL") from None
    except (ValueError, ImportError) as error:
        raise _proxy_error(str(error)) from None


def timeouts(seconds: float) -> httpx.Timeout:
    """Timeouts: `seconds` for each read or write, at most CONNECT_TIMEOUT to connect."""
    return httpx.Timeout(seconds, connect=min(seconds, CONNECT_TIMEOUT))


def _proxy_error(why: str) -> UsageError:
    return UsageError(
        f"the proxy settings of the environment cannot be used: {why}",
        hint="check HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY",
    )


def _tls(settings: ConnectionSettings) -> ssl.SSLContext:
    if not settings.address.secure and not settings.has_proxy:
        # Plain HTTP needs no certificates, and loading them is slow. A context without
        # certificates trusts no server, so it is safe.
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context = httpx.create_ssl_context()
    except (OSError, ssl.SSLError) as error:
        raise UsageError(problems=[Problem("SSL_CERT_FILE", f"cannot be read: {error}")]) from None
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
