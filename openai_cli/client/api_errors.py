"""Parses API errors, in all formats that compatible servers use."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from openai_cli.client.redaction import scrub
from openai_cli.client.retry import LONGEST_WAIT, NOT_OFFERED, asked_wait
from openai_cli.client.settings import ConnectionSettings
from openai_cli.client.wrapped_events import parsed
from openai_cli.client.wrong_address import asked_and_meant, better_base_url, is_no_route
from openai_cli.errors import ApiError

RETIRED_ON = "2026-08-26"
_TEXT_LIMIT = 300
_HINTS = {
    401: "check the key: --api-key, or the variable OPENAI_API_KEY",
    403: "the key has no permission: check --organization, --project and the key's permissions",
    429: "wait and try again, or raise --max-retries; check your quota too",
    NOT_OFFERED: "this server does not offer the command",
}


def retirement_hint() -> str:
    """Hint for a retired endpoint: the alternatives to it."""
    return (
        f"OpenAI and Azure switched the Assistants endpoints off on {RETIRED_ON}. Use "
        "--local for the embedded engine, or --base-url URL for a compatible server"
    )


def api_error(
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    settings: ConnectionSettings,
    *,
    gone: bool,
    asked: str = "",
) -> ApiError:
    """The error for a response with status 400 or above. `gone`: OpenAI retired the operation.

    `asked` is the method and URL of the request, for the advice about a wrong address.
    """
    text = scrub(body.decode("utf-8-sig", errors="replace"), settings)
    retired = gone and status in (404, 410) and settings.address.is_openai
    lost = not settings.in_process and _is_lost(status, text)
    place = scrub(asked_and_meant(asked, settings.address, "--base-url"), settings)
    if retired:
        wrong = lost and better_base_url(settings.address)
        hint = f"{retirement_hint()}. Also, {place}" if wrong else retirement_hint()
    elif lost:
        hint = f"the server may not offer this API, or only under another path: {place}"
    else:
        hint = _hint(status, headers, settings)
    return _api_error(text, headers, settings, status=status, hint=hint, retired=retired)


def _is_lost(status: int, text: str) -> bool:
    """Whether the server does not know the path: by its message, or because it sent a web page."""
    fields = error_fields(parsed(text))
    message = fields.get("message") or ""
    return is_no_route(status, message if isinstance(message, str) and fields else "")


def fallback_error(
    text: str,
    headers: Mapping[str, str],
    settings: ConnectionSettings,
    *,
    status: int | None = None,
) -> ApiError:
    """The error for an `error` event, or an error object sent with a success status."""
    return _api_error(scrub(text, settings), headers, settings, status=status, hint="")


def is_refusal(value: Any) -> bool:
    """Whether a JSON value sent with a success status is an error object."""
    return (
        isinstance(value, dict)
        and isinstance(value.get("error"), dict | str)
        and bool(value["error"])
        and not {"object", "id"} & value.keys()
    )


def _api_error(
    text: str,
    headers: Mapping[str, str],
    settings: ConnectionSettings,
    *,
    status: int | None,
    hint: str,
    retired: bool = False,
) -> ApiError:
    fields = error_fields(parsed(text))
    message = fields.pop("message", None) or _plain(text) or "the server gave no reason"
    request_id = headers.get("x-request-id")
    error = ApiError(
        message if isinstance(message, str) else json.dumps(message, ensure_ascii=False),
        status=status,
        reason=reason(status) if status else "",
        body=text,
        fields=fields,
        request_id=scrub(request_id, settings) if request_id else None,
        hint=hint,
        retired=retired,
    )
    error.retry_after = asked_wait(headers)
    return error


def error_fields(value: Any) -> dict[str, Any]:
    """The fields of an error object, such as `message`, `type`, `param` and `code`.

    Accepts `{"error": {…}}`, `{"error": "…"}`, `{"message": …}` with other fields, and
    `{"detail": …}`; empty for anything else.
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
        return {"message": _detail(value["detail"])}
    return {}


def _detail(detail: Any) -> str:
    """FastAPI's `detail`: a text, or a list of messages with locations."""
    if isinstance(detail, str):
        return detail
    items = [one for one in detail if isinstance(one, dict)] if isinstance(detail, list) else []
    parts = [_located(one.get("loc"), one["msg"]) for one in items if "msg" in one]
    return "; ".join(parts) if parts else json.dumps(detail, ensure_ascii=False)


def _located(location: Any, message: Any) -> str:
    where = ".".join(map(str, location)) if isinstance(location, list) else ""
    return f"{where}: {message}" if where else str(message)


def reason(status: int) -> str:
    """The reason phrase of the status; empty for an unknown number."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def _plain(text: str) -> str:
    """The start of a plain-text body; empty for an HTML page."""
    line = " ".join(text.split())
    return "" if line.startswith("<") else line[:_TEXT_LIMIT]


def _hint(status: int, headers: Mapping[str, str], settings: ConnectionSettings) -> str:
    wait = asked_wait(headers)
    if wait is not None and wait > LONGEST_WAIT:
        return (
            f"the server asks to wait {wait:.0f} s, and this tool waits at most "
            f"{LONGEST_WAIT:.0f} s: try again later"
        )
    if status in _HINTS:
        return _HINTS[status]
    if status >= 500 and not settings.in_process:
        return "the server failed; try again later"
    return ""
