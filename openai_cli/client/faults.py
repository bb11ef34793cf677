"""The border where httpx's errors become ours, as a table."""

from __future__ import annotations

import httpx

from openai_cli.errors import CliError, NoAnswerError, UsageError

_MESSAGES: list[tuple[type[Exception], str]] = [
    (httpx.ConnectTimeout, "no connection to {host} in time"),
    (httpx.PoolTimeout, "no free connection to {host} in time"),
    (httpx.ReadTimeout, "{host} took too long to answer"),
    (httpx.WriteTimeout, "{host} took too long to accept the request"),
    (httpx.ProxyError, "the proxy refused the connection to {host}: {detail}"),
    (httpx.ConnectError, "cannot connect to {host}: {detail}"),
    (httpx.RemoteProtocolError, "{host} broke off its answer: {detail}"),
    (httpx.ReadError, "the connection to {host} broke while reading: {detail}"),
    (httpx.WriteError, "the connection to {host} broke while sending: {detail}"),
    (httpx.CloseError, "the connection to {host} broke: {detail}"),
    (httpx.LocalProtocolError, "the request cannot be sent to {host}: {detail}"),
    (httpx.DecodingError, "the answer of {host} is not encoded as it says: {detail}"),
    (httpx.TooManyRedirects, "{host} redirects in circles"),
    (httpx.UnsupportedProtocol, "{detail}"),
    (httpx.StreamError, "the answer of {host} was closed too early"),
    (httpx.HTTPError, "no answer from {host}: {detail}"),
]
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
_CUT_OFF = (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError, httpx.CloseError)


def is_connection_failure(error: Exception) -> bool:
    """Whether the connection failed: refused, or cut before any answer.

    Slow answers are no failure: the server is likely at work on a request that costs money.
    """
    return isinstance(error, (*_NEVER_SENT, *_CUT_OFF))


def translate(error: Exception, host: str, timeout: float) -> CliError:
    """The error of ours for one of httpx's. `timeout` is in seconds, for the hint."""
    if isinstance(error, httpx.InvalidURL | httpx.CookieConflict):
        return UsageError(f"cannot use the address of {host}: {error}")
    detail = str(error).strip() or type(error).__name__
    template = next((text for kind, text in _MESSAGES if isinstance(error, kind)), None)
    message = (template or "no answer from {host}: {detail}").format(host=host, detail=detail)
    return NoAnswerError(message, hint=_hint(error, detail, timeout))


def _hint(error: Exception, detail: str, timeout: float) -> str:
    if "CERTIFICATE_VERIFY_FAILED" in detail:
        return "if the server's certificate is your own, name its CA file in SSL_CERT_FILE"
    if isinstance(error, httpx.ReadTimeout):
        return f"it may still be at work on it; wait longer than {timeout:g} s with --timeout"
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
        return "check the address (--base-url) and whether the server runs"
    return ""
