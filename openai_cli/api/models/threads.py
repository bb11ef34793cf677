"""Requests of `beta:threads` (annotations not postponed: see `shared`)."""

from typing import Annotated

from pydantic import Field

from openai_cli.api.base import (
    ExtraFlag,
    FlagNote,
    Integer,
    Metadata,
    Number,
    RequestModel,
    RequiredText,
    Text,
)
from openai_cli.api.models.shared import (
    TOOL_NOTE,
    Message,
    ResponseFormat,
    Tool,
    ToolChoice,
    ToolResources,
    TruncationStrategy,
    message_of_text,
)

MESSAGE_FLAG = ExtraFlag(
    FlagNote(name="message", panel="Thread", metavar="TEXT", word=message_of_text, any_text=True),
    "A message that starts the thread: a text the user says, or an object {role, content, …}. "
    "Repeatable; short for --thread.messages.",
)


class NewThread(RequestModel):
    """The thread to be made."""

    messages: Annotated[
        list[Message],
        Field(description="Messages that start the thread, one object a flag or a whole list."),
        FlagNote(panel="Thread", metavar="MESSAGE"),
        MESSAGE_FLAG,
    ] = []
    metadata: Annotated[
        Metadata | None,
        Field(description="Up to 16 pairs kept with the thread: {key: text}, or key=value."),
        FlagNote(panel="Thread", pairs=True),
    ] = None
    tool_resources: Annotated[
        ToolResources | None,
        Field(description="Files and vector stores that tools may use in this thread."),
        FlagNote(panel="Thread"),
    ] = None


class CreateThreadAndRun(RequestModel):
    """`POST /threads/runs`: make a thread and run an assistant on it."""

    assistant_id: Annotated[
        RequiredText,
        Field(description="The assistant that does the run."),
        FlagNote(panel="Required", metavar="ID"),
    ]
    instructions: Annotated[
        Text | None,
        Field(description="System message for this run, in place of the assistant's."),
        FlagNote(panel="Run"),
    ] = None
    max_completion_tokens: Annotated[
        Integer | None,
        Field(description="Budget of completion tokens; past it the run ends as incomplete."),
        FlagNote(panel="Run"),
    ] = None
    max_prompt_tokens: Annotated[
        Integer | None,
        Field(description="Budget of prompt tokens; past it the run ends as incomplete."),
        FlagNote(panel="Run"),
    ] = None
    metadata: Annotated[
        Metadata | None,
        Field(description="Up to 16 pairs kept with the run: {key: text}, or key=value."),
        FlagNote(panel="Run", pairs=True),
    ] = None
    model: Annotated[
        Text | None,
        Field(description="Model for this run, in place of the assistant's."),
        FlagNote(panel="Run"),
    ] = None
    parallel_tool_calls: Annotated[
        bool,
        Field(description="Whether the model may ask for several functions in one turn."),
        FlagNote(panel="Run"),
    ] = True
    response_format: Annotated[
        ResponseFormat | None,
        Field(
            description="Shape of the reply: auto, {type: text}, {type: json_object}, or "
            "{type: json_schema, json_schema: {name, schema, …}}."
        ),
        FlagNote(panel="Run", metavar="FORMAT", words=("auto",)),
    ] = None
    temperature: Annotated[
        Annotated[Number, Field(ge=0, le=2)] | None,
        Field(description="Sampling temperature, 0 to 2: low is focused, high is varied."),
        FlagNote(panel="Run"),
    ] = None
    thread: Annotated[
        NewThread | None,
        Field(description="The thread to make: {messages, metadata, tool_resources}."),
        FlagNote(panel="Thread"),
    ] = None
    tool_choice: Annotated[
        ToolChoice | None,
        Field(
            description="none, auto, required, or the tool to use: {type: file_search}, "
            "{type: function, function: {name: NAME}}."
        ),
        FlagNote(panel="Run", metavar="CHOICE", words=("none", "auto", "required")),
    ] = None
    tool_resources: Annotated[
        ToolResources | None,
        Field(description="Files and vector stores that tools may use in this run."),
        FlagNote(panel="Run"),
    ] = None
    tools: Annotated[
        list[Tool] | None,
        Field(
            description="A tool for this run, in place of the assistant's: code_interpreter, "
            "file_search, or an object. Repeatable; takes a whole list too."
        ),
        TOOL_NOTE,
    ] = None
    top_p: Annotated[
        Annotated[Number, Field(ge=0, le=1)] | None,
        Field(description="Nucleus sampling, 0 to 1: the share of probability to draw from."),
        FlagNote(panel="Run"),
    ] = None
    truncation_strategy: Annotated[
        TruncationStrategy | None,
        Field(description="Which messages the model sees: {type, last_messages}."),
        FlagNote(panel="Run"),
    ] = None
    stream: Annotated[
        bool | None,
        Field(description="Print events as they happen; bare means true."),
        FlagNote(panel="Run"),
    ] = None


class RetrieveRun(RequestModel):
    """`GET /threads/{thread_id}/runs/{run_id}`."""

    thread_id: Annotated[
        RequiredText,
        Field(description="The thread the run belongs to."),
        FlagNote(panel="Required", metavar="ID"),
    ]
    run_id: Annotated[
        RequiredText,
        Field(description="The run."),
        FlagNote(panel="Required", metavar="ID"),
    ]
