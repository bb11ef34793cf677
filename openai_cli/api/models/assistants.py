"""Requests of `beta:assistants` (annotations not postponed: see `shared`)."""

from typing import Annotated

from pydantic import Field

from openai_cli.api.base import FlagNote, Metadata, RequestModel, RequiredText, Text
from openai_cli.api.models.page_query import PageQuery
from openai_cli.api.models.shared import (
    PAIRS,
    TOOL_NOTE,
    AssistantId,
    ReasoningEffort,
    ReplyFormat,
    Temperature,
    Tool,
    ToolResources,
    TopP,
    kept_with,
)


class AssistantSettings(RequestModel):
    """Fields that the requests to create and to change an assistant share."""

    panel = "Assistant"

    description: Annotated[
        Annotated[Text, Field(max_length=512)] | None,
        Field(description="What the assistant is for, up to 512 characters."),
    ] = None
    instructions: Annotated[
        Annotated[Text, Field(max_length=256_000)] | None,
        Field(description="The assistant's system message, up to 256,000 characters."),
    ] = None
    metadata: Annotated[Metadata | None, kept_with("the assistant"), PAIRS] = None
    name: Annotated[
        Annotated[Text, Field(max_length=256)] | None,
        Field(description="The assistant's name, up to 256 characters."),
    ] = None
    reasoning_effort: ReasoningEffort = None
    response_format: ReplyFormat = None
    temperature: Temperature = None
    tool_resources: Annotated[
        ToolResources | None, Field(description="Files and vector stores for its tools.")
    ] = None
    tools: Annotated[
        Annotated[list[Tool], Field(max_length=128)],
        Field(
            description="A tool of the assistant: code_interpreter, file_search, or an object. "
            "Repeatable, up to 128; also accepts a list."
        ),
        PAIRS,
        TOOL_NOTE,
    ] = []
    top_p: TopP = None


class CreateAssistant(AssistantSettings):
    """`POST /assistants`."""

    model: Annotated[
        RequiredText,
        Field(description="The assistant's model; echo is the engine's offline model."),
        FlagNote(panel="Required"),
    ]


class RetrieveAssistant(RequestModel):
    """`GET /assistants/{assistant_id}`; also the request to delete the assistant."""

    assistant_id: AssistantId


class UpdateAssistant(AssistantSettings):
    """`POST /assistants/{assistant_id}`."""

    assistant_id: AssistantId
    model: Annotated[RequiredText, Field(description="The assistant's model.")] = ""


class ListAssistants(PageQuery):
    """`GET /assistants`."""
