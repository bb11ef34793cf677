"""Messages for chat templates that require two alternating roles.

Some templates refuse a system message, two messages of one role, or an assistant's message at the
beginning. For them, the messages are merged.
"""

from collections.abc import Sequence
from typing import Any

from openai_cli.engine.strict_json import JsonObject

LEFT_OUT = "(Earlier messages are left out.)"
"""The user message before an assistant message that would come first."""


def alternating(messages: Sequence[JsonObject], system: str, text_type: str) -> list[JsonObject]:
    """The messages, with consecutive ones of a role merged; the first user message has `system`.

    Items without a role (of the Responses API) and outputs of calls are unchanged.

    Args:
        messages: `role` and `content`, in the shape of the API.
        system: the instructions; may be empty.
        text_type: the `type` of a text part, where the content is a list.
    """
    first = next((one.get("role") for one in messages if "role" in one), None)
    opening = system or (LEFT_OUT if first == "assistant" else "")
    merged: list[JsonObject] = [{"role": "user", "content": opening}] if opening else []
    if merged and any(message.get("type") == "message" for message in messages):
        merged[0]["type"] = "message"
    for message in messages:
        last = merged[-1] if merged else {}
        if _are_one(last, message):
            content = _joined(last["content"], message["content"], text_type)
            merged[-1] = {**last, **message, "content": content}
        else:
            merged.append(message)
    return merged


def _are_one(last: JsonObject, message: JsonObject) -> bool:
    role = message.get("role")
    return role in ("user", "assistant") and role == last.get("role") and "tool_calls" not in last


def _joined(first: Any, second: Any, text_type: str) -> Any:
    if isinstance(first, str) and isinstance(second, str):
        return "\n\n".join(text for text in (first, second) if text)
    return _parts(first, text_type) + _parts(second, text_type)


def _parts(content: Any, text_type: str) -> list[Any]:
    if isinstance(content, str):
        return [{"type": text_type, "text": content}] if content else []
    return list(content)
