"""Replaces `{column}` in the texts of a request by values of a CSV row: `Classify: {text}`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

_WORD = re.compile(r"[\w-]+")
_PLACE = re.compile(r"\{\{|\}\}|\{([^{}]*)\}")


def columns_in(value: Any) -> Iterator[str]:
    """The names of columns in all texts of a value; keys of objects are not templates."""
    if isinstance(value, str):
        yield from (found[1] for found in _PLACE.finditer(value) if found[1] is not None)
    for item in _items(value):
        yield from columns_in(item)


def filled(value: Any, row: Mapping[str, str]) -> Any:
    """The value with each `{column}` replaced by the row's text; `{{` and `}}` are braces.

    A row's text is not searched for columns. Every column must be in `row`.
    """
    if isinstance(value, str):
        return _PLACE.sub(lambda found: _text(found, row), value)
    if isinstance(value, dict):
        return {key: filled(item, row) for key, item in value.items()}
    if isinstance(value, list):
        return [filled(item, row) for item in value]
    return value


def begins_with_column(text: str, columns: tuple[str, ...]) -> bool:
    """Whether the text begins with `{column}`; it is then a template and not a YAML object.

    Any single word in braces counts as a (misspelt) column.
    """
    found = _PLACE.match(text.lstrip()) if columns else None
    return found is not None and (
        found[1] in columns or _WORD.fullmatch(found[1] or "") is not None
    )


def _text(found: re.Match[str], row: Mapping[str, str]) -> str:
    return found[0][0] if found[1] is None else row[found[1]]


def _items(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, list):
        yield from value
