"""Builds a Chat Completions request. Only explicitly set fields are sent, never defaults."""

from collections.abc import Iterator

from openai_cli.engine.models.chat import provider_fields
from openai_cli.engine.models.chat.quirks import (
    NO_EMPTY_TEXT,
    NO_PROVIDER_FIELDS,
    NO_STREAM_OPTIONS,
    OLDER_BUDGET,
)
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
    ToolTurn,
)
from openai_cli.engine.models.truncation import messages_of
from openai_cli.engine.models.upstream.call_arguments import replayable
from openai_cli.engine.models.upstream.quirks import STRICT_ROLES, Quirks
from openai_cli.engine.models.upstream.strict_roles import alternating
from openai_cli.engine.models.upstream.tool_schemas import function_of, without_nulls
from openai_cli.engine.models.upstream.unsupported import assistant_images, content_field
from openai_cli.engine.strict_json import JsonObject

SPOKEN = {"type": "spoken"}
"""Stored with calls that followed a text in the same answer: both are sent as one message."""


def refuse(prompt: Prompt) -> Iterator[Unsupported]:
    """Fields that a Chat Completions request does not support."""
    for index, tool in enumerate(prompt.tools):
        if tool["type"] != "function":
            yield Unsupported(f"tools[{index}].type", tool["type"], of_hosted_tools=True)
    choice = prompt.settings.tool_choice
    if isinstance(choice, dict) and choice["type"] != "function":
        yield Unsupported("tool_choice.type", choice["type"], of_hosted_tools=True)
    for message in messages_of(prompt):
        if message.attachments:
            yield Unsupported(f"{message.field}.attachments", of_hosted_tools=True)
        yield from assistant_images(message)
        for index, part in enumerate(message.parts):
            if isinstance(part, PromptImageFile) and message.role == "user":
                yield Unsupported(content_field(message, index), "image_file")


def body(prompt: Prompt, budget: int | None, quirks: Quirks) -> JsonObject:
    """The request body, adjusted to the server's known quirks."""
    wanted: JsonObject = {
        "model": prompt.model,
        "messages": _messages(prompt, quirks),
        "stream": True,
        **_settings(prompt.settings),
        **_tools(prompt),
    }
    if NO_STREAM_OPTIONS.name not in quirks:
        wanted["stream_options"] = {"include_usage": True}
    if budget is not None:
        older = OLDER_BUDGET.name in quirks
        wanted["max_tokens" if older else "max_completion_tokens"] = budget
    return wanted


def _settings(settings: ModelSettings) -> JsonObject:
    wanted = {
        "temperature": settings.temperature,
        "top_p": settings.top_p,
        "reasoning_effort": settings.reasoning_effort,
        "response_format": _format(settings.response_format),
    }
    return without_nulls(wanted)


def _format(wanted: str | JsonObject | None) -> JsonObject | None:
    if wanted is None or isinstance(wanted, str):
        return None
    if wanted["type"] != "json_schema":
        return wanted
    return {**wanted, "json_schema": without_nulls(wanted["json_schema"])}


def _tools(prompt: Prompt) -> JsonObject:
    if not prompt.tools:
        return {}
    wanted = {
        "tools": [{"type": "function", "function": function_of(tool)} for tool in prompt.tools],
        "tool_choice": prompt.settings.tool_choice,
        "parallel_tool_calls": prompt.settings.parallel_tool_calls,
    }
    return without_nulls(wanted)


def _messages(prompt: Prompt, quirks: Quirks) -> list[JsonObject]:
    found: list[JsonObject] = []
    for entry in prompt.history:
        if isinstance(entry, PromptMessage):
            found.append(_user(entry) if entry.role == "user" else _assistant(entry))
            continue
        calling = _calling(entry, quirks)
        if SPOKEN in entry.kept and found and found[-1]["role"] == "assistant":
            found[-1] = {**calling, "content": found[-1]["content"]}
        else:
            found.append(calling)
        found.extend(_outputs(entry))
    if STRICT_ROLES.name in quirks:
        return alternating(found, prompt.instructions, "text")
    if prompt.instructions:
        found.insert(0, {"role": "system", "content": prompt.instructions})
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
    # A refusal is sent as text: few servers know the field, and others would see no text.
    texts = (one.text for one in message.parts if isinstance(one, PromptText | PromptRefusal))
    return {"role": "assistant", "content": "\n".join(texts)}


def _calling(turn: ToolTurn, quirks: Quirks) -> JsonObject:
    """The assistant message with calls; its text is empty, as servers refuse null or no text."""
    keeps = NO_PROVIDER_FIELDS.name not in quirks
    return {
        "role": "assistant",
        "content": None if NO_EMPTY_TEXT.name in quirks else "",
        **(provider_fields.of_message(turn) if keeps else {}),
        "tool_calls": [
            {
                "id": call.call_id,
                "type": "function",
                **(provider_fields.of_call(turn, call.call_id) if keeps else {}),
                "function": {"name": call.name, "arguments": replayable(call.arguments)},
            }
            for call in turn.calls
        ],
    }


def _outputs(turn: ToolTurn) -> list[JsonObject]:
    return [
        {"role": "tool", "tool_call_id": call.call_id, "content": call.output}
        for call in turn.calls
    ]
