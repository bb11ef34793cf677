"""Values as an outline: children, labels, paths, search. Knows nothing of the screen."""

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
"""Matches a search collects; more would only fill the memory."""


def children(value: Any) -> list[tuple[str | int, Any]]:
    """The parts of an object or list, with their keys or indexes; none for anything else."""
    if isinstance(value, dict):
        return list(value.items())
    return list(enumerate(value)) if isinstance(value, list) else []


def label(step: str | int | None, value: Any) -> str:
    """One line for a value: its key, then the value itself or how much is in it."""
    name = "" if step is None else f"{harmless(str(step))}: "
    return name + _short(value)


def item_label(index: int, value: Any) -> str:
    """One line for one of several values: the name of an event or an object's id, if it has one."""
    told = (value.get(key) for key in ("event", "id")) if isinstance(value, dict) else ()
    name = next((one for one in told if isinstance(one, str) and one), None)
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
    """A scalar as it stands in JSON, a string without its quotes."""
    words = {None: "null", True: "true", False: "false"}
    return words[value] if value is None or isinstance(value, bool) else str(value)


def gjson_path(path: Path) -> str:
    """The place as `--transform` takes it; `@this` for the whole value."""
    steps = (_SPECIAL.sub(r"\\\1", str(step)) for step in path)
    return (".".join(steps) or "@this|") if path else "@this"


def value_at(value: Any, path: Path) -> Any:
    """The value at a place that is known to exist."""
    for step in path:
        value = value[step]
    return value


def matches(value: Any, needle: str) -> list[Path]:
    """Places whose key or text contains `needle`, case ignored, in document order."""
    wanted = needle.casefold()
    found: list[Path] = []
    for path, item in _walk(value):
        name = str(path[-1]) if path else ""
        text = "" if isinstance(item, dict | list) else scalar_text(item)
        if wanted in name.casefold() or wanted in text.casefold():
            found.append(path)
            if len(found) == _MATCH_LIMIT:
                break
    return found


def _walk(value: Any) -> Iterator[tuple[Path, Any]]:
    """All places, parents first; without recursion, since answers may be nested deep."""
    open_places: list[tuple[Path, Any]] = [((), value)]
    while open_places:
        path, item = open_places.pop()
        yield path, item
        inner = [((*path, step), child) for step, child in children(item)]
        open_places += reversed(inner)
