"""Parses the errors of servers, in all known shapes.

The shapes: `{"error": {…}}`, `{"error": "…"}`, `[{"error": {…}}]`, `{"object": "error", …}`,
`{"type": "error", …}`, `{"message": …}`, `{"detail": …}`, an event named `error` with any of these
or plain text, server-sent events as the body of a refusal, and validation dumps inside a text.
"""

import re
from typing import Any

from openai_cli.client.api_errors import error_fields
from openai_cli.client.sse import EventDecoder
from openai_cli.client.wrapped_events import parsed
from openai_cli.engine.models.upstream.fields import text_of
from openai_cli.engine.strict_json import JsonObject, dumps

_COMPLAINT = re.compile(
    r"""['"]loc['"]:\s*[(\[](?P<place>[^)\]]*)[)\]],\s*['"]msg['"]:\s*"""
    r"""(?:'(?P<single>(?:\\.|[^'\\])*)'|"(?P<double>(?:\\.|[^"\\])*)")"""
)
"""One entry of a list of pydantic's errors, in Python or JSON syntax."""
_DUMP = re.compile(r"\s*\[type=[^\n]*|\s*For further information visit \S+")
_MOST_COMPLAINTS = 3

_STATUS_OF_WORD = {
    "ratelimit": 429,
    "toomanyrequests": 429,
    "resourceexhausted": 429,
    "overloaded": 503,
    "unavailable": 503,
    "timeout": 504,
    "invalidrequest": 400,
    "invalidprompt": 400,
    "invalidargument": 400,
    "badrequest": 400,
    "contextlengthexceeded": 400,
    "exceedcontextsize": 400,
    "authentication": 401,
    "permission": 403,
    "notfound": 404,
    "servererror": 500,
    "internal": 500,
    "apierror": 500,
}
"""The status by the beginning or end of an error's code or type, in lower-case letters only."""
_STATUS_OF_MESSAGE = (
    (re.compile(r"rate.?limit|too many requests", re.I), 429),
    (re.compile(r"overloaded|temporarily unavailable|try again later", re.I), 503),
)


def body_fields(text: str) -> JsonObject:
    """`message`, `type`, `param` and `code` of an error body, as far as present."""
    return _fields(_body(text))


def complains_of_fields(text: str) -> bool:
    """Whether a body names invalid fields, so that retrying is useless, even after a 500."""
    message = error_fields(_body(text)).get("message")
    return isinstance(message, str) and _COMPLAINT.search(message) is not None


def _body(text: str) -> Any:
    value = parsed(text)
    if value is None:
        # A refusal sent as a stream: its first event is the error.
        for event in EventDecoder().feed(text.encode() + b"\n\n"):
            value = parsed(event.data) or {"message": event.data}
            break
    return value


def reported_error(value: JsonObject, event: str = "") -> JsonObject | None:
    """The fields of the error in an event or an answer with status 200; None without error."""
    named = event == "error" or "error" in (value.get("object"), value.get("type"))
    if value.get("error") or named:
        return _fields(value) or {"message": dumps(value)}
    is_answer = value.keys() & {"choices", "output", "response", "id"} or "type" in value
    if not is_answer and ("detail" in value or text_of(value.get("message"))):
        return _fields(value)
    return None


def status_of(fields: JsonObject) -> int:
    """The HTTP status that matches an error inside an answer; 0 if unknown."""
    for name in ("code", "status", "type"):
        word = str(fields.get(name) or "")
        if re.fullmatch(r"[45]\d\d", word):
            return int(word)
        plain = re.sub(r"[^a-z]", "", word.lower())
        for known, status in _STATUS_OF_WORD.items():
            if plain.startswith(known) or plain.endswith((known, f"{known}error")):
                return status
    message = text_of(fields.get("message"))
    return next((status for pattern, status in _STATUS_OF_MESSAGE if pattern.search(message)), 0)


def _fields(value: Any) -> JsonObject:
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    fields = error_fields(value)
    if fields.get("type") == "error":  # the event's type, not the error's
        del fields["type"]
    if text_of(fields.get("message")):
        fields["message"] = _to_the_point(_with_cause(fields))
    return fields


def _with_cause(fields: JsonObject) -> str:
    """The message, with the original server's message if a gateway adds it."""
    message = str(fields["message"])
    more = fields.get("metadata")
    cause = text_of(more.get("raw")) if isinstance(more, dict) else ""
    cause = text_of(error_fields(parsed(cause)).get("message")) or cause
    return f"{message}: {cause}" if cause and cause not in message else message


def _to_the_point(message: str) -> str:
    """A validation dump shortened to the fields and what each requires."""
    found = list(_COMPLAINT.finditer(message))
    if not found:
        return _DUMP.sub("", message)
    lines = []
    for one in found:
        place = ".".join(re.findall(r"[\w.-]+", one["place"]))
        lines.append(f"{place}: {one['single'] or one['double'] or ''}")
    lines = list(dict.fromkeys(lines))
    more = len(lines) - _MOST_COMPLAINTS
    return "; ".join(lines[:_MOST_COMPLAINTS]) + (f"; and {more} more" if more > 0 else "")
