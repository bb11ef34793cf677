"""The bytes of an answer, decompressed step by step and counted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import httpx

from openai_cli.client.content_encodings import Decompressor, decompressor, is_optional
from openai_cli.client.extras import install_hint

ERROR_BODY_LIMIT = 256 * 1024
"""Bytes of an error that are read."""


class AnswerTooLargeError(Exception):
    """More bytes came than an answer may have; `limit` is how many."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"larger than {limit} bytes")
        self.limit = limit


class UnreadableEncodingError(httpx.DecodingError):
    """An answer is encoded in a way that was not asked for; `hint` is what would help, if any."""

    def __init__(self, encodings: list[str]) -> None:
        super().__init__(f"encoded as {', '.join(encodings)[:80]}, which cannot be read here")
        helps = len(encodings) == 1 and is_optional(encodings[0])
        self.hint = install_hint(encodings[0]) if helps else ""


def decoded(response: httpx.Response) -> Iterator[bytes]:
    """The body in pieces of bounded size, whatever it is when decompressed.

    Raises httpx.DecodingError for a body that is damaged, or encoded in an unknown way or twice.
    """
    header = response.headers.get("content-encoding", "").lower()
    encodings = [name for one in header.split(",") if (name := one.strip()) not in ("", "identity")]
    if response.is_stream_consumed:  # the engine's: it was never on its way
        return response.iter_bytes()
    if not encodings:
        return response.iter_raw()
    reader = decompressor(encodings[0]) if len(encodings) == 1 else None
    if reader is None:
        raise UnreadableEncodingError(encodings)
    return _decompressed(response.iter_raw(), reader)


def bounded(chunks: Iterable[bytes], limit: int) -> Iterator[bytes]:
    """The chunks; 0 is no limit. Raises AnswerTooLargeError instead of going beyond it."""
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if limit and size > limit:
            raise AnswerTooLargeError(limit)
        yield chunk


def beginning(chunks: Iterable[bytes], limit: int = ERROR_BODY_LIMIT) -> Iterator[bytes]:
    """The chunks up to the limit; what comes behind it is not read."""
    left = limit
    for chunk in chunks:
        yield chunk[:left]
        left -= len(chunk)
        if left <= 0:
            return


def _decompressed(chunks: Iterable[bytes], reader: Decompressor) -> Iterator[bytes]:
    begun = False
    for chunk in chunks:
        data, more = chunk, bool(chunk)
        while more and not reader.eof:
            try:
                piece = reader.decompress(data)
            except ValueError as error:
                raise httpx.DecodingError(str(error)) from error
            begun, data, more = True, b"", reader.has_more
            if piece:
                yield piece
        if reader.eof:
            return
    if begun and not reader.eof:
        raise httpx.DecodingError("incomplete")
