"""Selects the proxy for a request: HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY.

NO_PROXY is interpreted like in curl; httpx would reject the whole variable for one invalid entry.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import NamedTuple
from urllib.parse import urlsplit
from urllib.request import getproxies

from openai_cli.client.address import QUOTES, Address
from openai_cli.client.extras import install_hint
from openai_cli.client.settings import ConnectionSettings
from openai_cli.errors import Problem, UsageError, shortened

_SCHEMES = ("http", "https", "socks5", "socks5h")
_ENTRY = (
    r"(?:(?P<scheme>https?|all)://)?"
    r"(?:\[(?P<v6>[0-9a-f:.]+(?:%[\w.-]+)?)\]|(?P<host>[\w.-]+))"
    r"(?::(?P<port>\d{1,5}))?/?"
)
_PORTS = {"http": 80, "https": 443}


class Proxy(NamedTuple):
    """The URL of a proxy, and the variable that names it."""

    url: str
    variable: str

    @property
    def scheme(self) -> str:
        """`http`, `https`, `socks5` or `socks5h`."""
        return self.url.partition("://")[0].lower()

    @property
    def place(self) -> str:
        """The proxy's host, and port if given, without user and password."""
        return urlsplit(self.url).netloc.rpartition("@")[2]

    @property
    def has_user(self) -> bool:
        """Whether the URL contains a user."""
        return "@" in urlsplit(self.url).netloc


class _Target(NamedTuple):
    scheme: str
    host: str
    port: int


def find_proxy(settings: ConnectionSettings) -> Proxy | None:
    """The proxy for the address of these settings; None if it is reached directly.

    Raises UsageError if this proxy cannot be used. Proxies for other addresses are not checked.
    """
    proxy = named_proxy(settings)
    if proxy is not None:
        _check(proxy)
    return proxy


def named_proxy(settings: ConnectionSettings) -> Proxy | None:
    """Like `find_proxy`, without checking the proxy's URL."""
    if settings.address.socket or settings.address.is_local:
        return None
    # Without variables, macOS's system settings apply.
    named = {name: url.strip() for name, url in getproxies().items()}
    scheme = "https" if settings.address.secure else "http"
    found = next((name for name in (scheme, "all") if named.get(name)), "")
    if not found or bypassed(settings.address, named.get("no", "")):
        return None
    url = named[found]
    variable = _variable(f"{found}_proxy", settings.environ)
    return Proxy(url if "://" in url else f"http://{url}", variable)


def warn_of_entries(settings: ConnectionSettings) -> None:
    """Warn about each invalid entry of NO_PROXY."""
    for entry in _entries(getproxies().get("no", "")):
        if _meaning(entry) is None:
            name = _variable("no_proxy", settings.environ)
            quotes = (
                " (docker --env-file keeps quotes)" if {entry[0], entry[-1]} & {*QUOTES} else ""
            )
            what = f"is not a host, address or range; ignored{quotes}"
            settings.warn(f'{name}: "{shortened(entry)}" {what}')


def bypassed(address: Address, no_proxy: str) -> bool:
    """Whether an address is reached without a proxy. Invalid entries are skipped."""
    parts = urlsplit(address.url(""))
    target = _Target(parts.scheme, _plain(address.host), parts.port or _PORTS[parts.scheme])
    return any(_matches(entry, target) for entry in _entries(no_proxy))


def _variable(name: str, environ: Mapping[str, str]) -> str:
    """The name of the variable in use; lower case takes precedence, as in urllib."""
    return name if environ.get(name) else name.upper()


def _entries(no_proxy: str) -> Iterator[str]:
    """The entries, separated by commas or blanks."""
    yield from re.findall(r"[^\s,]+", no_proxy)


_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class _Meaning(NamedTuple):
    """What an entry matches: a network, or a host and its subdomains; empty fields match all."""

    network: _Network | None
    host: str
    scheme: str = ""
    port: int = 0


def _meaning(entry: str) -> _Meaning | None:
    if entry == "*":
        return _Meaning(None, "")
    network = _network(entry)
    if network is not None:
        return _Meaning(network, "")
    plain = entry.replace("*.", ".", 1) if entry.startswith("*.") else entry
    found = re.fullmatch(_ENTRY, plain, re.IGNORECASE)
    if found is None:
        return None
    host = _plain(found["v6"] or found["host"])
    network = _network(host)
    port = int(found["port"] or 0)
    if (found["v6"] and network is None) or port > 0xFFFF or not (network or host):
        return None
    scheme = (found["scheme"] or "all").lower()
    return _Meaning(network, "" if network else host, "" if scheme == "all" else scheme, port)


def _matches(entry: str, target: _Target) -> bool:
    meaning = _meaning(entry)
    if meaning is None or (meaning.scheme or target.scheme) != target.scheme:
        return False
    if (meaning.port or target.port) != target.port:
        return False
    if meaning.network is not None:
        try:
            return ipaddress.ip_address(target.host) in meaning.network
        except ValueError:
            return False
    return not meaning.host or f".{target.host}".endswith(f".{meaning.host}")


def _network(text: str) -> _Network | None:
    """An IP address or range; host bits may be set."""
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def _plain(host: str) -> str:
    """A host in normal form, for comparison."""
    plain = host.lower().strip(".")
    if plain.isascii():
        return plain
    with suppress(UnicodeError):  # not a valid DNS name: compared as it is
        return plain.encode("idna").decode()
    return plain


def _check(proxy: Proxy) -> None:
    """Raise UsageError for an unusable proxy. Messages contain no part of its password."""
    if proxy.url.removeprefix("http://")[:1] in QUOTES or proxy.url[-1:] in QUOTES:
        raise _unusable(proxy, "has quotes around it (docker --env-file keeps quotes)")
    try:
        parts = urlsplit(proxy.url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    behind = re.sub(r"^\w+://[^/?#]*", "", proxy.url)
    if "@" in behind and proxy.scheme in _SCHEMES:
        mark = behind[0]
        raise _unusable(proxy, f"its password has a bare {mark}: write %{ord(mark):02X} instead")
    if not host:
        raise _unusable(proxy, "is not a URL")
    if proxy.scheme not in _SCHEMES:
        raise _unusable(proxy, f"must begin with {', '.join(f'{s}://' for s in _SCHEMES)}")
    if proxy.scheme.startswith("socks"):
        _check_socks(proxy)


def _check_socks(proxy: Proxy) -> None:
    try:
        import socksio  # noqa: F401 - checks that the package is installed
    except ImportError:
        what = "names a SOCKS proxy, but the package for SOCKS is not installed"
        raise UsageError(
            problems=[Problem(proxy.variable, what)], hint=install_hint("socks")
        ) from None


def _unusable(proxy: Proxy, why: str) -> UsageError:
    return UsageError(
        problems=[Problem(proxy.variable, f"this proxy cannot be used: {why}")],
        hint="the form is http://USER:PASSWORD@HOST:PORT; NO_PROXY lists hosts that are reached "
        "without a proxy",
    )
