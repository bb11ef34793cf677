"""Events of servers that send no event line: `{"event": NAME, "data": …}` in the data."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

from openai_cli.api.json_constants import refuse_constant
from openai_cli.client.sse import RawEvent

_MARK = re.compile(r"\s*[{},:]?\s*")


def parsed(text: str) -> Any:
    """The JSON value of a text, None if it is none."""
    try:
        return json.loads(text, parse_int=_integer, parse_constant=refuse_constant)
    except (ValueError, RecursionError):
        return None


def unwrapped(raw: RawEvent) -> RawEvent:
    """The event inside `{"event": NAME, "data": …}`, data untouched; any other as it is."""
    if raw.name or '"event"' not in raw.data:
        return raw
    value = parsed(raw.data)
    if not isinstance(value, dict) or not isinstance(value.get("event"), str):
        return raw
    data = _members(raw.data).get("data")
    return raw if data is None else replace(raw, name=value["event"], data=data)


def _members(text: str) -> dict[str, str]:
    """The members of a valid JSON object, each as its original text."""
    decode = json.JSONDecoder(parse_int=str, parse_float=str).raw_decode
    found: dict[str, str] = {}
    at = _after_mark(text, 0)
    while at < len(text):
        name, at = decode(text, at)
        start = _after_mark(text, at)
        _, at = decode(text, start)
        found[name] = text[start:at]
        at = _after_mark(text, at)
    return found


def _after_mark(text: str, at: int) -> int:
    match = _MARK.match(text, at)
    return match.end() if match else at


def _integer(text: str) -> int | str:
    try:
        return int(text)
    except ValueError:  # longer than Python converts
        return text
