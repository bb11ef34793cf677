"""The columns of rows: names or GJSON paths, and the value of each in an item's JSON text."""

from __future__ import annotations

import re
from collections.abc import Sequence

from openai_cli.errors import one_line, shortened
from openai_cli.output.gjson import Selector
from openai_cli.output.gjson.json_scalars import string
from openai_cli.output.gjson.source import Source

_TOKEN = re.compile(r'\\.|"(?:[^"\\]|\\.)*"|.', re.DOTALL)


def split_columns(text: str) -> list[str]:
    """The paths between commas, without blanks around them.

    Commas in brackets or in quotes, and those behind a backslash, belong to a path.
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
    """The source text of each member of a JSON object; of a repeated key the first one.

    A value that is no object counts as an object whose only member is `value`.
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
    """Reads the same columns from one item after another.

    A column is the name of a member, or else a GJSON path if `are_paths`.
    """

    def __init__(self, names: Sequence[str], *, are_paths: bool) -> None:
        self.names = tuple(names)
        self.are_paths = are_paths
        self._selectors = {name: Selector(name) for name in names} if are_paths else {}
        self._unseen = set(names)
        self._first: list[str] = []

    def read(self, item: str, found: dict[str, str]) -> list[str]:
        """The source text of each column's value, "" if the item, with these members, has none."""
        row = [found[name] if name in found else self._select(name, item) for name in self.names]
        self._first = self._first or list(found)
        if self._unseen:
            self._unseen -= {name for name, value in zip(self.names, row, strict=True) if value}
        return row

    def _select(self, name: str, item: str) -> str:
        selector = self._selectors.get(name)
        return selector.get(item).raw if selector else ""

    def notes(self) -> list[str]:
        """A sentence that names the paths which found nothing in any item."""
        missing = [name for name in self.names if name in self._unseen]
        if not (missing and self.are_paths and self._first):
            return []
        lacks, has = (shortened(one_line(", ".join(names))) for names in (missing, self._first))
        return [f"no item has {lacks}; the first one has {has}"]
