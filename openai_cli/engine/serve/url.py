"""Parses the URL of a request; several path prefixes are accepted.

OpenAI's clients use `/v1`; Azure's clients use `/openai`, `/openai/v1` or
`/openai/deployments/NAME`, with an `api-version`.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote

_PREFIX = re.compile(r"(/openai/deployments/(?P<deployment>[^/]+)|/openai/v1|/openai|/v1)(?=/)")
_IGNORED = "api-version"
"""Azure's parameter for the API version, which is ignored."""


class RequestUrl(NamedTuple):
    """The parts of a request's URL."""

    path: str
    """The path without the prefix, percent-encoded."""
    query: Sequence[tuple[str, str]]
    """The query without `api-version`."""
    deployment: str
    """The name of an Azure deployment (a model); empty if the URL has none."""


def read_url(scope: Mapping[str, Any]) -> RequestUrl:
    """The URL of an ASGI request."""
    path = scope["raw_path"].decode("latin-1")
    query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    found = _PREFIX.match(path)
    return RequestUrl(
        path=path[found.end() :] if found else path,
        query=[(name, value) for name, value in query if name != _IGNORED],
        deployment=unquote(found["deployment"] or "") if found else "",
    )
