"""The `pretty` format: an answer as panels of labelled fields."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from openai_cli.output.json_layout import load
from openai_cli.output.phrases import TIMES, inline, is_empty, phrase
from openai_cli.output.reply import message_text
from openai_cli.output.terminal import harmless

_STATUS_STYLES = {
    "completed": "green",
    "queued": "yellow",
    "in_progress": "yellow",
    "requires_action": "magenta",
    "cancelling": "yellow",
}
_DEFAULT_WIDTH = 80
_NARROWEST = 50
"""Minimum width of a panel; on a narrower terminal, fields are printed without a frame."""


def as_panels(text: str, *, width: int | None, colour: bool) -> str:
    """A JSON answer as a panel; a list as one panel per item.

    `width` is in columns, 80 if None. Raises RecursionError for values nested too deeply.
    """
    value = load(text)
    if not isinstance(value, dict):
        return harmless(inline(value)) + "\n"
    columns = width or _DEFAULT_WIDTH
    items = value.get("data")
    if value.get("object") != "list" or not isinstance(items, list):
        return _panel(value, columns, colour)
    shown = [_panel(i, columns, colour) if isinstance(i, dict) else inline(i) for i in items]
    if not items:
        shown.append("an empty list\n")
    if value.get("has_more") is True:
        shown.append(f"more items follow after {harmless(inline(value.get('last_id')))}\n")
    return "".join(shown)


def reply_panel(text: str, *, width: int | None, colour: bool) -> str:
    """The text of a reply as a panel; `width` as in `as_panels`."""
    columns = width or _DEFAULT_WIDTH
    shown = harmless(text).rstrip("\n")
    if columns < _NARROWEST:
        return f"reply\n{shown}\n"
    panel = Panel(Text(shown), title="reply", title_align="left", border_style="green")
    return _rendered(panel, columns, colour)


def _panel(value: dict[str, Any], columns: int, colour: bool) -> str:
    kind = harmless(inline(value.get("object", "answer")), lines=False).removeprefix("thread.")
    rows = list(_rows(value))
    if columns < _NARROWEST:
        lines = [f"{label}: {shown.plain}\n" for label, shown in rows]
        return "".join([f"{kind}\n", *lines])
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True, max_width=columns // 2)
    table.add_column(overflow="fold")
    for label, shown in rows:
        table.add_row(label, shown)
    status = value.get("status")
    border = "blue" if is_empty(status) else _status_style(status)
    return _rendered(
        Panel(table, title=Text(kind), title_align="left", border_style=border), columns, colour
    )


def _rendered(renderable: Panel, columns: int, colour: bool) -> str:
    out = io.StringIO()
    console = Console(
        file=out,
        width=columns,
        force_terminal=colour,
        no_color=not colour,
        color_system="standard" if colour else None,
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
    )
    console.print(renderable)
    return out.getvalue()


def _rows(value: dict[str, Any]) -> Iterator[tuple[str, Text]]:
    """Label and text of each field that is not empty, in the server's order."""
    for key, item in value.items():
        if key == "object" or is_empty(item):
            continue
        label = key.removesuffix("_at") if key in TIMES else key.removesuffix("_id")
        yield harmless(label, lines=False).replace("_", " "), _shown(key, item, value)


def _shown(key: str, item: Any, value: dict[str, Any]) -> Text:
    if key == "content" and value.get("object") == "thread.message":
        return Text(harmless(message_text(value)))
    style = {"status": _status_style(item), "last_error": "red"}.get(key, "")
    return Text(harmless(phrase(key, item)), style=style)


def _status_style(status: Any) -> str:
    return _STATUS_STYLES.get(str(status), "red")
