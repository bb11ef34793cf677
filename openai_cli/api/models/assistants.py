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
    """What making and changing an assistant have in common."""

    panel = "Assistant"

    description: Annotated[
        Annotated[Text, Field(max_length=512)] | None,
        Field(description="What it is for, in at most 512 characters."),
    ] = None
    instructions: Annotated[
        Annotated[Text, Field(max_length=256_000)] | None,
        Field(description="Its system message, in at most 256,000 characters."),
    ] = None
    metadata: Annotated[Metadata | None, kept_with("the assistant"), PAIRS] = None
    name: Annotated[
        Annotated[Text, Field(max_length=256)] | None,
        Field(description="Its name, in at most 256 characters."),
    ] = None
    reasoning_effort: ReasoningEffort = None
    response_format: ReplyFormat = None
    temperature: Temperature = None
    tool_resources: Annotated[
        ToolResources | None, Field(description="Files and vector stores its tools may use.")
    ] = None
    tools: Annotated[
        Annotated[list[Tool], Field(max_length=128)],
        Field(
            description="A tool it may use: code_interpreter, file_search, or an object. "
            "Repeatable, up to 128; takes a whole list too."
        ),
        PAIRS,
        TOOL_NOTE,
    ] = []
    top_p: TopP = None


class CreateAssistant(AssistantSettings):
    """`POST /assistants`."""

    model: Annotated[
        RequiredText,
        Field(description="The model it runs on; echo is the engine's offline one."),
        FlagNote(panel="Required"),
    ]


class RetrieveAssistant(RequestModel):
    """`GET /assistants/{assistant_id}`; also what deleting takes."""

    assistant_id: AssistantId


class UpdateAssistant(AssistantSettings):
    """`POST /assistants/{assistant_id}`."""

    assistant_id: AssistantId
    model: Annotated[RequiredText, Field(description="The model it runs on.")] = ""


class ListAssistants(PageQuery):
    """`GET /assistants`."""
