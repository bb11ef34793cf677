"""Events of servers that omit the `event:` line and send `{"event": NAME, "data": …}` as data."""

from __future__ import annotations

import json
import re
from typing import Any

from openai_cli.api.json_constants import refuse_constant
from openai_cli.client.sse import RawEvent

_MARK = re.compile(r"\s*[{},:]?\s*")


def parsed(text: str) -> Any:
    """The parsed JSON value of a text; None if it is not valid JSON."""
    try:
        return json.loads(text, parse_int=_integer, parse_constant=refuse_constant)
    except (ValueError, RecursionError):
        return None


def unwrapped(raw: RawEvent) -> RawEvent:
    """The event inside `{"event": NAME, "data": …}`; any other event unchanged.

    The data is the server's text.
    """
    if raw.name or '"event"' not in raw.data:
        return raw
    value = parsed(raw.data)
    if not isinstance(value, dict) or not isinstance(value.get("event"), str):
        return raw
    data = _members(raw.data).get("data")
    return raw if data is None else raw._replace(name=value["event"], data=data)


def _members(text: str) -> dict[str, str]:
    """The members of a valid JSON object, with values as source text."""
    decode = json.JSONDecoder(parse_int=str, parse_float=str).raw_decode
    members: dict[str, str] = {}
    at = _after_mark(text, 0)
    while at < len(text):
        name, at = decode(text, at)
        start = _after_mark(text, at)
        _, at = decode(text, start)
        members[name] = text[start:at]
        at = _after_mark(text, at)
    return members


def _after_mark(text: str, at: int) -> int:
    match = _MARK.match(text, at)
    return match.end() if match else at


def _integer(text: str) -> int | str:
    try:
        return int(text)
    except ValueError:  # too many digits for Python
        return text
