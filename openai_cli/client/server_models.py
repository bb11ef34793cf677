"""Asks a server for its models, to see whether it answers."""

from __future__ import annotations

from contextlib import closing

from openai_cli.client.answer_body import AnswerTooLargeError, bounded, decoded
from openai_cli.client.headers import Headers, identity, with_given
from openai_cli.client.http_errors import REQUEST_ERRORS, translate
from openai_cli.client.network import open_client
from openai_cli.client.redaction import scrub
from openai_cli.client.settings import ConnectionSettings
from openai_cli.client.wire import AnswerWatch, Wire
from openai_cli.client.wrapped_events import parsed
from openai_cli.errors import ApiError

SILENCE = 5.0
"""Seconds of silence after which the server is given up."""
_WHOLE = 10.0
"""Seconds for the whole answer."""
LISTING_LIMIT = 4 * 1024**2
"""Bytes of a list of models that are read."""
_REFUSED = (401, 403)


def list_models(settings: ConnectionSettings) -> list[str]:
    """The names in `GET /models`; empty if the server answers without such a list.

    Raises NoAnswerError, or ApiError if the server refuses the key.
    """
    status, content = _get(settings._replace(timeout=min(settings.timeout, SILENCE)))
    if status in _REFUSED:
        server = settings.address.server_name
        raise ApiError(f"{server} refuses the key (status {status})", status=status)
    return listed_names(content, settings)


def listed_names(content: bytes, settings: ConnectionSettings) -> list[str]:
    """The names in an answer to `GET /models`, without secrets; empty if it is no such list."""
    listed = parsed(content.decode("utf-8", "replace"))
    data = listed.get("data") if isinstance(listed, dict) else None
    items = data if isinstance(data, list) else []
    names = [one.get("id") for one in items if isinstance(one, dict)]
    return [scrub(name, settings) for name in names if name and isinstance(name, str)]


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
                return response.status_code, b"".join(bounded(decoded(response), LISTING_LIMIT))
        except (*REQUEST_ERRORS, AnswerTooLargeError) as error:
            raise translate(error, settings) from error


def _headers(settings: ConnectionSettings) -> Headers:
    accepted = {"Accept": "application/json", "Accept-Encoding": "identity"}
    return with_given({**identity(settings), **accepted}, settings)
