"""Translates httpx's errors into ours."""

from __future__ import annotations

import httpx

from openai_cli.client.redaction import scrub
from openai_cli.client.settings import ConnectionSettings
from openai_cli.errors import CliError, NoAnswerError, UsageError

REQUEST_ERRORS = (httpx.HTTPError, httpx.InvalidURL, UnicodeError)
"""What sending may raise. UnicodeError: a host name that cannot be looked up."""

_SILENT = "Server disconnected"
"""How httpx begins the protocol error for a connection closed without a byte."""
_MESSAGES: list[tuple[type[Exception], str]] = [
    (httpx.ConnectTimeout, "no connection to {server} in time"),
    (httpx.PoolTimeout, "no free connection to {server} in time"),
    (httpx.ReadTimeout, "{server} took too long to answer"),
    (httpx.WriteTimeout, "{server} took too long to accept the request"),
    (httpx.ProxyError, "the proxy refused the connection to {server}: {detail}"),
    (httpx.ConnectError, "cannot connect to {server}: {detail}"),
    (httpx.RemoteProtocolError, "the answer of {server} is cut short or no HTTP: {detail}"),
    (httpx.ReadError, "the connection to {server} broke while reading: {detail}"),
    (httpx.WriteError, "the connection to {server} broke while sending: {detail}"),
    (httpx.CloseError, "the connection to {server} broke: {detail}"),
    (httpx.LocalProtocolError, "the request cannot be sent to {server}: {detail}"),
    (httpx.DecodingError, "the answer of {server} is not encoded as it says: {detail}"),
    (httpx.UnsupportedProtocol, "{detail}"),
]
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
_CUT_OFF = (httpx.ReadError, httpx.WriteError, httpx.CloseError)


def is_connection_failure(error: Exception) -> bool:
    """Whether the connection failed: refused, or cut before any answer.

    Slow answers are no failure: the server is likely at work on a request that costs money.
    Neither is a certificate that is not trusted, which no further attempt will change.
    """
    if "CERTIFICATE" in str(error):
        return False
    if isinstance(error, httpx.ProxyError) and str(error).startswith("4"):
        return False  # such as 407: the proxy will not change its mind either
    if isinstance(error, httpx.RemoteProtocolError):
        return str(error).startswith(_SILENT)
    return isinstance(error, (*_NEVER_SENT, *_CUT_OFF))


def translate(error: Exception, settings: ConnectionSettings) -> CliError:
    """The error of ours for one of httpx's."""
    server = _server_name(error, settings)
    if isinstance(error, httpx.InvalidURL | UnicodeError):
        return UsageError(f"cannot use the address of {server}: {error}")
    # It may quote what the server sent.
    detail = scrub(str(error).strip(), settings) or type(error).__name__
    template = next((text for kind, text in _MESSAGES if isinstance(error, kind)), None)
    if detail.startswith(_SILENT):
        template = "{server} closed the connection without an answer"
    message = (template or "no answer from {server}: {detail}").format(server=server, detail=detail)
    return NoAnswerError(message, hint=_hint(error, detail, settings))


def _server_name(error: Exception, settings: ConnectionSettings) -> str:
    """The server by name: after a redirect it is not the one the user named."""
    try:
        request: httpx.Request = error.request  # type: ignore[attr-defined]  # httpx.RequestError
    except (AttributeError, RuntimeError):
        return settings.address.server_name
    if settings.in_process:
        return settings.address.server_name
    return request.url.netloc.decode("ascii", "replace")


def _hint(error: Exception, detail: str, settings: ConnectionSettings) -> str:
    if "CERTIFICATE_VERIFY_FAILED" in detail:
        return "if the server's certificate is your own, name its CA file in SSL_CERT_FILE"
    if "CERTIFICATE_REQUIRED" in detail:
        return "name a client certificate: --mtls-client-cert-file and --mtls-client-key-file"
    if isinstance(error, httpx.ReadTimeout):
        return (
            f"it may still be at work on it; wait longer than {settings.timeout:g} s with --timeout"
        )
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
        hint = "check the address (--base-url) and whether the server runs"
        proxy = ", and the proxy that the environment names (HTTPS_PROXY, HTTP_PROXY, ALL_PROXY)"
        return hint + proxy if settings.has_proxy else hint
    return ""
