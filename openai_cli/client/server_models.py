"""Asks a server for its models, to see whether it answers."""

from __future__ import annotations

import json
from contextlib import closing

from openai_cli.client.body import AnswerTooLargeError, bounded, decoded
from openai_cli.client.headers import user_agent
from openai_cli.client.http_errors import REQUEST_ERRORS, translate
from openai_cli.client.network import open_client
from openai_cli.client.redaction import scrub
from openai_cli.client.settings import ConnectionSettings
from openai_cli.client.wire import AnswerWatch, Wire
from openai_cli.errors import ApiError

SILENCE = 5.0
"""Seconds of silence after which the server is given up."""
_WHOLE = 10.0
"""Seconds for the whole answer."""
_LIMIT = 4 * 1024**2
"""Bytes of it that are read."""
_REFUSED = (401, 403)


def list_models(settings: ConnectionSettings) -> list[str]:
    """The names in `GET /models`; empty if the server answers without such a list.

    Raises NoAnswerError, or ApiError if the server refuses the key.
    """
    status, content = _get(settings._replace(timeout=min(settings.timeout, SILENCE)))
    if status in _REFUSED:
        server = settings.address.server_name
        raise ApiError(f"{server} refuses the key (status {status})", status=status)
    try:
        listed = json.loads(content)
        names = [one["id"] for one in listed["data"]]
    except (ValueError, RecursionError, KeyError, TypeError):
        return []
    return [scrub(name, settings) for name in names if isinstance(name, str)]


def _get(settings: ConnectionSettings) -> tuple[int, bytes]:
    wire = Wire()
    with closing(AnswerWatch(wire)) as watch, open_client(settings) as client:
        watch.begin(_WHOLE)
        try:
            with (
                watch.guarding(),
                client.stream(
                    "GET",
                    settings.address.url("/models"),
                    headers=_headers(settings),
                    extensions={"trace": wire.trace},
                ) as response,
            ):
                return response.status_code, b"".join(bounded(decoded(response), _LIMIT))
        except (*REQUEST_ERRORS, AnswerTooLargeError) as error:
            raise translate(error, settings) from error


def _headers(settings: ConnectionSettings) -> list[tuple[str, str]]:
    wanted = {
        "Authorization": f"Bearer {settings.api_key}" if settings.api_key else "",
        "OpenAI-Organization": settings.organization,
        "OpenAI-Project": settings.project,
        "User-Agent": user_agent(),
        "Accept": "application/json",
        "Accept-Encoding": "identity",
    }
    by_hand = {name.lower() for name, _ in settings.headers}
    ours = [pair for pair in wanted.items() if pair[1] and pair[0].lower() not in by_hand]
    return [*ours, *settings.headers]
