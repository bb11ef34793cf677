"""Columns of `csv` and `table`: finds the value of each column in an item's JSON text."""

from __future__ import annotations

import re
from collections.abc import Sequence

from openai_cli.errors import one_line, shortened
from openai_cli.output.gjson import Selector
from openai_cli.output.gjson.json_scalars import string
from openai_cli.output.gjson.source import Source

_TOKEN = re.compile(r'\\.|"(?:[^"\\]|\\.)*"|.', re.DOTALL)


def split_columns(text: str) -> list[str]:
    """The comma-separated paths, without surrounding blanks.

    A comma in brackets or quotes, or after a backslash, is part of a path.
    """
    columns, depth = [""], 0
    for token in _TOKEN.findall(text):
        depth += (token in "{[(") - (token in ")]}")
        if token == "," and depth <= 0:
            columns.append("")
        else:
            columns[-1] += token
    return [column.strip() for column in columns]


def members(text: str) -> dict[str, str]:
    """The source text of each member of a JSON object; the first one of a repeated key.

    Any other value counts as an object with the single member `value`.
    """
    source = Source(text)
    start = source.first()
    if text[start : start + 1] != "{":
        return {"value": text.strip()}
    found: dict[str, str] = {}
    for key, begin, end in source.members(start + 1):
        found.setdefault(string(key), text[begin:end])
    return found


class Columns:
    """Reads the same columns from each item.

    A column is the name of a member or, if `are_paths`, may also be a GJSON path.
    """

    def __init__(self, names: Sequence[str], *, are_paths: bool) -> None:
        self.names = tuple(names)
        self.are_paths = are_paths
        self._selectors = {name: Selector(name) for name in names} if are_paths else {}
        self._unseen = set(names)
        self._first: list[str] = []

    def read(self, item: str, found: dict[str, str]) -> list[str]:
        """The source text of each column's value, or ""; `found` has the item's members."""
        row = [found[name] if name in found else self._select(name, item) for name in self.names]
        self._first = self._first or list(found)
        if self._unseen:
            self._unseen -= {name for name, value in zip(self.names, row, strict=True) if value}
        return row

    def _select(self, name: str, item: str) -> str:
        selector = self._selectors.get(name)
        return selector.get(item).raw if selector else ""

    def notes(self) -> list[str]:
        """A sentence that names the columns without a value in any item."""
        missing = [name for name in self.names if name in self._unseen]
        if not (missing and self.are_paths and self._first):
            return []
        lacks, has = (shortened(one_line(", ".join(names))) for names in (missing, self._first))
        return [f"no item has {lacks}; the first one has {has}"]
