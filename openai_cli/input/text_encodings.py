"""Decodes bytes by byte-order mark, else as UTF-8; errors name other possible encodings."""

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
"""Encodings that errors suggest; those that rarely fit by chance come first."""
_PDF = b"%PDF-"
# The control characters that the WHATWG MIME sniffing standard takes as a sign of binary data.
_BINARY = frozenset(map(chr, (*range(9), 0x0B, *range(0x0E, 0x1B), *range(0x1C, 0x20))))
_C1 = frozenset(map(chr, range(0x7F, 0xA0)))


class EncodingError(ValueError):
    """The bytes are not text; the message continues after the name of their source."""


def decode(data: bytes) -> str:
    """The text, without byte-order mark. Raises EncodingError for binary data too."""
    encoding, body = _without_mark(data)
    try:
        text = body.decode(encoding)
    except UnicodeDecodeError:
        what = f"not {encoding.upper()} text"
    else:
        if not _BINARY & set(text) and not data.startswith(_PDF):
            return text
        what = "binary, not text"
    names = [] if len(body) < len(data) else [*_fitting(data)]
    hint = f" (it could be {' or '.join(names)}: convert it with iconv)" if names else ""
    raise EncodingError(f"is {what}{hint}")


def decode_anyway(data: bytes) -> str:
    """The text, without byte-order mark; invalid bytes become U+FFFD."""
    encoding, body = _without_mark(data)
    return body.decode(encoding, errors="replace")


def without_line_break(text: str) -> str:
    """The text without its final line break."""
    return text.removesuffix("\n").removesuffix("\r")


def _without_mark(data: bytes) -> tuple[str, bytes]:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return encoding, data[len(mark) :]
    return "utf-8", data


def _fitting(data: bytes) -> Iterator[str]:
    """The encodings that can decode bytes without a byte-order mark."""
    if data.startswith(_PDF):
        return
    names: tuple[str, ...] = _CANDIDATES
    if _has_stray_nulls(data):
        return
    if b"\0" in data:  # probably UTF-16, in which most high bytes are 0
        is_little = data[1::2].count(0) > data[::2].count(0)
        names = ("utf-16-le" if is_little else "utf-16-be",)
    for name in names:
        try:
            text = data.decode(name)
        except UnicodeDecodeError:
            continue
        if not (_BINARY | _C1) & set(text):
            yield name


def _has_stray_nulls(data: bytes) -> bool:
    """Whether this is UTF-8 with a few null characters, for example between records."""
    if not 0 < data.count(0) < len(data) / 4:
        return False
    try:
        text = data.replace(b"\0", b"").decode()
    except UnicodeDecodeError:
        return False
    return not _BINARY & set(text)
