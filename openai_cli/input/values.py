"""Converts the text of a flag to its value, in three steps.

1. `parse_text`: the text to a plain value (JSON, YAML, a number, or the text itself).
2. `expand_references` (in `references`): `@path` in that value to the content of the file.
3. `shape_value`: the value to the form its kind of flag takes, such as a list of elements.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from openai_cli.api.check import shown
from openai_cli.api.flags import Flag, Kind
from openai_cli.input.document import SPACE, read_document
from openai_cli.input.document_limits import BrokenTextError, DocumentError
from openai_cli.input.references import expand_references
from openai_cli.input.scalars import read_boolean, read_integer, read_number

_PAIR = r"([^\s=:{}\[\]\"'@#&*!|>%`,?-][^=:\n]*)=((?s:.*))"
_SCALARS = {Kind.INTEGER: read_integer, Kind.NUMBER: read_number, Kind.BOOLEAN: read_boolean}


def read_value(flag: Flag, text: str | None, read_stdin: Callable[[], bytes]) -> Any:
    """The value of a flag's text; the text is None for a flag without a value.

    List flags always return a list of new elements. Raises ValueError with a message for the
    user (FileError has the path inside the value).
    """
    value = True if text is None else parse_text(flag, text)
    # If the text was not parsed, the file it refers to is not parsed either.
    is_literal = isinstance(value, str) and flag.note.any_text
    annotation = str if is_literal else flag.annotation
    return shape_value(flag, expand_references(value, annotation, read_stdin))


def literal_value(flag: Flag, text: str) -> Any:
    """The value of a text that is used unchanged (`--raw-field`): no reference, no JSON, no null.

    Raises ValueError if the flag does not take text.
    """
    _check_unicode(text)
    if flag.note.pairs and (pair := re.fullmatch(_PAIR, text)):
        return {pair[1]: pair[2]}
    if flag.kind is not Kind.TEXT and not flag.note.any_text:
        raise ValueError(f"{flag.name} does not take plain text")
    return shape_value(flag, text)


def parse_text(flag: Flag, text: str) -> Any:
    """Step 1: parse the text to a plain value for this flag.

    References remain texts. Raises ValueError.
    """
    _check_unicode(text)
    if text == "null" and flag.nullable:
        return None
    if flag.kind is Kind.TEXT:
        return text
    if flag.kind in _SCALARS:
        return _scalar(flag, text)
    if flag.note.any_text:
        found = _object_or_objects(text)
        return text if found is None else found
    if flag.note.pairs and (pair := re.fullmatch(_PAIR, text)):
        return {pair[1]: pair[2]}
    return _document(text)


def shape_value(flag: Flag, value: Any) -> Any:
    """Step 3: convert the value to the form that this kind of flag adds to a request.

    A single element becomes a list, and a word becomes the element that it abbreviates. Raises
    ValueError if the value has the wrong kind.
    """
    if flag.kind is Kind.ANY:  # for example a message's content: a text or a list of parts
        return [value] if flag.note.any_text and isinstance(value, dict) else value
    if flag.kind is Kind.OBJECT and not isinstance(value, dict | None):
        also = ", or key=value" if flag.note.pairs else ""
        raise ValueError(f"expected an object such as {{key: value}}{also}, found {shown(value)}")
    if flag.kind is not Kind.LIST or (value is None and flag.nullable):
        return value
    if not isinstance(value, list | dict | str):
        raise ValueError(f"expected an object or a list of objects, found {shown(value)}")
    return [_element(flag, item) for item in (value if isinstance(value, list) else [value])]


def _check_unicode(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("not valid UTF-8 text") from None


def _scalar(flag: Flag, text: str) -> Any:
    try:
        return _SCALARS[flag.kind](text)
    except ValueError as expected:
        or_null = " or null" if flag.nullable else ""
        raise ValueError(f"expected {expected}{or_null}, found {shown(text)}") from None


def _object_or_objects(text: str) -> Any:
    """The object or list of objects in the text; None if the text is plain."""
    if not text.lstrip(SPACE).startswith(("{", "[")):
        return None
    try:
        found = read_document(text)
    except DocumentError:
        return None
    items = found if isinstance(found, list) else [found]
    return found if items and all(isinstance(item, dict) for item in items) else None


def _document(text: str) -> Any:
    """Parse JSON or YAML; a file reference is returned unchanged, as `@` is not valid YAML."""
    if text.startswith(("@", "\\@")):
        return text
    try:
        return read_document(text)
    except BrokenTextError as error:
        raise ValueError(f"{error}{_quoting_hint(text)}") from None


def _quoting_hint(text: str) -> str:
    if re.search(r"[:\[,]\s*@", text):
        return ' (quote a reference to a file: "@path")'
    if text.lstrip().startswith(("{", "[")) and text.count(": ") > 1:
        return ' (text that holds ": " must be quoted)'
    return ""


def _element(flag: Flag, item: Any) -> Any:
    """The element that a bare word abbreviates."""
    if isinstance(item, str) and flag.note.word:
        return flag.note.word(item) or item
    return item
