"""Short readable texts for values of an answer, for the `pretty` format."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from openai_cli.output.json_layout import Number

TIMES = frozenset(
    f"{what}_at"
    for what in ("created", "started", "completed", "cancelled", "failed", "expires", "expired")
) | {"incomplete_at"}


def phrase(key: str, value: Any) -> str:
    """A field's value as readable text; numbers keep their spelling."""
    if key in TIMES:
        return moment(value)
    if key == "usage" and isinstance(value, dict):
        return ", ".join(
            _count(name, count) for name, count in value.items() if not isinstance(count, dict)
        )
    if key == "last_error" and isinstance(value, dict):
        return failure(value)
    if key == "tools" and isinstance(value, list):
        return ", ".join(map(tool, value))
    if key == "required_action":
        return ", ".join(calls(value)) or inline(value)
    return inline(value)


def _count(name: str, count: Any) -> str:
    what = name.removesuffix("_tokens").replace("_", " ")
    return what if count is True else f"{inline(count)} {what}"


def inline(value: Any) -> str:
    """Any value on one line: strings unquoted, objects as `key: value, …` without empty values."""
    if isinstance(value, dict):
        pairs = ((key, item) for key, item in value.items() if not is_empty(item))
        return ", ".join(f"{key}: {_nested(item)}" for key, item in pairs)
    if isinstance(value, list):
        return ", ".join(map(_nested, value))
    if isinstance(value, str):
        return str(value)
    words = {None: "null", True: "true", False: "false"}
    return words[value] if value is None or isinstance(value, bool) else str(value)


def _nested(value: Any) -> str:
    text = inline(value)
    if isinstance(value, dict):
        return "{" + text + "}"
    return f"[{text}]" if isinstance(value, list) else text


def is_empty(value: Any) -> bool:
    """Whether the value shows nothing."""
    return value is None or (isinstance(value, str | list | dict) and not value)


def moment(value: Any) -> str:
    """A Unix time as local date and time; above 1e11 it is read as milliseconds."""
    if not isinstance(value, Number):
        return inline(value)
    try:
        seconds = float(value)
        time = datetime.fromtimestamp(seconds / 1000 if seconds > 1e11 else seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return str(value)
    return time.astimezone().strftime("%Y-%m-%d %H:%M:%S")


def failure(error: dict[str, Any]) -> str:
    """`code: message` of a run's error."""
    parts = (error.get("code"), error.get("message"))
    return ": ".join(inline(part) for part in parts if not is_empty(part))


def tool(value: Any) -> str:
    """A tool's type, and the name if it is a function."""
    if not isinstance(value, dict):
        return inline(value)
    function = value.get("function")
    name = function.get("name") if isinstance(function, dict) else None
    return " ".join(inline(word) for word in (value.get("type"), name) if not is_empty(word))


def functions(action: Any) -> list[dict[str, Any]]:
    """The function calls in a run's `required_action`, each with `name` and `arguments`."""
    outputs = action.get("submit_tool_outputs") if isinstance(action, dict) else None
    found = outputs.get("tool_calls") if isinstance(outputs, dict) else None
    return [
        call["function"]
        for call in (found if isinstance(found, list) else ())
        if isinstance(call, dict) and isinstance(call.get("function"), dict)
    ]


def calls(action: Any) -> list[str]:
    """The function calls a run waits for, as `name(arguments)`."""
    return [
        f"{inline(function.get('name'))}({inline(function.get('arguments', ''))})"
        for function in functions(action)
    ]
