"""Reads fields of server answers without trusting their types."""

from typing import Any

from openai_cli.engine.models.model_events import UsageReported
from openai_cli.engine.strict_json import JsonObject


def text_of(value: Any) -> str:
    """The value if it is text, else an empty text."""
    return value if isinstance(value, str) else ""


def objects_of(value: Any) -> list[JsonObject]:
    """The objects in the value if it is a list, else an empty list."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def usage_of(value: Any, prompt: str, completion: str) -> UsageReported | None:
    """Token counts under these two names; the total is added up if it is missing."""
    if not isinstance(value, dict):
        return None
    asked, said, total = value.get(prompt), value.get(completion), value.get("total_tokens")
    if not isinstance(asked, int) or not isinstance(said, int):
        return None
    return UsageReported(asked, said, total if isinstance(total, int) else asked + said)
