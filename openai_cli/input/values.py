"""The text of one flag to the value it stands for."""

from __future__ import annotations

import re
from typing import Any

from openai_cli.api.check import shown
from openai_cli.api.flags import Flag, Kind, annotation_at
from openai_cli.input.document import BrokenTextError, DocumentError, read_document
from openai_cli.input.files import Files
from openai_cli.input.scalars import read_boolean, read_integer, read_number

_PAIR = re.compile(r"([^\s=:{}\[\]\"'@#&*!|>%`,?-][^=:\n]*)=(.*)", re.DOTALL)


def read_value(flag: Flag, text: str | None, files: Files) -> Any:
    """The value of a flag's text; None as text means that the flag stood alone.

    List flags always give a list: the elements to be added. Raises ValueError with a phrase
    for the user (a FileError knows the place inside the value).
    """
    if text is None:
        return True
    _check_unicode(text)
    if text == "null" and flag.nullable:
        return None
    if flag.kind is Kind.TEXT:
        return files.expand(text, str)
    if flag.kind in (Kind.INTEGER, Kind.NUMBER, Kind.BOOLEAN):
        return _scalar(flag, text)
    if flag.kind is Kind.LIST:
        return _elements(flag, text, files)
    if flag.note.any_text:
        found = _object_or_objects(text)
        parts = [found] if isinstance(found, dict) else found
        return files.expand(text if parts is None else parts, flag.annotation)
    if flag.note.pairs and (pair := _PAIR.fullmatch(text)):
        return files.expand({pair[1]: pair[2]}, flag.annotation)
    value = files.expand(_document(text), flag.annotation)
    if flag.kind is Kind.OBJECT and not isinstance(value, dict | None):
        also = ", or key=value" if flag.note.pairs else ""
        raise ValueError(f"expected an object such as {{key: value}}{also}, found {shown(value)}")
    return value


def _check_unicode(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("not valid UTF-8 text") from None


def _scalar(flag: Flag, text: str) -> Any:
    readers = {Kind.INTEGER: read_integer, Kind.NUMBER: read_number, Kind.BOOLEAN: read_boolean}
    try:
        return readers[flag.kind](text)
    except ValueError as expected:
        or_null = " or null" if flag.nullable else ""
        raise ValueError(f"expected {expected}{or_null}, found {shown(text)}") from None


def _document(text: str) -> Any:
    """JSON or YAML; a reference to a file is itself, since YAML has no plain `@`."""
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


def _elements(flag: Flag, text: str, files: Files) -> Any:
    element = annotation_at(flag.annotation, 0)
    if flag.note.any_text and flag.note.word:
        found = _object_or_objects(text)
        if found is None:
            return [flag.note.word(files.expand(text, str))]
    else:
        found = _document(text)
    if isinstance(found, str) and found.startswith(("@", "\\@")):
        # A file may hold one element or the whole list; the list's own type reads both.
        found = files.expand(found, flag.annotation)
    if found is None and flag.nullable:
        return None
    items = found if isinstance(found, list) else [found]
    worded = [_worded(flag, item) for item in items]
    if isinstance(found, dict | str):
        return [files.expand(worded[0], element)]
    if isinstance(found, list):
        return files.expand(worded, flag.annotation)
    raise ValueError(f"expected an object or a list of objects, found {shown(found)}")


def _worded(flag: Flag, item: Any) -> Any:
    """A bare word as the element it is short for."""
    if isinstance(item, str) and flag.note.word and not flag.note.any_text:
        return flag.note.word(item) or item
    return item


def _object_or_objects(text: str) -> Any:
    """An object, or a list of objects, if the text is one; None if it is just text."""
    if not text.lstrip().startswith(("{", "[")):
        return None
    try:
        found = read_document(text)
    except DocumentError:
        return None
    if isinstance(found, list) and not (found and all(isinstance(i, dict) for i in found)):
        return None
    return found if isinstance(found, dict | list) else None
