"""Removes secrets from everything that is shown: headers, URLs, and text from servers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from urllib.parse import unquote

from openai_cli.client.settings import ConnectionSettings

REDACTED = "[redacted]"

_SECRET_NAME = re.compile(
    r"auth|cookie|credential|key|passw|secret|session|signature|token|^sig$|^code$", re.IGNORECASE
)
_NOT_SECRET = re.compile(r"idempotency-key$|x-ratelimit-", re.IGNORECASE)
_PARAMETER = re.compile(r"([?&])([^=&#]*)=([^&#]*)")
_USER = re.compile(r"//[^/?#]*@")
_SHORTEST = 4
"""Characters: shorter secrets are not replaced, as they would match ordinary text."""
_SHORTEST_PART = 8


def is_secret(name: str) -> bool:
    """Whether the value of a header or parameter with this name is redacted."""
    return not _NOT_SECRET.match(name) and _SECRET_NAME.search(name) is not None


def redacted(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """The headers with secret values replaced; the scheme of Authorization is kept."""
    return [(name, _hidden(value) if is_secret(name) else value) for name, value in headers]


def redacted_url(url: str) -> str:
    """The URL with user, password and secret parameters replaced."""
    return _PARAMETER.sub(_hidden_parameter, _USER.sub(f"//{REDACTED}@", url))


def scrub(text: str, settings: ConnectionSettings) -> str:
    """The text with the secrets of `settings` replaced."""
    for secret in sorted(set(secrets_of(settings)), key=len, reverse=True):
        if len(secret) >= _SHORTEST:
            text = re.sub(_in_any_spelling(secret), REDACTED, text)
    return text


def secrets_of(settings: ConnectionSettings) -> Iterator[str]:
    """The secrets of a call: its keys, and those in headers and in the address."""
    yield settings.api_key
    yield from settings.secrets
    yield from header_secrets(settings.headers)
    yield from url_secrets(settings.address.text)


def header_secrets(headers: Iterable[tuple[str, str]]) -> Iterator[str]:
    """The secrets among headers, whole and in parts."""
    for name, value in headers:
        if is_secret(name):
            yield value
            # `Bearer KEY`, or `name=value; name=value`: a server may quote a part.
            yield from (p for p in re.split(r"[\s;,=]+", value) if len(p) >= _SHORTEST_PART)


def url_secrets(url: str) -> Iterator[str]:
    """The secrets among the parameters of a URL."""
    for _, name, value in _PARAMETER.findall(url):
        if is_secret(name):
            yield unquote(value)


def _in_any_spelling(secret: str) -> str:
    """A pattern for a secret in plain, JSON-escaped or percent-encoded form."""
    return "".join(
        rf"(?:\\?{re.escape(letter)}|(?i:\\u00{ord(letter):02x}|%{ord(letter):02x}))"
        for letter in secret
    )


def _hidden(value: str) -> str:
    scheme, space, _ = value.partition(" ")
    return f"{scheme} {REDACTED}" if space and scheme.isalpha() else REDACTED


def _hidden_parameter(match: re.Match[str]) -> str:
    mark, name, value = match.groups()
    return f"{mark}{name}={REDACTED if is_secret(name) else value}"
