"""Lists in the `pretty` format: a table with one row per item."""

from __future__ import annotations

from typing import Any

from rich.cells import cell_len, set_cell_size

from openai_cli.output.json_layout import load
from openai_cli.output.phrases import calls, inline, is_empty, phrase
from openai_cli.output.reply import message_text
from openai_cli.output.terminal import harmless

_COLUMNS = {
    "assistant": ("id", "created_at", "model", "name"),
    "thread.message": ("id", "created_at", "role", "content"),
    "thread.run": ("id", "created_at", "status", "model", "last_error"),
    "thread.run.step": ("id", "created_at", "status", "step_details"),
}
_OTHERS = ("id", "object", "created_at", "status")
_GAP = "  "
_DEFAULT_WIDTH = 80
_WIDEST = 32
"""Columns of a middle cell. The first cell is never cut; the last fills the line."""


class ListTable:
    """Table of a list that may come in pages; the first page sets the column widths.

    `width` is in columns, 80 if None. The last column fills the rest of the line.
    """

    def __init__(self, *, width: int | None, colour: bool) -> None:
        self._width = width or _DEFAULT_WIDTH
        self._colour = colour
        self._keys: tuple[str, ...] = ()
        self._widths: list[int] = []

    def page(self, items: list[str]) -> str:
        """The rows of a page of items (JSON texts), with a title line above the first page."""
        values = [load(item) for item in items]
        head = "" if self._keys or not values else self._begin(values)
        return head + "".join(self._row(self._cells(value)) for value in values)

    def _begin(self, values: list[Any]) -> str:
        kind = values[0].get("object") if isinstance(values[0], dict) else None
        self._keys = _COLUMNS.get(str(kind), _OTHERS)
        titles = [key.removesuffix("_at").replace("_", " ") for key in self._keys]
        rows = [titles, *map(self._cells, values)]
        self._widths = [max(cell_len(row[at]) for row in rows) for at in range(len(titles))]
        head = self._row(titles)
        return f"\x1b[1m{head[:-1]}\x1b[0m\n" if self._colour else head

    def _cells(self, value: Any) -> list[str]:
        if not isinstance(value, dict):
            return [_plain(inline(value))] + [""] * (len(self._keys) - 1)
        ident, *middle, last = (_plain(_cell(key, value)) for key in self._keys)
        return [ident, *(_cut(cell, _WIDEST) for cell in middle), last]

    def _row(self, cells: list[str]) -> str:
        left = self._width
        shown = []
        for cell, width in zip(cells[:-1], self._widths, strict=False):
            shown.append(set_cell_size(cell, max(width, cell_len(cell))))
            left -= cell_len(shown[-1]) + len(_GAP)
        return _GAP.join([*shown, _cut(cells[-1], max(left, 8))]).rstrip() + "\n"


def _cell(key: str, value: dict[str, Any]) -> str:
    if key == "content":
        return message_text(value)
    item = value.get(key)
    if key == "step_details" and isinstance(item, dict):
        return _step(item)
    return "" if is_empty(item) else phrase(key, item)


def _plain(text: str) -> str:
    """The text on one line, without tabs, whose width cannot be counted."""
    return harmless(text, lines=False).replace("\t", " ")


def _step(details: dict[str, Any]) -> str:
    """What a step did: the id of the message it wrote, or the tools it called."""
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
    return text if cell_len(text) <= width else set_cell_size(text, width - 1) + "…"
