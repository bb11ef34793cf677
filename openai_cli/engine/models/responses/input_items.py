"""The history as input items.

Answers that this run has had already are given back as they came, reasoning and hosted tool calls
included: the server stores nothing, and a reasoning model goes on badly without its reasoning.
"""

from collections.abc import Sequence

from openai_cli.engine.models.prompt import (
    Part,
    Prompt,
    PromptImageUrl,
    PromptMessage,
    PromptRefusal,
    PromptText,
    ToolTurn,
)
from openai_cli.engine.strict_json import JsonObject

_ANSWER = "answer"
Entry = PromptMessage | ToolTurn


def kept_answer(items: Sequence[JsonObject]) -> JsonObject:
    """The output items of one answer, to be kept with the last step that it made."""
    return {"type": _ANSWER, "items": list(items)}


def has_text(item: JsonObject) -> bool:
    """Whether an output item became a message of the thread."""
    return item.get("type") == "message" and any(
        part.get("text") or part.get("refusal") for part in item.get("content") or ()
    )


def history(turn: Prompt, *, reasoning: bool) -> list[JsonObject]:
    """The input items of a turn, with or without the reasoning of earlier answers."""
    groups: list[list[JsonObject]] = []
    entries: list[Entry] = []
    for entry in turn.history:
        entries.append(entry)
        items = _answer_items(entry)
        if items is None:
            groups.append(_told(entry))
            continue
        own = _entries_of(items)
        del groups[len(groups) - (own - 1) :]
        outputs = [one for entry in entries[-own:] for one in _outputs(entry)]
        items = _with_stored_ids(items, entries[-own:])
        replayed = (_replayed(item) for item in items if reasoning or item["type"] != "reasoning")
        groups.append([one for one in replayed if one] + outputs)
    return [item for group in groups for item in group]


def _answer_items(entry: Entry) -> list[JsonObject] | None:
    for kept in entry.kept:
        if kept.get("type") == _ANSWER:
            items: list[JsonObject] = kept["items"]
            return items
    return None


def _with_stored_ids(items: Sequence[JsonObject], entries: Sequence[Entry]) -> list[JsonObject]:
    """The items, with calls under the ids of their outputs: the engine may have given new ones."""
    calls = (call for entry in entries if isinstance(entry, ToolTurn) for call in entry.calls)
    return [
        {**item, "call_id": call.call_id}
        if item["type"] == "function_call" and (call := next(calls, None))
        else item
        for item in items
    ]


def _entries_of(items: Sequence[JsonObject]) -> int:
    """How many entries of the history came from this answer."""
    calls = any(item["type"] == "function_call" for item in items)
    return max(1, sum(map(has_text, items)) + calls)


def _replayed(item: JsonObject) -> JsonObject | None:
    if item["type"] == "message":
        return _assistant([_part_of(part) for part in item.get("content") or ()])
    if item["type"] == "function_call":
        return _call(item["call_id"], item["name"], item["arguments"])
    if item["type"] == "reasoning" and not item.get("encrypted_content"):
        return None
    return {name: value for name, value in item.items() if value is not None and name != "status"}


def _part_of(part: JsonObject) -> Part:
    if part.get("type") == "refusal":
        return PromptRefusal(part.get("refusal") or "")
    return PromptText(part.get("text") or "")


def _told(entry: Entry) -> list[JsonObject]:
    if isinstance(entry, ToolTurn):
        calls = [_call(call.call_id, call.name, call.arguments) for call in entry.calls]
        return calls + _outputs(entry)
    if entry.role == "assistant":
        return [_assistant(entry.parts)]
    return [{"role": "user", "content": [_input(part) for part in entry.parts]}]


def _call(call_id: str, name: str, arguments: str) -> JsonObject:
    return {"type": "function_call", "call_id": call_id, "name": name, "arguments": arguments}


def _outputs(entry: Entry) -> list[JsonObject]:
    if isinstance(entry, PromptMessage):
        return []
    return [
        {"type": "function_call_output", "call_id": call.call_id, "output": call.output}
        for call in entry.calls
    ]


def _assistant(parts: Sequence[Part]) -> JsonObject:
    if len(parts) == 1 and isinstance(parts[0], PromptText):
        return {"role": "assistant", "content": parts[0].text}
    return {"role": "assistant", "content": [_output(part) for part in parts]}


def _output(part: Part) -> JsonObject:
    if isinstance(part, PromptRefusal):
        return {"type": "refusal", "refusal": part.text}
    if isinstance(part, PromptText):
        return {"type": "output_text", "text": part.text}
    raise TypeError(f"refused before: {type(part).__name__}")


def _input(part: Part) -> JsonObject:
    if isinstance(part, PromptText | PromptRefusal):
        return {"type": "input_text", "text": part.text}
    where = (
        {"image_url": part.url} if isinstance(part, PromptImageUrl) else {"file_id": part.file_id}
    )
    # The key is required in an input image; `auto` is what leaving it out means.
    return {"type": "input_image", **where, "detail": part.detail or "auto"}
