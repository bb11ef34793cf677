"""Bytes to text: by byte-order mark, else as UTF-8; other encodings are named, not guessed."""

from __future__ import annotations

import codecs
from collections.abc import Iterator

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CANDIDATES = ("shift_jis", "gb18030", "euc-kr", "windows-1252", "iso-8859-1")
"""Encodings to name for text that is not UTF-8: those first that fit few texts by chance."""
_WIDE_CANDIDATES = ("utf-16-le", "utf-16-be")
# The control characters that the WHATWG MIME sniffing standard takes as a sign of binary data.
_BINARY = frozenset(map(chr, (*range(9), 0x0B, *range(0x0E, 0x1B), *range(0x1C, 0x20))))
_C1 = frozenset(map(chr, range(0x7F, 0xA0)))


class EncodingError(ValueError):
    """The bytes are no text; the message goes on after the name of their source."""


def decode(data: bytes) -> str:
    """The text, without byte-order mark. Raises EncodingError for binary data too."""
    encoding, body = _without_mark(data)
    try:
        text = body.decode(encoding)
    except UnicodeDecodeError:
        raise EncodingError(f"is not {encoding.upper()} text{_fitting(body)}") from None
    if data.startswith(b"%PDF-") or _BINARY & set(text):
        raise EncodingError(f"is binary, not text{_fitting(body)}")
    return text


def decode_anyway(data: bytes) -> str:
    """The text, without byte-order mark; bytes that do not fit become U+FFFD."""
    encoding, body = _without_mark(data)
    return body.decode(encoding, errors="replace")


def without_line_break(text: str) -> str:
    """The text without the line break at its end, which belongs to the file it stood in."""
    return text.removesuffix("\n").removesuffix("\r")


def _without_mark(data: bytes) -> tuple[str, bytes]:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return encoding, data[len(mark) :]
    return "utf-8", data


def _fitting(data: bytes) -> str:
    names = [*_names(data)]
    return f" (it could be {' or '.join(names)}: convert it with iconv)" if names else ""


def _names(data: bytes) -> Iterator[str]:
    for name in _WIDE_CANDIDATES if b"\0" in data else _CANDIDATES:
        try:
            text = data.decode(name)
        except UnicodeDecodeError:
            continue
        if not (_BINARY | _C1) & set(text):
            yield name
