"""Answers that say no, in any shape a compatible server may give them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from openai_cli.client.address import Address
from openai_cli.client.headers import scrub
from openai_cli.client.settings import Settings
from openai_cli.errors import ApiError

RETIRED_ON = "2026-08-26"
_TEXT_LIMIT = 300
_HINTS = {
    401: "check the key: --api-key, or the variable OPENAI_API_KEY",
    403: "the key may not do this: check --organization, --project and what the key allows",
    429: "wait a little and try again, or raise --max-retries; check your quota too",
}


def retirement_hint() -> str:
    """What to do now that OpenAI and Azure no longer offer the endpoint."""
    return (
        f"OpenAI and Azure switched the Assistants endpoints off on {RETIRED_ON}. Two ways on: "
        "add --local to run on the embedded engine, or --base-url URL for a compatible server"
    )


def refusal(
    status: int, headers: Mapping[str, str], body: bytes, settings: Settings, *, gone: bool
) -> ApiError:
    """The error for an answer with a status of 400 or more."""
    text = scrub(body.decode("utf-8", errors="replace"), settings)
    fields = error_fields(parsed(text))
    reason = _reason(status)
    message = str(fields.pop("message", "") or _plain(text) or reason or "no reason given")
    retired = gone and status in (404, 410) and settings.address.is_openai
    return ApiError(
        message,
        status=status,
        reason=reason,
        body=text,
        fields=fields,
        request_id=headers.get("x-request-id"),
        hint=retirement_hint() if retired else _hint(status, settings.address),
    )


def event_refusal(data: str, headers: Mapping[str, str], settings: Settings) -> ApiError:
    """The error for an `error` event, bare or wrapped in `{"error": …}`."""
    text = scrub(data, settings)
    fields = error_fields(parsed(text))
    message = str(fields.pop("message", "") or _plain(text) or "no reason given")
    request_id = headers.get("x-request-id")
    return ApiError(message, body=text, fields=fields, request_id=request_id)


def parsed(text: str) -> Any:
    """The JSON value of a text, None if it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def error_fields(value: Any) -> dict[str, Any]:
    """`message`, `type`, `param` and `code` as far as the server gave them.

    Knows `{"error": {…}}`, `{"error": "…"}`, the bare object, `{"detail": …}` and
    `{"message": …}`.
    """
    if not isinstance(value, dict):
        return {}
    inner = value.get("error")
    if isinstance(inner, dict):
        return dict(inner)
    if isinstance(inner, str):
        return {"message": inner}
    if "message" in value:
        return dict(value)
    if "detail" in value:
        detail = value["detail"]
        text = detail if isinstance(detail, str) else json.dumps(detail, ensure_ascii=False)
        return {"message": text}
    return {}


def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def _plain(text: str) -> str:
    """The text of an answer that is neither JSON nor a page."""
    line = " ".join(text.split())
    return "" if line.startswith("<") else line[:_TEXT_LIMIT]


def _hint(status: int, address: Address) -> str:
    if status in _HINTS:
        return _HINTS[status]
    if status >= 500 and not address.is_local:
        return "the server has a fault of its own; try again later"
    return ""
