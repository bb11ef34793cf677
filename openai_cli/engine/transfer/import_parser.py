"""Splits JSON text into the objects it contains, each with its position.

The text is a sequence of JSON values with or without white space between them: JSON, JSON lines,
or the concatenated output of several commands. Objects may be separate, in arrays, in pages of a
list, and in groups: `{"assistants": […], "threads": […]}`, `{"thread":
{…}, "messages": […]}`.
"""

import codecs
import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from openai_cli.api.json_constants import refuse_constant
from openai_cli.engine import strict_json
from openai_cli.engine.strict_json import JsonObject

_SPACE = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder(parse_constant=refuse_constant)
_NEXT_VALUE = re.compile(r"\n(?=[{\[])")
_OBJECTS = {"assistant": "assistant", "thread": "thread", "message": "thread.message"}
_MEMBERS = {name: kind for one, kind in _OBJECTS.items() for name in (one, f"{one}s")}
"""The names of a group's members, with the `object` of each."""
_RUNS = "runs and their steps are not imported"
_FILES = "the engine does not store files and vector stores"
_NOT_IMPORTED = {
    "thread.run": _RUNS,
    "thread.run.step": _RUNS,
    "file": _FILES,
    "vector_store": _FILES,
    "vector_store.file": _FILES,
}
"""Objects of the API that are not imported, with the reason."""


class ImportItem(NamedTuple):
    """One object and its position: `line 3`, or `line 1: data[2]` inside a list."""

    place: str
    value: JsonObject


class ImportProblem(NamedTuple):
    """A problem and its position; `conflict` means that it contradicts the store."""

    place: str
    message: str
    conflict: bool = False


class ParsedText(NamedTuple):
    """The objects and problems of a text."""

    items: list[ImportItem]
    problems: list[ImportProblem]
    unfinished: list[str]
    """The positions of list pages with `has_more`."""
    left_out: list[ImportProblem]
    """Valid objects that are not imported, with the reason."""


def read_text(data: bytes) -> ParsedText:
    """All objects of a JSON text, and its syntax errors."""
    text = ParsedText([], [], [], [])
    # PowerShell writes UTF-16 to a file.
    is_utf_16 = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        decoded = data.decode("utf-16" if is_utf_16 else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        text.problems.append(ImportProblem(f"line {line}", f"not UTF-{16 if is_utf_16 else 8}"))
        return text
    for found in _values(decoded):
        if isinstance(found, ImportProblem):
            text.problems.append(found)
        else:
            _take_apart(text, *found, inner="")
    return text


def _values(text: str) -> Iterator[tuple[str, Any] | ImportProblem]:
    """Each value of the text, with its line; continues at the next line after an error."""
    at = line = counted = 0
    while True:
        at = _end_of_space(text, at)
        if at == len(text):
            return
        line += text.count("\n", counted, at)
        counted = at
        place = f"line {line + 1}"
        try:
            value, end = _value(text, at)
        except (ValueError, RecursionError) as error:
            following = _NEXT_VALUE.search(text, at)
            end = following.end() if following else len(text)
            yield ImportProblem(place, _fault(error, text[at:end], line))
        else:
            yield place, value
        at = end


def _value(text: str, at: int) -> tuple[Any, int]:
    """The value that begins at `at`, and its end."""
    value, end = _DECODER.raw_decode(text, at)
    strict_json.check(value)
    return value, end


def _fault(error: Exception, broken: str, line: int) -> str:
    """Describe the error in the broken piece of text, which begins in `line`."""
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    if not isinstance(error, json.JSONDecodeError):
        return f"not JSON: {error}"
    try:
        # Parse only this piece, so that the error does not depend on the next line's value.
        _value(broken, 0)
    except json.JSONDecodeError as alone:
        error = alone
    further = error.lineno - 1
    where = f"line {line + 1 + further}, " if further else ""
    return f"not JSON: {error.msg} at {where}column {error.colno}"


def _end_of_space(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


def _take_apart(text: ParsedText, line: str, value: Any, inner: str, kind: str = "") -> None:
    """Add a value, or the objects in a list, a list page or a group.

    `kind` is the default for an object without `object`.
    """
    place = f"{line}: {inner}" if inner else line
    if isinstance(value, list):
        for index, element in enumerate(value):
            _take_apart(text, line, element, f"{inner}[{index}]", kind)
    elif not isinstance(value, dict):
        text.problems.append(ImportProblem(place, "expected an object"))
    elif is_page(value):
        if value.get("has_more"):
            text.unfinished.append(place)
        _take_apart(text, line, value["data"], f"{inner}.data" if inner else "data", kind)
    elif _is_group(value):
        for name, member in _members(value).items():
            _take_member(text, line, member, f"{inner}.{name}" if inner else name)
    elif (why := _NOT_IMPORTED.get(str(value.get("object")))) is not None:
        text.left_out.append(ImportProblem(place, why))
    else:
        text.items.append(ImportItem(place, {"object": kind, **value} if kind else value))


def _is_group(value: JsonObject) -> bool:
    """Whether this is a group of objects, and not an object."""
    return not value.keys() & {"id", "object"} and bool(value.keys() & _MEMBERS.keys())


def _members(group: JsonObject) -> JsonObject:
    """The members of a group; messages beside a single thread belong to the thread."""
    thread, messages = group.get("thread"), group.get("messages")
    if not isinstance(thread, dict) or "messages" in thread or messages is None:
        return group
    rest = {name: member for name, member in group.items() if name != "messages"}
    return {**rest, "thread": {**thread, "messages": messages}}


def _take_member(text: ParsedText, line: str, member: Any, path: str) -> None:
    name = path.rpartition(".")[2]
    if name in _MEMBERS:
        if member is not None:
            _take_apart(text, line, member, path, _MEMBERS[name])
        return
    why = _RUNS if name in ("run", "runs", "steps", "run_steps") else "not part of an import"
    text.left_out.append(ImportProblem(f"{line}: {path}", why))


def is_page(value: Any) -> bool:
    """Whether this is a page of a list, in the shape of the API."""
    return (
        isinstance(value, dict)
        and isinstance(value.get("data"), list)
        and value.get("object", "list") == "list"
    )
