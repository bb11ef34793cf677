"""Parses JSON or relaxed YAML 1.2 text to plain values.

JSON is tried first: scripts mostly send JSON, and the YAML reader is slow to import.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from functools import cache, partial
from typing import Any

from openai_cli.input.document_limits import MAX_DEPTH, DocumentError, whole_number

SPACE = " \t\r\n"
"""White space in JSON and YAML; Python's `strip` removes other characters too."""

_surrogates = cache(partial(re.compile, "[\ud800-\udfff]"))


def read_document(text: str) -> Any:
    """The value of a JSON or YAML text; None for an empty text.

    Raises DocumentError for broken text, duplicate keys, several documents, values that
    contain themselves, numbers JSON cannot carry, and text that is not valid Unicode.
    """
    text = text.removeprefix("\ufeff")
    if not text.strip(SPACE):
        return None
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError:
        from openai_cli.input.yaml12 import read_yaml

        value = read_yaml(text)
    except RecursionError:
        raise DocumentError(f"nested more than {MAX_DEPTH} levels deep") from None
    return _checked(value, 0)


def read_json_object(data: bytes) -> dict[str, Any]:
    """Parse a JSON object in UTF-8. Raises ValueError."""
    try:
        value = _checked(_DECODER.decode(data.decode()), 0)
    except UnicodeDecodeError:
        raise DocumentError("not valid UTF-8") from None
    except json.JSONDecodeError as error:
        raise DocumentError(
            f"not JSON: {error.msg.removesuffix(' at')} at column {error.colno}"
        ) from None
    except RecursionError:
        raise DocumentError(f"nested more than {MAX_DEPTH} levels deep") from None
    if not isinstance(value, dict):
        raise DocumentError("expected an object")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = next(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
        raise DocumentError(f"duplicate key {json.dumps(twice, ensure_ascii=False)}")
    return found


def _no_constant(word: str) -> Any:
    raise DocumentError(f"{word} cannot be sent: JSON has no such number")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_unique, parse_constant=_no_constant, parse_int=whole_number
)


def _checked(value: Any, depth: int) -> Any:
    if depth > MAX_DEPTH:
        raise DocumentError(f"nested more than {MAX_DEPTH} levels deep")
    if isinstance(value, dict):
        return {_text(key): _checked(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [_checked(item, depth + 1) for item in value]
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, float) and not math.isfinite(value):
        raise DocumentError("a number too large for JSON readers")
    return value


def _text(text: str) -> str:
    """Join surrogate pairs from two escapes; refuse a lone surrogate."""
    if not _surrogates().search(text):
        return text
    try:
        return text.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError:
        raise DocumentError("a lone surrogate is not a character") from None
