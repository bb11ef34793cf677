"""The environment of commands for tool calls: without variables that name or hold a secret."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from urllib.parse import unquote

_SECRET_NAME = re.compile(r"key|token|secret|passw|passphrase|credential", re.IGNORECASE)
_OURS = (
    "OPENAI_API_KEY",
    "OPENAI_ADMIN_KEY",
    "OPENAI_WEBHOOK_SECRET",
    "OPENAI_LOCAL_SERVER_KEY",
    "OPENAI_LOCAL_UPSTREAM_KEY",
    "OPENAI_LOCAL_UPSTREAM_HEADERS",
    "AZURE_OPENAI_API_KEY",
)
"""Variables with keys of this tool; their values are removed under other names too."""
_USER_INFO = r"[^/?#\s:@]*:(?P<password>[^/?#\s]*)@"
_IN_URL = re.compile(f"(?<=//){_USER_INFO}")
_IN_PROXY = re.compile(f"(?:^|(?<=//)){_USER_INFO}")
"""A proxy URL may lack `http://`."""
_PARAMETER = re.compile(r"(?<=[?&]password=)[^&#\s]+")
"""The password of a database may be a parameter of its URL."""
_LONG = 8
"""Minimum length of secrets that are also searched for inside other values."""


def without_secrets(environ: Mapping[str, str], secrets: Iterable[str]) -> dict[str, str]:
    """The variables without secret names and without secret values.

    `secrets` are the secrets of this call; this function finds passwords in URLs and the tool's
    keys. A URL is kept without user and password: commands must not bypass a proxy.
    """
    passwords = {
        match["password"]
        for name, value in environ.items()
        for match in _pattern(name).finditer(value)
    }
    passwords |= {found for value in environ.values() for found in _PARAMETER.findall(value)}
    ours = {environ.get(name, "") for name in _OURS}
    hidden = {*secrets, *ours, *passwords, *map(unquote, passwords)} - {""}
    shown = {
        name: _PARAMETER.sub("", _pattern(name).sub("", value))
        for name, value in environ.items()
        if not _SECRET_NAME.search(name)
    }
    return {
        name: value
        for name, value in shown.items()
        if not any(_holds(value, secret) for secret in hidden)
    }


def _pattern(name: str) -> re.Pattern[str]:
    return _IN_PROXY if name.lower().endswith("_proxy") else _IN_URL


def _holds(value: str, secret: str) -> bool:
    """Whether a value contains the secret, or is equal to it if the secret is short."""
    return value == secret or (len(secret) >= _LONG and secret in value)
