"""Base URLs: parsing and building of server addresses."""

from __future__ import annotations

import ipaddress
import re
from typing import NamedTuple
from urllib.parse import SplitResult, quote, unquote, urlsplit

from openai_cli import windows
from openai_cli.errors import Problem, UsageError

DEFAULT_BASE_URL = "https://api.openai.com/v1"
LOCAL = "local:"
UNIX = "http+unix"
"""The scheme of a server behind a Unix socket; the host is the socket's path, percent-encoded."""
QUOTES = tuple("\"'\u2018\u2019\u201c\u201d")

_UNSEEN = "\ufeff\u200b\u2060"
"""Characters without width: the byte-order mark of a file, and what web pages hold."""
_NO_HOSTS = ("null", "undefined", "None", "http", "https")
_SLIP = re.compile(r"(https?)(?::/?|/{1,2})(?!/)|//")
"""Misspelt and incomplete forms of `http://`."""
_HOST = re.compile(r"(\w[\w.-]*|\[[\da-fA-F:.]+\])(:\d+)?(/|$)")
"""The beginning of a URL without its scheme; the host is group 1."""


class Address(NamedTuple):
    """A parsed base URL. `text` is the URL as given, without trailing slash and fragment.

    `socket` is the path of a Unix socket, whose host is `localhost`; else empty.
    """

    text: str
    host: str = ""
    secure: bool = False
    socket: str = ""

    @property
    def is_local(self) -> bool:
        """Whether this is the embedded engine."""
        return self.text.startswith(LOCAL)

    @property
    def server_name(self) -> str:
        """Host, and port if given, or the socket, for messages; "the engine" for `local:`."""
        return "the engine" if self.is_local else self.socket or urlsplit(self.text).netloc

    @property
    def needs_key(self) -> bool:
        """Whether a key is required: not for the engine and for servers on this machine."""
        return not (self.is_local or _is_loopback(self.host))

    @property
    def is_openai(self) -> bool:
        """Whether this is a server of OpenAI or Azure, which retired these endpoints."""
        return re.search(r"(^|\.)(openai|azure)\.com$", self.host) is not None

    def url(self, path: str) -> str:
        """The full URL of a path; a query in the base URL stays at the end."""
        if self.is_local:
            return "http://local" + path
        text = urlsplit(self.text)._replace(scheme="http", netloc="localhost").geturl()
        base, mark, query = (text if self.socket else self.text).partition("?")
        return base.rstrip("/") + path + mark + query

    def shown(self, path: str) -> str:
        """The URL for display; `local:` instead of the engine's internal host."""
        return self.text + path if self.is_local else self.url(path)

    def is_same_server(self, other: Address) -> bool:
        """Whether both have the same scheme, host and port, or the same socket, or are local."""
        if self.is_local or other.is_local:
            return self.is_local and other.is_local
        return self._place == other._place

    @property
    def _place(self) -> tuple[str, str, int]:
        parts = urlsplit(self.text)
        port = parts.port or (443 if self.secure else 80)
        return parts.scheme, self.socket or self.host, port

    @property
    def origin(self) -> str:
        """Scheme, host and port as given."""
        return self.text.partition("//")[0] + "//" + urlsplit(self.text).netloc


def read_address(text: str, source: str, *, or_engine: bool = True) -> Address:
    """Parse a base URL; `source` is the flag or variable it came from.

    Raises UsageError if it is not `http(s)://HOST…`, `http+unix://SOCKET…` or, unless it must be
    a server, `local:…`.
    """
    text = text.strip().strip(_UNSEEN).strip()
    if text[:1] in QUOTES or text[-1:] in QUOTES:
        what = "has quotes around it (docker --env-file keeps quotes)"
        raise UsageError(problems=[Problem(source, what)])
    if text.startswith(LOCAL):
        if not or_engine:
            raise UsageError(problems=[Problem(source, "must be a server, not the engine")])
        return Address(text)
    try:
        text.encode()
        parts = urlsplit(text)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        raise _wrong(source, text, "is not a URL", or_engine=or_engine) from None
    if parts.scheme == UNIX:
        return _unix_address(parts, source)
    if parts.scheme in ("http", "https") and re.search(r"[\s\x00-\x1f\x7f]", text):
        raise _wrong(source, text, "contains a blank or a control character", or_engine=or_engine)
    if parts.scheme not in ("http", "https") or not host:
        why = "must begin with http:// or https://" + (", or be local:" if or_engine else "")
        raise _wrong(source, text, why, or_engine=or_engine)
    if parts.username is not None or parts.password is not None:
        raise UsageError(
            problems=[Problem(source, "must not contain a user name or password")],
            hint="send credentials with --api-key or --header",
        )
    return Address(_without_fragment(parts), host.lower(), parts.scheme == "https")


def _unix_address(parts: SplitResult, source: str) -> Address:
    """The address of a Unix socket. Raises UsageError."""
    if windows.is_windows():
        raise UsageError(problems=[Problem(source, f"{UNIX}:// {windows.UNSUPPORTED}")])
    path = unquote(parts.netloc)
    if not path.startswith("/") or "\0" in path:
        what = (
            "must have a socket's path in place of the host, as in http+unix://%2Frun%2Fx.sock/v1"
        )
        raise UsageError(problems=[Problem(source, what)])
    return Address(_without_fragment(parts), "localhost", socket=path)


def _without_fragment(parts: SplitResult) -> str:
    return parts._replace(fragment="", path=parts.path.rstrip("/")).geturl()


def _wrong(source: str, text: str, why: str, *, or_engine: bool) -> UsageError:
    # An invalid URL may contain a password, so text before an @ is not shown.
    shown = re.sub(r".*@", "…@", text, flags=re.DOTALL).partition("?")[0]
    near = _near(shown, or_engine=or_engine)
    question = f" (did you mean {near}?)" if near else ""
    return UsageError(problems=[Problem(source, f'"{shown}" {why}{question}')])


def _near(text: str, *, or_engine: bool) -> str:
    """The URL that was probably meant; `http://` is suggested only for this machine."""
    if text.lower().rstrip(":") == LOCAL.rstrip(":") and or_engine:
        return LOCAL
    if text.startswith("unix:") or (text.startswith("/") and text.endswith(".sock")):
        return f"{UNIX}://{quote('/' + text.removeprefix('unix:').lstrip('/'), safe='')}/v1"
    slip = _SLIP.match(text)
    rest = text[slip.end() :] if slip else text
    found = _HOST.match(rest)
    if not found or rest in _NO_HOSTS:
        return ""
    scheme = "http" if _is_loopback(found[1].strip("[]").lower()) else "https"
    return f"{(slip and slip[1]) or scheme}://{rest}"


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
