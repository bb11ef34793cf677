"""Redirect rules; credentials are not sent to another origin."""

from __future__ import annotations

import httpx

from openai_cli.client.address import Address
from openai_cli.client.api_errors import reason
from openai_cli.client.redaction import redacted_url, scrub
from openai_cli.client.settings import ConnectionSettings
from openai_cli.errors import NoAnswerError, shortened

MAX_REDIRECTS = 5

_PORTS = {"http": 80, "https": 443}


def next_url(response: httpx.Response, count: int, settings: ConnectionSettings) -> httpx.URL:
    """The target of a redirect; `count` is its number within the call, from 1.

    Raises NoAnswerError if it has no target, exceeds MAX_REDIRECTS, leaves HTTP(S), goes from
    HTTPS to HTTP, or would change the method or drop the body.
    """
    sent, follow = response.request, response.next_request
    if follow is None:
        raise NoAnswerError(f"the server answered {_status(response)} without a valid target")
    problem = ""
    if count > MAX_REDIRECTS:
        problem = f"more than {MAX_REDIRECTS} times"
    elif follow.url.scheme not in _PORTS:
        # This includes `local:`: a server must not redirect to the embedded engine.
        problem = "to an address that is not HTTP(S)"
    elif settings.address.secure and follow.url.scheme != "https":
        problem = "from HTTPS to an unencrypted connection"
    elif response.status_code not in (307, 308) and sent.method != "GET":
        problem = f"in a way that would drop the body of a {sent.method}"
    if problem:
        where = shortened(scrub(redacted_url(response.headers["location"]), settings))
        raise NoAnswerError(
            f"the server redirects {problem} ({_status(response)}, to {where})",
            hint="if this is the right server, pass it with --base-url",
        )
    return follow.url


def same_origin(url: httpx.URL, settings: ConnectionSettings) -> bool:
    """Whether a URL is on the server the user named."""
    return _origin(url) == _origin(httpx.URL(settings.address.url("")))


def cross_origin_hint(url: httpx.URL, settings: ConnectionSettings) -> str:
    """A hint for a 401 or 403 after a redirect to another origin; else empty."""
    if same_origin(url, settings):
        return ""
    return (
        f"a redirect led to {url.netloc.decode()}, which did not get the key: if that is the "
        "right server, pass it with --base-url"
    )


def for_other_origin(url: httpx.URL, settings: ConnectionSettings) -> ConnectionSettings:
    """The settings for another server: without credentials."""
    return settings._replace(
        address=Address(f"{url.scheme}://{url.netloc.decode()}", url.host, url.scheme == "https"),
        api_key="",
        organization="",
        project="",
        headers=(),
        client_cert="",
        client_key="",
    )


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port or _PORTS.get(url.scheme)


def _status(response: httpx.Response) -> str:
    return f"{response.status_code} {reason(response.status_code)}".rstrip()
