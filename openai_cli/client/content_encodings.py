"""Content encodings of answers: the supported ones, and a decompressor for each.

`gzip` and `deflate` are always supported, `br` and `zstd` with the packages of an extra.
"""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from typing import Protocol

STEP = 1 << 16
"""Approximate maximum of bytes per decompression step."""
_MODULES = {
    "br": "brotli",
    "zstd": "compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd",
}
"""For each optional encoding, the module that it needs."""
_LARGEST_WINDOW = 23
"""Window size limit of `zstd` as a power of two: 8 MiB (RFC 9659)."""


class Decompressor(Protocol):
    """Decompresses step by step. Raises ValueError for damaged input."""

    @property
    def eof(self) -> bool:
        """Whether the end was reached."""

    def decompress(self, data: bytes) -> bytes:
        """The next bytes, about STEP at most; unused parts of `data` are kept for the next call."""

    @property
    def has_more(self) -> bool:
        """Whether there may be more output without further input."""


def readable_encodings() -> tuple[str, ...]:
    """Names for Accept-Encoding."""
    return ("gzip", "deflate", *(name for name in _MODULES if _is_there(name)))


def decompressor(encoding: str) -> Decompressor | None:
    """A decompressor; None for an unsupported encoding."""
    if encoding in _MODULES:
        return _OPTIONAL[encoding]() if _is_there(encoding) else None
    if encoding in ("gzip", "x-gzip"):
        return _Zlib(zlib.MAX_WBITS | 16)
    return _Deflate() if encoding == "deflate" else None


def is_optional(encoding: str) -> bool:
    """Whether installing a package adds support for the encoding."""
    return encoding in _MODULES


@cache
def _is_there(encoding: str) -> bool:
    try:
        return find_spec(_MODULES[encoding]) is not None
    except ModuleNotFoundError:  # its parent package is missing, too
        return False


class _Zlib:
    def __init__(self, window: int) -> None:
        self._zlib = zlib.decompressobj(window)
        self.has_more = False

    @property
    def eof(self) -> bool:
        return self._zlib.eof

    def decompress(self, data: bytes) -> bytes:
        try:
            piece = self._zlib.decompress(self._zlib.unconsumed_tail + data, STEP)
        except zlib.error as error:
            raise ValueError(str(error)) from error
        # After a full step, more output may follow even if all input was consumed.
        self.has_more = bool(self._zlib.unconsumed_tail) or len(piece) == STEP
        return piece


class _Deflate(_Zlib):
    """Also accepts raw deflate data: some servers omit the zlib header."""

    def __init__(self) -> None:
        super().__init__(zlib.MAX_WBITS)
        self._begun = False

    def decompress(self, data: bytes) -> bytes:
        try:
            piece = super().decompress(data)
        except ValueError:
            if self._begun:
                raise
            self._zlib, self._begun = zlib.decompressobj(-zlib.MAX_WBITS), True
            return super().decompress(data)
        self._begun = True
        return piece


class _Brotli:
    def __init__(self) -> None:
        import brotli  # type: ignore[import-untyped]  # it has no types

        self._error: type[Exception] = brotli.error
        self._brotli = brotli.Decompressor()
        self.has_more = False

    @property
    def eof(self) -> bool:
        return bool(self._brotli.is_finished())

    def decompress(self, data: bytes) -> bytes:
        try:
            piece = bytes(self._brotli.process(data, output_buffer_limit=STEP))
        except self._error as error:
            raise ValueError(str(error)) from error
        # After a full step, more output may follow even if the module accepts more input.
        self.has_more = len(piece) >= STEP or not self._brotli.can_accept_more_data()
        return piece


class _Zstd:
    def __init__(self) -> None:
        if sys.version_info >= (3, 14):
            from compression import zstd
        else:
            from backports import zstd

        self._error: type[Exception] = zstd.ZstdError
        options: dict[int, int] = {zstd.DecompressionParameter.window_log_max: _LARGEST_WINDOW}
        self._zstd = zstd.ZstdDecompressor(options=options)

    @property
    def eof(self) -> bool:
        return bool(self._zstd.eof)

    @property
    def has_more(self) -> bool:
        return not self._zstd.needs_input

    def decompress(self, data: bytes) -> bytes:
        try:
            return bytes(self._zstd.decompress(data, STEP))
        except self._error as error:
            raise ValueError(str(error)) from error


_OPTIONAL: dict[str, Callable[[], Decompressor]] = {"br": _Brotli, "zstd": _Zstd}
