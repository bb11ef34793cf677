"""The `pretty` format of a stream: one line per event."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from openai_cli.output.json_layout import load
from openai_cli.output.phrases import calls, failure, inline, is_empty
from openai_cli.output.reply import delta_text
from openai_cli.output.terminal import harmless


def event_line(text: str, *, colour: bool) -> str:
    """One line: the event's name, then its id, status, reply text, function calls and error."""
    value = load(text)
    name = harmless(inline(value.get("event", "")), lines=False)
    data = value.get("data")
    parts = list(_parts(data)) if isinstance(data, dict) else [inline(data)]
    shown = [harmless(part, lines=False) for part in parts]
    return "  ".join([f"\x1b[1m{name}\x1b[0m" if colour else name, *shown]) + "\n"


def _parts(data: dict[str, Any]) -> Iterator[str]:
    for key in ("id", "status"):
        if not is_empty(data.get(key)):
            yield inline(data[key])
    if "delta" in data:
        words = delta_text(data)
        yield json.dumps(words, ensure_ascii=False) if words else inline(data["delta"])
    yield from calls(data.get("required_action"))
    if isinstance(data.get("last_error"), dict):
        yield failure(data["last_error"])
