"""Converts the history to input items.

Earlier answers of the same run are sent back as received, including reasoning and hosted tool
calls: the server stores nothing, and a reasoning model needs its reasoning to continue.
"""

from collections.abc import Iterator, Sequence
from itertools import islice

from openai_cli.engine.models.prompt import (
    Part,
    Prompt,
    PromptImageUrl,
    PromptMessage,
    PromptRefusal,
    PromptText,
    PromptToolCall,
    ToolTurn,
)
from openai_cli.engine.models.upstream.call_arguments import replayable
from openai_cli.engine.strict_json import JsonObject

_ANSWER = "answer"
_PROVIDER_FIELDS = ("phase",)
"""Fields to send back with a message in the same run."""
Entry = PromptMessage | ToolTurn


def kept_answer(items: Sequence[JsonObject]) -> JsonObject:
    """The output items of one answer, to be stored with the answer's last step."""
    return {"type": _ANSWER, "items": list(items)}


def has_text(item: JsonObject) -> bool:
    """Whether an output item has text, so that the thread has a message for it."""
    return item.get("type") == "message" and any(
        part.get("text") or part.get("refusal") for part in item.get("content") or ()
    )


def text_in(item: JsonObject) -> str:
    """The text of an output item."""
    parts = item.get("content") or ()
    return "".join(str(part.get("text") or part.get("refusal") or "") for part in parts)


def history(prompt: Prompt, *, reasoning: bool) -> list[JsonObject]:
    """The input items of a prompt, with or without the reasoning of earlier answers."""
    groups: list[list[JsonObject]] = []
    entries: list[Entry] = []
    for entry in prompt.history:
        entries.append(entry)
        items = _answer_items(entry)
        if items is None:
            groups.append(_items_of(entry))
            continue
        own = _entries_of(items)
        del groups[len(groups) - (own - 1) :]
        outputs = [one for entry in entries[-own:] for one in _outputs(entry)]
        groups.append([*_replayed(items, entries[-own:], reasoning=reasoning), *outputs])
    return [item for group in groups for item in group]


def _answer_items(entry: Entry) -> list[JsonObject] | None:
    for kept in entry.kept:
        if kept.get("type") == _ANSWER:
            items: list[JsonObject] = kept["items"]
            return items
    return None


def _entries_of(items: Sequence[JsonObject]) -> int:
    """How many entries of the history this answer produced."""
    calls = any(item["type"] == "function_call" for item in items)
    return max(1, sum(map(has_text, items)) + calls)


def _replayed(
    items: Sequence[JsonObject], entries: Sequence[Entry], *, reasoning: bool
) -> Iterator[JsonObject]:
    """The items of an answer as input; calls use the ids stored in the run."""
    calls = (call for entry in entries if isinstance(entry, ToolTurn) for call in entry.calls)
    for item in items:
        if item["type"] == "message":
            if has_text(item):
                yield _assistant([_part_of(part) for part in item.get("content") or ()], item)
        elif item["type"] == "function_call":
            yield from (_call(call) for call in islice(calls, 1))
        elif item["type"] != "reasoning" or (reasoning and item.get("encrypted_content")):
            yield {
                name: value
                for name, value in item.items()
                if value is not None and name != "status"
            }


def _part_of(part: JsonObject) -> Part:
    if part.get("type") == "refusal":
        return PromptRefusal(part.get("refusal") or "")
    return PromptText(part.get("text") or "")


def _items_of(entry: Entry) -> list[JsonObject]:
    if isinstance(entry, ToolTurn):
        return [_call(call) for call in entry.calls] + _outputs(entry)
    return [_assistant(entry.parts, {}) if entry.role == "assistant" else _user(entry)]


def _call(call: PromptToolCall) -> JsonObject:
    return {
        "type": "function_call",
        "call_id": call.call_id,
        "name": call.name,
        "arguments": replayable(call.arguments),
    }


def _outputs(entry: Entry) -> list[JsonObject]:
    if isinstance(entry, PromptMessage):
        return []
    return [
        {"type": "function_call_output", "call_id": call.call_id, "output": call.output}
        for call in entry.calls
    ]


def _assistant(parts: Sequence[Part], item: JsonObject) -> JsonObject:
    """An assistant message; a refusal as text, because some servers do not read lists of parts."""
    texts = (one.text for one in parts if isinstance(one, PromptText | PromptRefusal))
    phase = {name: item[name] for name in _PROVIDER_FIELDS if item.get(name)}
    return {"type": "message", "role": "assistant", "content": "\n".join(texts), **phase}


def _user(message: PromptMessage) -> JsonObject:
    """A user message; some servers ignore messages without `type`, and text in a list."""
    plain = all(isinstance(part, PromptText) for part in message.parts)
    content = message.text if plain else [_input(part) for part in message.parts]
    return {"type": "message", "role": "user", "content": content}


def _input(part: Part) -> JsonObject:
    if isinstance(part, PromptText | PromptRefusal):
        return {"type": "input_text", "text": part.text}
    where = (
        {"image_url": part.url} if isinstance(part, PromptImageUrl) else {"file_id": part.file_id}
    )
    # Input images require `detail`; `auto` is the default in the Assistants API.
    return {"type": "input_image", **where, "detail": part.detail or "auto"}
