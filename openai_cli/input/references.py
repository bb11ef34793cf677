"""`@path` references in values: replaced by the content of the file."""

from __future__ import annotations

import base64
from collections.abc import Callable
from errno import ENAMETOOLONG
from pathlib import Path
from typing import Any

from openai_cli.api.check import Path as ValuePath
from openai_cli.api.check import shown
from openai_cli.api.flags import accepts_text, annotation_at
from openai_cli.input.document import read_document
from openai_cli.input.document_limits import DocumentError
from openai_cli.input.stdin import MAX_BYTES

_TEXT, _BYTES = "file://", "data://"
# The control bytes that the WHATWG MIME sniffing standard takes as a sign of binary data.
_BINARY = bytes([*range(9), 0x0B, *range(0x0E, 0x1B), *range(0x1C, 0x20)])


class FileError(ValueError):
    """A file named in a value cannot be used; `path` is the place inside the value."""

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
    """The value with the content of a file in place of every `@path`; `read_stdin` serves `@-`.

    The content of a file is not searched again where its text was taken as it is: where text
    may stand (`annotation` says so), to the byte, or as base64 if it is binary. Where an object
    or list must stand, the file is read as JSON or YAML, with references of its own. `path` is
    the place of the value, `inside` names the files it came from. Raises FileError.
    """

    def expanded(item: Any, item_type: Any, step: str | int) -> Any:
        return expand_references(item, item_type, read_stdin, (*path, step), inside)

    if isinstance(value, dict):
        # Where a list is wanted, one element may stand for it.
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
    try:
        data = read_stdin() if name == "-" else _read(name, must_exist=not is_text)
    except ValueError as error:
        raise FileError(path, str(error)) from None
    if data is None:
        return value
    if is_text:
        return _as_text(name, data)
    if name in inside:
        raise FileError(path, f"the file {shown(name)} includes itself")
    content = _read_structure(name, data, path)
    return expand_references(content, annotation, read_stdin, path, (*inside, name))


def _read(name: str, *, must_exist: bool) -> bytes | None:
    """The bytes of the file; None if the text is a word that begins with @, not a file name."""
    plain = _plain(name)
    is_word = plain == name and not ({".", "/"} & set(name))
    may_be_text = is_word and not must_exist
    try:
        file = Path(plain).expanduser()
        if may_be_text and not file.is_file():
            return None
        with file.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except (OSError, RuntimeError, ValueError) as error:
        if may_be_text and getattr(error, "errno", None) == ENAMETOOLONG:
            return None
        why = getattr(error, "strerror", None) or str(error)
        hint = "" if must_exist else r" (text that begins with @ is written \@)"
        raise ValueError(f"cannot read the file {shown(plain)}: {why}{hint}") from None
    if len(data) > MAX_BYTES:
        raise ValueError(f"the file {shown(plain)} is larger than {MAX_BYTES >> 20} MiB")
    return data


def _plain(name: str) -> str:
    return name.removeprefix(_TEXT) if name.startswith(_TEXT) else name.removeprefix(_BYTES)


def _read_structure(name: str, data: bytes, path: ValuePath) -> Any:
    source = "standard input" if name == "-" else f"the file {shown(_plain(name))}"
    if name.startswith(_BYTES):
        raise FileError(path, f"{source} is wanted as base64 here, but this is no text")
    try:
        return read_document(data.decode())
    except UnicodeDecodeError:
        raise FileError(path, f"{source} is not UTF-8 text") from None
    except DocumentError as error:
        raise FileError(path, f"in {source}: {error}") from None


def _as_text(name: str, data: bytes) -> str:
    if name.startswith(_TEXT):
        return data.decode("utf-8", errors="replace")
    if name.startswith(_BYTES) or _is_binary(data):
        return base64.b64encode(data).decode("ascii")
    return data.decode("utf-8")


def _is_binary(data: bytes) -> bool:
    if data.startswith(b"%PDF-") or data.translate(None, _BINARY) != data:
        return True
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return True
    return False
