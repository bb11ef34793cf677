"""Advice for a wrong base URL: `/v1` missing or repeated, or the URL of an endpoint."""

from __future__ import annotations

import re

from openai_cli.client.address import Address
from openai_cli.client.redaction import redacted_url

_NO_ROUTE = (
    r"<.*|"
    r"(\d{3}:? )?((the )?(requested )?(page|resource|file|route|path|endpoint|url) )?(was )?"
    r"(not found|method not allowed)\W*|"
    r"cannot (get|post|delete) /.*|"
    r"(route|path|endpoint)\b.* (not found|does not exist)\W*|"
    r"(invalid|unknown|unexpected|unrecognized|unsupported|no such|no) "
    r"(request )?(route|path|endpoint|url)\b.*"
)
"""Messages of servers about an unknown path; messages about an unknown id are longer."""
_ENDPOINT = r"/(chat/completions|completions|responses|models|embeddings|assistants|threads)(/.*)?$"
_VERSION = r"/v\d+(?=/|$)"


def is_no_route(status: int | None, message: str) -> bool:
    """Whether a refusal is about the request's path and not about an API object.

    `message` is the server's message, or empty.
    """
    if status not in (404, 405):
        return False
    said = message.strip() or "not found"
    return re.fullmatch(_NO_ROUTE, said, re.IGNORECASE | re.DOTALL) is not None


def better_base_url(address: Address) -> str:
    """The base URL that was probably meant; empty if this one has the usual form."""
    base, mark, query = address.text.partition("?")
    path = base.removeprefix(address.origin)
    better = re.sub(_ENDPOINT, "", path)
    versions = re.findall(_VERSION, better)
    if len(versions) > 1:
        better = re.sub(rf"({re.escape(versions[-1])})+$", versions[-1], better)
    elif not better:
        better = "/openai/v1" if address.host.endswith(".azure.com") else "/v1"
    elif better != path and not versions:
        better += "/v1" if address.host.endswith("openai.com") else ""
    return "" if better == path else address.origin + better + mark + query


def asked_and_meant(asked: str, address: Address, flag: str) -> str:
    """A message with the requested URL and the base URL to use instead.

    `asked` is the method and URL; `flag` is the flag that sets the base URL.
    """
    better = redacted_url(better_base_url(address))
    meant = f"try {flag} {better}" if better else f"check {flag}"
    first = f"the request was {asked}; " if asked else ""
    return f"{first}a base URL ends before the path of an endpoint, usually in /v1: {meant}"
