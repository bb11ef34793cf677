"""Responses that the in-process transport and the HTTP server share."""

from collections.abc import Mapping

from openai_cli.engine import strict_json
from openai_cli.engine.http import Frames, HttpResponse
from openai_cli.engine.ids import new_id
from openai_cli.engine.refusals import RefusalError
from openai_cli.engine.strict_json import JsonObject

REQUEST_ID = "x-request-id"


def json_response(
    status: int, body: JsonObject, headers: Mapping[str, str] | None = None
) -> HttpResponse:
    """One JSON object."""
    text = strict_json.dumps(body).encode()
    return HttpResponse(status, _headers("application/json", headers), text)


def error_response(error: RefusalError) -> HttpResponse:
    """An error, in the API's shape."""
    return json_response(error.status, error.body(), error.headers)


def stream_response(frames: Frames) -> HttpResponse:
    """Server-sent events."""
    return HttpResponse(200, _headers("text/event-stream", {"cache-control": "no-cache"}), frames)


def text_response(status: int, text: str, content_type: str = "text/plain") -> HttpResponse:
    """Plain text."""
    return HttpResponse(
        status, _headers(content_type, {"cache-control": "no-store"}), text.encode()
    )


def _headers(content_type: str, more: Mapping[str, str] | None) -> dict[str, str]:
    return {"content-type": content_type, REQUEST_ID: new_id("req"), **(more or {})}
