"""Removes secrets from all output: headers, URLs, and text from servers."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from urllib.parse import unquote

from openai_cli.client.settings import ConnectionSettings

REDACTED = "[redacted]"

_SECRET_NAME = r"(?i)auth|cookie|credential|key|passw|secret|session|signature|token|^sig$|^code$"
_NOT_SECRET = r"(?i)idempotency-key$|x-ratelimit-"
_NEVER_SECRET = frozenset({"user-agent", "etag", "x-request-id", "cf-ray"})
"""Headers whose values look like keys but are not secret."""
_JWT = r"eyJ[\w-]{5,}\.[\w-]+\.[\w-]*"
_KEY = r"(?:sk|pk|rk|ghp|gho|xox[abp]|glpat|AKIA)[-_A-Za-z0-9]{12,}|[0-9a-fA-F]{32,}"
_TOKEN = r"(?a)[\w+/.~-]+"
_LONG = 24
"""Minimum length of a value that is hidden because it looks like a key."""
_MIXED = 3
"""Number of character classes that it must contain: lower case, upper case, digits."""
_DENSE = 3.5
"""Minimum entropy in bits per character: random text has more, names and numbers less."""
_PARAMETER = r"([?&])([^=&#]*)=([^&#]*)"
_USER = r"(?<=postgresql:)//.*@|(?<=postgres:)//.*@|//[^/?#]*@"
"""User and password in a URL. A database password may contain an unencoded `@`."""
_SHORTEST = 4
"""Minimum length of a secret that is replaced: shorter ones would match ordinary text."""
_SHORTEST_PART = 8


def is_secret(name: str) -> bool:
    """Whether the value of a header or parameter with this name is redacted."""
    return not re.match(_NOT_SECRET, name) and re.search(_SECRET_NAME, name) is not None


def is_secret_header(name: str, value: str) -> bool:
    """Whether a header is secret, by its name or because its value looks like a credential."""
    return is_secret(name) or (
        name.lower() not in _NEVER_SECRET
        and re.match(_NOT_SECRET, name) is None
        and any(map(_looks_secret, re.split(r"[\s;,=\"]+", value)))
    )


def _looks_secret(word: str) -> bool:
    """Whether a word is a JSON Web Token, or has the length and entropy of a key."""
    if re.fullmatch(_JWT, word) or re.fullmatch(_KEY, word):
        return True
    kinds = sum(re.search(kind, word) is not None for kind in ("[a-z]", "[A-Z]", "[0-9].*[0-9]"))
    if len(word) < _LONG or not re.fullmatch(_TOKEN, word) or kinds < _MIXED:
        return False
    return _entropy(word) >= _DENSE


def _entropy(word: str) -> float:
    """Entropy in bits per character."""
    shares = [count / len(word) for count in Counter(word).values()]
    return -sum(share * math.log2(share) for share in shares)


def redacted(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """The headers with secret values replaced; the scheme of Authorization is kept."""
    return [
        (name, _hidden(value) if is_secret_header(name, value) else value)
        for name, value in headers
    ]


def redacted_url(url: str) -> str:
    """The URL with user, password and secret parameters replaced."""
    return re.sub(_PARAMETER, _hidden_parameter, re.sub(_USER, f"//{REDACTED}@", url))


def scrub(text: str, settings: ConnectionSettings) -> str:
    """The text with the secrets of `settings` replaced."""
    for secret in sorted(set(secrets_of(settings)), key=len, reverse=True):
        if len(secret) >= _SHORTEST:
            text = re.sub(_in_any_spelling(secret), REDACTED, text)
    return text


def secrets_of(settings: ConnectionSettings) -> Iterator[str]:
    """The secrets of a call: keys, and secrets in headers and in the address."""
    yield settings.api_key
    yield from settings.secrets
    yield from header_secrets(settings.headers)
    yield from url_secrets(settings.address.text)


def header_secrets(headers: Iterable[tuple[str, str]]) -> Iterator[str]:
    """The values of secret headers, whole and in parts."""
    for name, value in headers:
        if is_secret_header(name, value):
            yield value
            # `Bearer KEY`, or `name=value; name=value`: a server may quote a part.
            yield from (p for p in re.split(r"[\s;,=]+", value) if len(p) >= _SHORTEST_PART)


def url_secrets(url: str) -> Iterator[str]:
    """The secrets among the parameters of a URL."""
    for _, name, value in re.findall(_PARAMETER, url):
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
