"""Encodes and sends the body of a request without copying large bodies."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping
from typing import Any

import httpx

_PIECE = 1 << 16
"""Characters of a text, or bytes of a body, handled at a time."""


def encoded(body: Mapping[str, Any]) -> bytes:
    """The body as compact JSON in UTF-8."""
    whole = io.BytesIO()
    for piece in _pieces(body):
        whole.write(piece.encode())
    return whole.getvalue()


def _pieces(value: Any) -> Iterator[str]:
    """The JSON text of a value; only values with a long text are split into pieces."""
    if not _is_long(value):
        yield json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    elif isinstance(value, str):
        yield '"'
        for start in range(0, len(value), _PIECE):
            yield json.dumps(value[start : start + _PIECE], ensure_ascii=False)[1:-1]
        yield '"'
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield "," if index else "["
            yield from _pieces(item)
        yield "]"
    else:
        for index, (key, item) in enumerate(value.items()):
            yield ("," if index else "{") + json.dumps(key, ensure_ascii=False) + ":"
            yield from _pieces(item)
        yield "}"


def _is_long(value: Any) -> bool:
    """Whether the value is or contains a long text."""
    if isinstance(value, str):
        return len(value) > _PIECE
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(map(_is_long, items))


class InPieces(httpx.SyncByteStream):
    """A body that is sent piece by piece.

    httpcore copies the rest of a piece after each partial write to the socket: 200 MB in one piece
    would be copied hundreds of times.
    """

    def __init__(self, content: bytes) -> None:
        self._content = content

    def __iter__(self) -> Iterator[bytes]:
        for start in range(0, len(self._content), _PIECE):
            yield self._content[start : start + _PIECE]
