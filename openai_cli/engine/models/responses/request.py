"""Builds a Responses request. Only explicitly set fields are sent, never defaults."""

from collections.abc import Iterator

from openai_cli.engine.models.interface import Unsupported
from openai_cli.engine.models.prompt import ModelSettings, Prompt
from openai_cli.engine.models.responses.input_items import history
from openai_cli.engine.models.responses.quirks import NO_SEALED_REASONING, REASONING
from openai_cli.engine.models.truncation import messages_of
from openai_cli.engine.models.upstream.quirks import STRICT_ROLES, Quirks
from openai_cli.engine.models.upstream.strict_roles import alternating
from openai_cli.engine.models.upstream.tool_schemas import function_of, without_nulls
from openai_cli.engine.models.upstream.unsupported import assistant_images
from openai_cli.engine.strict_json import JsonObject


def refuse(prompt: Prompt) -> Iterator[Unsupported]:
    """Fields that a Responses request does not support."""
    for index, tool in enumerate(prompt.tools):
        if tool["type"] == "file_search" and not _stores(prompt):
            yield Unsupported(
                f"tools[{index}].type",
                "file_search",
                "without a vector store",
                of_hosted_tools=True,
            )
    for message in messages_of(prompt):
        yield from assistant_images(message)
        for index, attachment in enumerate(message.attachments):
            if "file_search" in attachment.tools:
                field = f"{message.field}.attachments[{index}].tools"
                yield Unsupported(
                    field, "file_search", "without a vector store for it", of_hosted_tools=True
                )


def body(prompt: Prompt, budget: int | None, quirks: Quirks) -> JsonObject:
    """The request body, adjusted to the server's known quirks."""
    reasoning = _has_functions(prompt) and NO_SEALED_REASONING.name not in quirks
    instructions, items = prompt.instructions, history(prompt, reasoning=reasoning)
    if STRICT_ROLES.name in quirks:
        instructions, items = "", alternating(items, instructions, "input_text")
    wanted: JsonObject = {
        "model": prompt.model,
        "input": items,
        "stream": True,
        "store": False,
        "instructions": instructions or None,
        "max_output_tokens": budget,
        "include": _include(prompt, reasoning=reasoning) or None,
        **_settings(prompt.settings),
        **_tools(prompt),
    }
    return without_nulls(wanted)


def _include(prompt: Prompt, *, reasoning: bool) -> list[str]:
    kinds = [tool["type"] for tool in prompt.tools]
    wanted = []
    if "file_search" in kinds and prompt.include:  # contents are the only supported value
        wanted.append("file_search_call.results")
    if "code_interpreter" in kinds:
        wanted.append("code_interpreter_call.outputs")
    # Only function calls continue the run, so only they need the reasoning again.
    return [*wanted, REASONING] if reasoning else wanted


def _settings(settings: ModelSettings) -> JsonObject:
    effort, format_ = settings.reasoning_effort, _format(settings.response_format)
    return {
        "temperature": settings.temperature,
        "top_p": settings.top_p,
        "reasoning": {"effort": effort} if effort is not None else None,
        "text": {"format": format_} if format_ is not None else None,
        "truncation": _truncation(settings),
    }


def _truncation(settings: ModelSettings) -> str | None:
    if settings.truncation is None:
        return None
    return "auto" if settings.truncation.type == "auto" else "disabled"


def _format(wanted: str | JsonObject | None) -> JsonObject | None:
    if wanted is None or isinstance(wanted, str):
        return None
    if wanted["type"] != "json_schema":
        return {"type": wanted["type"]}
    return {"type": "json_schema", **without_nulls(wanted["json_schema"])}


def _tools(prompt: Prompt) -> JsonObject:
    if not prompt.tools:
        return {}
    return {
        "tools": [_tool(prompt, tool) for tool in prompt.tools],
        "tool_choice": _choice(prompt.settings.tool_choice),
        "parallel_tool_calls": prompt.settings.parallel_tool_calls,
    }


def _choice(choice: str | JsonObject | None) -> str | JsonObject | None:
    if choice is None or isinstance(choice, str):
        return choice
    if choice["type"] == "function":
        return {"type": "function", "name": choice["function"]["name"]}
    return {"type": choice["type"]}


def _tool(prompt: Prompt, tool: JsonObject) -> JsonObject:
    if tool["type"] == "code_interpreter":
        files = _files(prompt)
        container = {"type": "auto", "file_ids": files} if files else {"type": "auto"}
        return {"type": "code_interpreter", "container": container}
    if tool["type"] == "file_search":
        return _file_search(tool.get("file_search") or {}, _stores(prompt))
    # `strict` is required: without it, the API would make every schema strict.
    return {"type": "function", "strict": False, **function_of(tool)}


def _file_search(options: JsonObject, stores: list[str]) -> JsonObject:
    wanted: JsonObject = {"type": "file_search", "vector_store_ids": stores}
    if options.get("max_num_results") is not None:
        wanted["max_num_results"] = options["max_num_results"]
    if options.get("ranking_options") is not None:
        ranking = dict(options["ranking_options"])
        if "ranker" in ranking:
            # The Responses API does not have the Assistants API's ranker.
            ranking["ranker"] = "auto"
        wanted["ranking_options"] = ranking
    return wanted


def _files(prompt: Prompt) -> list[str]:
    given = prompt.tool_resources.get("code_interpreter", {}).get("file_ids", [])
    attached = [
        attachment.file_id
        for message in messages_of(prompt)
        for attachment in message.attachments
        if "code_interpreter" in attachment.tools
    ]
    return list(dict.fromkeys([*given, *attached]))


def _stores(prompt: Prompt) -> list[str]:
    return list(prompt.tool_resources.get("file_search", {}).get("vector_store_ids", []))


def _has_functions(prompt: Prompt) -> bool:
    return any(tool["type"] == "function" for tool in prompt.tools)
