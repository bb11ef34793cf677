"""The `pretty` format: an answer as a panel a person can take in at a glance."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from openai_cli.output.terminal import harmless

_STATUS_STYLES = {
    "completed": "green",
    "queued": "yellow",
    "in_progress": "yellow",
    "requires_action": "magenta",
    "cancelling": "yellow",
}
_TIMES = ("created_at", "started_at", "completed_at", "cancelled_at", "failed_at", "expires_at")


def as_panel(text: str, *, width: int | None, colour: bool) -> str:
    """A JSON answer as a panel, `width` columns wide (80 where no terminal says otherwise)."""
    value = json.loads(text)
    if not isinstance(value, dict):
        return harmless(value if isinstance(value, str) else text) + "\n"
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for label, shown in _rows(value):
        table.add_row(label, shown)
    status = str(value.get("status", ""))
    border = _STATUS_STYLES.get(status, "red" if status else "blue")
    title = Text(harmless(str(value.get("object", "answer")).removeprefix("thread.")))
    panel = Panel(table, title=title, title_align="left", border_style=border)
    return _rendered(panel, width, colour)


def event_line(text: str, *, colour: bool) -> str:
    """One event of a stream on one line: its name, and the id and status it speaks of."""
    value = json.loads(text)
    data = value.get("data")
    facts = data if isinstance(data, dict) else {}
    words = [str(facts[key]) for key in ("id", "status") if facts.get(key)]
    line = Text(harmless(str(value.get("event", ""))), style="bold")
    line.append(harmless("  " + "  ".join(words)), style="not bold")
    return _rendered(line, None, colour)


def _rendered(renderable: Any, width: int | None, colour: bool) -> str:
    out = io.StringIO()
    console = Console(
        file=out,
        width=width or 80,
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
    for key, item in value.items():
        if key == "object" or item in (None, [], {}, ""):
            continue
        label = key.removesuffix("_id").replace("_", " ")
        if key in _TIMES:
            label = key.removesuffix("_at")
        yield harmless(label), _shown(key, item)


def _shown(key: str, item: Any) -> Text:
    if key == "status":
        return Text(harmless(str(item)), style=_STATUS_STYLES.get(str(item), "red"))
    if key in _TIMES:
        return Text(_time(item))
    if key == "usage" and isinstance(item, dict):
        counts = [f"{item.get(name, '?')} {name.partition('_')[0]}" for name in item]
        return Text(harmless(", ".join(counts)))
    if key == "last_error" and isinstance(item, dict):
        return Text(harmless(f"{item.get('code', '')}: {item.get('message', '')}"), style="red")
    if key == "tools" and isinstance(item, list):
        return Text(harmless(", ".join(_tool(tool) for tool in item)))
    if isinstance(item, str):
        return Text(harmless(item))
    return Text(harmless(json.dumps(item, ensure_ascii=False)))


def _tool(tool: Any) -> str:
    if not isinstance(tool, dict):
        return str(tool)
    function = tool.get("function")
    name = function.get("name") if isinstance(function, dict) else None
    return f"{tool.get('type')} {name}" if name else str(tool.get("type"))


def _time(item: Any) -> str:
    """A Unix time in seconds, or milliseconds as some servers send them."""
    try:
        seconds = float(item)
        moment = datetime.fromtimestamp(seconds / 1000 if seconds > 1e11 else seconds, UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return harmless(str(item))
    return moment.astimezone().strftime("%Y-%m-%d %H:%M:%S")
