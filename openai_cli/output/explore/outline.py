"""JSON values as a tree: children, labels, paths, search. Independent of the screen."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from openai_cli.output.json_layout import Number
from openai_cli.output.terminal import harmless

Path = tuple[str | int, ...]

_SPECIAL = re.compile(r"([^\w\s-])")
_LABEL_LIMIT = 200
_MATCH_LIMIT = 10_000
"""Matches a search collects at most, to limit memory."""


def children(value: Any) -> list[tuple[str | int, Any]]:
    """The members of an object or elements of a list, with keys or indexes; else empty."""
    if isinstance(value, dict):
        return list(value.items())
    return list(enumerate(value)) if isinstance(value, list) else []


def label(step: str | int | None, value: Any) -> str:
    """One line for a value: its key, then the scalar or the number of its members."""
    name = "" if step is None else f"{harmless(str(step))}: "
    return name + _short(value)


def item_label(index: int, value: Any) -> str:
    """One line for a list item or event: its index, then its `event` or `id` if it has one."""
    names = (value.get(key) for key in ("event", "id")) if isinstance(value, dict) else ()
    name = next((one for one in names if isinstance(one, str) and one), None)
    return label(index, value) if name is None else f"{index}: {harmless(name, lines=False)}"


def _short(value: Any) -> str:
    if isinstance(value, dict):
        return f"{{{len(value)}}}"
    if isinstance(value, list):
        return f"[{len(value)}]"
    text = scalar_text(value)
    line = harmless(text.replace("\n", "⏎").replace("\t", " "))
    cut = line if len(line) <= _LABEL_LIMIT else line[:_LABEL_LIMIT] + "…"
    return f'"{cut}"' if isinstance(value, str) and not isinstance(value, Number) else cut


def scalar_text(value: Any) -> str:
    """A scalar as JSON text, a string without quotes."""
    words = {None: "null", True: "true", False: "false"}
    return words[value] if value is None or isinstance(value, bool) else str(value)


def gjson_path(path: Path) -> str:
    """The path in the syntax of `--transform`; `@this` for the whole value."""
    steps = (_SPECIAL.sub(r"\\\1", str(step)) for step in path)
    return (".".join(steps) or "@this|") if path else "@this"


def value_at(value: Any, path: Path) -> Any:
    """The value at a path, which must exist."""
    for step in path:
        value = value[step]
    return value


def matches(value: Any, needle: str) -> list[Path]:
    """Paths whose key or text contains `needle`, ignoring case, in document order."""
    folded = needle.casefold()
    found: list[Path] = []
    for path, item in _walk(value):
        name = str(path[-1]) if path else ""
        text = "" if isinstance(item, dict | list) else scalar_text(item)
        if folded in name.casefold() or folded in text.casefold():
            found.append(path)
            if len(found) == _MATCH_LIMIT:
                break
    return found


def _walk(value: Any) -> Iterator[tuple[Path, Any]]:
    """All paths and values, parents first; not recursive, since answers may be nested deeply."""
    stack: list[tuple[Path, Any]] = [((), value)]
    while stack:
        path, item = stack.pop()
        yield path, item
        inner = [((*path, step), child) for step, child in children(item)]
        stack += reversed(inner)
