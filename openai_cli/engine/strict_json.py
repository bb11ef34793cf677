"""The engine's JSON reader and writer."""

import json
from typing import Any

from openai_cli.api.json_constants import refuse_constant

JsonObject = dict[str, Any]

_COMPACT = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
"""Cached: `json.dumps` with options creates an encoder for each call."""


def dumps(value: object) -> str:
    """Compact JSON; characters stay readable unless they cannot be written as UTF-8."""
    text = _COMPACT.encode(value)
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":"))
    return text


def loads(text: str) -> Any:
    """Read JSON that `dumps` wrote."""
    if text == "{}":  # most columns are empty, and the parser takes ten times as long
        return {}
    if text == "[]":
        return []
    return json.loads(text)


def parse(data: bytes) -> Any:
    """Read JSON from outside, strictly.

    Raises:
        ValueError: not JSON, not UTF-8, too deep, or with numbers or characters outside JSON.
    """
    try:
        value = json.loads(data.decode("utf-8"), parse_constant=refuse_constant)
        check(value)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    return value


def check(value: object) -> None:
    """Raise a ValueError for numbers and characters that JSON cannot hold."""
    json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
