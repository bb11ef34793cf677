"""What the commands for tool calls see of our environment: nothing that names or holds a secret."""

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
"""Keys of ours, which no variable may hold under another name either."""
_USER_INFO = r"[^/?#\s:@]*:(?P<password>[^/?#\s]*)@"
_IN_URL = re.compile(f"(?<=//){_USER_INFO}")
_IN_PROXY = re.compile(f"(?:^|(?<=//)){_USER_INFO}")
"""A proxy may be named without `http://`."""
_PARAMETER = re.compile(r"(?<=[?&]password=)[^&#\s]+")
"""The password of a database may be a parameter of its URL."""
_LONG = 8
"""Characters from which a secret is looked for inside of other values too."""


def without_secrets(environ: Mapping[str, str], secrets: Iterable[str]) -> dict[str, str]:
    """The variables that neither are secret by name nor hold a secret.

    `secrets` are those of this call; passwords in URLs and keys of ours are found here. A URL loses
    its user and password, and stays: a command must not go around a proxy.
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
    """Whether a value gives a secret away; a short one would be found in any PATH."""
    return value == secret or (len(secret) >= _LONG and secret in value)
