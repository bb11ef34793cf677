"""A turn as a Chat Completions request. Only what was set is sent, never a default."""

from collections.abc import Iterable, Iterator, Sequence

from openai_cli.engine.models.interface import Unsupported
from openai_cli.engine.models.prompt import (
    ModelSettings,
    Part,
    Prompt,
    PromptImageFile,
    PromptImageUrl,
    PromptMessage,
    PromptRefusal,
    PromptText,
    PromptToolCall,
    ToolTurn,
)
from openai_cli.engine.models.truncation import messages_of
from openai_cli.engine.models.upstream.unsupported import assistant_images, content_field
from openai_cli.engine.strict_json import JsonObject

SPOKEN = {"type": "spoken"}
"""Kept with the calls of an answer that had text before them: the two are sent as one message."""


def refuse(turn: Prompt) -> Iterator[Unsupported]:
    """What a Chat Completions request cannot carry."""
    for index, tool in enumerate(turn.tools):
        if tool["type"] != "function":
            yield Unsupported(f"tools[{index}].type", tool["type"])
    choice = turn.settings.tool_choice
    if isinstance(choice, dict) and choice["type"] != "function":
        yield Unsupported("tool_choice.type", choice["type"])
    for message in messages_of(turn):
        if message.attachments:
            yield Unsupported(f"{message.field}.attachments")
        yield from assistant_images(message)
        for index, part in enumerate(message.parts):
            if isinstance(part, PromptImageFile) and message.role == "user":
                yield Unsupported(content_field(message, index), "image_file")


def body(turn: Prompt, budget: int | None, without: Iterable[str]) -> JsonObject:
    """The request; `without` names fields that the server would not take."""
    wanted: JsonObject = {
        "model": turn.model,
        "messages": _messages(turn),
        "stream": True,
        **_settings(turn.settings),
        **_tools(turn),
    }
    if "stream_options" not in without:
        wanted["stream_options"] = {"include_usage": True}
    if budget is not None:
        older = "max_completion_tokens" in without
        wanted["max_tokens" if older else "max_completion_tokens"] = budget
    return wanted


def _settings(settings: ModelSettings) -> JsonObject:
    wanted = {
        "temperature": settings.temperature,
        "top_p": settings.top_p,
        "reasoning_effort": settings.reasoning_effort,
        "response_format": None if settings.response_format == "auto" else settings.response_format,
    }
    return {name: value for name, value in wanted.items() if value is not None}


def _tools(turn: Prompt) -> JsonObject:
    if not turn.tools:
        return {}
    wanted = {
        "tools": list(turn.tools),
        "tool_choice": turn.settings.tool_choice,
        "parallel_tool_calls": turn.settings.parallel_tool_calls,
    }
    return {name: value for name, value in wanted.items() if value is not None}


def _messages(turn: Prompt) -> list[JsonObject]:
    found: list[JsonObject] = []
    if turn.instructions:
        found.append({"role": "system", "content": turn.instructions})
    for entry in turn.history:
        if isinstance(entry, PromptMessage):
            found.append(_user(entry) if entry.role == "user" else _assistant(entry))
            continue
        if SPOKEN in entry.kept and found and found[-1]["role"] == "assistant":
            found[-1]["tool_calls"] = _calls(entry.calls)
        else:
            calls = _calls(entry.calls)
            found.append({"role": "assistant", "content": None, "tool_calls": calls})
        found.extend(_outputs(entry))
    return found


def _user(message: PromptMessage) -> JsonObject:
    if all(isinstance(part, PromptText) for part in message.parts):
        return {"role": "user", "content": message.text}
    return {"role": "user", "content": [_part(part) for part in message.parts]}


def _part(part: Part) -> JsonObject:
    if isinstance(part, PromptImageUrl):
        image = {"url": part.url}
        return {
            "type": "image_url",
            "image_url": image | ({"detail": part.detail} if part.detail else {}),
        }
    if isinstance(part, PromptText | PromptRefusal):
        return {"type": "text", "text": part.text}
    raise TypeError(f"refused before: {type(part).__name__}")


def _assistant(message: PromptMessage) -> JsonObject:
    refusals = [part.text for part in message.parts if isinstance(part, PromptRefusal)]
    if not refusals:
        return {"role": "assistant", "content": message.text}
    return {"role": "assistant", "content": message.text or None, "refusal": "\n".join(refusals)}


def _calls(calls: Sequence[PromptToolCall]) -> list[JsonObject]:
    # Servers read the arguments of old calls as JSON, and an empty text is none.
    return [
        {
            "id": call.call_id,
            "type": "function",
            "function": {"name": call.name, "arguments": call.arguments or "{}"},
        }
        for call in calls
    ]


def _outputs(turn: ToolTurn) -> list[JsonObject]:
    return [
        {"role": "tool", "tool_call_id": call.call_id, "content": call.output}
        for call in turn.calls
    ]
