"""Content encodings of answers: which can be read here, and a decompressor for each.

`gzip` and `deflate` can always be read, `br` and `zstd` with the packages of an extra.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Protocol

STEP = 1 << 16
"""Bytes that one step of decompression gives at most, or little more."""
_MODULES = {"br": ("brotli",), "zstd": ("compression.zstd", "backports.zstd")}
"""The modules that read an encoding; the first that is there is used."""
_LARGEST_WINDOW = 23
"""Bits: 8 MiB, the most that the encoding `zstd` may need (RFC 9659)."""


class Decompressor(Protocol):
    """Decompresses step by step. Raises ValueError for damaged input."""

    @property
    def eof(self) -> bool:
        """Whether the end was reached."""

    def decompress(self, data: bytes) -> bytes:
        """The next bytes, about STEP at most; `data` is kept until they have been given."""

    @property
    def has_more(self) -> bool:
        """Whether there may be more before the next `data`."""


def readable_encodings() -> tuple[str, ...]:
    """Names for Accept-Encoding."""
    return ("gzip", "deflate", *(name for name in _MODULES if _module(name)))


def decompressor(encoding: str) -> Decompressor | None:
    """A decompressor; None for an encoding that cannot be read here."""
    if encoding in _MODULES:
        name = _module(encoding)
        return _OPTIONAL[encoding](import_module(name)) if name else None
    if encoding in ("gzip", "x-gzip"):
        return _Zlib(zlib.MAX_WBITS | 16)
    return _Deflate() if encoding == "deflate" else None


def is_optional(encoding: str) -> bool:
    """Whether a package would make the encoding readable."""
    return encoding in _MODULES


def _module(encoding: str) -> str:
    for name in _MODULES[encoding]:
        try:
            if find_spec(name):
                return name
        except ModuleNotFoundError:  # nor is its parent there
            continue
    return ""


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
        # A full piece may have left more behind, even if all input was taken.
        self.has_more = bool(self._zlib.unconsumed_tail) or len(piece) == STEP
        return piece


class _Deflate(_Zlib):
    """Some servers leave out the header that `deflate` should have."""

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
    def __init__(self, brotli: Any) -> None:
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
        # A full piece may have left more behind, even where more data would be taken.
        self.has_more = len(piece) >= STEP or not self._brotli.can_accept_more_data()
        return piece


class _Zstd:
    def __init__(self, zstd: Any) -> None:
        self._error: type[Exception] = zstd.ZstdError
        options = {zstd.DecompressionParameter.window_log_max: _LARGEST_WINDOW}
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


_OPTIONAL: dict[str, Callable[[Any], Decompressor]] = {"br": _Brotli, "zstd": _Zstd}
