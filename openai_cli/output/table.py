"""The `table` format, and lists in the `pretty` format: a table with one row per item."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

from rich.cells import cell_len, set_cell_size

from openai_cli.output.columns import Columns, members
from openai_cli.output.json_layout import load
from openai_cli.output.phrases import calls, inline, is_empty, phrase
from openai_cli.output.reply import message_text
from openai_cli.output.terminal import harmless

_COLUMNS = {
    "assistant": ("id", "created_at", "model", "name"),
    "thread.message": ("id", "created_at", "role", "content"),
    "thread.run": ("id", "created_at", "status", "model", "last_error"),
    "thread.run.step": ("id", "created_at", "status", "step_details"),
    "thread.summary": ("id", "created_at", "messages", "run_status", "last_words"),
}
_OTHERS = ("id", "object", "created_at", "status")
_EVENT = ("event", "data")
_GAP = "  "
_DEFAULT_WIDTH = 80
_WIDEST = 32
"""Maximum width of a cell. Ids are never cut; the last cell fills the line."""
_CHARACTERS = 16
"""Maximum characters per terminal column: accents and joined emoji take no column."""


class ListTable:
    """Table of a list, page by page; the first page sets the column widths.

    `names` are keys or GJSON paths; without them, the kind of the first item selects the columns,
    and items without a kind show all their members. `width` is in terminal columns, 80 if None;
    the last column fills the rest of the line.
    """

    def __init__(self, names: Sequence[str] = (), *, width: int | None, colour: bool) -> None:
        self._columns = Columns(names, are_paths=True) if names else None
        self._width = width or _DEFAULT_WIDTH
        self._colour = colour
        self._begun = False
        self._widths: list[int] = []

    def page(self, items: Sequence[str]) -> str:
        """The rows of a page of items (JSON texts), with a title line above the first page."""
        if self._columns is None:
            if not items:
                return ""
            self._columns = Columns(_default_columns(items), are_paths=False)
        rows = [self._cells(item, self._columns) for item in items]
        head = "" if self._begun else self._head(self._titles(self._columns.names), rows)
        self._begun = True
        return head + "".join(map(self._row, rows))

    def notes(self) -> list[str]:
        """Sentences about columns without a value."""
        return self._columns.notes() if self._columns else []

    def _titles(self, names: Sequence[str]) -> list[str]:
        return [_plain(name.removesuffix("_at").replace("_", " ")) for name in names]

    def _head(self, titles: list[str], rows: list[list[str]]) -> str:
        widths = [max(map(cell_len, column)) for column in zip(titles, *rows, strict=True)]
        # A very long id does not widen the column for all rows.
        self._widths = [min(width, self._width) for width in widths]
        head = self._row(titles)
        return f"\x1b[1m{head[:-1]}\x1b[0m\n" if self._colour else head

    def _cells(self, item: str, columns: Columns) -> list[str]:
        *cells, last = (_plain(cell) for cell in _cells(item, columns))
        keys = map(_key, columns.names)
        shown = [
            c if key == "id" else _cut(c, _WIDEST) for key, c in zip(keys, cells, strict=False)
        ]
        return [*shown, last]

    def _row(self, cells: list[str]) -> str:
        left = self._width
        shown = []
        for cell, width in zip(cells[:-1], self._widths, strict=False):
            shown.append(set_cell_size(cell, max(width, cell_len(cell))))
            left -= cell_len(shown[-1]) + len(_GAP)
        return _GAP.join([*shown, _cut(cells[-1], max(left, 8))]).rstrip() + "\n"


class TabbedTable(ListTable):
    """The same table for programs: tab-separated, uncut cells below the column names."""

    def __init__(self, names: Sequence[str] = ()) -> None:
        super().__init__(names, width=None, colour=False)

    def _titles(self, names: Sequence[str]) -> list[str]:
        return [_plain(name) for name in names]

    def _head(self, titles: list[str], _rows: list[list[str]]) -> str:
        return self._row(titles)

    def _cells(self, item: str, columns: Columns) -> list[str]:
        return [_plain(cell) for cell in _cells(item, columns)]

    def _row(self, cells: list[str]) -> str:
        return "\t".join(cells) + "\n"


def _default_columns(items: Sequence[str]) -> tuple[str, ...]:
    """What matters for the kind of the first item; all members where it has none."""
    first = load(items[0])
    if not isinstance(first, dict):
        return ("value",)
    if {"event", "data"} <= first.keys():
        return _EVENT
    if "object" in first:
        return _COLUMNS.get(str(first["object"]), _OTHERS)
    return tuple(dict.fromkeys(chain(*map(members, items)))) or _OTHERS


def _cells(item: str, columns: Columns) -> list[str]:
    values = columns.read(item, members(item))
    if not (columns.are_paths or "value" in columns.names or item.lstrip().startswith("{")):
        values[0] = item  # the item is not an object
    return [_cell(name, value) for name, value in zip(columns.names, values, strict=True)]


def _cell(name: str, text: str) -> str:
    """A JSON value as readable text, depending on its key; "" for null or no value."""
    if not text:
        return ""
    value, key = load(text), _key(name)
    if key == "content":
        return message_text({key: value})
    if key == "step_details" and isinstance(value, dict):
        return _step(value)
    return "" if is_empty(value) else phrase(key, value)


def _key(name: str) -> str:
    """The last key of a column's path."""
    return name.rpartition(".")[2]


def _plain(text: str) -> str:
    """The text on one line; tabs become spaces, because their width varies."""
    return harmless(text, lines=False).replace("\t", " ")


def _step(details: dict[str, Any]) -> str:
    """The result of a step: the id of its message, or the tools it called."""
    message = details.get("message_creation")
    if isinstance(message, dict):
        return f"message {inline(message.get('message_id'))}"
    found = details.get("tool_calls")
    tools = [call for call in found if isinstance(call, dict)] if isinstance(found, list) else []
    named = [
        *calls({"submit_tool_outputs": {"tool_calls": tools}}),
        *(inline(call.get("type")) for call in tools if "function" not in call),
    ]
    return ", ".join(named) or inline(details.get("type"))


def _cut(text: str, width: int) -> str:
    begin = text[: width * _CHARACTERS]  # measuring a megabyte of text would take seconds
    if begin == text and cell_len(text) <= width:
        return text
    return set_cell_size(begin, width - 1) + "…"
