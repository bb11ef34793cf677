"""Translates httpx errors into the CliError family."""

from __future__ import annotations

import errno
import socket

import httpx

from openai_cli.client.answer_body import AnswerTooLargeError, UnreadableEncodingError
from openai_cli.client.extras import install_hint
from openai_cli.client.proxies import Proxy, named_proxy
from openai_cli.client.redaction import scrub
from openai_cli.client.settings import ConnectionSettings
from openai_cli.client.wire import AnswerTimeoutError
from openai_cli.errors import CliError, NoAnswerError, UsageError, shortened

REQUEST_ERRORS = (httpx.HTTPError, httpx.InvalidURL, UnicodeError)
"""Errors that sending can raise. UnicodeError: a host name that cannot be encoded."""

_SILENT = "Server disconnected"
"""Start of httpx's error message for a connection closed without any response."""
_MESSAGES: list[tuple[type[Exception], str]] = [
    (httpx.ConnectTimeout, "connecting to {server} timed out"),
    (httpx.PoolTimeout, "waiting for a free connection to {server} timed out"),
    (AnswerTimeoutError, "{server} did not complete its answer {detail}"),
    (httpx.ReadTimeout, "{server} took too long to answer"),
    (httpx.WriteTimeout, "{server} took too long to accept the request"),
    (httpx.ProxyError, "the proxy refused the connection to {server}: {detail}"),
    (httpx.ConnectError, "cannot connect to {server}: {detail}"),
    (httpx.RemoteProtocolError, "the answer of {server} is incomplete or not HTTP: {detail}"),
    (httpx.ReadError, "the connection to {server} broke while reading: {detail}"),
    (httpx.WriteError, "the connection to {server} broke while sending: {detail}"),
    (httpx.CloseError, "the connection to {server} broke: {detail}"),
    (httpx.LocalProtocolError, "the request cannot be sent to {server}: {detail}"),
    (httpx.DecodingError, "the answer of {server} does not match its content encoding: {detail}"),
    (httpx.UnsupportedProtocol, "{detail}"),
]
_NO_TLS = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST")
"""OpenSSL's reasons when the server answers in plain text."""
_TLS_CLOSED = ("UNEXPECTED_EOF_WHILE_READING", "Connection reset by peer")
"""Errors when the server closes the connection during the TLS handshake."""
_NOT_THERE = (errno.ECONNREFUSED, errno.EHOSTUNREACH, errno.ENETUNREACH)
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
_CUT_OFF = (httpx.ReadError, httpx.WriteError, httpx.CloseError)


def is_connection_failure(error: Exception) -> bool:
    """Whether the connection was refused, or closed before any response; safe to retry.

    False for a slow answer, as the server is probably working on a request that costs money, and
    for an untrusted certificate, as a retry would not help.
    """
    if "CERTIFICATE" in str(error) or _is_plain_text(error):
        return False
    if isinstance(error, httpx.ProxyError) and str(error).startswith("4"):
        return False  # such as 407: a retry would get the same answer
    if isinstance(error, httpx.RemoteProtocolError):
        return str(error).startswith(_SILENT)
    return isinstance(error, (*_NEVER_SENT, *_CUT_OFF))


def translate(error: Exception, settings: ConnectionSettings) -> CliError:
    """The CliError for an httpx error."""
    proxy = _proxy_out_of_reach(error, settings)
    server = f"the proxy {proxy.place}" if proxy else _server_name(error, settings)
    if isinstance(error, httpx.InvalidURL | UnicodeError):
        return UsageError(f"cannot use the address of {shortened(server)}: {shortened(str(error))}")
    # The message may contain text from the server.
    detail = shortened(scrub(str(error).strip(), settings)) or type(error).__name__
    template = next((text for kind, text in _MESSAGES if isinstance(error, kind)), None)
    if _is_plain_text(error):
        template = "cannot connect to {server}: it does not speak TLS; is it http:// there?"
    if isinstance(error, UnreadableEncodingError):
        template = "the answer of {server} is {detail}"
    if detail.startswith(_SILENT):
        template = "{server} closed the connection without an answer"
    message = (template or "no answer from {server}: {detail}").format(server=server, detail=detail)
    return NoAnswerError(message, hint=_hint(error, detail, settings))


def too_large(error: AnswerTooLargeError, settings: ConnectionSettings) -> NoAnswerError:
    """The error for an answer or event that exceeds the size limit."""
    return NoAnswerError(
        f"the answer of {settings.address.server_name} is larger than {error.limit} bytes",
        hint="--max-answer-size allows more; 0 is no limit",
    )


def _server_name(error: Exception, settings: ConnectionSettings) -> str:
    """The server the failed request went to; after a redirect, not the one in the settings."""
    try:
        request: httpx.Request = error.request  # type: ignore[attr-defined]  # httpx.RequestError
    except (AttributeError, RuntimeError):
        return settings.address.server_name
    if settings.in_process or settings.address.socket:
        return settings.address.server_name
    return request.url.netloc.decode("ascii", "replace")


def _hint(error: Exception, detail: str, settings: ConnectionSettings) -> str:
    if "CERTIFICATE_VERIFY_FAILED" in detail:
        private = "for a private CA, set SSL_CERT_FILE to the path of its certificate"
        return private + _of_system()
    if "CERTIFICATE_REQUIRED" in detail:
        return "give a client certificate: --mtls-client-cert-file and --mtls-client-key-file"
    if isinstance(error, AnswerTimeoutError):
        return "the server may still be working; a longer --timeout also allows longer answers"
    if isinstance(error, httpx.ReadTimeout):
        return f"it may still be working; --timeout sets a longer limit than {settings.timeout:g} s"
    if isinstance(error, UnreadableEncodingError):
        return error.hint
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.ProxyError):
        return hint_about_proxy(error, settings) or _hint_of_connecting(error, detail, settings)
    return ""


def hint_about_proxy(error: Exception, settings: ConnectionSettings) -> str:
    """The hint about a proxy that cannot be reached or requires other credentials; else empty."""
    if isinstance(error, httpx.ProxyError) and str(error).startswith("407"):
        return _hint_of_407(named_proxy(settings))
    if proxy := _proxy_out_of_reach(error, settings):
        others = "NO_PROXY lists hosts that are reached without a proxy"
        return f"check the proxy in the environment ({proxy.variable}); {others}"
    return ""


def _hint_of_connecting(error: Exception, detail: str, settings: ConnectionSettings) -> str:
    if isinstance(error, httpx.ProxyError):
        return ""
    hint = "check the address (--base-url) and that the server is running"
    if settings.address.secure and any(why in detail for why in _TLS_CLOSED):
        hint = "the server closed the connection when TLS began: perhaps the URL needs http://"
    proxy = named_proxy(settings)
    return f"{hint}, and the proxy in the environment ({proxy.variable})" if proxy else hint


def _hint_of_407(proxy: Proxy | None) -> str:
    if proxy is None:
        return ""
    if proxy.has_user:
        what = f"it does not take the user and password in {proxy.variable}"
        return f"{what} (special characters are percent-encoded there: @ is %40)"
    return f"name your user there: {proxy.variable}=http://USER:PASSWORD@HOST:PORT"


def _proxy_out_of_reach(error: Exception, settings: ConnectionSettings) -> Proxy | None:
    """The proxy that could not be connected to; None if there is none, or the server was meant.

    What fails on the way to an https server may have failed behind the proxy, where TLS begins,
    unless it is an error of making a connection.
    """
    if not isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
        return None
    if settings.address.secure and not _is_unreachable(error):
        return None
    return named_proxy(settings)


def _is_unreachable(error: BaseException | None) -> bool:
    """Whether no connection was made: the host is unknown, or nothing listens there."""
    while error is not None and not isinstance(error, OSError):
        error = error.__cause__ or error.__context__
    return isinstance(error, socket.gaierror) or getattr(error, "errno", 0) in _NOT_THERE


def _is_plain_text(error: Exception) -> bool:
    """Whether the server answered a TLS handshake in plain text."""
    return isinstance(error, httpx.ConnectError) and any(why in str(error) for why in _NO_TLS)


def _of_system() -> str:
    """Advice to use the system's certificates, if they are not used."""
    from importlib.util import find_spec

    if find_spec("truststore"):
        return ""
    return f"; the package truststore adds the system's certificates, {install_hint('trust')}"
