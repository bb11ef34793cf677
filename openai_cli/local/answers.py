"""Answers as every door gives them."""

from collections.abc import Mapping

from openai_cli.local import jsontext
from openai_cli.local.errors import ApiError
from openai_cli.local.http import Answer, Frames
from openai_cli.local.ids import new_id
from openai_cli.local.jsontext import JsonObject

REQUEST_ID = "x-request-id"


def json_answer(status: int, body: JsonObject, headers: Mapping[str, str] | None = None) -> Answer:
    """One JSON object."""
    text = jsontext.dumps(body).encode()
    return Answer(status, _headers("application/json", headers), text)


def refusal(error: ApiError) -> Answer:
    """An error, in the API's shape."""
    return json_answer(error.status, error.body(), error.headers)


def stream(frames: Frames) -> Answer:
    """Server-sent events."""
    return Answer(200, _headers("text/event-stream", {"cache-control": "no-cache"}), frames)


def _headers(content_type: str, more: Mapping[str, str] | None) -> dict[str, str]:
    return {"content-type": content_type, REQUEST_ID: new_id("req"), **(more or {})}
