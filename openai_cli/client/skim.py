"""Reads the members of a JSON answer that the client needs, without building all values.

Parsed as a whole, an answer of many small values takes ten times its size in memory.
"""

from __future__ import annotations

import codecs
import json
import re
from array import array
from typing import Any, NamedTuple

from openai_cli.api.json_constants import refuse_constant

_MARK = codecs.BOM_UTF8.decode("latin-1")
_KEPT = frozenset({"error", "has_more", "id", "object"})
_SPACE = re.compile(r"[ \t\n\r]*")
_SOMETHING = {"": None}
"""Stands for an object without an id."""


class Elements(NamedTuple):
    """The elements of a list: the offsets of each, and the ids of the first and last element.

    An id is "" if the element has none.
    """

    spans: array[int]
    first_id: str
    last_id: str


class Skimmed(NamedTuple):
    """The members of an answer that the client uses, and the elements of its `data`.

    Objects among the members contain only their `id`. `members` is empty if the answer is not an
    object; `elements` is None if `data` is not a list.
    """

    members: dict[str, Any]
    elements: Elements | None


def skim(text: str) -> Skimmed:
    """Read a JSON text, given as bytes decoded as Latin-1; a byte-order mark is skipped.

    The last one of repeated keys counts, as in JSON parsers. Raises ValueError if the text is not
    JSON, RecursionError if it is nested too deeply.
    """
    at = _after_space(text, len(_MARK) if text.startswith(_MARK) else 0)
    if text[at : at + 1] == "{":
        skimmed, at = _object(text, at)
    else:
        skimmed = Skimmed({}, None)
        _, at = _DECODER.raw_decode(text, at)
    if _after_space(text, at) != len(text):
        raise ValueError("something follows the value")
    return skimmed


def _object(text: str, at: int) -> tuple[Skimmed, int]:
    members: dict[str, Any] = {}
    elements = None
    at = _after_space(text, at + 1)
    more = text[at : at + 1] != "}"
    while more:
        if text[at : at + 1] != '"':
            raise ValueError("expected a key")
        key, at = _DECODER.raw_decode(text, at)
        at = _after_mark(text, _after_space(text, at), ":")
        if key == "data":
            elements = None
        if key == "data" and text[at : at + 1] == "[":
            elements, at = _list(text, at)
        elif key in _KEPT:
            members[key], at = _DECODER.raw_decode(text, at)
        else:
            _, at = _DECODER.raw_decode(text, at)
        at, more = _next(text, at, "}")
    return Skimmed(members, elements), at + 1


def _list(text: str, at: int) -> tuple[Elements, int]:
    spans = array("Q")
    first = last = None
    at = _after_space(text, at + 1)
    more = text[at : at + 1] != "]"
    while more:
        spans.append(at)
        last, at = _DECODER.raw_decode(text, at)
        first = first if len(spans) > 1 else last
        spans.append(at)
        at, more = _next(text, at, "]")
    return Elements(spans, _id(first, text, spans[:2]), _id(last, text, spans[-2:])), at + 1


def _next(text: str, at: int, end: str) -> tuple[int, bool]:
    """The offset of the next value, or of the closing bracket; and whether there is a value."""
    at = _after_space(text, at)
    if text[at : at + 1] == end:
        return at, False
    return _after_mark(text, at, ","), True


def _after_mark(text: str, at: int, mark: str) -> int:
    if text[at : at + 1] != mark:
        raise ValueError(f"expected {mark}")
    return _after_space(text, at + 1)


def _after_space(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def _shortened(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    ids = [value for key, value in pairs if key == "id"]
    if ids:
        return {"id": ids[-1]}
    return _SOMETHING if pairs else {}


def _nothing(_number: str) -> None:
    return None


def _id(item: Any, text: str, span: array[int]) -> str:
    ident = item.get("id") if isinstance(item, dict) else None
    if not isinstance(ident, str):
        return ""
    if ident.isascii():
        return ident
    start, end = span
    return str(json.loads(text[start:end].encode("latin-1"), parse_int=str)["id"])  # in UTF-8


_DECODER = json.JSONDecoder(
    object_pairs_hook=_shortened,
    parse_int=str,  # some servers use numbers as ids; Python does not parse very long integers
    parse_float=_nothing,
    parse_constant=refuse_constant,
)
