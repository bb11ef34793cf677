"""The bytes of an answer, decompressed step by step and counted."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

import httpx

ERROR_BODY_LIMIT = 256 * 1024
"""Bytes of an error that are read."""
_STEP = 1 << 16
"""Bytes that one step of decompression gives at most."""


class AnswerTooLargeError(Exception):
    """More bytes came than an answer may have; `limit` is how many."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"larger than {limit} bytes")
        self.limit = limit


def decoded(response: httpx.Response) -> Iterator[bytes]:
    """The body in pieces of bounded size, whatever it is when decompressed.

    Raises httpx.DecodingError for a body that is damaged, or encoded in another way or twice.
    """
    header = response.headers.get("content-encoding", "").lower()
    encodings = [name for one in header.split(",") if (name := one.strip()) not in ("", "identity")]
    if response.is_stream_consumed:  # the engine's: it was never on its way
        return response.iter_bytes()
    if not encodings:
        return response.iter_raw()
    if encodings not in (["gzip"], ["x-gzip"], ["deflate"]):
        raise httpx.DecodingError(f"encoded as {header[:80]}, which was not asked for")
    return _decompressed(response.iter_raw(), gzip=encodings != ["deflate"])


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


def _decompressed(chunks: Iterable[bytes], *, gzip: bool) -> Iterator[bytes]:
    window = zlib.MAX_WBITS | 16 if gzip else zlib.MAX_WBITS
    decompressor = zlib.decompressobj(window)
    begun = False
    for chunk in chunks:
        data, full = chunk, False
        # A full piece may have left more behind, even if all input was taken.
        while (data or full) and not decompressor.eof:
            try:
                piece = decompressor.decompress(data, _STEP)
            except zlib.error as error:
                if gzip or begun:
                    raise httpx.DecodingError(str(error)) from error
                # Some servers leave out the header that `deflate` should have.
                begun, decompressor = True, zlib.decompressobj(-zlib.MAX_WBITS)
                continue
            begun = True
            data, full = decompressor.unconsumed_tail, len(piece) == _STEP
            if piece:
                yield piece
        if decompressor.eof:
            return
    if begun and not decompressor.eof:
        raise httpx.DecodingError("incomplete")
