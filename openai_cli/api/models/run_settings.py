"""Fields that all requests to start a run share (annotations not postponed: see `shared`).

A separate module, so that one command does not build the models of all others.
"""

from typing import Annotated

from pydantic import Field

from openai_cli.api.base import (
    FlagNote,
    Integer,
    Metadata,
    RequestModel,
    RequiredText,
    ServerRule,
    Text,
)
from openai_cli.api.models.shared import (
    PAIRS,
    TOOL_NOTE,
    ReplyFormat,
    Temperature,
    Tool,
    ToolChoice,
    TopP,
    TruncationStrategy,
    kept_with,
)


class RunSettings(RequestModel):
    """Fields that all requests to start a run share."""

    assistant_id: Annotated[
        RequiredText,
        Field(description="The assistant to run."),
        FlagNote(panel="Required", metavar="ID"),
    ]
    instructions: Annotated[
        Text | None,
        Field(description="System message for this run, instead of the assistant's."),
        ServerRule(longest=256_000),
    ] = None
    max_completion_tokens: Annotated[
        Integer | None,
        Field(description="Limit of completion tokens; a run that exceeds it ends as incomplete."),
        ServerRule(least=256),
    ] = None
    max_prompt_tokens: Annotated[
        Integer | None,
        Field(description="Limit of prompt tokens; a run that exceeds it ends as incomplete."),
        ServerRule(least=256),
    ] = None
    metadata: Annotated[
        Metadata | None,
        kept_with("the run"),
        PAIRS,
    ] = None
    model: Annotated[
        Text | None,
        Field(description="Model for this run, instead of the assistant's."),
    ] = None
    parallel_tool_calls: Annotated[
        bool,
        Field(description="Whether the model may call several functions in one turn."),
    ] = True
    response_format: ReplyFormat = None
    temperature: Temperature = None
    tool_choice: Annotated[
        ToolChoice | None,
        Field(
            description="none, auto, required, or the tool to use: {type: file_search}, "
            "{type: function, function: {name: NAME}}."
        ),
        FlagNote(metavar="CHOICE", words=("none", "auto", "required")),
    ] = None
    tools: Annotated[
        list[Tool] | None,
        Field(
            description="A tool for this run, instead of the assistant's: code_interpreter, "
            "file_search, or an object. Repeatable; also accepts a list."
        ),
        ServerRule(longest=20),
        TOOL_NOTE,
    ] = None
    top_p: TopP = None
    truncation_strategy: Annotated[
        TruncationStrategy | None,
        Field(description="Which messages the model sees: {type, last_messages}."),
    ] = None
    stream: Annotated[
        bool | None,
        Field(description="Print events as they arrive; --stream alone means true."),
    ] = None
