"""`--dry-run`: shows the request as JSON or as a curl command, without secrets."""

from __future__ import annotations

import json
import shlex

from openai_cli.api.operation import Request
from openai_cli.cli.option_reader import Options
from openai_cli.client.client import full_url
from openai_cli.client.headers import carries_credentials, request_headers
from openai_cli.client.redaction import REDACTED, is_secret_header, redacted, redacted_url
from openai_cli.client.request_body import encoded
from openai_cli.client.settings import ConnectionSettings

_NEW_KEY = "[a new one for each call]"


def shown_settings(options: Options) -> ConnectionSettings:
    """The settings for a shown request: a profile's key is replaced without being read."""
    settings = options.settings
    return settings._replace(api_key=REDACTED) if options.key else settings


def as_json(request: Request, settings: ConnectionSettings) -> str:
    """`{"method", "url", "headers", "body"}` as JSON text; `unix_socket` too, if there is one."""
    socket = settings.address.socket
    described = {
        "method": request.operation.method,
        **({"unix_socket": socket} if socket else {}),
        "url": _url(request, settings),
        "headers": dict(redacted(request_headers(request, settings, _NEW_KEY))),
        "body": request.body,
    }
    return json.dumps(described, ensure_ascii=False)


def as_curl(request: Request, settings: ConnectionSettings) -> str:
    """A curl command line that sends the same request; the key comes from OPENAI_API_KEY."""
    if settings.address.needs_key and not carries_credentials(settings.headers):
        settings = settings._replace(api_key=settings.api_key or REDACTED)
    words = ["curl", "--request", request.operation.method, shlex.quote(_url(request, settings))]
    if settings.address.socket:
        words += ["\\\n  --unix-socket", shlex.quote(settings.address.socket)]
    for name, value in request_headers(request, settings, ""):
        if name == "Authorization" and value == f"Bearer {settings.api_key}":
            words += ["\\\n  --header", '"Authorization: Bearer $OPENAI_API_KEY"']
        else:
            shown = REDACTED if is_secret_header(name, value) else value
            words += ["\\\n  --header", shlex.quote(f"{name}: {shown}")]
    if request.body is not None:
        words += ["\\\n  --data-raw", shlex.quote(encoded(request.body).decode())]
    return " ".join(words) + "\n"


def _url(request: Request, settings: ConnectionSettings) -> str:
    return redacted_url(str(full_url(request, settings.address, shown=True)))
