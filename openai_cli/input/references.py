"""`@path` references in values: replaced by the content of the file."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

from openai_cli.api.check import Path as ValuePath
from openai_cli.api.check import shown
from openai_cli.api.flags import accepts_text, annotation_at
from openai_cli.input.document import read_document
from openai_cli.input.document_limits import DocumentError
from openai_cli.input.files import UnreadableFileError, read_file
from openai_cli.input.text_encodings import EncodingError, decode, decode_anyway

_TEXT, _BYTES = "file://", "data://"


class FileError(ValueError):
    """A file named in a value cannot be used; `path` is the position inside the value."""

    def __init__(self, path: ValuePath, message: str) -> None:
        super().__init__(message)
        self.path = path


def expand_references(
    value: Any,
    annotation: Any,
    read_stdin: Callable[[], bytes],
    path: ValuePath = (),
    inside: tuple[str, ...] = (),
) -> Any:
    """Replace every `@path` in the value by the content of the file; `read_stdin` serves `@-`.

    If the type (`annotation`) accepts text, the file's text is inserted unchanged. If it requires
    an object or a list, the file is parsed as JSON or YAML, and references in it are expanded.
    `path` is the position of the value, `inside` has the files that it came from. Raises
    FileError.
    """

    def expanded(item: Any, item_type: Any, step: str | int) -> Any:
        return expand_references(item, item_type, read_stdin, (*path, step), inside)

    if isinstance(value, dict):
        # A list may be given as a single element.
        element = annotation_at(annotation, 0)
        type_ = annotation if element is Any else element
        return {key: expanded(item, annotation_at(type_, key), key) for key, item in value.items()}
    if isinstance(value, list):
        element = annotation_at(annotation, 0)
        return [expanded(item, element, index) for index, item in enumerate(value)]
    if not isinstance(value, str) or value == "@" or not value.startswith(("@", "\\@")):
        return value
    if value.startswith("\\"):
        return value[1:]
    name = value[1:]
    is_text = accepts_text(annotation)
    read = _as_text if is_text else _read_structure
    try:
        # The bytes get no name here, so that the reader can free them before it parses the text.
        content = read(_content(name, read_stdin), name, path)
    except FileError:
        raise
    except UnreadableFileError as error:
        if is_text and error.is_no_path and _plain(name) == name:
            return value
        hint = r" (text that begins with @ is written \@)" if is_text else ""
        raise FileError(path, f"{error}{hint}") from None
    except ValueError as error:
        raise FileError(path, str(error)) from None
    if is_text:
        return content
    if name in inside:
        raise FileError(path, f"the file {shown(name)} includes itself")
    return expand_references(content, annotation, read_stdin, path, (*inside, name))


def _content(name: str, read_stdin: Callable[[], bytes]) -> bytes:
    return read_stdin() if _plain(name) == "-" else read_file(_plain(name))


def _plain(name: str) -> str:
    return name.removeprefix(_TEXT) if name.startswith(_TEXT) else name.removeprefix(_BYTES)


def _shown_source(name: str) -> str:
    return "standard input" if _plain(name) == "-" else f"the file {shown(_plain(name))}"


def _read_structure(data: bytes, name: str, path: ValuePath) -> Any:
    source = _shown_source(name)
    if name.startswith(_BYTES):
        raise FileError(path, f"{source} cannot be inserted as base64 here: text is not accepted")
    try:
        text = decode(data)
        del data
        return read_document(text)
    except EncodingError as error:
        raise FileError(path, f"{source} {error}") from None
    except DocumentError as error:
        raise FileError(path, f"in {source}: {error}") from None


def _as_text(data: bytes, name: str, path: ValuePath) -> str:
    if name.startswith(_TEXT):
        return decode_anyway(data)
    if name.startswith(_BYTES):
        return base64.b64encode(data).decode("ascii")
    try:
        return decode(data)
    except EncodingError as error:
        hint = f"@{_BYTES}{name} sends it as base64"
        raise FileError(path, f"{_shown_source(name)} {error}; {hint}") from None
