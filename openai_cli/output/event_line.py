"""The `pretty` format of a stream: a line for each event."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from openai_cli.output.json_layout import load
from openai_cli.output.phrases import calls, failure, inline, is_empty
from openai_cli.output.reply import delta_text
from openai_cli.output.terminal import harmless


def event_line(text: str, *, colour: bool) -> str:
    """The event's name, then what it tells: id, status, words of the reply, what went wrong."""
    value = load(text)
    name = harmless(inline(value.get("event", "")), lines=False)
    data = value.get("data")
    told = list(_told(data)) if isinstance(data, dict) else [inline(data)]
    words = [harmless(word, lines=False) for word in told]
    return "  ".join([f"\x1b[1m{name}\x1b[0m" if colour else name, *words]) + "\n"


def _told(data: dict[str, Any]) -> Iterator[str]:
    for key in ("id", "status"):
        if not is_empty(data.get(key)):
            yield inline(data[key])
    if "delta" in data:
        words = delta_text(data)
        yield json.dumps(words, ensure_ascii=False) if words else inline(data["delta"])
    yield from calls(data.get("required_action"))
    if isinstance(data.get("last_error"), dict):
        yield failure(data["last_error"])
