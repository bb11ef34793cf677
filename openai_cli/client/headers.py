"""Request headers: those every request sends, and checks of user-supplied ones."""

from __future__ import annotations

import platform
import re
from collections.abc import Iterable, Mapping

import openai_cli
from openai_cli.api.operation import Request
from openai_cli.client.content_encodings import readable_encodings
from openai_cli.client.settings import ConnectionSettings
from openai_cli.errors import Problem, UsageError

Headers = list[tuple[str, str]]

_NAME = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_VALUE = r"[\t\x20-\x7e]*"
_CREDENTIALS = frozenset({"authorization", "api-key", "x-api-key"})
_NO_CREDENTIALS = (
    ("^\ufeff", "begins with a byte-order mark, which is no part of it"),
    (
        "^[\"'`\u2018-\u201f]|[\"'`\u2018-\u201f]$",
        "has quotes around it (docker --env-file keeps quotes)",
    ),
    (r"^\s|\s\Z", "has a space or a line break around it, which is no part of it"),
    (
        r"^(\$([A-Z_][A-Z0-9_]*|\{\w+\})|%\w+%)$",
        "is the name of a variable and not its value (in single quotes, a shell keeps $NAME)",
    ),
    (r"^(export )?[A-Z][A-Z0-9]*(_[A-Z0-9]+)+=[^=]", "is NAME=value, not the value alone"),
    (r"^(?i:bearer)\s", "begins with Bearer, which is no part of it"),
    (r"^(null|NULL|nil|undefined|None)$", "is the word of a program that had no value"),
    (r"^@", "begins with @; only a flag such as --api-key reads a file"),
    (r"^-$", "is -; only a flag such as --api-key reads standard input"),
    (
        r"[^\x21-\x7e]",
        "has a line break, a space or another character that is invalid in a header",
    ),
)
"""Patterns of what is no key, and what to say of it; compiled when a key is checked."""
_FRAMING = frozenset({"content-length", "transfer-encoding", "connection", "upgrade"})
"""Headers that frame the request; the HTTP library sets them."""


def read_header(text: str) -> tuple[str, str]:
    """Parse `Name: value` into a pair. Raises ValueError."""
    name, colon, value = text.partition(":")
    if not colon or not re.fullmatch(_NAME, name):
        raise ValueError("expected 'Name: value'")
    if name.lower() in _FRAMING:
        raise ValueError(f"{name} is set by the HTTP library and cannot be given")
    if not re.fullmatch(_VALUE, value.strip()):
        raise ValueError(f"the value of {name} has characters that are invalid in a header")
    return name, value.strip()


def read_headers(text: str) -> tuple[tuple[str, str], ...]:
    """Headers, one a line; of those with one name the last. Raises ValueError."""
    found = [read_header(line) for line in text.split("\n") if line.strip()]
    return tuple({name.lower(): (name, value) for name, value in found}.values())


def carries_credentials(headers: Iterable[tuple[str, str]]) -> bool:
    """Whether user-supplied headers contain credentials."""
    return any(name.lower() in _CREDENTIALS and value for name, value in headers)


def check_credential(value: str, source: str) -> str:
    """Return the value if it can be a key or an id in a header.

    Else raise UsageError, which says what it looks like and does not show it.
    """
    for pattern, what in _NO_CREDENTIALS if value else ():
        if re.search(pattern, value):
            raise UsageError(problems=[Problem(source, what)])
    return value


def request_headers(
    request: Request, settings: ConnectionSettings, idempotency_key: str
) -> Headers:
    """All headers of a request, in sending order; user-supplied headers replace ours."""
    defaults = {
        "Authorization": f"Bearer {settings.api_key}" if settings.api_key else "",
        "OpenAI-Beta": "assistants=v2",
        "OpenAI-Organization": settings.organization,
        "OpenAI-Project": settings.project,
        "User-Agent": user_agent(),
        "Accept": "text/event-stream" if request.streams else "application/json",
        # A compressing proxy would hold events back until its buffer is full.
        "Accept-Encoding": "identity" if request.streams else ", ".join(readable_encodings()),
        "Content-Type": "application/json" if request.body is not None else "",
        "Idempotency-Key": idempotency_key if request.operation.method == "POST" else "",
    }
    return with_given(defaults, settings)


def with_given(defaults: Mapping[str, str], settings: ConnectionSettings) -> Headers:
    """Our headers, without the empty ones, then the user's, which replace ours of that name."""
    given = {name.lower() for name, _ in settings.headers}
    ours = [(name, value) for name, value in defaults.items() if value]
    return [pair for pair in ours if pair[0].lower() not in given] + list(settings.headers)


def identity(settings: ConnectionSettings) -> dict[str, str]:
    """Who asks, and with what program: a header without a value is empty."""
    return {
        "Authorization": f"Bearer {settings.api_key}" if settings.api_key else "",
        "OpenAI-Organization": settings.organization,
        "OpenAI-Project": settings.project,
        "User-Agent": user_agent(),
    }


def user_agent() -> str:
    """`openai-cli/VERSION (Python/…; Linux)`."""
    system = platform.system() or "unknown"
    return f"openai-cli/{openai_cli.__version__} (Python/{platform.python_version()}; {system})"
